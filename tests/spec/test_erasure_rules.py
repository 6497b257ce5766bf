"""The rules of destruction on request: who may ask, who may approve, what goes and what stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from examples.leader import LEADER_KEY
from pipelines.errors import ApprovalMissing, DestructionUnderWay, UnknownReference
from pipelines.evidence.verify import verify_file
from pipelines.jobs import approvals, destruction, erasure, holds
from pipelines.jobs.home import open_home
from pipelines.retention import decision
from pipelines.retention.decision import Decision
from tests.homes import NOON, TODAY, Home, Homes, customers, policy_copy
from tests.homes import approve as sign_schedule

LATER = date(2030, 1, 1)


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory) -> Home:
    """Three people: 1 and 2 with a record each from two deliveries, 3 with one; nothing is past its retention."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", customers(folder / "counter_1.csv", [1, 2]))
    home.collect("counter_customers", customers(folder / "counter_2.csv", [1, 2, 3], 职业="教师"))
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    homes.drop(home)


def codes(home: Home, records: int) -> list[str]:
    """Name the subjects that have so many records."""
    return [row[0] for row in home.rows(
        "SELECT code FROM vault.subject s WHERE (SELECT count(*) FROM vault.record r WHERE r.subject_id = s.subject_id)"
        " = %s ORDER BY subject_id", records)]  # fmt: skip


def ask(home: Home, *subjects: str, by: str = "steward") -> erasure.Asked:
    return erasure.erase(home.settings, subjects, "asked by letter", by, lambda: NOON)


def said(home: Home, job: str | None, **changes: object) -> Decision:
    """A leader's approval of a destruction at the console's door, or another decision."""
    manifest_hash = home.value("SELECT manifest_hash FROM destruction.job WHERE job_id = %s", job)
    usual = Decision(str(job), "approved", "console", "leader", "leader", manifest_hash, NOON)
    return replace(usual, **changes)  # type: ignore[arg-type]


def approve(home: Home, job: str | None) -> Decision:
    return approvals.decide(home.settings, said(home, job), NOON)


def test_a_person_asked_for_is_destroyed_wholly_and_nobody_else(vault: Home) -> None:
    before, one = vault.records(), codes(vault, 2)[0]
    hers = {str(row[0]) for row in vault.rows(
        "SELECT record_id FROM vault.record JOIN vault.subject USING (subject_id) WHERE code = %s", one)}  # fmt: skip
    asked = ask(vault, one)
    assert (asked.subjects, asked.records, asked.held) == (1, 2, 0)
    approve(vault, asked.destruction)
    purged = vault.purge()
    assert (purged.destroyed, purged.verdict) == (2, "PASS")
    assert vault.records() == {record: values for record, values in before.items() if record not in hers}
    assert codes(vault, 2) != [one]
    assert vault.value("SELECT count(*) FROM vault.blind_index b WHERE NOT EXISTS "
                       "(SELECT FROM vault.subject s WHERE s.subject_id = b.subject_id)") == 0  # fmt: skip
    assert vault.value("SELECT settled_at IS NOT NULL FROM destruction.request")
    assert vault.ledger_holds()


def test_the_certificate_names_who_asked_who_approved_and_the_request(vault: Home) -> None:
    asked = ask(vault, codes(vault, 2)[0])
    approve(vault, asked.destruction)
    path = Path(vault.purge().certificate or "")
    opened = open_home(vault.settings)
    assert verify_file(path, opened.public_key, opened.anchors).valid
    text = path.read_text()
    for wanted in ('"trigger":"request"', f'"request":"{asked.request}"', '"applicant":"steward"', '"approver":"leader"',
                   '"ring":"subject"', '"standing":false'):  # fmt: skip
        assert wanted in text


def test_asking_destroys_nothing_and_keeps_nobody_waiting(vault: Home, tmp_path: Path) -> None:
    asked = ask(vault, *codes(vault, 2))
    vault.collect("counter_customers", customers(tmp_path / "old.csv", [9], last="2023-06-01"))
    purged = vault.purge()
    assert (purged.destroyed, purged.verdict) == (1, "PASS"), "what is past its retention does not wait for the leader"
    assert len(vault.records()) == 5
    assert [job["job_id"] for job in approvals.waiting(vault.settings)] == [asked.destruction]


def test_without_an_approval_the_destroying_task_does_nothing(vault: Home) -> None:
    asked = ask(vault, codes(vault, 2)[0])
    with pytest.raises(ApprovalMissing, match="No leader approved"):
        destruction.destroy_one(vault.settings, str(asked.destruction), lambda: NOON)
    assert len(vault.records()) == 5
    assert vault.value("SELECT state FROM destruction.job") == "applied"


def test_one_destruction_can_be_done_at_once(vault: Home) -> None:
    asked = ask(vault, codes(vault, 2)[0])
    approve(vault, asked.destruction)
    done = destruction.destroy_one(vault.settings, str(asked.destruction), lambda: NOON)
    assert (done.destroyed, done.verdict) == (2, "PASS")


def test_an_unknown_subject_is_refused_and_nothing_is_asked_for(vault: Home) -> None:
    with pytest.raises(UnknownReference, match="CP01"):
        ask(vault, codes(vault, 2)[0], "CP01NOBODY0000000")
    assert vault.value("SELECT count(*) FROM destruction.request") == 0


def test_a_person_asked_for_twice_is_destroyed_once(vault: Home) -> None:
    one = codes(vault, 2)[0]
    first, second = ask(vault, one), ask(vault, one)
    assert (second.destruction, second.records) == (None, 0)
    approve(vault, first.destruction)
    assert vault.purge().destroyed == 2
    assert vault.purge().destroyed == 0
    assert vault.value("SELECT count(*) FROM destruction.request WHERE settled_at IS NULL") == 0


def test_her_quarantined_rows_go_too_and_those_beside_them_stay_readable(vault: Home, tmp_path: Path) -> None:
    one = codes(vault, 2)[0]
    doubtful = customers(tmp_path / "doubtful.csv", [1, 3], 手机号="12")
    assert sum(vault.collect("counter_customers", doubtful).quarantined.values()) == 2
    before = vault.quarantined()
    asked = ask(vault, one)
    assert (asked.subjects, asked.records) == (1, 3)
    assert vault.quarantined() == before, "asking changes nothing that can be read"
    approve(vault, asked.destruction)
    purged = vault.purge()
    assert (purged.destroyed, purged.verdict) == (3, "PASS")
    (left,) = vault.quarantined()
    assert vault.quarantined()[left] == before[left]
    assert vault.ledger_holds()


def test_a_row_of_hers_that_is_quarantined_after_the_approval_makes_it_void(vault: Home, tmp_path: Path) -> None:
    asked = ask(vault, codes(vault, 2)[0])
    approve(vault, asked.destruction)
    vault.collect("counter_customers", customers(tmp_path / "doubtful.csv", [1, 3], 手机号="12"))
    assert vault.purge().destroyed == 0
    (waiting,) = approvals.waiting(vault.settings)
    assert waiting["records"] == 3


# --- who may approve ---------------------------------------------------------------------------------------------

WRONG = {
    "by whom it was applied for": {"approver": "steward"},
    "by whom it is carried out": {"approver": "service:destroyer"},
    "by whom it is witnessed": {"approver": "service:verifier"},
    "by whom it is confirmed": {"approver": "service:registrar"},
    "by somebody without the role": {"role": "steward"},
    "of another manifest": {"manifest_hash": "00" * 32},
    "on the command line without a signature": {"door": "command"},
    "on the command line with the signature of nobody known": {
        "door": "command",
        "approver": "stranger",
        "signature": "00",
    },
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
def test_an_approval_does_not_count(vault: Home, change: dict[str, object]) -> None:
    asked = ask(vault, codes(vault, 2)[0])
    with pytest.raises(ApprovalMissing):
        approvals.decide(vault.settings, said(vault, asked.destruction, **change), NOON)
    assert vault.value("SELECT count(*) FROM destruction.approval") == 0


@pytest.mark.parametrize("change", list(WRONG.values())[:6], ids=list(WRONG)[:6])
def test_nor_does_one_that_somebody_wrote_into_the_database(vault: Home, change: dict[str, object]) -> None:
    """The task that destroys asks again, and so does the database itself."""
    asked = ask(vault, codes(vault, 2)[0])
    forged = said(vault, asked.destruction, **change)
    vault.rows(
        "INSERT INTO destruction.approval (job_id, approval_id, decision, door, approver, role, manifest_hash, decided_at)"
        " VALUES (%s, 'AP-1', 'approved', 'console', %s, %s, %s, now()) RETURNING 1",
        forged.job, forged.approver, forged.role, forged.manifest_hash,
    )  # fmt: skip
    with pytest.raises(ApprovalMissing):
        vault.purge()
    assert len(vault.records()) == 5


def pem(folder: Path, key: Ed25519PrivateKey) -> Path:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path = folder / "leader.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def test_a_leader_signs_on_the_command_line(vault: Home, tmp_path: Path) -> None:
    asked = ask(vault, codes(vault, 2)[0])
    job, key = str(asked.destruction), pem(tmp_path, LEADER_KEY)
    made = approvals.decide_signed(vault.settings, job, "leader", key, NOON, approve=True)
    assert (made.decision, made.door) == ("approved", "command")
    assert vault.purge().verdict == "PASS"


def test_another_key_than_the_leaders_signs_nothing(vault: Home, tmp_path: Path) -> None:
    asked = ask(vault, codes(vault, 2)[0])
    key = pem(tmp_path, Ed25519PrivateKey.generate())
    with pytest.raises(ApprovalMissing, match="signature"):
        approvals.decide_signed(vault.settings, str(asked.destruction), "leader", key, NOON, approve=True)


def test_a_signature_that_was_altered_in_the_database_stops_the_destruction(vault: Home, tmp_path: Path) -> None:
    asked = ask(vault, codes(vault, 2)[0])
    key = pem(tmp_path, LEADER_KEY)
    approvals.decide_signed(vault.settings, str(asked.destruction), "leader", key, NOON, approve=True)
    with vault.sql() as connection:
        connection.execute("ALTER TABLE destruction.approval DISABLE TRIGGER decision_append_only")
        connection.execute("UPDATE destruction.approval SET signature = repeat('00', 64)")
    with pytest.raises(ApprovalMissing):
        vault.purge()
    assert len(vault.records()) == 5


def test_the_first_decision_counts_through_whichever_door(vault: Home) -> None:
    asked = ask(vault, codes(vault, 2)[0])
    no = said(vault, asked.destruction, decision="rejected", door="airflow", reason="a dispute is open")
    assert approvals.decide(vault.settings, no, NOON).decision == "rejected"
    assert approve(vault, asked.destruction).decision == "rejected"
    assert vault.purge().destroyed == 0
    assert vault.value("SELECT state FROM destruction.job") == "rejected"
    assert vault.value("SELECT settled_at IS NOT NULL FROM destruction.request")
    assert len(vault.records()) == 5
    assert vault.ledger_holds()


# --- what may change between approval and destruction ------------------------------------------------------------


@pytest.mark.parametrize("point", ["approved", "new_root_created"])
def test_a_record_that_comes_in_after_the_approval_makes_it_void_and_it_is_applied_for_anew(
    vault: Home, tmp_path: Path, point: str
) -> None:
    asked = ask(vault, codes(vault, 2)[0])
    approve(vault, asked.destruction)
    come = customers(tmp_path / "new.csv", [1, 2], 职业="医生")

    def arrive(name: str) -> None:
        if name == point and vault.value("SELECT count(*) FROM vault.record") == 5:
            vault.collect("counter_customers", come)

    assert vault.purge(step=arrive).destroyed == 0
    states = dict(vault.rows("SELECT job_id, state::text FROM destruction.job"))
    assert sorted(states.values()) == ["applied", "blocked"]
    assert len(vault.root_keys()) == 1
    fresh = next(job for job, state in states.items() if state == "applied")
    approve(vault, fresh)
    assert vault.purge().destroyed == 3


def test_a_held_person_waits_and_goes_by_itself_once_the_hold_is_lifted(vault: Home) -> None:
    one, other = codes(vault, 2)
    hold = holds.add(vault.settings, one, "lawsuit", "legal", LATER, NOON)
    asked = ask(vault, one, other)
    assert (asked.subjects, asked.records, asked.held) == (1, 2, 1)
    approve(vault, asked.destruction)
    assert vault.purge().destroyed == 2
    assert approvals.waiting(vault.settings) == []
    holds.release(vault.settings, hold, "legal", NOON)
    vault.purge()
    (waiting,) = approvals.waiting(vault.settings)
    assert (waiting["records"], waiting["request_id"]) == (2, asked.request)
    approve(vault, waiting["job_id"])
    assert vault.purge().verdict == "PASS"
    assert len(vault.records()) == 1


@pytest.mark.parametrize("point", ["approved", "new_root_created"])
def test_a_hold_that_comes_after_the_approval_is_obeyed_still(vault: Home, point: str) -> None:
    one, other = codes(vault, 2)
    asked = ask(vault, one, other)
    approve(vault, asked.destruction)

    def lay(name: str) -> None:
        if name == point:
            holds.add(vault.settings, one, "lawsuit", "legal", LATER, NOON)

    assert vault.purge(step=lay).destroyed == 0
    assert len(vault.records()) == 5
    (waiting,) = approvals.waiting(vault.settings)
    assert waiting["records"] == 2


def test_two_purges_at_once_are_refused_in_a_sentence(vault: Home) -> None:
    asked = ask(vault, codes(vault, 2)[0])
    approve(vault, asked.destruction)
    seen: list[str] = []

    def second(name: str) -> None:
        with pytest.raises(DestructionUnderWay, match="under way"):
            vault.purge()
        seen.append(name)

    assert vault.purge(step=second).verdict == "PASS"
    assert "rotated" in seen


# --- what the law keeps ------------------------------------------------------------------------------------------


@pytest.fixture
def regulated(homes: Homes, tmp_path: Path) -> Iterator[Home]:
    """A company whose counter records a law makes it keep for five years from the last activity; two customers."""
    law = "{law: 示例法, version: '2026', article: 第1条, kind: minimum}"
    kept = f"minimum: {{duration: {{years: 5}}, anchor: {law}}}, withdrawal: {{days: 15}},"
    policy = policy_copy(
        tmp_path / "policy",
        retention=lambda text: text.replace(
            "R-REL:\n    {start: last_activity,", f"R-REL:\n    {{{kept} start: last_activity,"
        ),
    )
    sign_schedule(policy)
    home = homes.blank(policy=policy)
    home.collect("counter_customers", customers(tmp_path / "counter_1.csv", [1, 2]))
    yield home
    homes.drop(home)


def test_what_a_law_keeps_is_restricted_until_it_may_go_and_then_goes_by_itself(regulated: Home) -> None:
    before, one = regulated.records(), codes(regulated, 1)[0]
    asked = ask(regulated, one)
    assert (asked.destruction, asked.records, asked.kept) == (None, 0, 1)
    restricted = regulated.rows("SELECT record_id, r.expires_on FROM vault.record r JOIN keyring.cohort c USING (cohort_id) "
                                "WHERE c.restricted")  # fmt: skip
    assert [day for _, day in restricted] == [date(2031, 5, 1)]
    assert regulated.value("SELECT count(*) FROM vault.usable_record") == 1, "nobody may use it"
    assert regulated.records() == before, "and it is kept"
    assert regulated.purge().destroyed == 0
    assert regulated.value("SELECT count(*) FROM destruction.request WHERE settled_at IS NULL") == 1
    assert ask(regulated, one).kept == 1, "asking again changes nothing"
    assert regulated.ledger_holds()


def test_a_steward_can_not_decide_against_a_law(regulated: Home) -> None:
    with pytest.raises(ApprovalMissing, match="示例法"):
        erasure.no_longer_needed(
            regulated.settings, "counter_customers", TODAY, "campaign ended", "steward", lambda: NOON
        )


# --- a steward's decision ----------------------------------------------------------------------------------------


def test_what_a_steward_no_longer_needs_goes_and_its_neighbours_stay_readable(vault: Home, tmp_path: Path) -> None:
    """Records of one day lie in one cohort: those that were not selected are sealed again under another key."""
    vault.collect("counter_customers", customers(tmp_path / "young.csv", [3, 4], 采集时间="2026-05-20"))
    before = vault.records()
    young = {str(row[0]) for row in vault.rows("SELECT record_id FROM vault.record WHERE collected_on = '2026-05-20'")}
    asked = erasure.no_longer_needed(
        vault.settings, "counter_customers", date(2026, 5, 10), "campaign ended", "steward", lambda: NOON
    )
    assert asked.records == 5
    approve(vault, asked.destruction)
    purged = vault.purge()
    assert (purged.destroyed, purged.verdict) == (5, "PASS")
    assert vault.records() == {record: values for record, values in before.items() if record in young}
    assert vault.value("SELECT count(*) FROM vault.subject") == 2
    assert vault.value("SELECT settled_at IS NOT NULL FROM destruction.request")
    assert vault.ledger_holds()


def test_where_a_steward_selects_nothing_there_is_nothing_to_approve(vault: Home) -> None:
    asked = erasure.no_longer_needed(
        vault.settings, "counter_customers", date(2020, 1, 1), "campaign ended", "steward", lambda: NOON
    )
    assert (asked.destruction, asked.records) == (None, 0)
    assert approvals.waiting(vault.settings) == []


def test_decisions_are_compared_by_the_names_that_the_ledger_uses(vault: Home) -> None:
    """A mail address stands in the ledger as a hash; whoever applied by it can't approve by it either."""
    asked = ask(vault, codes(vault, 2)[0], by="li.lei@example.com")
    with pytest.raises(ApprovalMissing, match="applied"):
        approvals.decide(vault.settings, said(vault, asked.destruction, approver="li.lei@example.com"), NOON)
    assert decision.LEADER == "leader"


def test_nothing_is_past_its_retention_meanwhile(vault: Home) -> None:
    assert vault.purge(TODAY).due == 0
