"""`tutela report quality`: by plan, department, month and run; as table, JSON, CSV and a page for print."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.errors import TutelaError
from tests.homes import Home, Homes, counter

Run = Callable[..., str]
PLAN = "counter_customers"
NOW = datetime.now(UTC)
"""Commands go by the real clock."""


@pytest.fixture(scope="module")
def vault(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = homes.blank()
    file = counter(tmp_path_factory.mktemp("deliveries") / "a.csv", {"姓名": ""}, {}, {"手机号": "1"})
    home.collect(PLAN, file, at=NOW)
    yield home
    homes.drop(home)


@pytest.fixture
def run(vault: Home, monkeypatch: pytest.MonkeyPatch) -> Run:
    url = vault.settings.database_url
    assert url is not None
    monkeypatch.setenv("TUTELA_HOME", str(vault.folder))
    monkeypatch.setenv("TUTELA_DATABASE_URL", url.get_secret_value())
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str | Path) -> str:
        asked = arguments if arguments[:1] == ("month",) else ("quality", *arguments)
        result = CliRunner().invoke(app, ["report", *map(str, asked)])
        if isinstance(result.exception, TutelaError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    return call


def test_the_keys_that_were_there_stay_and_the_card_is_beside_them(run: Run, vault: Home) -> None:
    name = vault.value("SELECT run FROM vault.batch LIMIT 1")
    for scope in ((), ("--run", name), ("--plan", PLAN), ("--department", "sales"), ("--month", f"{NOW:%Y-%m}")):
        told = json.loads(run("--json", *scope))
        assert {"overall", "dimensions", "severities", "worst", "expectations"} == set(told["plans"][PLAN])
        assert told["card"]["overall"]["failed"] == told["plans"][PLAN]["overall"]["failed"]
    assert json.loads(run("--json", "--run", "no-such-run")) == {"plans": {}, "card": None}


def test_a_table_says_the_worst_rule_first(run: Run) -> None:
    out = run("--plan", PLAN, "--language", "en")
    assert out.index("The name is required") < out.index("A mobile number has 11 digits")
    assert "2 rows wait, 0 are overdue" in out


@pytest.mark.parametrize(("language", "said"), [("zh", "数据质量报告"), ("en", "Quality report")])
def test_csv_and_a_page_are_written(run: Run, tmp_path: Path, language: str, said: str) -> None:
    table, page = tmp_path / "card.csv", tmp_path / "card.html"
    run("--department", "sales", "--csv", table, "--html", page, "--language", language)
    with table.open(encoding="utf-8-sig", newline="") as file:
        levels = [row["level"] for row in csv.DictReader(file)]
    assert levels[0] == "overall"
    assert {"dimension", "plan", "rule"} < set(levels)
    assert said in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--plan", "nothing"), "no collection plan"),
        (("--department", "nobody"), "department nobody"),
        (("--month", "May"), "no month"),
        (("--plan", PLAN, "--department", "sales"), "give one of"),
        (("--plan", PLAN, "--html", "/nowhere/at/all.html"), "can't be written"),
        (("--plan", PLAN, "--language", "fr", "--html", "x.html"), "zh and en"),
    ],
)
def test_a_mistake_is_said(run: Run, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(TutelaError, match=said):
        run(*arguments)


def test_the_last_month_is_put_on_record_once(run: Run) -> None:
    first, again = (json.loads(run("month", "--by", "steward", "--json")) for _ in range(2))
    assert (first["new"], again["new"]) == (True, False)
    assert {**first, "new": False} == again
    assert {each["department"] for each in first["departments"]} == {"marketing", "sales"}
    assert first["sha256"] in run("month")
    with pytest.raises(TutelaError, match="is not over"):
        run("month", f"{NOW:%Y-%m}")
