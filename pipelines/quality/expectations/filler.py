"""Words that fill a field instead of answering it: 无, 未知, 测试, n/a, test, a lone dash.

A required field that says "none" is as empty as a missing one, and no rule against missing values sees it. Use it for
names, addresses and the like; where "none" is an answer (how many children?), it is the wrong rule.
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

_WORDS = (
    "无|没有|暂无|未知|未填|不详|不知道|不清楚|保密|略|同上|其他|测试|测试用户|测试数据|匿名|某某|某某某|空|待补|待定|待补充"
    "|n/?a|nil|none|null|undefined|unknown|nothing|no ?name|anonymous|test(?:er|ing)?(?: ?(?:user|name|data))?|demo|tbd|todo"
    "|asdf[a-z]*|qwer[a-z]*|abc|xxx+|aaa+"
)
_PUNCTUATION = r"[\p{P}\p{S}\s]*"
FILLER = rf"(?i)^{_PUNCTUATION}(?:{_WORDS})? ?[0-9]{{0,3}}{_PUNCTUATION}$"


class ColumnValuesFiller(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesNotToBeFiller`."""

    condition_metric_name = "column_values.filler"
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805
        return judge_pattern(column, FILLER, holds=False)


class ExpectColumnValuesNotToBeFiller(Sentence, ColumnMapExpectation):
    """Expect answers rather than words that only fill a field."""

    map_metric: ClassVar[str] = "column_values.filler"
    sentence: ClassVar[str] = "be answers rather than words that only fill a field"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["completeness"]}
