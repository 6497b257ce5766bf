"""What a steward decided goes through the stages like everything else: no second door past payment data, text or levels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from pipelines.errors import DecisionRefused
from pipelines.jobs import decisions
from pipelines.jobs.decisions import Selection
from pipelines.jobs.home import open_home
from tests.homes import NOON, TODAY, Home, Homes, _write, counter, mobile, policy_copy, resident_id

LATER = NOON + timedelta(hours=2)
PLAN = "counter_customers"
SECRET = "Hunter2-of-nobody"
NOTE = f"请改打{mobile(77)}，证件{resident_id(78)}"


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    made, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    rows = ({"手机号": "12"}, {"身份证号": resident_id(2), "手机号": "13"})
    made.collect(PLAN, counter(folder / "a.csv", *rows), by="engineer")
    return made


@pytest.fixture
def home(homes: Homes, stocked: Home) -> Iterator[Home]:
    made = homes.copy(stocked)
    yield made
    homes.drop(made)


def ids(home: Home) -> list[UUID]:
    return [
        row
        for (row,) in home.rows("SELECT record_id FROM quality.quarantine WHERE state <> 'rejected' ORDER BY record_id")
    ]


def decide(home: Home, kind: str, *records: UUID, **more: Any) -> dict[str, int]:
    opened = open_home(home.settings)
    try:
        return dict(
            decisions.decide(opened, Selection(tuple(records)), kind, "seen", "steward", LATER, **more).outcomes
        )
    finally:
        opened.database.close()


def test_payment_data_does_not_come_in_by_a_correction(home: Home) -> None:
    before = home.portrait()
    with pytest.raises(DecisionRefused, match="payment authentication data"):
        decide(home, "corrected", ids(home)[0], changes={"mobile": mobile(1), "remark": f"新密码: {SECRET}"})
    assert home.portrait() == before


def test_nobody_writes_a_consent_or_a_field_that_the_plan_has_not(home: Home) -> None:
    for field in ("consent_at", "consent_until", "consent_notice", "consent_purposes", "no_such_field"):
        with pytest.raises(DecisionRefused, match="none that a steward corrects"):
            decide(home, "corrected", ids(home)[0], changes={field: "2026-05-02"})


def test_what_is_filled_in_is_brought_to_its_normal_form_and_a_dash_empties(home: Home) -> None:
    changes = {"mobile": " １３８ 0000-0001 ", "birth_date": "1980年1月1日", "remark": "-"}
    assert decide(home, "corrected", ids(home)[0], changes=changes) == {"stored": 1}
    (stored,) = home.records().values()
    assert (stored["mobile"], stored["birth_date"], stored.get("remark")) == ("13800000001", "1980-01-01", None)


def test_text_in_a_correction_raises_the_level_of_its_record(home: Home) -> None:
    assert decide(home, "corrected", ids(home)[0], changes={"mobile": mobile(1), "remark": NOTE}) == {"stored": 1}
    assert home.value("SELECT level FROM vault.record") == 4


def test_a_note_that_was_set_apart_and_is_accepted_is_kept_at_the_level_of_what_it_holds(
    homes: Homes, tmp_path: Path
) -> None:
    policy = policy_copy(
        tmp_path / "p", **{f"plans/{PLAN}": lambda text: text.replace("free_text: raise", "free_text: quarantine")}
    )
    home = homes.blank(policy=policy)
    home.collect(PLAN, counter(tmp_path / "a.csv", {"备注": NOTE}), by="engineer")
    assert home.value("SELECT failed[1] FROM quality.quarantine").startswith("free_text.")
    assert decide(home, "accepted", *ids(home)) == {"stored": 1}
    (stored,) = home.records().values()
    assert stored["remark"] == NOTE
    assert home.value("SELECT part_4 IS NOT NULL FROM vault.record")
    homes.drop(home)


def test_rules_that_were_not_broken_when_the_row_was_seen_are_not_excused(home: Home) -> None:
    with home.sql() as connection:
        connection.execute("UPDATE quality.quarantine SET failed = ARRAY['sex.known'], reason = 'sex.known'")
    assert decide(home, "accepted", ids(home)[0]) == {"quarantined": 1}


def test_what_a_destruction_lists_can_not_be_decided_about(home: Home) -> None:
    first, second = ids(home)
    cohort = home.value("SELECT cohort_id FROM quality.quarantine LIMIT 1")
    with home.sql() as connection:
        connection.execute(
            "INSERT INTO destruction.job (job_id, origin, as_of, state, manifest, manifest_hash, schedule_hash, applicant,"
            " executor, created_at) VALUES ('DS-1', 'expiry', %s, 'applied', '{}', 'h', 'h', 'a', 'b', now())",
            [TODAY],
        )
        connection.execute("INSERT INTO destruction.target VALUES ('DS-1', 'cohort', %s)", [cohort])
    for kind in ("accepted", "rejected", "returned"):
        with pytest.raises(DecisionRefused, match="being destroyed"):
            decide(home, kind, first, second)


def test_rows_of_two_plans_are_one_decision_with_a_batch_and_an_entry_for_each(home: Home, tmp_path: Path) -> None:
    row = {
        "name": "甄无名", "mobile": "12", "email": "nobody@example.com", "consent_notice": "N-WEB-2",
        "consent_at": "2026-05-01", "consent_method": "click", "consent_purposes": "membership,marketing", "collected_at": "2026-05-01",
    }  # fmt: skip
    home.collect("web_registrations", _write(tmp_path / "web.csv", [row]), by="engineer")
    assert decide(home, "returned", *ids(home)) == {"returned": 3}
    assert home.value("SELECT count(DISTINCT decision_id) FROM quality.decision") == 1
    assert home.value("SELECT count(*) FROM evidence.entry WHERE body LIKE '%%rows_decided%%'") == 2
    assert home.ledger_holds()
