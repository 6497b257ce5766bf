"""Amounts written as plain decimal numbers, with or without thousands separators, within limits."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from pipelines.quality.expectations.sentence import Sentence

_AMOUNT = r"^[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?$"


class ColumnValuesAmount(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeAmounts`."""

    condition_metric_name = "column_values.amount"
    condition_value_keys = ("min_value", "max_value")
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805
        column: pd.Series,
        min_value: float | None = None,
        max_value: float | None = None,
        **_: Any,
    ) -> pd.Series:
        missing = column.isna().to_numpy()
        text = column.astype("str")
        written = text.str.contains(_AMOUNT, na=False).to_numpy(dtype=np.bool_)
        numbers = np.full(len(column), np.nan)
        numbers[written] = text[written].str.replace(",", "", regex=False).to_numpy(dtype=object).astype(np.float64)
        low = -np.inf if min_value is None else min_value
        high = np.inf if max_value is None else max_value
        return pd.Series(missing | ((numbers >= low) & (numbers <= high)), index=column.index)


class ExpectColumnValuesToBeAmounts(Sentence, ColumnMapExpectation):
    """Expect decimal numbers between two limits, both included; either may be left out."""

    min_value: float | None = None
    max_value: float | None = None

    map_metric: ClassVar[str] = "column_values.amount"
    success_keys: ClassVar[tuple[str, ...]] = ("min_value", "max_value", "mostly")
    sentence: ClassVar[str] = "be plain decimal numbers within the limits"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["numbers"]}
