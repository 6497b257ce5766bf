"""Text that can be read anywhere: no bytes lost in a conversion, no private characters, no control characters.

A name whose rare character was typed in a bank's private font is a box everywhere else, and U+FFFD (or the well-known
锟斤拷 that it becomes when converted again) stands where a character is lost for good. GB/T 36344 counts that under
accessibility: the data is there, and nobody can use it.
"""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from pipelines.quality.expectations.sentence import Sentence
from pipelines.quality.expectations.texts import judge_pattern

_LOST = "\ufffd"
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_INVISIBLE = "\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff"
UNREADABLE = f"[{_LOST}{_PRIVATE}{_CONTROLS}{_INVISIBLE}]|锟斤拷|烫烫烫"


class ColumnValuesReadable(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeReadable`."""

    condition_metric_name = "column_values.readable"
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805
        return judge_pattern(column, UNREADABLE, holds=False)


class ExpectColumnValuesToBeReadable(Sentence, ColumnMapExpectation):
    """Expect text without lost, private, control or invisible characters."""

    map_metric: ClassVar[str] = "column_values.readable"
    sentence: ClassVar[str] = "hold no lost, private or control characters"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["text"]}
