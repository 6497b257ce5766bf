"""`tutela retention` and `tutela hold`: one JSON object and nothing else, tables without a value, wrong calls told in a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli.main import app
from pipelines.errors import UnknownReference
from tests.homes import Home, Homes, customers


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory) -> Home:
    home = homes.blank()
    home.collect("counter_customers", customers(tmp_path_factory.mktemp("in") / "counter_1.csv", [1, 2]))
    return home


@pytest.fixture
def home(stocked: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    settings = stocked.settings
    assert settings.database_url is not None
    assert settings.database_admin_url is not None
    monkeypatch.setenv("TUTELA_HOME", str(settings.home))
    monkeypatch.setenv("TUTELA_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("TUTELA_DATABASE_ADMIN_URL", settings.database_admin_url.get_secret_value())
    monkeypatch.setenv("COLUMNS", "80")
    return stocked


def tutela(*words: str) -> Result:
    return CliRunner().invoke(app, words, catch_exceptions=True)


def told(*words: str) -> dict[str, Any]:
    result = tutela(*words, "--json")
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def codes(home: Home) -> list[str]:
    return [row[0] for row in home.rows("SELECT code FROM vault.subject ORDER BY subject_id")]


def test_an_event_tells_what_it_changed(home: Home):
    code = codes(home)[0]
    ended = told("retention", "event", code, "--kind", "relationship_end", "--on", "2026-05-31")
    assert (ended["subject"], ended["kind"], ended["on"], ended["plan"]) == (
        code,
        "relationship_end",
        "2026-05-31",
        None,
    )
    assert ended["moved"] == {"records": 0, "restricted": 0}
    assert told("retention", "event", code, "--kind", "relationship_end", "--not-yet")["on"] is None


def test_show_tells_the_day_of_each_record(home: Home):
    code = codes(home)[1]
    (record,) = told("retention", "show", code)["records"]
    assert (record["plan"], record["class"], record["due"]) == ("counter_customers", "R-REL", "2029-05-01")
    shown = tutela("retention", "show", code)
    assert "2029-05-01" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert "甄无名" not in shown.stdout


def test_the_schedule_is_shown_whole(home: Home):
    classes = told("retention", "show", "--schedule")["classes"]
    assert {"R-REL", "R-AML", "QUARANTINE"} <= {each["key"] for each in classes}
    shown = tutela("retention", "show", "--schedule").stdout
    assert "R-AML" in shown
    assert "counter_customers" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_rescheduling_where_nothing_was_changed_says_so(home: Home):
    assert told("retention", "reschedule") == {"plans": [], "records": 0}


def test_a_hold_of_a_plan_is_laid_listed_and_lifted(home: Home):
    words = ("--reason", "an audit", "--owner", "legal", "--review-on", "2027-01-01")
    hold = told("hold", "add", "--plan", "counter_customers", *words)["hold"]
    (listed,) = told("hold", "list")["holds"]
    assert (listed["hold"], listed["plan"], listed["subject"]) == (hold, "counter_customers", None)
    assert "counter_customers" in tutela("hold", "list").stdout.replace("\n", "")
    assert told("hold", "release", hold, "--by", "legal") == {"hold": hold, "released": True, "due_again": 0}
    assert told("hold", "list")["holds"] == []
    assert len(told("hold", "list", "--all")["holds"]) == 1


WRONG = {
    "an event without its day": ("retention", "event", "CP01", "--kind", "activity"),
    "an event that both happened and has not": (
        "retention", "event", "CP01", "--kind", "relationship_end", "--on", "2026-01-01", "--not-yet"),
    "an unknown kind of event": ("retention", "event", "CP01", "--kind", "divorce", "--on", "2026-01-01"),
    "nothing to show": ("retention", "show"),
    "two things to show": ("retention", "show", "CP01", "--schedule"),
}  # fmt: skip


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_call_is_told(home: Home, words: tuple[str, ...]):
    assert tutela(*words).exit_code == 2


def test_a_subject_that_is_not_there_is_told(home: Home):
    for words in (
        ("retention", "show", "CP01X"),
        ("retention", "event", "CP01X", "--kind", "activity", "--on", "2026-05-01"),
    ):
        assert isinstance(tutela(*words).exception, UnknownReference)
