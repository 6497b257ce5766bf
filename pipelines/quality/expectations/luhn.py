"""Card numbers of 12 to 19 digits with a right check digit (ISO/IEC 7812-1, annex B).

Some domestic cards of old (first digit 9) never followed the rule, and corporate accounts are no cards: use it as a
warning unless every card is known to be a modern one.
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

from pipelines.quality.expectations.sentence import Sentence
from pipelines.quality.expectations.texts import Bytes, Flags, all_digits, digits, judge

WIDTHS = range(12, 20)
_DOUBLED = np.array([0, 2, 4, 6, 8, 1, 3, 5, 7, 9], np.uint8)


def passes_luhn(matrix: Bytes) -> Flags:
    """Tell which numbers (all of one width) have a right check digit; all zeros do not count as a number."""
    numbers = digits(matrix)
    sound = all_digits(numbers)
    body = np.where(sound[:, None], numbers, 0)
    body[:, -2::-2] = _DOUBLED[body[:, -2::-2]]
    total = body.sum(axis=1, dtype=np.int32)
    return np.asarray(sound & (total % 10 == 0) & (total > 0))


class ColumnValuesLuhn(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToPassLuhn`."""

    condition_metric_name = "column_values.luhn"
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805
        return judge(column, dict.fromkeys(WIDTHS, passes_luhn))


class ExpectColumnValuesToPassLuhn(Sentence, ColumnMapExpectation):
    """Expect card numbers of 12 to 19 digits whose check digit is right."""

    map_metric: ClassVar[str] = "column_values.luhn"
    sentence: ClassVar[str] = "be card numbers of 12 to 19 digits with a right check digit"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["identifier"]}
