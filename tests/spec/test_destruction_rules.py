"""The rules of destruction: what is destroyed, what is spared, and that nothing is ever reported for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import DestructionFailed, KeyUnavailable
from pipelines.evidence.verify import verify_file
from pipelines.jobs import holds
from pipelines.jobs.home import open_home
from tests.homes import NOON, TODAY, Home, Homes, customers

DUE = "2023-06-01"


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory) -> Home:
    """Three people: two of them due today (1, 2), one of them (2) with another record that is not, one not due (3)."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", customers(folder / "counter_1.csv", [1, 2], last=DUE))
    home.collect("counter_customers", customers(folder / "counter_2.csv", [2, 3]))
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    homes.drop(home)


def code_of(home: Home, records: int) -> str:
    """Find the subject that has so many records."""
    return home.rows(
        "SELECT code FROM vault.subject s WHERE (SELECT count(*) FROM vault.record r WHERE r.subject_id = s.subject_id)"
        " = %s AND s.subject_id IN (SELECT subject_id FROM vault.record WHERE expires_on = %s)",
        records,
        TODAY,
    )[0][0]


def test_where_nothing_is_due_there_is_no_verdict_and_no_certificate(vault: Home):
    purged = vault.purge(TODAY - timedelta(1))
    assert (purged.due, purged.destroyed, purged.verdict, purged.certificate) == (0, 0, None, None)
    assert vault.value("SELECT count(*) FROM destruction.job") == 0
    assert len(vault.root_keys()) == 1


def test_what_is_due_goes_and_what_is_not_stays_readable(vault: Home):
    before = vault.records()
    staying = {str(row[0]) for row in vault.rows("SELECT record_id FROM vault.record WHERE expires_on > %s", TODAY)}
    roots = vault.root_keys()
    purged = vault.purge()
    assert (purged.due, purged.held, purged.destroyed, purged.verdict) == (2, 0, 2, "PASS")
    assert vault.records() == {record: values for record, values in before.items() if record in staying}
    assert vault.value("SELECT count(*) FROM vault.subject") == 2
    assert vault.value("SELECT count(*) FROM vault.blind_index") == 4
    assert len(vault.root_keys()) == 1
    assert vault.root_keys() != roots
    assert vault.ledger_holds()


def test_the_certificate_verifies_offline_and_not_once_altered(vault: Home):
    purged = vault.purge()
    path = Path(purged.certificate or "")
    opened = open_home(vault.settings)
    assert verify_file(path, opened.public_key, opened.anchors).valid
    path.write_bytes(path.read_bytes().replace(b'"records":2', b'"records":3'))
    assert not verify_file(path, opened.public_key).valid


def test_a_second_purge_on_the_same_day_destroys_nothing(vault: Home):
    vault.purge()
    before = vault.portrait()
    again = vault.purge()
    assert (again.due, again.destroyed, again.verdict, again.certificate) == (0, 0, None, None)
    assert vault.portrait() == before


def test_a_dry_run_changes_nothing(vault: Home):
    before = vault.portrait()
    assert vault.purge(dry_run=True).due == 2
    assert vault.portrait() == before
    assert vault.value("SELECT count(*) FROM destruction.job") == 0


def test_destroyed_keys_stay_blank_and_their_slots_are_never_used_again(vault: Home, tmp_path):
    vault.purge()
    keys = np.frombuffer(vault.keys("cohort")[0], dtype=np.uint8).reshape(-1, 32)
    destroyed = [row[0] for row in vault.rows("SELECT cohort_id FROM keyring.cohort WHERE destroyed_by IS NOT NULL")]
    assert destroyed
    assert not keys[destroyed].any()
    vault.collect("counter_customers", customers(tmp_path / "late.csv", [5], last=DUE))
    late = vault.value("SELECT cohort_id FROM vault.record WHERE expires_on = %s", TODAY)
    assert late not in destroyed


def test_old_copies_of_the_keyring_and_the_rows_are_worthless(vault: Home, homes: Homes):
    """The point of it: who kept a copy of the whole database opens nothing of it once the old root is gone."""
    backup = homes.copy(vault)
    vault.purge()
    for key in (backup.folder / "kms").iterdir():
        key.unlink()
    for key in (vault.folder / "kms").iterdir():
        (backup.folder / "kms" / key.name).write_bytes(key.read_bytes())
    with pytest.raises(KeyUnavailable):
        backup.records()


# --- holds -------------------------------------------------------------------------------------------------------


def test_a_held_record_survives_its_cohort_and_is_due_again_after_its_release(vault: Home):
    before = vault.records()
    hold = holds.add(vault.settings, code_of(vault, 1), "lawsuit", "legal", date(2026, 9, 1), NOON)
    assert (vault.purge(dry_run=True).due, vault.purge(dry_run=True).held) == (2, 1)
    purged = vault.purge()
    assert (purged.due, purged.held, purged.destroyed, purged.verdict) == (2, 1, 1, "PASS")
    held = vault.value("SELECT record_id FROM vault.record r JOIN keyring.cohort USING (cohort_id) "
                       "WHERE retention_class = 'HOLD'")  # fmt: skip
    assert vault.records()[str(held)] == before[str(held)]
    assert vault.value("SELECT count(*) FROM vault.subject") == 3

    review = vault.value("SELECT expires_on FROM vault.record WHERE record_id = %s", held)
    assert review == date(2026, 9, 1), "a hold is looked at again on its own day"
    assert vault.purge(review - timedelta(1)).due == 0
    assert (vault.purge(review).held, vault.purge(review).destroyed) == (1, 0)
    assert vault.records()[str(held)] == before[str(held)]

    assert holds.release(vault.settings, hold, "legal", NOON) == 1
    later = vault.value("SELECT expires_on FROM vault.record WHERE record_id = %s", held)
    assert later == TODAY, "once its hold is lifted it is due at once, not on the day of the review"
    assert vault.purge(later - timedelta(1)).due == 0
    assert vault.purge(later).verdict == "PASS"
    assert str(held) not in vault.records()
    assert vault.ledger_holds()


def test_a_held_person_found_again_is_the_same_person(vault: Home, tmp_path):
    holds.add(vault.settings, code_of(vault, 1), "lawsuit", "legal", date(2026, 9, 1), NOON)
    vault.purge()
    vault.collect("counter_customers", customers(tmp_path / "again.csv", [1]))
    assert sorted(map(len, vault.people())) == [1, 1, 2]


def test_where_all_is_held_nothing_is_destroyed_and_nothing_certified(vault: Home):
    for code in (code_of(vault, 1), code_of(vault, 2)):
        holds.add(vault.settings, code, "lawsuit", "legal", date(2026, 9, 1), NOON)
    purged = vault.purge()
    assert (purged.due, purged.held, purged.destroyed, purged.verdict, purged.certificate) == (2, 2, 0, None, None)
    assert len(vault.records()) == 4


@pytest.mark.parametrize("point", ["applied", "approved", "new_root_created"])
def test_a_hold_that_comes_after_the_application_is_obeyed_still(vault: Home, point):
    code = code_of(vault, 1)

    def lay(name: str) -> None:
        if name == point and not vault.value("SELECT count(*) FROM destruction.hold"):
            holds.add(vault.settings, code, "lawsuit", "legal", date(2026, 9, 1), NOON)

    purged = vault.purge(step=lay)
    assert (purged.due, purged.held, purged.destroyed, purged.verdict) == (2, 1, 1, "PASS")
    assert sorted(vault.rows("SELECT state::text FROM destruction.job")) == [("blocked",), ("confirmed",)]
    assert len(vault.records()) == 3
    assert len(vault.root_keys()) == 1
    assert vault.ledger_holds()


# --- late arrivals -----------------------------------------------------------------------------------------------


def test_a_late_arrival_opens_a_new_cohort_keeps_its_indexes_and_goes_with_the_next_purge(vault: Home, tmp_path):
    vault.purge()
    vault.collect("counter_customers", customers(tmp_path / "late.csv", [1], last=DUE))
    assert vault.value("SELECT count(*) FROM keyring.cohort WHERE expires_on = %s", TODAY) == 2
    assert len(vault.records()) == 3
    vault.collect("counter_customers", customers(tmp_path / "later.csv", [1], last=DUE, 职业="教师"))
    assert sorted(map(len, vault.people())) == [1, 1, 2]
    assert (vault.purge().destroyed, len(vault.records())) == (2, 2)


ARRIVING = ["applied", "approved", "new_root_named", "new_root_created", "rotated", "snapshot_written",
            "old_root_destroyed", "keys_destroyed", "rows_removed", "verified", "confirmed"]  # fmt: skip


@pytest.mark.parametrize("point", ARRIVING)
def test_rows_that_arrive_in_the_middle_of_a_destruction_are_neither_lost_nor_in_its_way(vault: Home, tmp_path, point):
    """They are destroyed with their own evidence, in this destruction or the next, and never uncounted."""
    path = customers(tmp_path / "late.csv", [1, 7], last=DUE)

    def arrive(name: str) -> None:
        if name == point and not path.with_suffix(".in").exists():
            path.rename(path.with_suffix(".in"))
            late = customers(tmp_path / "late2.csv", [1, 7], last=DUE)
            assert vault.collect("counter_customers", late).stored == 2

    first = vault.purge(step=arrive)
    assert first.verdict == "PASS"
    before_the_keys = ARRIVING.index(point) < ARRIVING.index("rotated")
    assert first.destroyed == (4 if before_the_keys else 2)
    left = vault.value("SELECT count(*) FROM vault.record WHERE expires_on = %s", TODAY)
    assert left == (0 if before_the_keys else 2)
    assert len(vault.records()) == 2 + left
    assert vault.value("SELECT count(*) FROM vault.blind_index b WHERE NOT EXISTS "
                       "(SELECT FROM vault.record r WHERE r.subject_id = b.subject_id)") == 0  # fmt: skip
    assert vault.value("SELECT count(*) FROM vault.record r WHERE NOT EXISTS "
                       "(SELECT FROM vault.blind_index b WHERE b.subject_id = r.subject_id)") == 0  # fmt: skip
    second = vault.purge()
    assert (second.destroyed, second.verdict) == ((0, None) if before_the_keys else (2, "PASS"))
    assert vault.ledger_holds()


# --- verification ------------------------------------------------------------------------------------------------


def test_a_row_that_should_be_gone_and_is_not_fails_the_destruction_until_it_is(vault: Home):
    """Somebody puts a copy of a destroyed row back before the witness looks."""
    copy: list[tuple[object, ...]] = []

    def restore(name: str) -> None:
        if name == "approved":
            copy.extend(vault.rows("SELECT * FROM vault.record WHERE expires_on = %s LIMIT 1", TODAY))
        if name == "rows_removed" and copy:
            vault.rows("SELECT vault.ensure_partition(%s)", TODAY)
            vault.rows(f"INSERT INTO vault.record VALUES ({', '.join(['%s'] * 14)}) RETURNING 1", *copy.pop())

    with pytest.raises(DestructionFailed, match="rows_gone"):
        vault.purge(step=restore)
    assert vault.value("SELECT state FROM destruction.job") == "failed"
    assert vault.value("SELECT verdict FROM destruction.job") == "FAILED"
    assert vault.value("SELECT certificate IS NULL FROM destruction.job")
    assert not list((vault.folder / "certificates").glob("*.json"))


def test_an_index_that_should_be_gone_and_is_not_fails_the_destruction_and_the_next_call_mends_it(vault: Home):
    stray = vault.rows("SELECT kind, digest, subject_id, strong, expires_on FROM vault.blind_index "
                       "WHERE expires_on = %s LIMIT 1", TODAY)[0]  # fmt: skip

    def restore(name: str) -> None:
        if name == "rows_removed":
            vault.rows("INSERT INTO vault.blind_index VALUES (%s, %s, %s, %s, %s) RETURNING 1", *stray)

    with pytest.raises(DestructionFailed, match="indexes_gone"):
        vault.purge(step=restore)
    mended = vault.purge()
    assert (mended.destroyed, mended.verdict) == (2, "PASS")
    assert vault.ledger_holds()


def test_an_old_root_that_somebody_put_back_fails_the_destruction(vault: Home):
    kept = {path: path.read_bytes() for path in (vault.folder / "kms").glob("generation-*.key")}

    def restore(name: str) -> None:
        if name == "rows_removed":
            for path, content in kept.items():
                path.write_bytes(content)

    with pytest.raises(DestructionFailed, match="generation_gone"):
        vault.purge(step=restore)
    assert vault.value("SELECT state FROM destruction.job") == "failed"


def test_a_manifest_that_was_tampered_with_stops_everything(vault: Home):
    def tamper(name: str) -> None:
        if name == "applied":
            with vault.sql() as connection:
                connection.execute("ALTER TABLE destruction.job DISABLE TRIGGER job_transition")
                connection.execute("UPDATE destruction.job SET manifest = jsonb_set(manifest, '{records}', '1')")

    from pipelines.errors import ApprovalMissing

    with pytest.raises(ApprovalMissing, match="manifest"):
        vault.purge(step=tamper)
    assert len(vault.records()) == 4


def test_a_subject_kept_by_another_record_is_not_in_the_way_of_samples(vault: Home):
    """Ciphertext of what is destroyed is tried with keys that still stand, then dropped."""
    seen: list[int] = []
    vault.purge(step=lambda name: seen.append(vault.value("SELECT count(*) FROM destruction.sample")))
    assert max(seen) == 2
    assert vault.value("SELECT count(*) FROM destruction.sample") == 0
