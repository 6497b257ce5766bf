"""When a trend counts as turned, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.quality.turning import turn

EVEN, BAD = [0.99, 0.991, 0.989, 0.99] * 6, 0.9
CASES = [
    ([], None, "nothing"),
    ([0.99], None, "one point"),
    ([0.99, 0.5, 0.4], None, "too few points"),
    ([0.99, 0.99, 0.99, 0.5], 3, "the first bad day"),
    (EVEN, None, "as always"),
    ([*EVEN, BAD], 24, "the last day"),
    ([*EVEN, BAD, BAD, BAD], 24, "the last three days"),
    ([BAD] * 10 + EVEN, 10, "it became better"),
    ([*EVEN, 0.986], None, "a step that nobody would call one"),
    ([1.0] * 20 + [0.9999], None, "a hair less than all"),
    ([0.2, 0.9] * 10, None, "it always jumped"),
    ([*EVEN[:6], None, None, *EVEN[6:], None, BAD, BAD], 27, "days without a delivery are passed over"),
]


@pytest.mark.parametrize(("values", "place", "why"), CASES, ids=[case[2] for case in CASES])
def test_turn(values: list[float | None], place: int | None, why: str) -> None:
    assert turn(values) == place


@given(st.lists(st.none() | st.floats(0, 1), max_size=40))
def test_the_turn_is_a_measured_value_with_values_before_it(values: list[float | None]) -> None:
    place = turn(values)
    if place is not None:
        assert values[place] is not None
        assert sum(value is not None for value in values[:place]) >= 3


@given(st.floats(0, 1), st.integers(0, 40))
def test_a_level_that_never_moved_never_turned(level: float, days: int) -> None:
    assert turn([level] * days) is None


@given(st.integers(4, 20), st.integers(1, 10), st.floats(0.02, 0.5))
def test_a_clear_step_is_found_where_it_is(before: int, after: int, step: float) -> None:
    assert turn([0.98] * before + [0.98 - step] * after) == before
