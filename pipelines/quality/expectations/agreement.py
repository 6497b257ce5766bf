"""Two columns that must say the same: birth date and sex repeat what the resident identity number says.

A row is judged only where both columns can be read; that each is well-formed is another expectation's business.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnPairMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnPairMapMetricProvider,
    column_pair_condition_partial,
)

from pipelines.quality.expectations.days import days_of
from pipelines.quality.expectations.resident_id import BIRTH, SEX, WIDTH
from pipelines.quality.expectations.sentence import Sentence
from pipelines.quality.expectations.texts import Texts, number_at

MALE = ("男", "男性", "1", "M", "m", "male", "Male", "MALE")
FEMALE = ("女", "女性", "2", "F", "f", "female", "Female", "FEMALE")
"""How sex is written; 1 and 2 are the codes of GB/T 2261.1-2003."""

PAIR = ("batch_id", "column_A", "column_B", "row_condition", "condition_parser", "ignore_row_if")
"""Keys that name the two columns of a pair and say which rows count."""
_Ignore = Literal["both_values_are_missing", "either_value_is_missing", "neither"]


def _read(column: pd.Series, start: int, stop: int) -> npt.NDArray[np.int64]:
    """Read some digits of identity numbers; -1 where the number can't be one."""
    texts = Texts.of(column)
    return np.where(number_at(texts, 0, WIDTH - 1, WIDTH) < 0, -1, number_at(texts, start, stop, WIDTH))


class ColumnPairValuesBirthDateOfResidentId(ColumnPairMapMetricProvider):
    """The metric behind :class:`ExpectBirthDateToAgreeWithResidentId`."""

    condition_metric_name = "column_pair_values.birth_date_of_resident_id"

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_A: pd.Series, column_B: pd.Series, **_: Any) -> pd.Series:  # noqa: N803, N805
        days, births = days_of(column_A), _read(column_B, *BIRTH)
        return pd.Series((days <= 0) | (births < 0) | (days == births), index=column_A.index)


class ExpectBirthDateToAgreeWithResidentId(Sentence, ColumnPairMapExpectation):
    """Expect the birth date (column A) to be the one in the resident identity number (column B)."""

    ignore_row_if: _Ignore = "either_value_is_missing"

    domain_keys: ClassVar[tuple[str, ...]] = PAIR  # type: ignore[assignment]
    map_metric: ClassVar[str] = "column_pair_values.birth_date_of_resident_id"
    sentence: ClassVar[str] = "be the birth date in the resident identity number"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["china", "consistency"]}


class ColumnPairValuesSexOfResidentId(ColumnPairMapMetricProvider):
    """The metric behind :class:`ExpectSexToAgreeWithResidentId`."""

    condition_metric_name = "column_pair_values.sex_of_resident_id"

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_A: pd.Series, column_B: pd.Series, **_: Any) -> pd.Series:  # noqa: N803, N805
        sequence = _read(column_B, SEX, SEX + 1)
        male, female = column_A.isin(MALE).to_numpy(), column_A.isin(FEMALE).to_numpy()
        contradicts = np.where(sequence % 2 == 1, female, male)
        return pd.Series((sequence < 0) | ~contradicts, index=column_A.index)


class ExpectSexToAgreeWithResidentId(Sentence, ColumnPairMapExpectation):
    """Expect the sex (column A) to be the one in the resident identity number (column B)."""

    ignore_row_if: _Ignore = "either_value_is_missing"

    domain_keys: ClassVar[tuple[str, ...]] = PAIR  # type: ignore[assignment]
    map_metric: ClassVar[str] = "column_pair_values.sex_of_resident_id"
    sentence: ClassVar[str] = "be the sex in the resident identity number"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["china", "consistency"]}
