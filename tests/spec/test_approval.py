"""Nothing is destroyed without a leader's approval of exactly this schedule, in force today (D-03, §6.1 (3))."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from pipelines.errors import ApprovalMissing, PolicyError, TutelaError
from pipelines.retention.approval import APPROVAL_FILE, load_approval
from tests.homes import NOON, TODAY, Home, Homes, approve, customers, policy_copy


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory) -> Home:
    """A home with one record that is due."""
    home = homes.blank()
    path = tmp_path_factory.mktemp("due") / "counter_1.csv"
    home.collect("counter_customers", customers(path, [1], last="2023-06-01"))
    return home


@pytest.fixture
def due(homes: Homes, stocked: Home, tmp_path) -> Iterator[Home]:
    """A copy of it, with a policy of its own."""
    home = homes.copy(stocked, policy=policy_copy(tmp_path / "policy"))
    yield home
    homes.drop(home)


def edit(name: str, **changes: object) -> Callable[[Path], None]:
    def change(policy: Path) -> None:
        path = policy / name
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text("utf-8")), **changes}), "utf-8")

    return change


def longer(policy: Path) -> None:
    path = policy / "retention.yaml"
    path.write_text(path.read_text("utf-8").replace("days: 15}", "days: 16}"), "utf-8")


def other_leader(policy: Path) -> None:
    path = policy / "leaders.yaml"
    path.write_text(path.read_text("utf-8").replace("fd038cd5", "fd038cd6"), "utf-8")


REFUSED: dict[str, tuple[Callable[[Path], object], type[TutelaError], str]] = {
    "no approval": (lambda policy: (policy / APPROVAL_FILE).unlink(), ApprovalMissing, "no standing approval"),
    "another schedule than the approved one": (longer, ApprovalMissing, "changed after the leader approved"),
    "an approval that ran out yesterday": (
        lambda policy: approve(policy, valid_until=TODAY - timedelta(1)), ApprovalMissing, "ran out"),
    "a longer term than was signed": (edit(APPROVAL_FILE, valid_until=date(2099, 1, 1)), ApprovalMissing, "signature"),
    "another schedule's hash than was signed": (edit(APPROVAL_FILE, schedule_hash="ab" * 32), ApprovalMissing, "sign"),
    "a forged signature": (edit(APPROVAL_FILE, signature="ab" * 64), ApprovalMissing, "signature"),
    "a signature cut short": (edit(APPROVAL_FILE, signature="ab" * 20), ApprovalMissing, "signature"),
    "a signature of half a byte": (edit(APPROVAL_FILE, signature="abc"), PolicyError, "damaged"),
    "another leader's key": (other_leader, ApprovalMissing, "signature"),
    "an unknown leader": (edit(APPROVAL_FILE, approved_by="somebody"), PolicyError, "unknown leader"),
    "a field nobody knows": (edit(APPROVAL_FILE, note="fine"), PolicyError, "damaged"),
    "no leaders": (lambda policy: (policy / "leaders.yaml").unlink(), PolicyError, "damaged"),
    "an approval that is no YAML": (
        lambda policy: (policy / APPROVAL_FILE).write_bytes(b"\xff{"), PolicyError, "damaged"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "error", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_nothing_is_destroyed_under(due: Home, spoil, error, says):
    spoil(due.settings.policy)
    before = due.portrait()
    with pytest.raises(error, match=says):
        due.purge()
    assert due.portrait() == before
    assert due.value("SELECT count(*) FROM destruction.job") == 0
    assert due.purge(dry_run=True).due == 1


def test_an_approval_counts_on_its_last_day(due: Home):
    approve(due.settings.policy, valid_until=TODAY)
    assert due.purge().verdict == "PASS"


def test_an_expired_approval_is_not_revived_by_purging_for_an_earlier_day(due: Home):
    approve(due.settings.policy, valid_until=TODAY)
    with pytest.raises(ApprovalMissing, match="ran out"):
        due.purge(TODAY, at=NOON + timedelta(1))
    assert due.value("SELECT count(*) FROM vault.record") == 1


def test_an_approval_of_the_new_schedule_lets_the_destruction_go_on(due: Home):
    longer(due.settings.policy)
    with pytest.raises(ApprovalMissing):
        due.purge()
    approve(due.settings.policy)
    assert due.purge().verdict == "PASS"


def test_a_schedule_changed_between_application_and_approval_stops_it_there(due: Home):
    def change(name: str) -> None:
        if name == "applied":
            longer(due.settings.policy)
            approve(due.settings.policy)

    with pytest.raises(ApprovalMissing, match="changed"):
        due.purge(step=change)
    assert due.value("SELECT state FROM destruction.job") == "blocked"
    assert due.value("SELECT count(*) FROM vault.record") == 1
    assert len(due.root_keys()) == 1
    assert due.purge().verdict == "PASS", "listed and applied for anew, under the schedule that was approved"


def test_the_approval_names_the_leader_on_the_certificate(due: Home):
    import json

    certificate = json.loads(Path(due.purge().certificate or "").read_text("utf-8"))
    assert '"leader"' in json.dumps(certificate)
    assert "SA-2026-01" in json.dumps(certificate)


def test_tutela_approve_refuses_a_key_that_is_not_the_leaders_and_keeps_the_old_approval(tmp_path):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from pipelines.jobs.approvals import approve_schedule
    from pipelines.settings import Settings

    settings = Settings(policy=policy_copy(tmp_path / "policy"))
    before = (settings.policy / APPROVAL_FILE).read_bytes()
    key = tmp_path / "other.pem"
    key.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ApprovalMissing, match="signature"):
        approve_schedule(settings, "leader", key, date(2027, 1, 1), datetime(2026, 6, 1, tzinfo=UTC))
    assert (settings.policy / APPROVAL_FILE).read_bytes() == before
    assert load_approval(settings.policy).approval == "SA-2026-01"
