"""A quarantined row knows every rule it broke, not only the one under which it is counted.

Regulation: entered information is reviewed for accuracy and completeness (C-20); whoever reviews a row must see all
that is wrong with it, or it comes back for each mistake in turn.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evidence import names
from pipelines.jobs import collection
from pipelines.quality.verdict import Dimension, Score, Severity, Verdict, rules_by_row
from tests.homes import NOON, Homes, counter, mobile, policy_copy, resident_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.homes import Home

PLAN = "counter_customers"
NAMES = st.sampled_from([f"column.rule_{number}" for number in range(9)])
FAILED = st.dictionaries(NAMES, st.sets(st.integers(1, 40)))


@given(FAILED)
def test_rules_by_row_says_the_same_as_rows_by_rule(failed: dict[str, set[int]]) -> None:
    lists = {name: np.array(sorted(rows), dtype=np.int64) for name, rows in failed.items()}
    expected = {
        row: tuple(name for name, rows in failed.items() if row in rows)
        for row in sorted(set[int]().union(*failed.values()))
    }
    found = rules_by_row(lists)
    assert found == expected
    assert list(found) == list(expected)


def test_more_rules_than_a_byte_has_bits_are_told_apart() -> None:
    lists = {f"column.rule_{number}": np.array([number], dtype=np.int64) for number in range(70)}
    assert rules_by_row(lists) == {number: (f"column.rule_{number}",) for number in range(70)}


def test_a_verdict_names_the_rows_severity_by_severity_in_suite_order() -> None:
    graded = {"a.x": Severity.INFO, "b.x": Severity.CRITICAL, "c.x": Severity.WARNING, "d.x": Severity.CRITICAL}
    scores = tuple(Score(name, name[0], Dimension.ACCURACY, grade, 9, 1) for name, grade in graded.items())
    verdict = Verdict({name: np.array([5], dtype=np.int64) for name in graded}, scores, {})
    assert list(verdict.failing(*Severity)) == ["b.x", "d.x", "c.x", "a.x"]
    assert verdict.critical_rows() == {5: ("b.x", "d.x")}


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


def delivery(path: Path) -> Path:
    """Write three rows: one that breaks rules of every severity, one whose note says too much, one that is stored."""
    worst = {"手机号": "12", "身份证号": "1", "电子邮箱": "a@b", "联系地址": "123", "性别": "男", "备注": "x"}
    telling = {"手机号": mobile(2), "身份证号": resident_id(2), "性别": "x", "备注": f"证件{resident_id(78)}"}
    fine = {"手机号": mobile(3), "身份证号": resident_id(3), "电子邮箱": "a@b"}
    blank = dict.fromkeys(worst, "")
    return counter(path, worst, blank | telling, blank | fine)


@pytest.mark.parametrize("run", [in_one_go, task_by_task])
def test_a_waiting_row_holds_all_it_broke_and_counts_under_the_first(
    homes: Homes, tmp_path: Path, run: Callable[[Home, Path], None]
) -> None:
    policy = policy_copy(
        tmp_path / "policy", **{f"plans/{PLAN}": lambda text: text.replace("free_text: raise", "free_text: quarantine")}
    )
    home = homes.blank(policy=policy)
    run(home, delivery(tmp_path / "counter_1.csv"))
    waiting = [tuple(row[0]) for row in home.rows("SELECT failed FROM quality.quarantine ORDER BY failed")]
    told = {each[0]: each for each in waiting}
    assert set(told) == {"id_number.checksum", "free_text.cn_id_card"}
    first = told["id_number.checksum"]
    assert first[:2] == ("id_number.checksum", "mobile.format")
    assert {"email.format", "address.substantial"} <= set(first[2:])
    assert first.index("email.format") < first.index("address.substantial"), "warnings come before what is only counted"
    assert told["free_text.cn_id_card"] == (
        "free_text.cn_id_card",
        "sex.known",
        "collected_at.recent",
        "collected_at.received",
    )
    [(stored, counted)] = home.rows("SELECT stored, quarantined FROM vault.batch")
    assert (stored, counted) == (1, {"id_number.checksum": 1, "free_text.cn_id_card": 1})


def test_a_row_without_a_day_to_count_from_is_told_so_between_the_critical_rules_and_the_rest(
    homes: Homes, tmp_path: Path
) -> None:
    home = homes.blank()
    bad = {"身份证号": resident_id(1), "手机号": "12", "电子邮箱": "a@b", "采集时间": "2026-02-30", "最近业务时间": ""}
    home.collect(PLAN, counter(tmp_path / "counter_1.csv", bad))
    [(failed,)] = home.rows("SELECT failed FROM quality.quarantine")
    assert failed[:4] == ["mobile.format", "collected_at.real", "last_activity_at.real", "retention.undated"]
    assert "email.format" in failed[4:]
