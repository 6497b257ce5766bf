"""Codes of administrative areas (GB/T 2260) inside longer numbers: in an identity number, in a credit code, or alone.

Withdrawn codes count as known: cards and codes that were given out under them stay valid. Only a value that has six
digits in the place is judged; whether it should have is another expectation's business.
"""

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

from pipelines.quality.expectations.areas import known_codes
from pipelines.quality.expectations.sentence import Sentence
from pipelines.quality.expectations.texts import Texts, number_at

DIGITS = 6


class ColumnValuesCnArea(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToHoldCnAreas`."""

    condition_metric_name = "column_values.cn_area"
    condition_value_keys = ("first",)
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, first: int = 1, **_: Any) -> pd.Series:  # noqa: N805
        codes = number_at(Texts.of(column), first - 1, first - 1 + DIGITS)
        return pd.Series((codes < 0) | known_codes()[np.maximum(codes, 0)], index=column.index)


class ExpectColumnValuesToHoldCnAreas(Sentence, ColumnMapExpectation):
    """Expect six digits of each value to be the code of an area of China, of today or of earlier."""

    first: int = 1
    """Where the six digits begin, counted from 1: an identity number's at 1, a unified social credit code's at 3."""

    map_metric: ClassVar[str] = "column_values.cn_area"
    success_keys: ClassVar[tuple[str, ...]] = ("first", "mostly")
    sentence: ClassVar[str] = "hold the code of an area in GB/T 2260, of today or of earlier"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["china", "reference data"]}
