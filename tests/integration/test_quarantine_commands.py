"""`tutela quarantine` end to end: the queue, a row, a value with a reason, decisions seen first and then made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from tests.homes import Home, Homes, counter, mobile, resident_id

RUN = CliRunner()
PLAN = "counter_customers"
BAD = {"手机号": "12"}


@pytest.fixture
def home(homes: Homes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    made = homes.blank()
    rows = [{"身份证号": resident_id(number), **BAD} for number in range(1, 5)]
    made.collect(PLAN, counter(tmp_path / "a.csv", *rows), by="engineer")
    for name, value in (("HOME", made.folder), ("DATABASE_URL", made.settings.database_url.get_secret_value())):
        monkeypatch.setenv(f"TUTELA_{name}", str(value))
    monkeypatch.setenv("LOGNAME", "steward")
    yield made
    homes.drop(made)


def say(*arguments: str, given: str | None = None) -> str:
    done = RUN.invoke(app, ["quarantine", *arguments], input=given)
    assert done.exit_code == 0, done.output
    return done.output


def records(home: Home) -> list[str]:
    return [str(row) for (row,) in home.rows("SELECT record_id FROM quality.quarantine ORDER BY record_id")]


def test_a_steward_goes_through_the_queue_by_commands(home: Home) -> None:
    first, second, third, _ = records(home)
    assert '"total": 4' in say("list", "--rows", "--json")
    shown = say("show", first, "--json")
    assert '"shown": "甄**"' in shown
    assert resident_id(1) not in shown
    assert say("reveal", first, "mobile", "--reason", "compare with the form").strip() == "12"
    corrected = say(
        "resolve", first, "--set", "mobile=-", "--reason", "the form says so", "--yes", "--json", given=f"{mobile(1)}\n"
    )
    assert '"outcomes": {"stored": 1}' in corrected
    assert mobile(1) not in corrected
    sent = say("resolve", second, "--return", "--reason", "ask the branch", "--yes", "--json")
    decision = sent.split('"decision": "')[1].split('"')[0]
    assert "手机号为 11 位" in say("slip", decision)
    would = say("resolve", "--plan", PLAN, "--rule", "mobile.format", "--accept", "--reason", "no phone", "--json")
    assert '"rows": 2' in would
    assert len(records(home)) == 3
    say("resolve", "--plan", PLAN, "--rule", "mobile.format", "--accept", "--reason", "no phone", "--yes")
    assert records(home) == [second]
    assert third not in records(home)
    assert "returned → returned" in say("show", second)
    assert home.ledger_holds()


def test_a_value_on_the_command_line_is_refused(home: Home) -> None:
    done = RUN.invoke(
        app, ["quarantine", "resolve", records(home)[0], "--set", f"mobile={mobile(1)}", "--reason", "x", "--yes"]
    )
    assert done.exit_code != 0
    assert mobile(1) not in done.output
    assert len(records(home)) == 4
