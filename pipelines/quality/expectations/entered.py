"""A delivery that lay about: how long it took from its receipt until its rows were entered.

All rows of one delivery share the answer, so a late one fails whole; that is what its timeliness is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from pipelines.quality.expectations.days import CHINA
from pipelines.quality.expectations.sentence import Sentence


def moment(text: str) -> datetime:
    """Read a moment (ISO 8601); one without a zone is Beijing time."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=CHINA)


class ColumnValuesEnteredInTime(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeEnteredInTime`."""

    condition_metric_name = "column_values.entered_in_time"
    condition_value_keys = ("at", "received", "hours")
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, at: str, received: str, hours: float, **_: Any) -> pd.Series:  # noqa: N805
        in_time = moment(at) - moment(received) <= timedelta(hours=hours)
        return pd.Series(np.full(len(column), in_time) | column.isna().to_numpy(), index=column.index)


class ExpectColumnValuesToBeEnteredInTime(Sentence, ColumnMapExpectation):
    """Expect rows that have a value here to be entered (``at``) within some hours of their receipt."""

    at: str | dict[str, Any]
    """The moment (ISO 8601) of entry."""
    received: str | dict[str, Any]
    """The moment (ISO 8601) at which the delivery was received."""
    hours: float

    map_metric: ClassVar[str] = "column_values.entered_in_time"
    success_keys: ClassVar[tuple[str, ...]] = ("at", "received", "hours", "mostly")
    sentence: ClassVar[str] = "be of rows that were entered in time after their receipt"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["dates", "timeliness"]}
