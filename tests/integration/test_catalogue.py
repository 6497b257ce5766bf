"""The catalogue: what a plan's columns hold, where that is not what was declared, and what a steward says of it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli.main import app
from pipelines.errors import PolicyError, TutelaError
from pipelines.jobs import catalogue
from pipelines.jobs.home import open_home
from tests.homes import NOON, Home, Homes, counter, mobile, resident_id

PLAN = "counter_customers"
PEOPLE = 30


def delivery(path: Path, first: int, **cells: str) -> Path:
    """Write a counter's file whose sound rows have the same cells, but for who they are about."""
    rows = [
        {"身份证号": resident_id(number), "手机号": mobile(number), **cells} for number in range(first, first + PEOPLE)
    ]
    return counter(path, *rows)


def entries_of(home: Home, kind: str) -> list[dict[str, Any]]:
    found = home.rows(
        "SELECT body::jsonb -> 'body' FROM evidence.entry WHERE body::jsonb ->> 'kind' = %s ORDER BY seq",
        kind,
    )
    return [row[0] for row in found]


def test_a_finding_is_stored_and_put_on_record_with_its_batch(home: Home, tmp_path: Path) -> None:
    home.collect(PLAN, delivery(tmp_path / "counter_1.csv", 1, 职业=resident_id(999)))
    found = home.rows("SELECT batch_id, field, kind, declared, found, level, cells, share FROM catalog.finding")
    assert found == [(1, "occupation", "over_collection", "OCCUPATION", "CN_ID_CARD", 4, PEOPLE, 1.0)]
    [told] = entries_of(home, "catalog.findings_recorded")
    assert (told["plan"], told["chunk"]) == (PLAN, 0)
    assert told["findings"] == [
        {
            "field": "occupation",
            "kind": "over_collection",
            "declared": "OCCUPATION",
            "found": "CN_ID_CARD",
            "cells": PEOPLE,
        }
    ]
    shares = dict(home.rows("SELECT field, share FROM catalog.column_profile"))
    assert (shares["occupation"], shares["mobile"], shares["email"]) == (1.0, 1.0, 0.0)
    assert home.ledger_holds()


def test_where_all_is_as_declared_nothing_is_put_on_record(home: Home, tmp_path: Path) -> None:
    home.collect(PLAN, delivery(tmp_path / "counter_1.csv", 1, 职业="教师"))
    assert home.rows("SELECT * FROM catalog.finding") == []
    assert entries_of(home, "catalog.findings_recorded") == []


def standings(home: Home) -> dict[str, str]:
    return {each["found"]: each["standing"] for each in catalogue.findings(open_home(home.settings), PLAN)}


def occupation(home: Home) -> dict[str, Any]:
    return next(
        each for each in catalogue.show(open_home(home.settings), PLAN)["columns"] if each["field"] == "occupation"
    )


def test_a_correction_survives_the_next_run_and_ends_only_what_the_steward_knew(home: Home, tmp_path: Path) -> None:
    def correct(entity: str | None, reason: str) -> dict[str, Any]:
        return catalogue.correct(open_home(home.settings), PLAN, "occupation", entity, reason, "steward", NOON)

    home.collect(PLAN, delivery(tmp_path / "counter_1.csv", 1, 职业=resident_id(999)))
    assert standings(home) == {"CN_ID_CARD": "open"}
    said = correct("occupation", "Numbers of jobs")
    assert (said["decision"], said["entity"], said["level"], said["closed"]) == ("overridden", "OCCUPATION", 2, 1)

    home.collect(PLAN, delivery(tmp_path / "counter_2.csv", 101, 职业=resident_id(999)), at=NOON + timedelta(days=1))
    assert standings(home) == {"CN_ID_CARD": "closed"}
    assert home.value("SELECT count(*) FROM catalog.finding") == 2
    column = occupation(home)
    assert (column["entity"], column["level"], column["open"], column["closed"]) == ("CN_ID_CARD", 4, 0, 1)
    assert (column["correction"]["entity"], column["correction"]["steward"]) == ("OCCUPATION", "steward")
    assert column["current"]

    mails = delivery(tmp_path / "counter_3.csv", 201, 职业="a.person@example.com")
    home.collect(PLAN, mails, at=NOON + timedelta(days=2))
    assert standings(home) == {"CN_ID_CARD": "closed", "EMAIL_ADDRESS": "open"}
    assert [(each["entity"], each["level"]) for each in occupation(home)["history"]] == [
        ("CN_ID_CARD", 4),
        ("EMAIL_ADDRESS", 3),
    ]
    assert correct(None, "Known")["closed"] == 2
    assert set(standings(home).values()) == {"closed"}

    told = entries_of(home, "catalog.column_corrected")
    assert [(each["decision"], each["entity"]) for each in told] == [
        ("overridden", "OCCUPATION"),
        ("accepted", "EMAIL_ADDRESS"),
    ]
    assert told[0]["closes"] == [{"kind": "over_collection", "declared": "OCCUPATION", "found": "CN_ID_CARD"}]
    assert len(entries_of(home, "catalog.findings_recorded")) == 3
    assert "jobs" not in json.dumps(told)
    assert home.ledger_holds()


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = homes.blank()
    home.collect(PLAN, delivery(tmp_path_factory.mktemp("in") / "counter_1.csv", 1, 职业=resident_id(999)))
    return home


WRONG = {
    "an unknown plan": (("no_plan", "mobile", None, "Known", "steward"), "no_plan"),
    "an unknown field": ((PLAN, "occupaton", None, "Known", "steward"), "did you mean `occupation`"),
    "an unknown entity": ((PLAN, "mobile", "phone_numbr", "Known", "steward"), "did you mean `PHONE_NUMBER`"),
    "an empty entity": ((PLAN, "mobile", "", "Known", "steward"), "no entity"),
    "no reason": ((PLAN, "mobile", None, " ", "steward"), "needs a reason"),
    "a reason with somebody's number": ((PLAN, "mobile", None, f"Is {mobile(7)}", "steward"), "needs a reason"),
    "nobody": ((PLAN, "mobile", None, "Known", " "), "needs a steward"),
    "nothing to accept": (("web_registrations", "email", None, "Known", "steward"), "Nothing was collected"),
}


@pytest.mark.parametrize(("said", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_correction_is_refused_in_a_sentence_and_leaves_nothing(
    stocked: Home, said: tuple[Any, ...], told: str
) -> None:
    before = stocked.value("SELECT count(*) FROM evidence.entry")
    with pytest.raises(TutelaError, match=told) as refused:
        catalogue.correct(open_home(stocked.settings), *said, NOON)
    assert refused.value.exit_code == PolicyError.exit_code
    assert mobile(7) not in str(refused.value)
    assert stocked.value("SELECT count(*) FROM evidence.entry") == before
    assert stocked.value("SELECT count(*) FROM catalog.correction") == 0


@pytest.fixture
def tutela(stocked: Home, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings = stocked.settings
    assert settings.database_url is not None
    monkeypatch.setenv("TUTELA_HOME", str(settings.home))
    monkeypatch.setenv("TUTELA_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["catalog", *words], catch_exceptions=True)

    return run


def test_the_commands_print_one_object_for_programs_and_narrow_tables_for_people(tutela: Any) -> None:
    found = json.loads(tutela("findings", "--json").stdout)["findings"]
    assert [(each["field"], each["found"], each["runs"]) for each in found] == [("occupation", "CN_ID_CARD", 1)]
    columns = json.loads(tutela("show", PLAN, "--json").stdout)["columns"]
    assert [each["field"] for each in columns][:3] == ["customer_name", "sex", "birth_date"]
    assert all(each["current"] and each["recognizers"] for each in columns)
    correct = ("correct", PLAN, "occupation", "--reason", "Known", "--by", "steward")
    assert tutela(*correct, "--accept", "--entity", "AGE").exit_code == tutela(*correct).exit_code == 2
    assert json.loads(tutela(*correct, "--accept", "--json").stdout)["entity"] == "CN_ID_CARD"
    assert "findings closed: 1" in tutela(*correct, "--entity", "CN_ID_CARD").stdout
    for command, shown in (("show", "overridden"), ("findings", "closed")):
        text = tutela(command).stdout
        assert shown in text
        assert max(map(len, text.splitlines())) <= 100
        assert resident_id(999) not in text


def test_what_other_recognizers_read_is_told(tutela: Any, stocked: Home) -> None:
    assert "other recognizers" not in tutela("show").stdout
    with stocked.sql() as connection:
        connection.execute("UPDATE catalog.column_profile SET recognizers = 'older'")
        connection.execute("SELECT catalog.summarize(1, 0::smallint)")
    assert f"{PLAN}: 1 batches were read by other recognizers than today's" in tutela("show").stdout
    told = json.loads(tutela("show", "--json").stdout)
    assert told["read_otherwise"] == {PLAN: 1}
    assert not any(each["current"] for each in told["columns"])


def test_another_look_at_the_vault_is_told_beside_the_one_at_arrival(tutela: Any, stocked: Home) -> None:
    """Stand in for a look that finds passports where identity numbers were found, and an identity number lying too low."""
    with stocked.sql() as connection:
        connection.execute("INSERT INTO catalog.look VALUES (1, 1, 'newer', 30, now())")
        connection.execute(
            "INSERT INTO catalog.column_profile SELECT batch_id, field, declared, 'CN_PASSPORT', category, level, code,"
            " confidence, cells, found, also, share, 'newer', 1 FROM catalog.column_profile WHERE field = 'occupation'"
        )
        connection.execute(
            "INSERT INTO catalog.finding SELECT batch_id, field, kind, declared, 'CN_PASSPORT', level, confidence, cells,"
            " share, 1 FROM catalog.finding WHERE field = 'occupation'"
        )
        connection.execute("SELECT catalog.summarize(1, 1::smallint)")
    assert standings(stocked) == {"CN_PASSPORT": "open"}
    column = occupation(stocked)
    assert (column["entity"], column["cells"], column["share"]) == ("CN_PASSPORT", PEOPLE, 1.0)
    assert [(each["entity"], each["look"]) for each in column["history"]] == [("CN_ID_CARD", 0), ("CN_PASSPORT", 1)]


def test_a_slip_in_a_short_last_chunk_is_judged_over_the_whole_delivery(homes: Homes, tmp_path: Path) -> None:
    home = homes.blank(chunk_rows=150)
    rows = [{"身份证号": resident_id(number), "手机号": mobile(number), "职业": "教师"} for number in range(1, 181)]
    rows[-1]["职业"] = resident_id(500)
    home.collect(PLAN, counter(tmp_path / "counter_1.csv", *rows))
    kinds = home.rows("SELECT f.kind FROM catalog.finding f WHERE f.field = 'occupation'")
    assert kinds == [], "one of thirty is more than one of a hundred; one of 180 is not"
    homes.drop(home)


def test_what_every_chunk_holds_is_one_finding_with_the_cells_of_all(homes: Homes, tmp_path: Path) -> None:
    home = homes.blank(chunk_rows=PEOPLE // 3)
    home.collect(PLAN, delivery(tmp_path / "counter_1.csv", 1, 职业=resident_id(999)))
    [found] = [each for each in catalogue.findings(open_home(home.settings), PLAN) if each["field"] == "occupation"]
    assert (found["found"], found["cells"], found["share"]) == ("CN_ID_CARD", PEOPLE, 1.0)
    homes.drop(home)
