"""Stewards decide about quarantined rows: what comes of them, who may, and what of it is on record."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from pipelines.errors import DecisionRefused, UnknownReference
from pipelines.jobs import decisions, quarantine
from pipelines.jobs import home as homes_of_jobs
from pipelines.jobs.decisions import Selection
from pipelines.jobs.quarantine import View
from pipelines.settings import CHECKOUT
from tests.homes import NOON, TODAY, Home, Homes, counter, mobile, resident_id

LATER = NOON + timedelta(hours=2)
PLAN = "counter_customers"
WRONG_ID = resident_id(4)[:-1] + "?"
ROWS = [
    {},  # sound
    {"身份证号": resident_id(2), "手机号": "12"},
    {"身份证号": resident_id(3), "手机号": "34"},
    {"身份证号": WRONG_ID, "手机号": mobile(4)},
    {"身份证号": resident_id(5), "手机号": mobile(5), "采集时间": "", "最近业务时间": ""},
]


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = homes.blank()
    home.collect(PLAN, counter(tmp_path_factory.mktemp("deliveries") / "a.csv", *ROWS), by="engineer")
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    homes.drop(home)


def waiting(home: Home) -> dict[int, UUID]:
    """Row number → id of each row in quarantine."""
    found = home.rows("SELECT record_id FROM quality.quarantine WHERE state <> 'rejected'")
    return {int.from_bytes(record.bytes[10:], "big"): record for (record,) in found}


def decide(home: Home, kind: str, *records: UUID, by: str = "steward", at=LATER, **more) -> decisions.Done:
    opened = homes_of_jobs.open_home(home.settings)
    done = decisions.decide(opened, Selection(tuple(records)), kind, "looked at the paper form", by, at, **more)
    opened.database.close()
    return done


def test_a_corrected_row_goes_through_the_stages_and_into_the_vault(vault: Home) -> None:
    record = waiting(vault)[2]
    assert decide(vault, "corrected", record, changes={"mobile": mobile(2)}).outcomes == {"stored": 1}
    stored = [values for values in vault.records().values() if values["id_number"] == resident_id(2)]
    assert [values["mobile"] for values in stored] == [mobile(2)]
    assert record not in waiting(vault).values()
    assert vault.rows("SELECT source, entered_by, arrived, stored FROM vault.batch ORDER BY batch_id") == [
        ("delivery", "engineer", 5, 1), ("steward", "steward", 1, 1),
    ]  # fmt: skip
    assert vault.ledger_holds()


def test_a_row_corrected_in_vain_waits_again_for_another_steward_and_no_longer_than_before(vault: Home) -> None:
    record = waiting(vault)[2]
    until = vault.value("SELECT expires_on FROM quality.quarantine WHERE record_id = %s", record)
    with vault.sql() as connection:
        connection.execute("UPDATE quality.quarantine SET expires_on = expires_on - 3 WHERE record_id = %s", [record])
    assert decide(vault, "corrected", record, changes={"mobile": "99"}).outcomes == {"quarantined": 1}
    (again,) = vault.rows(
        "SELECT record_id, entered_by, expires_on FROM quality.quarantine WHERE entered_by = 'steward'"
    )
    assert again[2] == until - timedelta(days=3)
    with pytest.raises(DecisionRefused, match="nobody decides about their own"):
        decide(vault, "rejected", again[0])
    then = LATER + timedelta(minutes=1)
    done = decide(vault, "corrected", again[0], by="second", at=then, changes={"mobile": mobile(2)})
    assert done.outcomes == {"stored": 1}
    opened = homes_of_jobs.open_home(vault.settings)
    told = quarantine.history(opened, again[0])["decisions"]
    assert [(each["kind"], each["outcome"], each["steward"]) for each in told] == [
        ("corrected", "quarantined", "steward"), ("corrected", "stored", "second"),
    ]  # fmt: skip
    settled = vault.rows("SELECT batch_id, failed, settled FROM quality.score WHERE expectation = 'mobile.format'")
    assert min(settled) == (1, 2, 1)
    assert vault.value("SELECT settled FROM quality.daily WHERE expectation = 'mobile.format'") == 1


def test_accepted_rows_are_stored_as_they_are_and_their_failures_are_settled(vault: Home) -> None:
    rows = waiting(vault)
    assert decide(vault, "accepted", rows[2], rows[3], rows[4]).outcomes == {"stored": 3}
    assert sorted(values["mobile"] for values in vault.records().values()) == sorted([mobile(1), "12", "34", mobile(4)])
    assert vault.value("SELECT settled FROM quality.score WHERE batch_id = 1 AND expectation = 'mobile.format'") == 2
    assert vault.value("SELECT count(DISTINCT batch_id) FROM vault.batch WHERE source = 'steward'") == 1


def test_a_row_that_nobody_could_destroy_on_time_is_never_accepted(vault: Home) -> None:
    with pytest.raises(DecisionRefused, match="can't be accepted"):
        decide(vault, "accepted", waiting(vault)[5])
    done = decide(vault, "corrected", waiting(vault)[5], changes={"collected_at": "2026年5月2日"})
    assert done.outcomes == {"stored": 1}


def test_rejected_rows_are_destroyed_by_the_next_purge_with_their_key_and_a_certificate(vault: Home) -> None:
    rows = waiting(vault)
    old = vault.value("SELECT cohort_id FROM quality.quarantine WHERE record_id = %s", rows[2])
    assert decide(vault, "rejected", rows[2], rows[3]).outcomes == {"rejected": 2}
    assert set(waiting(vault)) == {4, 5}
    purged = vault.purge(at=LATER)
    assert purged.certificate is not None
    assert vault.value("SELECT count(*) FROM quality.quarantine") == 2
    # What lay in backups under the key of the day of arrival can't be opened either.
    assert vault.value("SELECT destroyed_by IS NOT NULL FROM keyring.cohort WHERE cohort_id = %s", old)
    assert set(vault.quarantined()) == {str(rows[4]), str(rows[5])}
    assert vault.ledger_holds()


def test_rows_rejected_while_a_destruction_is_under_way_wait_for_the_night_after(vault: Home) -> None:
    rows = waiting(vault)
    decide(vault, "rejected", rows[2])
    cohort = vault.value("SELECT cohort_id FROM quality.quarantine WHERE record_id = %s", rows[2])
    with vault.sql() as connection:
        connection.execute("ALTER TABLE destruction.job DISABLE TRIGGER USER")
        connection.execute(
            "INSERT INTO destruction.job (job_id, origin, as_of, state, manifest, manifest_hash, schedule_hash, applicant,"
            " executor, created_at) VALUES ('DS-1', 'expiry', %s, 'applied', '{}', 'h', 'h', 'a', 'b', now())",
            [TODAY],
        )
        connection.execute("INSERT INTO destruction.target VALUES ('DS-1', 'cohort', %s)", [cohort])
    decide(vault, "rejected", rows[3])
    assert vault.value("SELECT expires_on FROM quality.quarantine WHERE record_id = %s", rows[3]) == TODAY + timedelta(
        1
    )


def test_rows_sent_back_stay_sealed_with_a_slip_without_values_and_can_still_be_decided(vault: Home) -> None:
    rows = waiting(vault)
    done = decide(vault, "returned", rows[2], rows[4])
    opened = homes_of_jobs.open_home(vault.settings)
    slip = decisions.slip(opened, done.decision)
    assert [(row.number, row.rules[0][0]) for row in slip.rows] == [
        (2, "手机号为 11 位"), (4, "身份证号的省份、出生日期与校验码须正确"),
    ]  # fmt: skip
    assert slip.department == "sales"
    assert WRONG_ID not in decisions.slip_csv(slip)
    assert quarantine.queue(opened, View(state="returned"), LATER).total == 2
    assert decide(vault, "accepted", rows[2]).outcomes == {"stored": 1}


def test_nobody_decides_about_what_they_brought_in_themselves(vault: Home) -> None:
    for kind in ("corrected", "accepted", "rejected", "returned"):
        with pytest.raises(DecisionRefused, match="nobody decides about their own"):
            decide(vault, kind, waiting(vault)[2], by="engineer", changes={"mobile": mobile(2)})
    with vault.sql("tutela_review") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "INSERT INTO quality.decision (decision_id, record_id, batch_id, holder_id, plan, kind, rules, reason, steward, entered_by,"
            " outcome, at) VALUES ('QD-1', %s, 1, 1, 'p', 'rejected', '{a}', 'r', 'engineer', 'somebody', 'rejected', now())",
            [waiting(vault)[2]],
        )


def test_of_two_stewards_the_second_is_told_and_changes_nothing(vault: Home) -> None:
    record = waiting(vault)[2]
    decide(vault, "returned", waiting(vault)[3])
    decide(vault, "accepted", record)
    before = vault.portrait()
    with pytest.raises(DecisionRefused, match="steward decided at 2026-06-01 06:00 UTC: accepted"):
        decide(vault, "rejected", record, waiting(vault)[4], by="second")
    assert vault.portrait() == before


def test_a_row_whose_consent_ended_may_not_be_stored_and_goes_with_the_rejected(vault: Home) -> None:
    record = waiting(vault)[2]
    opened = homes_of_jobs.open_home(vault.settings)
    done = decisions.decide(
        opened, Selection((record,)), "accepted", "late", "steward", NOON.replace(year=2037, month=1)
    )
    assert done.outcomes == {"refused": 1}
    assert vault.value("SELECT state FROM quality.quarantine WHERE record_id = %s", record) == "rejected"


def test_what_is_confirmed_is_the_set_of_the_preview_or_nothing(vault: Home) -> None:
    opened = homes_of_jobs.open_home(vault.settings)
    chosen = Selection(view=View(plan=PLAN))
    seen = decisions.preview(opened, chosen, "accepted", "steward", LATER)
    assert (seen.rows, seen.undated, seen.own, seen.by_plan) == (3, 1, 0, {PLAN: 3})
    decide(vault, "rejected", waiting(vault)[3])
    with pytest.raises(DecisionRefused, match="preview"):
        decisions.decide(opened, chosen, "accepted", "all of them", "steward", LATER, seen.token)
    with pytest.raises(DecisionRefused, match="preview"):
        decisions.decide(opened, chosen, "accepted", "all of them", "steward", LATER)
    seen = decisions.preview(opened, chosen, "accepted", "steward", LATER)
    assert decisions.decide(opened, chosen, "accepted", "all", "steward", LATER, seen.token).outcomes == {"stored": 2}


def test_the_queue_shows_what_is_wrong_and_no_value(vault: Home) -> None:
    opened = homes_of_jobs.open_home(vault.settings)
    page = quarantine.queue(opened, View(rule="mobile.format"), LATER, limit=1)
    assert (page.total, len(page.rows), page.rows[0].number) == (2, 1, 2)
    following = quarantine.queue(opened, View(rule="mobile.format"), LATER, page.after)
    assert [row.number for row in following.rows] == [3]
    assert following.after is None
    shown = {cell.field: cell for cell in quarantine.row(opened, waiting(vault)[4]).cells}
    assert shown["id_number"].shown == "*** [18]"
    assert [broken.en for broken in shown["id_number"].broken][:1] == [
        "Province, birth date and check character of the ID number must be right"
    ]
    assert (shown["customer_name"].shown, shown["mobile"].shown) == ("甄**", "138****0004")
    (told,) = quarantine.summary(opened, NOON + timedelta(days=6))
    assert (told["waiting"], told["overdue"], told["returned"]) == (4, 4, 0)
    assert {each["rule"]: each["rows"] for each in told["rules"]}["mobile.format"] == 2


def test_a_value_is_revealed_with_a_reason_and_on_record(vault: Home) -> None:
    opened, record = homes_of_jobs.open_home(vault.settings), waiting(vault)[4]
    assert quarantine.reveal(opened, record, "id_number", "compare with the form", "steward", LATER) == WRONG_ID
    assert vault.rows("SELECT record_id, field, steward FROM quality.reveal") == [(record, "id_number", "steward")]
    with pytest.raises(UnknownReference):
        quarantine.reveal(opened, record, "nothing", "compare with the form", "steward", LATER)
    assert vault.value("SELECT count(*) FROM quality.reveal") == 1
    assert "row_revealed" in vault.value("SELECT body FROM evidence.entry ORDER BY seq DESC LIMIT 1")


def test_no_personal_value_stands_in_what_is_kept_of_decisions(vault: Home, tmp_path: Path) -> None:
    rows = waiting(vault)
    opened = homes_of_jobs.open_home(vault.settings)
    quarantine.reveal(opened, rows[4], "id_number", "compare with the form", "steward", LATER)
    decide(vault, "corrected", rows[2], changes={"mobile": mobile(222)})
    decide(vault, "accepted", rows[3])
    decide(vault, "rejected", rows[4])
    kept = repr(vault.rows("SELECT d::text FROM quality.decision d")) + repr(
        vault.rows("SELECT r::text FROM quality.reveal r")
    )
    kept += "".join(body for (body,) in vault.rows("SELECT body FROM evidence.entry"))
    for value in (mobile(222), mobile(2), resident_id(2), resident_id(3), WRONG_ID, "甄无名"):
        assert value not in kept
    assert mobile(222) in repr(vault.records())


def test_a_suite_that_was_changed_counts_for_the_next_decision_of_the_same_process(
    homes: Homes, tmp_path: Path
) -> None:
    suites = tmp_path / "expectations"
    shutil.copytree(CHECKOUT / "expectations", suites)
    home = homes.blank(expectations=suites)
    home.collect(PLAN, counter(tmp_path / "a.csv", {"手机号": "12"}, {"手机号": "13"}), by="engineer")
    first, second = waiting(home).values()
    assert decide(home, "corrected", first, changes={"occupation": "mason"}).outcomes == {"quarantined": 1}
    path = suites / f"{PLAN}.yaml"
    path.write_text(re.sub(r"(mobile\.format.*?severity: )critical", r"\1warning", path.read_text("utf-8")), "utf-8")
    assert decide(home, "corrected", second, changes={"occupation": "mason"}).outcomes == {"stored": 1}
    homes.drop(home)
