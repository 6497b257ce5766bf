"""The level of a batch: its fields', what stands in its notes, and how many people its plan holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.classify import levels
from tests.homes import Homes, counter, customers, policy_copy

if TYPE_CHECKING:
    from pathlib import Path

PLAN = "counter_customers"
USCC = "91350100M000100Y43"
NO_COMBINATION = {f"plans/{PLAN}": lambda text: text.replace("item: home_address", "item: preference")}


@pytest.mark.parametrize("workers", [1, 2])
def test_people_are_counted_over_the_plan_and_not_the_chunk(
    homes: Homes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(levels, "MANY_PEOPLE", 6)
    home = homes.blank(policy=policy_copy(tmp_path / "policy", **NO_COMBINATION), chunk_rows=2, workers=workers)
    home.collect(PLAN, customers(tmp_path / "a.csv", range(1, 5)))
    home.collect(PLAN, customers(tmp_path / "b.csv", range(5, 9)))
    rows = home.rows("SELECT stored, level FROM vault.batch ORDER BY batch_id")
    assert rows == [(2, 4), (2, 4), (2, 5), (2, 5)]


def test_a_kind_that_nobody_classified_raises_its_note_and_batch_to_the_highest_level(
    homes: Homes, tmp_path: Path
) -> None:
    unknown = {"taxonomy": lambda text: text.replace("entity: CN_USCC, ", "")}
    home = homes.blank(policy=policy_copy(tmp_path / "policy", **NO_COMBINATION, **unknown))
    home.collect(PLAN, counter(tmp_path / "a.csv", {"备注": "pwd: reset"}))
    home.collect(PLAN, counter(tmp_path / "b.csv", {"备注": f"代办 {USCC}"}))
    assert home.rows("SELECT level FROM vault.batch ORDER BY batch_id") == [(4,), (5,)]
    assert home.rows("SELECT level, part_5 IS NOT NULL FROM vault.record ORDER BY level") == [(4, False), (5, True)]
    assert f"代办 {USCC}" in {record["remark"] for record in home.records().values()}
