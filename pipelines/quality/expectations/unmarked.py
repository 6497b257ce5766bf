"""Rows that a look-up elsewhere has marked: known from an earlier batch, on a list, contradicted by another system.

Great Expectations sees one batch; what lies in the vault, in a register or in the batches before is looked up by the
caller, for all rows at once, and comes along as a column of marks beside the data: 1 is marked, 0 is not.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnPairMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnPairMapMetricProvider,
    column_pair_condition_partial,
)

from pipelines.quality.expectations.agreement import PAIR
from pipelines.quality.expectations.sentence import Sentence

MARKED = 1


class ColumnPairValuesUnmarked(ColumnPairMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeUnmarked`."""

    condition_metric_name = "column_pair_values.unmarked"

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_A: pd.Series, column_B: pd.Series, **_: Any) -> pd.Series:  # noqa: N803, N805
        return pd.Series(np.asarray(column_B.astype("int64") != MARKED), index=column_A.index)


class ExpectColumnValuesToBeUnmarked(Sentence, ColumnPairMapExpectation):
    """Expect that no value (column A) was marked (column B) by a look-up; rows without a value are not judged."""

    ignore_row_if: Literal["both_values_are_missing", "either_value_is_missing", "neither"] = "either_value_is_missing"

    domain_keys: ClassVar[tuple[str, ...]] = PAIR  # type: ignore[assignment]
    map_metric: ClassVar[str] = "column_pair_values.unmarked"
    sentence: ClassVar[str] = "not be marked by what was looked up elsewhere"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["uniqueness"]}
