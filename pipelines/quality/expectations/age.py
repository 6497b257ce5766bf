"""Ages in full years at a moment: read from a birth date or from a resident identity number, and held against a limit.

A value without a birth date in it is not judged: that there is one is another expectation's business. A child turns a
year older on its birthday; one born on 29 February does on 1 March of other years (Civil Code art. 201).
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation, ColumnPairMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    ColumnPairMapMetricProvider,
    column_condition_partial,
    column_pair_condition_partial,
)

from pipelines.quality.expectations.agreement import PAIR
from pipelines.quality.expectations.days import NO_DAY, Days, days_of, is_day, latest_day
from pipelines.quality.expectations.resident_id import BIRTH, WIDTH
from pipelines.quality.expectations.sentence import Sentence
from pipelines.quality.expectations.texts import Texts, number_at

UNKNOWN = -1
_YEARS = r"^([0-9]{1,3})(?:[.]0+)?(?: ?(?:岁|周岁))?$"


def births_of(column: pd.Series) -> Days:
    """Read birth dates (yyyymmdd) from dates or resident identity numbers; 0 or less where there is none."""
    texts = Texts.of(column)
    ids = number_at(texts, 0, WIDTH - 1, WIDTH) >= 0
    births = np.where(ids, number_at(texts, *BIRTH, WIDTH), NO_DAY)
    births = np.where(is_day(np.maximum(births, 0)), births, NO_DAY)
    rest = np.flatnonzero(~ids)
    if rest.size:
        births[rest] = days_of(column.iloc[rest])
    return births


def ages_of(column: pd.Series, at: str | None) -> npt.NDArray[np.int64]:
    """Count full years from each birth to a moment; UNKNOWN without a birth, and for births to come."""
    births, today = births_of(column), latest_day(at)
    return np.where((births > 0) & (births <= today), (today - births) // 10_000, UNKNOWN)


class ColumnValuesOfAge(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeOfAge`."""

    condition_metric_name = "column_values.of_age"
    condition_value_keys = ("at", "min_value", "max_value")
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805
        column: pd.Series,
        at: str,
        min_value: int | None = None,
        max_value: int | None = None,
        **_: Any,
    ) -> pd.Series:
        ages = ages_of(column, at)
        within = (ages >= (min_value or 0)) & (ages <= (max_value if max_value is not None else ages))
        return pd.Series((ages == UNKNOWN) | within, index=column.index)


class ExpectColumnValuesToBeOfAge(Sentence, ColumnMapExpectation):
    """Expect people, by birth date or resident identity number, to be neither too young nor too old at a moment."""

    at: str | dict[str, Any]
    """The moment (ISO 8601) it is."""
    min_value: int | None = None
    max_value: int | None = None
    """Full years, both included; either may be left out."""

    map_metric: ClassVar[str] = "column_values.of_age"
    success_keys: ClassVar[tuple[str, ...]] = ("at", "min_value", "max_value", "mostly")
    sentence: ClassVar[str] = "belong to people who are neither too young nor too old"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["dates", "china"]}


class ColumnPairValuesAgeOfBirth(ColumnPairMapMetricProvider):
    """The metric behind :class:`ExpectAgeToAgreeWithBirth`."""

    condition_metric_name = "column_pair_values.age_of_birth"
    condition_value_keys = ("at", "years")

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_A: pd.Series, column_B: pd.Series, at: str, years: int = 1, **_: Any) -> pd.Series:  # noqa: N803, N805
        stated = column_A.astype("str").str.extract(_YEARS)[0].astype("float64").to_numpy()
        ages = ages_of(column_B, at)
        passed = np.isnan(stated) | (ages == UNKNOWN) | (np.abs(stated - ages) <= years)
        return pd.Series(passed, index=column_A.index)


class ExpectAgeToAgreeWithBirth(Sentence, ColumnPairMapExpectation):
    """Expect a stated age (column A) to follow from a birth date or resident identity number (column B)."""

    at: str | dict[str, Any]
    """The moment (ISO 8601) it is."""
    years: int = 1
    """How far the two may be apart: an age was stated some time ago, and some count from one at birth."""
    ignore_row_if: Literal["both_values_are_missing", "either_value_is_missing", "neither"] = "either_value_is_missing"

    domain_keys: ClassVar[tuple[str, ...]] = PAIR  # type: ignore[assignment]
    map_metric: ClassVar[str] = "column_pair_values.age_of_birth"
    success_keys: ClassVar[tuple[str, ...]] = ("at", "years", "mostly")
    sentence: ClassVar[str] = "be the age that follows from the date of birth"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["dates", "consistency"]}
