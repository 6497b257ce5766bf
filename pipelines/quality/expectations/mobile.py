"""Chinese mobile numbers: 11 digits from 13 to 19, with or without the country code 86.

Two strictnesses, because number segments are issued faster than lists are kept: any segment is accepted, and
``issued`` asks for one that was issued (MIIT numbering plan as of 2022; 142, 143, 154, 161, 164, 194 and the 13-digit
numbers of machines are not).
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
from pipelines.quality.expectations.texts import Bytes, Flags, Rule, all_digits, digits, judge, number

_ISSUED = np.zeros(1000, np.bool_)
_ISSUED[[*range(130, 140), *range(150, 160), *range(170, 200)]] = True
_ISSUED[[145, 147, 149, 162, 165, 166, 167]] = True
_ISSUED[[154, 179, 194]] = False
_PREFIXES = {11: b"", 13: b"86", 14: b"+86"}


def is_mobile(matrix: Bytes, prefix: bytes, *, issued: bool) -> Flags:
    """Tell which numbers, all of one width and written with one prefix, are mobile numbers."""
    skip = len(prefix)
    numbers = digits(matrix[:, skip:])
    sound = all_digits(numbers) & np.asarray((matrix[:, :skip] == np.frombuffer(prefix, np.uint8)).all(axis=1))
    sound &= (numbers[:, 0] == 1) & (numbers[:, 1] >= 3)
    if issued:
        sound &= _ISSUED[number(np.where(sound[:, None], numbers, 0), 0, 3)]
    return np.asarray(sound)


def _rule(prefix: bytes, *, issued: bool) -> Rule:
    return lambda matrix: is_mobile(matrix, prefix, issued=issued)


class ColumnValuesCnMobile(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeCnMobiles`."""

    condition_metric_name = "column_values.cn_mobile"
    condition_value_keys = ("issued",)
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, issued: bool = False, **_: Any) -> pd.Series:  # noqa: N805
        return judge(column, {11 + len(prefix): _rule(prefix, issued=issued) for prefix in _PREFIXES.values()})


class ExpectColumnValuesToBeCnMobiles(Sentence, ColumnMapExpectation):
    """Expect Chinese mobile numbers, optionally only of segments that were issued."""

    issued: bool = False

    map_metric: ClassVar[str] = "column_values.cn_mobile"
    success_keys: ClassVar[tuple[str, ...]] = ("issued", "mostly")
    sentence: ClassVar[str] = "be Chinese mobile numbers"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["china", "identifier"]}
