"""Dates that exist: written in an understood layout (:mod:`days`), on the calendar, and within limits."""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from pipelines.quality.expectations.days import MISSING, days_of, latest_day
from pipelines.quality.expectations.sentence import Sentence


class ColumnValuesCalendarDate(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeCalendarDates`."""

    condition_metric_name = "column_values.calendar_date"
    condition_value_keys = ("at", "earliest")
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805
        column: pd.Series,
        at: str | None = None,
        earliest: int = 1850,
        **_: Any,
    ) -> pd.Series:
        days = days_of(column)
        passed = (days == MISSING) | ((days >= earliest * 10_000) & (days <= latest_day(at)))
        return pd.Series(passed, index=column.index)


class ExpectColumnValuesToBeCalendarDates(Sentence, ColumnMapExpectation):
    """Expect dates that exist, not before a year and not after a moment."""

    at: str | dict[str, Any] | None = None
    """The moment (ISO 8601) that no date may lie after; no limit when it is left out."""
    earliest: int = 1850
    """The first year that is believed."""

    map_metric: ClassVar[str] = "column_values.calendar_date"
    success_keys: ClassVar[tuple[str, ...]] = ("at", "earliest", "mostly")
    sentence: ClassVar[str] = "be dates of the calendar, neither too old nor in the future"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["dates"]}
