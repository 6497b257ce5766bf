"""Moments (ISO 8601) that are neither in the future nor older than a number of days.

A moment without a zone is taken as Beijing time, as people in China write it.
"""

from __future__ import annotations

from datetime import datetime
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

_ZONED = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$"
_CHINA_OFFSET = pd.Timedelta(hours=8)


def moments_of(column: pd.Series) -> pd.Series:
    """Read a column of moments in UTC; NaT where there is none to read."""
    text = column.astype("str")
    moments = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
    zoned = text.str.contains(r"[T ].*" + _ZONED, na=False).to_numpy(dtype=np.bool_)
    return moments if zoned.all() else moments.where(zoned, moments - _CHINA_OFFSET)


class ColumnValuesRecent(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeRecent`."""

    condition_metric_name = "column_values.recent"
    condition_value_keys = ("at", "days", "ahead_minutes")
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805
        column: pd.Series,
        at: str,
        days: int | None = None,
        ahead_minutes: int = 5,
        **_: Any,
    ) -> pd.Series:
        moments = moments_of(column)
        moment = datetime.fromisoformat(at)
        now = pd.Timestamp(moment if moment.tzinfo else moment.replace(tzinfo=CHINA))
        passed = moments <= now + pd.Timedelta(minutes=ahead_minutes)
        if days is not None:
            passed &= moments >= now - pd.Timedelta(days=days)
        return passed | column.isna()


class ExpectColumnValuesToBeRecent(Sentence, ColumnMapExpectation):
    """Expect moments at or before a given one, and at most some days before it."""

    at: str | dict[str, Any]
    """The moment (ISO 8601) it is."""
    days: int | None = None
    """How old a moment may be; any age when it is left out."""
    ahead_minutes: int = 5
    """How far the sender's clock may be ahead of ours."""

    map_metric: ClassVar[str] = "column_values.recent"
    success_keys: ClassVar[tuple[str, ...]] = ("at", "days", "ahead_minutes", "mostly")
    sentence: ClassVar[str] = "be moments that are neither in the future nor too long ago"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["dates"]}
