"""`tutela derivative`, `notice` and `work-order`: one JSON object, tables without a value, and the whole round."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.errors import TutelaError
from pipelines.jobs import approvals, erasure
from pipelines.retention.decision import Decision
from tests.homes import NOON, Home, Homes, customers

Tutela = Callable[..., str]
NEXT_YEAR = (date.today() + timedelta(days=300)).isoformat()


@pytest.fixture(scope="module")
def vault(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = homes.blank()
    home.collect("counter_customers", customers(tmp_path_factory.mktemp("deliveries") / "a.csv", [1, 2, 3]))
    yield home
    homes.drop(home)


@pytest.fixture
def tutela(vault: Home, monkeypatch: pytest.MonkeyPatch) -> Tutela:
    url = vault.settings.database_url
    assert url is not None
    monkeypatch.setenv("TUTELA_HOME", str(vault.folder))
    monkeypatch.setenv("TUTELA_DATABASE_URL", url.get_secret_value())
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str | Path) -> str:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if isinstance(result.exception, TutelaError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return run


def said(output: str) -> dict[str, Any]:
    assert output.count("\n") == 1
    found: dict[str, Any] = json.loads(output)
    return found


def erase(vault: Home, code: str) -> None:
    asked = erasure.erase(vault.settings, [code], "asked by letter", "steward", lambda: NOON)
    listed = vault.value("SELECT manifest_hash FROM destruction.job WHERE job_id = %s", asked.destruction)
    decided = Decision(str(asked.destruction), "approved", "console", "leader", "leader", listed, NOON)
    approvals.decide(vault.settings, decided, NOON)
    assert vault.purge().verdict == "PASS"


def test_from_registration_to_the_answers_of_recipient_and_keeper(vault: Home, tutela: Tutela, tmp_path: Path) -> None:
    codes = [row[0] for row in vault.rows("SELECT code FROM vault.subject ORDER BY subject_id")]
    listing = tmp_path / "codes.txt"
    listing.write_text("\n".join(codes), "utf-8")
    common = ("--until", NEXT_YEAR, "--by", "steward-li", "--plan", "counter_customers", "--json")
    shared = said(tutela("derivative", "add", "--kind", "shared_copy", "--place", "SFTP", "--recipient", "partner-a",
                         "--subjects", listing, *common))  # fmt: skip
    paper = said(tutela("derivative", "add", "--kind", "paper", "--place", "B2 / 12", "--keeper", "archive-wang",
                        "--quantity", "1 box", *common))  # fmt: skip
    listed = said(tutela("derivative", "list", "--json"))["derivatives"]
    assert {shared["derivative"], paper["derivative"]} <= {copy["derivative_id"] for copy in listed}
    assert all(copy["state"] != "destroyed" for copy in listed)
    assert "partner-a" in tutela("derivative", "list")

    erase(vault, codes[0])
    (notice,) = said(tutela("notice", "list", "--json"))["notices"]
    (order,) = said(tutela("work-order", "list", "--json"))["work_orders"]
    assert (notice["subjects"], notice["outcome"], order["subjects"], order["quantity"]) == (1, None, 1, "1 box")
    assert json.loads(tutela("notice", "show", notice["notice_id"]))["subjects"] == [codes[0]]
    assert json.loads(tutela("work-order", "show", order["order_id"]))["least_method"] == "shred_P5"
    assert "partner-a" in tutela("notice", "list")
    assert "shred_P5 +" in tutela("work-order", "list")

    evidence = tmp_path / "answer.txt"
    evidence.write_text("done", "utf-8")
    tutela("notice", "acknowledge", notice["notice_id"], "--by", "li", "--outcome", "destroyed", "--evidence", evidence)
    tutela("work-order", "complete", order["order_id"], "--by", "wang", "--witness", "zhao", "--method", "shred_P5",
           "--photo", evidence)  # fmt: skip
    assert "destroyed" in tutela("notice", "list")
    assert "completed" in tutela("work-order", "list")
    assert not list((vault.folder / "notices").glob("*"))
    assert not list((vault.folder / "work_orders").glob("*"))
    assert vault.ledger_holds()


def test_the_certificate_counts_recipients_and_work_orders(vault: Home) -> None:
    (path,) = (vault.folder / "certificates").glob("*.json")
    case = json.loads(path.read_bytes())["case"]
    assert case["recipients"]["told"] == 1
    assert [(order["carrier"], order["open"]) for order in case["work_orders"]] == [("paper", 1)]
    assert {item["kind"]: item["remaining"] for item in case["derivatives"]} == {"shared_copy": 1, "paper": 1}


UNKNOWN = [
    "notice show DN-1",
    "work-order show WO-1",
    "derivative add --kind usb_stick --place x --until 2030-01-01 --by li --recipient a",
]


@pytest.mark.parametrize("call", UNKNOWN)
def test_what_is_not_there_is_told_in_a_sentence(tutela: Tutela, call: str) -> None:
    with pytest.raises(TutelaError, match="There is no"):
        tutela(*call.split())
