"""Payment authentication data on its way in: the row is refused before anything of it is written, however it is run."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import PolicyError
from pipelines.evidence import names
from pipelines.jobs import collection
from pipelines.jobs.home import open_home
from pipelines.jobs.runs import staging_of
from tests.homes import NOON, Home, Homes, counter, mobile, policy_copy, resident_id

if TYPE_CHECKING:
    from pathlib import Path

PLAN = "counter_customers"
SECRET = "Hunter2-of-nobody"
ROWS: tuple[dict[str, str], ...] = (
    {"备注": "客户要求重置密码"},
    {"备注": f"新密码: {SECRET}"},
    {"职业": "CVV 123"},
    {"备注": f"password is {SECRET}", "告知书版本": ""},
    {"手机号": "12", "备注": f"pwd={SECRET}"},
    {"备注": "没有同意", "告知书版本": ""},
)
REFUSED = {"no_consent": 1, "payment_authentication": 4}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [
        {"身份证号": resident_id(number), "手机号": mobile(number), "职业": "", **row}
        for number, row in enumerate(ROWS, start=1)
    ]
    return counter(tmp_path / "a.csv", *rows)


def test_the_row_is_refused_and_counted_and_the_others_come_in(home: Home, file: Path) -> None:
    outcome = home.collect(PLAN, file)
    assert (outcome.arrived, outcome.refused, outcome.quarantined, outcome.stored) == (6, REFUSED, {}, 1)
    assert [record["remark"] for record in home.records().values()] == ["客户要求重置密码"]
    assert home.quarantined() == {}
    assert home.ledger_holds()
    assert home.collect(PLAN, file).refused == {"already_received": 6}


def test_it_is_not_even_staged(home: Home, file: Path) -> None:
    run = names.run_of_command(NOON, 1, secrets.token_bytes(3))
    gated = collection.gate(home.settings, PLAN, [file], run, NOON)
    frame, facts = staging_of(open_home(home.settings), run).read(gated.chunks[0].name)
    assert facts["refused"] == {"payment_authentication": 4}
    assert list(frame.index) == [1, 6]
    assert SECRET not in frame.to_csv()
    for ref in gated.chunks:
        collection.ask_consent(home.settings, ref, NOON)
        collection.check_quality(home.settings, ref, NOON)
        collection.classify(home.settings, ref)
        collection.seal_and_store(home.settings, ref, NOON)
    outcome = collection.report(home.settings, gated, NOON)
    assert (outcome.arrived, outcome.refused, outcome.stored) == (6, REFUSED, 1)


def test_a_file_of_nothing_else_stores_nothing(home: Home, tmp_path: Path) -> None:
    outcome = home.collect(PLAN, counter(tmp_path / "b.csv", {"备注": "PIN 1234"}, {"备注": "取款密码888888"}))
    assert (outcome.arrived, outcome.refused, outcome.stored) == (2, {"payment_authentication": 2}, 0)
    assert home.value("SELECT count(*) FROM vault.subject") == 0
    assert home.ledger_holds()


def test_a_plan_that_collects_a_secret_by_another_name_is_not_loaded(homes: Homes, tmp_path: Path) -> None:
    changes = {f"plans/{PLAN}": lambda text: text.replace("headers: [备注]", "headers: [备注, 登录密码]")}
    with pytest.raises(PolicyError, match="登录密码"):
        homes.blank(policy=policy_copy(tmp_path / "policy", **changes)).collect(PLAN, tmp_path / "a.csv")
