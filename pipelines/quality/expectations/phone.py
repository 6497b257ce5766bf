"""Numbers at which an enterprise in China is called: mobile, landline with its area code, or a service number (400, 800).

Area codes are 010, 02x and 03xx to 09xx, followed by seven or eight digits that don't begin with 0 or 1; an extension
may follow. A landline number without its area code is not accepted: nobody outside the city can call it.
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

PHONE = (
    r"^(?:(?:[+]?86)?1[3-9][0-9]{9}"
    r"|(?:[+]?86-?|0)(?:10|2[0-9])-?[2-9][0-9]{7}(?:-[0-9]{1,6})?"
    r"|(?:[+]?86-?|0)[3-9][0-9]{2}-?[2-9][0-9]{6,7}(?:-[0-9]{1,6})?"
    r"|[48]00-?[0-9]{3}-?[0-9]{4})$"
)


class ColumnValuesCnPhone(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeCnPhones`."""

    condition_metric_name = "column_values.cn_phone"
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805
        return judge_pattern(column, PHONE)


class ExpectColumnValuesToBeCnPhones(Sentence, ColumnMapExpectation):
    """Expect Chinese mobile, landline or service numbers."""

    map_metric: ClassVar[str] = "column_values.cn_phone"
    sentence: ClassVar[str] = "be Chinese mobile, landline or service numbers"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["china", "identifier"]}
