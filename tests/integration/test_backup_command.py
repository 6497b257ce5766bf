"""`tutela backup …`: what it prints for programs and for people, and its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import backup
from pipelines.jobs import drill, holds
from pipelines.jobs.drill import Check, Drill
from tests.homes import Home, Homes, customers

Call = Callable[..., Result]


@pytest.fixture(scope="module")
def home(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = homes.blank()
    home.collect("counter_customers", customers(tmp_path_factory.mktemp("deliveries") / "counter_1.csv", [1, 2, 3]))
    yield home
    homes.drop(home)


@pytest.fixture
def call(home: Home, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setattr(backup, "Settings", lambda: home.settings)
    return lambda *arguments: CliRunner().invoke(backup.app, list(arguments), catch_exceptions=False)


def told(result: Result) -> dict[str, Any]:
    assert result.output.count("\n") == 1, "one JSON object on one line, and nothing else"
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_made_listed_lost_and_brought_back(homes: Homes, home: Home, call: Call, tmp_path: Path) -> None:
    made = told(call("create", "--json"))
    assert (made["generation"], made["removed"]) == (1, 0)
    assert call("create").output.startswith("BK-")
    assert [item["state"] for item in told(call("list", "--json"))["backups"]] == ["ok", "ok"]
    damaged = Path(made["folder"]) / "data.dump.sealed"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    table = call("list").output
    assert "cut off" in " ".join(table.split())
    before = home.portrait()
    home.collect("counter_customers", customers(tmp_path / "counter_late.csv", [8, 9]))
    code = home.value("SELECT code FROM vault.subject LIMIT 1")
    hold = holds.add(home.settings, code, "lawsuit", "legal", drill.datetime(2030, 1, 1).date(), backup._now())
    with psycopg.connect(homes._server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {home.admin.rpartition('/')[2]} WITH (FORCE)")
    said = " ".join(call("restore").output.split())
    for wanted in ("survivors, all opened 存续 3", "lost: 2 records of counter_customers", f"the legal hold {hold}"):
        assert wanted in said
    assert home.portrait() == before


def test_a_drill_that_does_not_hold_ends_with_an_exit_code_and_says_what(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Drill("BK-1", [Check("survivors_readable", True, "8 of 8"), Check("nothing_in_clear", False, "3 hits")])
    monkeypatch.setattr(drill, "drill", lambda *_: wrong)
    done = call("drill")
    assert done.exit_code == 16
    assert "FAILED" in done.output
    assert "3 hits" in done.output
    found = call("drill", "--json")
    assert (found.exit_code, told(found)["verdict"]) == (16, "FAILED")
