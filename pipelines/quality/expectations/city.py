"""Names of cities, held against the table of administrative areas (GB/T 2260)."""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from pipelines.quality.expectations.areas import is_city
from pipelines.quality.expectations.sentence import Sentence
from pipelines.quality.expectations.texts import judge_distinct


class ColumnValuesCnCity(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeCnCities`."""

    condition_metric_name = "column_values.cn_city"
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805
        return judge_distinct(column, is_city)


class ExpectColumnValuesToBeCnCities(Sentence, ColumnMapExpectation):
    """Expect names of Chinese cities, prefectures or provinces, with or without their last word (杭州, 杭州市)."""

    map_metric: ClassVar[str] = "column_values.cn_city"
    sentence: ClassVar[str] = "be names of Chinese cities"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["china", "reference data"]}
