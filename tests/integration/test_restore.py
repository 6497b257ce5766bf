"""A database that is lost comes back: every survivor, nobody who was destroyed, and the whole ledger."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from pipelines.errors import ApprovalMissing, EvidenceInvalid, KeyUnavailable, PlatformError, TutelaError
from pipelines.jobs import approvals, backups, erasure, holds, restores
from pipelines.jobs.home import init, open_home
from pipelines.retention.decision import Decision
from tests.homes import NOON, Home, Homes, customers, die, fork

DUE = "2023-06-01"
EVENING = NOON + timedelta(hours=6)


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Due: 1, 2 and 4, who is held. Not due: 3, another record of 2, and 5. One row in quarantine. Then a backup."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", customers(folder / "counter_1.csv", [1, 2, 4], last=DUE))
    home.collect("counter_customers", customers(folder / "counter_2.csv", [2, 3, 5]))
    home.collect("counter_customers", customers(folder / "counter_3.csv", [6], 手机号="12"))
    held = code_of(home, "4")
    holds.add(home.settings, held, "lawsuit", "legal", date(2026, 12, 1), NOON)
    backups.create(home.settings, lambda: NOON)
    return home


@pytest.fixture(scope="module")
def purged(homes: Homes, stocked: Home) -> Home:
    home = homes.copy(stocked)
    assert home.purge(at=EVENING).destroyed == 2
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    lose(homes, home)
    shutil.rmtree(home.folder)


def code_of(home: Home, number: str) -> str:
    """Find a person by the end of the serial number in the identity number."""
    wanted = next(record for record, values in home.records().items() if values["id_number"][-4:-1] == f"00{number}")
    return str(
        home.value("SELECT code FROM vault.subject JOIN vault.record USING (subject_id) WHERE record_id = %s", wanted)
    )


def lose(homes: Homes, home: Home) -> None:
    """Lose the database, and whatever was in it."""
    with psycopg.connect(homes._server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {home.admin.rpartition('/')[2]} WITH (FORCE)")


def restore(home: Home, *arguments: object, **more: object) -> dict[str, object]:
    return restores.restore(home.settings, lambda: EVENING, *arguments, **more).as_json()  # type: ignore[arg-type]


def same(home: Home, wanted: Home) -> None:
    got, want = home.portrait(), wanted.portrait()
    for part in ("records", "about", "people", "subjects", "index", "quarantine", "receipts", "batches", "cohorts",
                 "partitions", "samples"):  # fmt: skip
        assert got[part] == want[part], part


KILLED = ["new_root_created", "rotated", "snapshot_written", "old_root_destroyed"]


@pytest.mark.parametrize("step", KILLED)
def test_a_destruction_is_killed_and_the_database_lost(step: str, homes: Homes, vault: Home, purged: Home) -> None:
    assert fork(lambda: vault.purge(at=EVENING, step=lambda name: die() if name == step else None)) == -9
    lose(homes, vault)
    found = restore(vault)
    done = step in {"snapshot_written", "old_root_destroyed"}
    assert (found["under_way"] is not None) is done, "its keys are blank: the next purge ends it"
    assert vault.purge(at=EVENING).verdict == "PASS"
    same(vault, purged)
    assert len(vault.root_keys()) == 1, "the root keys that nothing hangs on are gone"
    assert vault.ledger_holds()


def test_the_database_is_lost_right_after_a_destruction(homes: Homes, vault: Home, purged: Home) -> None:
    assert vault.purge(at=EVENING).verdict == "PASS"
    survivors = vault.portrait()
    lose(homes, vault)
    found = restore(vault)
    assert vault.portrait() == survivors
    same(vault, purged)
    assert found["removed"]["records"] == 2  # type: ignore[index]
    assert vault.rows("SELECT state::text, verdict FROM destruction.job") == [("confirmed", "PASS")]
    assert vault.purge(at=EVENING).due == 0
    assert vault.ledger_holds()


def test_an_erased_person_stays_erased_and_whom_a_steward_spared_stays(
    homes: Homes, vault: Home, tmp_path: Path
) -> None:
    """A steward's selection seals again what it leaves in its cohorts; a backup has that under a key that is blank."""
    asked = erasure.erase(vault.settings, [code_of(vault, "3")], "a letter", "steward", lambda: EVENING)
    chosen = erasure.no_longer_needed(
        vault.settings, "counter_customers", date(2023, 7, 1), "closed", "steward", lambda: EVENING
    )  # fmt: skip
    for job in (asked.destruction, chosen.destruction):
        manifest = vault.value("SELECT manifest_hash FROM destruction.job WHERE job_id = %s", job)
        decided = Decision(str(job), "approved", "console", "leader", "leader", manifest, EVENING)
        approvals.decide(vault.settings, decided, EVENING)
    assert vault.purge(date(2020, 1, 1), at=EVENING).verdict == "PASS"
    survivors = vault.portrait()
    lose(homes, vault)
    restore(vault)
    assert vault.portrait() == survivors
    assert vault.ledger_holds()


def test_numbers_that_may_have_been_given_out_are_not_given_out_again(
    homes: Homes, vault: Home, tmp_path: Path
) -> None:
    late = customers(tmp_path / "counter_late.csv", range(20, 60))
    vault.collect("counter_customers", late)
    last = vault.value("SELECT max(subject_id) FROM vault.subject")
    lose(homes, vault)
    found = restore(vault)
    assert found["lost"]["records"] == 40  # type: ignore[index]
    assert [item["records"] for item in found["deliver_again"]] == [40]  # type: ignore[attr-defined]
    assert vault.collect("counter_customers", late).stored == 40, "what came after the backup is delivered again"
    assert vault.value("SELECT min(subject_id) FROM vault.record WHERE subject_id > %s", last) > last + 1024
    assert vault.ledger_holds()


def test_a_hold_that_was_lost_with_the_database_is_told_and_written_down(homes: Homes, vault: Home) -> None:
    hold = holds.add(vault.settings, code_of(vault, "3"), "lawsuit", "legal", date(2026, 12, 1), EVENING)
    open_home(vault.settings).anchor()
    lose(homes, vault)
    assert restore(vault)["lost_holds"] == [hold]
    assert vault.rows("SELECT hold_id, owner FROM destruction.lost_hold WHERE settled_at IS NULL") == [(hold, "legal")]
    backups.create(vault.settings, lambda: EVENING)
    lose(homes, vault)
    assert restore(vault)["lost_holds"] == [], "the snapshot knows it by now"
    with pytest.raises(ApprovalMissing, match="was lost with a database"):
        vault.purge(at=EVENING)
    holds.add(vault.settings, code_of(vault, "3"), "lawsuit", "legal", date(2026, 12, 1), EVENING)
    holds.release(vault.settings, hold, "legal", EVENING)
    assert vault.purge(at=EVENING).destroyed == 2


def test_a_restore_killed_in_the_middle_begins_anew(homes: Homes, vault: Home, stocked: Home) -> None:
    lose(homes, vault)
    assert fork(lambda: restore(vault, step=lambda name: die() if name == "on_record" else None)) == -9
    with pytest.raises(psycopg.OperationalError):
        vault.rows("SELECT 1")
    restore(vault)
    same(vault, stocked)
    assert vault.ledger_holds()


# --- what is refused ---------------------------------------------------------------------------------------------


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _alter(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _the(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def _cut_journal(home: Home) -> None:
    lines = (home.folder / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    (home.folder / "ledger.jsonl").write_bytes(b"".join(lines[:-4]))


def _alter_journal(home: Home) -> None:
    text = (home.folder / "ledger.jsonl").read_text()
    (home.folder / "ledger.jsonl").write_text(text.replace('"stored":3', '"stored":2', 1))


def _root_gone(home: Home) -> None:
    _the(home.folder, "kms/generation-*.key").unlink()


REFUSED: dict[str, tuple[Callable[[Home], object], type[TutelaError], str]] = {
    "the snapshot is cut off": (lambda h: _cut(_the(h.folder, "snapshots/*.snapshot")), KeyUnavailable, "is cut off"),
    "the snapshot was altered": (lambda h: _alter(_the(h.folder, "snapshots/*.snapshot")), KeyUnavailable, "was altered"),
    "there is no snapshot": (lambda h: _the(h.folder, "snapshots/*.snapshot").unlink(), KeyUnavailable, "no keyring snapshot"),
    "the root key is gone": (_root_gone, KeyUnavailable, "root generation 1, which the key-management provider does not"),
    "the dump was altered": (lambda h: _alter(_the(h.folder, "backups/BK*/data*")), EvidenceInvalid, "dump .* was altered"),
    "the dump is cut off": (lambda h: _cut(_the(h.folder, "backups/BK*/data*")), EvidenceInvalid, "no usable backup"),
    "the manifest was altered": (lambda h: _alter(_the(h.folder, "backups/BK*/mani*")), EvidenceInvalid, "no usable backup"),
    "the backup's key is gone": (lambda h: _the(h.folder, "kms/backup-*").unlink(), KeyUnavailable, "key of the backup .* is gone"),
    "the journal is missing": (lambda h: (h.folder / "ledger.jsonl").unlink(), EvidenceInvalid, "journal .* can't be read"),
    "the journal is cut off": (_cut_journal, EvidenceInvalid, "an anchor has .* its end was cut off"),
    "the journal was altered": (_alter_journal, EvidenceInvalid, "journal was altered"),
    "the anchors are missing": (lambda h: (h.folder / "anchors.jsonl").unlink(), EvidenceInvalid, "anchors.jsonl can't be read"),
    "the anchors are empty": (lambda h: (h.folder / "anchors.jsonl").write_text(""), EvidenceInvalid, "holds no head"),
}  # fmt: skip


@pytest.fixture(scope="module")
def lost(homes: Homes, stocked: Home) -> Home:
    """A home whose database is gone; what is tried with it is refused."""
    home = homes.copy(stocked)
    lose(homes, home)
    return home


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_hold_is_not_restored(case: str, lost: Home, ground: Path, tmp_path: Path) -> None:
    damage, error, said = REFUSED[case]
    folder = ground / f"refused-{list(REFUSED).index(case)}"
    shutil.copytree(lost.folder, folder)
    home = replace(lost, settings=lost.settings.model_copy(update={"home": folder}))
    damage(home)
    with pytest.raises(error, match=said):
        restore(home)
    with pytest.raises(psycopg.OperationalError):
        lost.rows("SELECT 1")


def test_a_snapshot_older_than_a_destruction_is_refused(homes: Homes, vault: Home, tmp_path: Path) -> None:
    """Also where its root key still stands, as it does when somebody put an old copy of the keys back."""
    for place in ("kms", "snapshots"):
        shutil.copytree(vault.folder / place, tmp_path / place)
    vault.purge(at=EVENING)
    lose(homes, vault)
    for place in ("kms", "snapshots"):
        shutil.rmtree(vault.folder / place)
        shutil.copytree(tmp_path / place, vault.folder / place)
    with pytest.raises(KeyUnavailable, match="a destruction has put the keyring under 2 since"):
        restore(vault)


def test_a_snapshot_or_backup_of_another_installation_is_refused(homes: Homes, lost: Home) -> None:
    foreign = homes.fresh()
    backups.create(foreign.settings, lambda: NOON)
    with pytest.raises(KeyUnavailable, match="of another installation"):
        restore(lost, snapshot=_the(foreign.folder, "snapshots/*.snapshot"))
    with pytest.raises(EvidenceInvalid, match="of another installation"):
        restore(lost, str(_the(foreign.folder, "backups/BK-*")))


def test_nothing_is_restored_over_a_database_that_lives(vault: Home) -> None:
    with pytest.raises(PlatformError, match="a restore replaces nothing"):
        restore(vault)
    elsewhere = vault.settings.model_copy(update={"database_admin_url": None})
    other = vault.admin + "_other"
    with pytest.raises(PlatformError, match="two ledgers under one name"):
        restores.restore(elsewhere, lambda: EVENING, database_url=other)
    assert vault.ledger_holds()


def test_a_home_that_lost_its_database_does_not_begin_a_second_ledger(homes: Homes, lost: Home) -> None:
    name = lost.admin.rpartition("/")[2]
    with psycopg.connect(homes._server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    with pytest.raises(EvidenceInvalid, match="bring it back with `tutela backup restore`"):
        init(lost.settings, NOON)
    lose(homes, lost)
