"""Free text on its way into the vault: masked, or its row set apart, as the plan says, in one go or task by task."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from pipelines.evidence import names
from pipelines.jobs import collection
from tests.homes import NOON, Homes, counter, mobile, policy_copy, resident_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.homes import Home

PLAN = "counter_customers"
NOTES = ("已回访，无其他事项", f"请改打{mobile(77)}，证件{resident_id(78)}", "联系王小明先生回访")


def delivery(path: Path) -> Path:
    rows = [
        {"身份证号": resident_id(number), "手机号": mobile(number), "备注": note}
        for number, note in enumerate(NOTES, start=1)
    ]
    return counter(path, *rows)


def in_one_go(home: Home, file: Path) -> None:
    home.collect(PLAN, file)


def task_by_task(home: Home, file: Path) -> None:
    run = names.run_of_command(NOON, 1, secrets.token_bytes(3))
    gated = collection.gate(home.settings, PLAN, [file], run, NOON)
    for ref in gated.chunks:
        collection.ask_consent(home.settings, ref, NOON)
        collection.check_quality(home.settings, ref, NOON)
        collection.classify(home.settings, ref)
        collection.seal_and_store(home.settings, ref, NOON)
    collection.report(home.settings, gated, NOON)


@pytest.fixture
def world(homes: Homes, tmp_path: Path) -> Callable[[str], Home]:
    def of(way: str) -> Home:
        policy = policy_copy(
            tmp_path / "policy",
            **{f"plans/{PLAN}": lambda text: text.replace("free_text: raise", f"free_text: {way}")},
        )
        return homes.blank(policy=policy)

    return of


@pytest.mark.parametrize("run", [in_one_go, task_by_task])
def test_what_is_masked_never_reaches_the_vault(
    world: Callable[[str], Home], tmp_path: Path, run: Callable[[Home, Path], None]
) -> None:
    home = world("mask")
    run(home, delivery(tmp_path / "counter_1.csv"))
    notes = {record["remark"] for record in home.records().values()}
    assert notes == {NOTES[0], "请改打[PHONE_NUMBER]，证件[CN_ID_CARD]", "联系[PERSON]先生回访"}
    counts = {"CN_ID_CARD": 1, "PERSON": 1, "PHONE_NUMBER": 1}
    assert home.value("SELECT also FROM catalog.column_profile WHERE field = 'remark'") == counts
    assert home.quarantined() == {}
    assert home.ledger_holds()


@pytest.mark.parametrize("run", [in_one_go, task_by_task])
def test_a_row_whose_note_says_too_much_waits_for_a_steward(
    world: Callable[[str], Home], tmp_path: Path, run: Callable[[Home, Path], None]
) -> None:
    home = world("quarantine")
    run(home, delivery(tmp_path / "counter_1.csv"))
    assert [record["remark"] for record in home.records().values()] == [NOTES[0]]
    assert {row["remark"] for row in home.quarantined().values()} == set(NOTES[1:])
    [(stored, quarantined)] = home.rows("SELECT stored, quarantined FROM vault.batch")
    assert (stored, quarantined) == (1, {"free_text.cn_id_card": 1, "free_text.person": 1})
    assert home.ledger_holds()


def test_a_note_whose_level_rises_is_kept_as_it_is(world: Callable[[str], Home], tmp_path: Path) -> None:
    home = world("raise")
    in_one_go(home, delivery(tmp_path / "counter_1.csv"))
    assert {record["remark"] for record in home.records().values()} == set(NOTES)
