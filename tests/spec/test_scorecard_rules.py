"""What a scorecard says of judgements, and what somebody is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.quality import news
from pipelines.quality.card import COLUMNS, Card, Part, Rows, RuleStanding, Sla, Standing, Trend, ranked, table
from pipelines.quality.drift import Drift, Measure, Sign
from pipelines.quality.verdict import Dimension, Severity

TITLE = {"zh": "柜面客户", "en": "Customers"}
STANDINGS = st.integers(0, 10**9).flatmap(
    lambda evaluated: st.integers(0, evaluated).flatmap(
        lambda failed: st.integers(0, failed).map(lambda settled: Standing(evaluated, failed, settled))
    )
)


def _rule(name: str, severity: Severity = Severity.CRITICAL, failed: int = 0, waiting: int = 0) -> RuleStanding:
    about = ("p", name, "f", Dimension.ACCURACY, severity, "规则", "Rule")
    return RuleStanding(*about, Standing(100, failed, 0), waiting=waiting)


def _card(standing: Standing, *drifts: Drift) -> Card:
    part = Part("p", TITLE, standing, {}, Trend(()), Rows(), Sla(waiting=9, overdue=2))
    return Card(
        "batch", "run-1", date(2026, 5, 1), date(2026, 5, 1), standing, {Dimension.ACCURACY: standing}, {}, Trend(()),
        (_rule("f.a", failed=3),), Rows(arrived=100), Sla(), (part,), {"p": drifts},
    )  # fmt: skip


@given(STANDINGS)
def test_now_is_never_below_as_it_arrived_and_only_all_is_one(standing: Standing) -> None:
    told = standing.as_json()
    if not standing.evaluated:
        assert (told["arrived"], told["now"]) == (None, None)
        return
    assert 0 <= told["arrived"] <= told["now"] <= 1
    assert (told["now"] == 1.0) == (standing.open == 0)
    assert (told["arrived"] == 1.0) == (standing.failed == 0)


@given(st.lists(STANDINGS, max_size=6))
def test_standings_add_up(found: list[Standing]) -> None:
    whole = sum(found, Standing())
    assert whole.open == sum(each.open for each in found)
    assert whole.settled <= whole.failed <= whole.evaluated


def test_rules_that_rows_wait_for_come_first_then_the_gravest() -> None:
    rules = [
        _rule("f.sound"),
        _rule("f.counted", Severity.INFO, failed=90),
        _rule("f.warned", Severity.WARNING, failed=5),
        _rule("f.settled", failed=1),
        _rule("f.few", failed=2, waiting=2),
        _rule("f.many", failed=7, waiting=7),
        _rule("f.also", Severity.WARNING, failed=9, waiting=9),
    ]
    names = [rule.rule for rule in ranked(reversed(rules))]
    assert names == ["f.many", "f.few", "f.also", "f.settled", "f.sound", "f.warned", "f.counted"]


def test_each_line_of_the_table_has_all_columns() -> None:
    lines = table(_card(Standing(10, 1, 0)))
    assert {len(line) for line in lines} == {len(COLUMNS)}
    assert [line[3] for line in lines] == ["overall", "dimension", "plan", "rule"]


WARNING = Drift(Measure.VOLUME, "", Sign.WARNING, 10, 90, 110, 30)
TOLD = [
    (Standing(100, 5, 0), (), [], "a score at the floor"),
    (Standing(100, 6, 0), (), ["score"], "below it"),
    (Standing(100, 6, 6), (), ["score"], "a delivery that was put right had still to be put right"),
    (Standing(), (), [], "nothing was judged"),
    (Standing(100, 0, 0), (WARNING,), ["drift"], "unlike earlier ones"),
    (Standing(100, 0, 0), (replace(WARNING, sign=Sign.INFO),), [], "a little unlike"),
    (Standing(100, 0, 0), (replace(WARNING, sign=Sign.UNKNOWN),), [], "too early to tell"),
    (Standing(100, 50, 0), (WARNING,), ["score", "drift"], "both"),
]


@pytest.mark.parametrize(("standing", "drifts", "kinds", "why"), TOLD, ids=[case[3] for case in TOLD])
def test_what_is_told_of_a_run(standing: Standing, drifts: tuple[Drift, ...], kinds: list[str], why: str) -> None:
    found = news.of_run(_card(standing, *drifts), 0.95)
    assert [each.kind for each in found] == kinds
    for each in found:
        assert each.path == "/quality/runs/run-1"
        assert set(each.subject) == set(each.lines) == {"zh", "en"}


def test_the_day_is_part_of_what_is_told_of_overdue_rows() -> None:
    told = news.of_overdue(_card(Standing(1, 0, 0)).parts[0], "2026-05-01")
    assert (told.kind, told.plan, told.about) == ("overdue", "p", "2026-05-01")
    assert told.subject == {"zh": "柜面客户：2 行逾期未处理", "en": "Customers: 2 rows are overdue"}
