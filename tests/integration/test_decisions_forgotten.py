"""What was decided about is destroyed like everything else: with its person, on its day, and out of old backups."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from pipelines.custody import SUBJECT
from pipelines.jobs import approvals, backups, decisions, erasure, holds, quarantine, restores
from pipelines.jobs.decisions import Selection
from pipelines.jobs.home import open_home
from pipelines.retention.decision import Decision
from tests.homes import NOON, Home, Homes, counter, mobile, resident_id

LATER = NOON + timedelta(hours=2)
PLAN = "counter_customers"


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Four people who each broke a rule of their own, and a backup of it."""
    home = homes.blank()
    rows = [
        {"姓名": f"甄{name}", "身份证号": resident_id(n), "手机号": mobile(n)[:-n]}
        for n, name in enumerate("零一二三", 1)
    ]
    home.collect(PLAN, counter(tmp_path_factory.mktemp("d") / "a.csv", *rows), by="engineer")
    backups.create(home.settings, lambda: NOON)
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    lose(homes, home)
    shutil.rmtree(home.folder)


def lose(homes: Homes, home: Home) -> None:
    with psycopg.connect(homes._server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {home.admin.rpartition('/')[2]} WITH (FORCE)")


def row_of(home: Home, number: int) -> UUID:
    return next(
        UUID(record) for record, values in home.quarantined().items() if values["id_number"] == resident_id(number)
    )


def decide(home: Home, kind: str, *records: UUID, by: str = "steward", **more: Any) -> decisions.Done:
    opened = open_home(home.settings)
    try:
        return decisions.decide(opened, Selection(tuple(records)), kind, "seen the form", by, LATER, **more)
    finally:
        opened.database.close()


def erase(home: Home, number: int) -> None:
    """Erase the person of an identity number, as she asked and a leader approved."""
    wanted = next(
        UUID(record) for record, values in home.records().items() if values["id_number"] == resident_id(number)
    )
    code = home.value(
        "SELECT code FROM vault.subject JOIN vault.record USING (subject_id) WHERE record_id = %s", wanted
    )
    asked = erasure.erase(home.settings, [code], "asked by letter", "officer", lambda: LATER)
    listed = home.value("SELECT manifest_hash FROM destruction.job WHERE job_id = %s", asked.destruction)
    approval = Decision(str(asked.destruction), "approved", "console", "leader", "leader", listed, LATER)
    approvals.decide(home.settings, approval, LATER)
    assert home.purge(at=LATER).verdict == "PASS"


def test_with_a_person_goes_the_slot_that_her_accepted_row_was_sealed_under(vault: Home) -> None:
    holder = vault.value("SELECT DISTINCT holder_id FROM quality.quarantine")
    beside = vault.quarantined()
    first = row_of(vault, 1)
    decide(vault, "accepted", first)
    erase(vault, 1)
    page, slot = holder >> 10, holder & 1023
    assert not any(vault.keys(SUBJECT)[page][32 * slot : 32 * slot + 32]), (
        "what backups have of it is ciphertext for ever"
    )
    del beside[str(first)]
    assert vault.quarantined() == beside, "the rows beside it open as before"
    assert vault.ledger_holds()


def test_an_erased_person_does_not_come_back_with_a_backup_in_which_her_row_still_waited(
    homes: Homes, vault: Home
) -> None:
    decide(vault, "corrected", row_of(vault, 1), changes={"mobile": "7"})
    again = row_of(vault, 1)
    decide(vault, "corrected", again, by="second", changes={"mobile": mobile(1)})
    erase(vault, 1)
    left = vault.quarantined()
    lose(homes, vault)
    restores.restore(vault.settings, lambda: LATER)
    assert vault.quarantined() == left
    assert vault.records() == {}


def test_what_was_rejected_and_destroyed_does_not_come_back_with_a_backup(homes: Homes, vault: Home) -> None:
    decide(vault, "rejected", row_of(vault, 1), row_of(vault, 2))
    assert vault.purge(at=LATER).verdict == "PASS"
    left = vault.quarantined()
    lose(homes, vault)
    restores.restore(vault.settings, lambda: LATER)
    assert vault.quarantined() == left
    assert len(left) == 2


def test_what_was_accepted_after_the_backup_waits_again_and_is_not_asked_for_as_a_delivery(
    homes: Homes, vault: Home
) -> None:
    record = row_of(vault, 1)
    decide(vault, "accepted", record)
    lose(homes, vault)
    told = restores.restore(vault.settings, lambda: LATER).as_json()
    assert (told["deliver_again"], told["lost"]["deliveries"]) == ([], 0)
    assert str(record) in vault.quarantined()
    assert decide(vault, "accepted", record).outcomes == {"stored": 1}


def test_the_old_ciphertext_of_a_stored_row_goes_no_later_than_the_row(homes: Homes, tmp_path: Path) -> None:
    home, old = homes.blank(), "2023-06-20"
    bad = {"采集时间": old, "同意时间": old, "最近业务时间": old, "告知书版本": "N-COUNTER-1", "手机号": "12"}
    home.collect(PLAN, counter(tmp_path / "old.csv", bad), by="engineer")
    cohort = home.value("SELECT cohort_id FROM quality.quarantine")
    decide(home, "accepted", *[UUID(record) for record in home.quarantined()])
    due = home.value("SELECT expires_on FROM vault.record")
    assert due < home.value("SELECT expires_on FROM keyring.cohort WHERE cohort_id = %s", cohort)
    assert home.value("SELECT left_on FROM keyring.cohort WHERE cohort_id = %s", cohort) == due
    assert home.purge(as_of=due, at=LATER.replace(month=due.month, day=due.day)).verdict == "PASS"
    assert home.value("SELECT destroyed_by IS NOT NULL FROM keyring.cohort WHERE cohort_id = %s", cohort)
    assert isinstance(due, date)
    homes.drop(home)


def test_what_was_rejected_under_a_legal_hold_is_kept_unseen_until_the_hold_ends(vault: Home) -> None:
    hold = holds.add(vault.settings, None, "lawsuit", "legal", date(2026, 12, 1), NOON, plan=PLAN)
    record = row_of(vault, 1)
    decide(vault, "rejected", record)
    vault.purge(at=LATER)
    assert str(record) in vault.quarantined()
    opened = open_home(vault.settings)
    assert quarantine.queue(opened, quarantine.View(), LATER).total == 3
    opened.database.close()
    holds.release(vault.settings, hold, "legal", LATER)
    assert vault.purge(at=LATER).verdict == "PASS"
    assert str(record) not in vault.quarantined()
    assert len(vault.quarantined()) == 3
