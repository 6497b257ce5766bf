"""A city or address, and a number with an area in it, must name the same province.

Numbers that carry an area: resident identity numbers and unified social credit codes (GB/T 2260), and landline numbers
with their area code. Compared by province, because companies and districts are renamed and merged within one; a row is
judged only where both say plainly which province they mean. Mind what the number tells: a credit code is given out
where the enterprise is registered, an identity number where a person once was.
"""

from __future__ import annotations

from functools import cache
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

from pipelines.quality.expectations.agreement import PAIR
from pipelines.quality.expectations.areas import NO_PROVINCE, known_codes, province_of
from pipelines.quality.expectations.sentence import Sentence
from pipelines.quality.expectations.texts import Texts, number_at

_WIDTH = 18
_LANDLINE = r"^(?:[+]?86-?|0)(10|2[0-9]|[3-9][0-9]{2})-?[2-9][0-9]{6,7}(?:-[0-9]{1,6})?$"
_SUBSCRIBERS = ("60000000", "6000000")
"""Numbers that are long enough to be looked up, in a large place and in a small one."""
Number = Literal["resident_id", "uscc", "landline"]
Provinces = npt.NDArray[np.int64]


@cache
def area_codes() -> dict[str, int]:
    """Return the province of each telephone area code (without its 0), as libphonenumber knows them."""
    from phonenumbers import geocoder, parse

    found = {}
    for code in ("10", *map(str, range(20, 30)), *map(str, range(300, 1000))):
        places = (geocoder.description_for_number(parse(f"+86{code}{rest}"), "zh") for rest in _SUBSCRIBERS)
        found[code] = next(filter(None, map(province_of, places)), NO_PROVINCE)
    return found


def provinces_of_texts(column: pd.Series) -> Provinces:
    """Return the province of each city or address; NO_PROVINCE where it is not plain."""
    kinds, texts = pd.factorize(column, use_na_sentinel=True)
    known = np.array([*(province_of(str(text)) for text in texts), NO_PROVINCE], dtype=np.int64)
    return np.asarray(known[kinds], dtype=np.int64)


def provinces_of_numbers(column: pd.Series, number: Number) -> Provinces:
    """Return the province in each number; NO_PROVINCE where it has none that is known."""
    if number == "landline":
        called = column.astype("str").str.extract(_LANDLINE)[0]
        return np.asarray(called.map(area_codes()).fillna(NO_PROVINCE), dtype=np.int64)
    texts, first = Texts.of(column), 2 if number == "uscc" else 0
    codes = np.where(texts.widths == _WIDTH, number_at(texts, first, first + 6), -1)
    known = (codes >= 0) & known_codes()[np.maximum(codes, 0)]
    return np.where(known, codes // 10_000, NO_PROVINCE)


class ColumnPairValuesSameProvince(ColumnPairMapMetricProvider):
    """The metric behind :class:`ExpectPlaceToAgreeWithAreaCode`."""

    condition_metric_name = "column_pair_values.same_province"
    condition_value_keys = ("number",)

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_A: pd.Series, column_B: pd.Series, number: Number, **_: Any) -> pd.Series:  # noqa: N803, N805
        texts, numbers = provinces_of_texts(column_A), provinces_of_numbers(column_B, number)
        passed = (texts == NO_PROVINCE) | (numbers == NO_PROVINCE) | (texts == numbers)
        return pd.Series(passed, index=column_A.index)


class ExpectPlaceToAgreeWithAreaCode(Sentence, ColumnPairMapExpectation):
    """Expect a city or address (column A) to lie in the province whose code a number (column B) carries."""

    number: Number
    """What column B holds."""
    ignore_row_if: Literal["both_values_are_missing", "either_value_is_missing", "neither"] = "either_value_is_missing"

    domain_keys: ClassVar[tuple[str, ...]] = PAIR  # type: ignore[assignment]
    map_metric: ClassVar[str] = "column_pair_values.same_province"
    success_keys: ClassVar[tuple[str, ...]] = ("number", "mostly")
    sentence: ClassVar[str] = "lie in the province that the number in the other column names"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["china", "consistency"]}
