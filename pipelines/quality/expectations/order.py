"""Two events in the order in which they must have happened, compared by the day in China.

By day, because one of the two often has no time of day. A row is judged only where both can be read.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnPairMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnPairMapMetricProvider,
    column_pair_condition_partial,
)

from pipelines.quality.expectations.agreement import PAIR
from pipelines.quality.expectations.days import CHINA
from pipelines.quality.expectations.recent import moments_of
from pipelines.quality.expectations.sentence import Sentence


def _days(column: pd.Series) -> pd.Series:
    days: pd.Series = moments_of(column).dt.tz_convert(CHINA).dt.normalize()
    return days


class ColumnPairValuesNotBefore(ColumnPairMapMetricProvider):
    """The metric behind :class:`ExpectMomentNotToBeBefore`."""

    condition_metric_name = "column_pair_values.not_before"

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_A: pd.Series, column_B: pd.Series, **_: Any) -> pd.Series:  # noqa: N803, N805
        later, earlier = _days(column_A), _days(column_B)
        return ~(later < earlier)


class ExpectMomentNotToBeBefore(Sentence, ColumnPairMapExpectation):
    """Expect moments or days (column A) not to lie on a day before those in another column (column B)."""

    ignore_row_if: Literal["both_values_are_missing", "either_value_is_missing", "neither"] = "either_value_is_missing"

    domain_keys: ClassVar[tuple[str, ...]] = PAIR  # type: ignore[assignment]
    map_metric: ClassVar[str] = "column_pair_values.not_before"
    sentence: ClassVar[str] = "lie on or after the day in the other column"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["dates", "consistency"]}
