"""E-mail addresses as people have them: an unquoted local part of at most 64 characters and a domain name with a dot.

Narrower than RFC 5321 on purpose: quoted local parts and addresses of bare machines are almost always slips.
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

EMAIL = (
    r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:[.][A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])+(?:[A-Za-z]{2,63}|xn--[A-Za-z0-9-]{1,59})$"
)
_LONG_LOCAL_PART = r"^[^@]{65,}@"


class ColumnValuesEmail(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeEmails`."""

    condition_metric_name = "column_values.email"
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805
        return judge_pattern(column, EMAIL) & judge_pattern(column, _LONG_LOCAL_PART, holds=False)


class ExpectColumnValuesToBeEmails(Sentence, ColumnMapExpectation):
    """Expect well-formed e-mail addresses."""

    map_metric: ClassVar[str] = "column_values.email"
    sentence: ClassVar[str] = "be well-formed e-mail addresses"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["identifier"]}
