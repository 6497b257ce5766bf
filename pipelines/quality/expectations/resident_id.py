"""Resident identity numbers of 18 characters, checked to the last one (GB 11643-1999).

Six digits of area, eight of birth date, three of sequence and a check character. The area's two-digit province is
checked, its county is not: withdrawn county codes stay valid on cards. Residence permits for people of Hong Kong,
Macau and Taiwan (81, 82, 83) follow the same rule. Numbers of 15 digits are out of use and fail.
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

from pipelines.quality.expectations.days import is_day, latest_day
from pipelines.quality.expectations.sentence import Sentence
from pipelines.quality.expectations.texts import Bytes, Flags, all_digits, digits, judge, number

WIDTH = 18
BIRTH = (6, 14)
"""Where the birth date lies."""
SEX = 16
"""Where the last digit of the sequence lies: odd is male."""
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], np.int32)
_CHECKS = np.frombuffer(b"10X98765432", np.uint8)
_PROVINCES = np.zeros(100, np.bool_)
_PROVINCES[
    [*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83]
] = True
_EARLIEST = 1850_01_01


def is_resident_id(matrix: Bytes, latest: int) -> Flags:
    """Tell which numbers of 18 bytes are sound and born no later than ``latest`` (as yyyymmdd)."""
    numbers = digits(matrix)
    sound = all_digits(numbers[:, :17])
    last = matrix[:, 17] & np.where(matrix[:, 17] == ord("x"), 0xDF, 0xFF).astype(np.uint8)
    body = np.where(sound[:, None], numbers[:, :17], 0).astype(np.uint8)
    birth = number(body, *BIRTH)
    sound &= _CHECKS[body.astype(np.int32) @ _WEIGHTS % 11] == last
    sound &= _PROVINCES[number(body, 0, 2)]
    sound &= is_day(birth) & (birth >= _EARLIEST) & (birth <= latest)
    return sound


class ColumnValuesCnResidentId(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeCnResidentIds`."""

    condition_metric_name = "column_values.cn_resident_id"
    condition_value_keys = ("at",)
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, at: str | None = None, **_: Any) -> pd.Series:  # noqa: N805
        latest = latest_day(at)
        return judge(column, {WIDTH: lambda matrix: is_resident_id(matrix, latest)})


class ExpectColumnValuesToBeCnResidentIds(Sentence, ColumnMapExpectation):
    """Expect resident identity numbers whose area, birth date and check character are right."""

    at: str | dict[str, Any] | None = None
    """The moment (ISO 8601) after which nobody can be born yet; no limit when it is left out."""

    map_metric: ClassVar[str] = "column_values.cn_resident_id"
    success_keys: ClassVar[tuple[str, ...]] = ("at", "mostly")
    sentence: ClassVar[str] = "be resident identity numbers with a right province, birth date and check character"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["china", "identifier"]}
