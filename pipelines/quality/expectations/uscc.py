"""Unified social credit codes, with both of their check characters (GB 32100-2015; inner code GB 11714-1997).

Authority, kind of organisation, six digits of area, nine of organisation code (the ninth its own check), and a check
character over all seventeen. The letters I, O, S, V and Z are not used, so values are positions in an alphabet of 31,
not ASCII offsets; only the inner check counts A as 10 to Z as 35.
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

WIDTH = 18
_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", np.uint8)
_UNKNOWN = 255
_POSITIONS = np.full(256, _UNKNOWN, np.uint8)
_POSITIONS[_ALPHABET] = np.arange(31)
_WEIGHTS = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28], np.int32)

_INNER = slice(8, 16)
_INNER_CHECK = 16
_INNER_VALUES = np.zeros(256, np.int32)
_INNER_VALUES[ord("0") : ord("9") + 1] = np.arange(10)
_INNER_VALUES[ord("A") : ord("Z") + 1] = np.arange(10, 36)
_INNER_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], np.int32)
_INNER_CHECKS = np.frombuffer(b"0X987654321", np.uint8)
"""By Σ mod 11: 11 minus it, where 10 is written X and 11 is written 0."""


def is_uscc(matrix: Bytes) -> Flags:
    """Tell which codes of 18 bytes are sound."""
    positions = _POSITIONS[matrix]
    sound = np.asarray((positions != _UNKNOWN).all(axis=1))
    sound &= all_digits(digits(matrix[:, 2:8]))
    expected = (31 - positions[:, :17].astype(np.int32) @ _WEIGHTS % 31) % 31
    sound &= positions[:, 17] == expected
    inner = _INNER_VALUES[matrix[:, _INNER]] @ _INNER_WEIGHTS % 11
    sound &= matrix[:, _INNER_CHECK] == _INNER_CHECKS[inner]
    return sound


class ColumnValuesCnUscc(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeCnUsccs`."""

    condition_metric_name = "column_values.cn_uscc"
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805
        return judge(column, {WIDTH: is_uscc})


class ExpectColumnValuesToBeCnUsccs(Sentence, ColumnMapExpectation):
    """Expect unified social credit codes whose alphabet and both check characters are right."""

    map_metric: ClassVar[str] = "column_values.cn_uscc"
    sentence: ClassVar[str] = "be unified social credit codes with both check characters right"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["china", "identifier"]}
