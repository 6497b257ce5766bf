"""The words a suite may use after ``expect:``, and the Great Expectations class that each of them stands for.

Adding a check: write its class (or find it in Great Expectations), add one line here. Not for the file format of
suites: that is :mod:`suite`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pipelines.quality.gx
from pipelines.quality import expectations as ours
from pipelines.quality.gx import ColumnPairMapExpectation, Expectation

AT = "at"
"""The suite parameter that carries the time of a check; classes with a field of this name are given it."""


@dataclass(frozen=True, slots=True)
class Word:
    """One kind of expectation."""

    kind: type[Expectation]
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys allowed under ``with:`` → the class's own names for them."""
    required: frozenset[str] = frozenset()

    def arguments(self, column: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Turn a column and the keys under ``with:`` into arguments of the class."""
        domain = {"column_A": column} if issubclass(self.kind, ColumnPairMapExpectation) else {"column": column}
        at = {AT: {"$PARAMETER": AT}} if AT in self.kind.__fields__ else {}
        return {**domain, **at, **{self.keys[key]: value for key, value in given.items()}}


def _word(kind: type[Expectation], required: Mapping[str, str] | None = None, **optional: str) -> Word:
    needed = dict(required or {})
    return Word(kind, {**needed, **optional}, frozenset(needed))


_core = pipelines.quality.gx.gx.expectations

WORDS: Mapping[str, Word] = MappingProxyType(
    {
        "present": _word(_core.ExpectColumnValuesToNotBeNull),
        "unique": _word(_core.ExpectColumnValuesToBeUnique),
        "one_of": _word(_core.ExpectColumnValuesToBeInSet, {"values": "value_set"}),
        "matches": _word(_core.ExpectColumnValuesToMatchRegex, {"regex": "regex"}),
        "avoids": _word(_core.ExpectColumnValuesToNotMatchRegex, {"regex": "regex"}),
        "cn_resident_id": _word(ours.ExpectColumnValuesToBeCnResidentIds),
        "cn_uscc": _word(ours.ExpectColumnValuesToBeCnUsccs),
        "cn_mobile": _word(ours.ExpectColumnValuesToBeCnMobiles, issued="issued"),
        "luhn": _word(ours.ExpectColumnValuesToPassLuhn),
        "calendar_date": _word(ours.ExpectColumnValuesToBeCalendarDates, earliest="earliest"),
        "recent": _word(ours.ExpectColumnValuesToBeRecent, days="days", ahead_minutes="ahead_minutes"),
        "amount": _word(ours.ExpectColumnValuesToBeAmounts, min="min_value", max="max_value"),
        "birth_date_of": _word(ours.ExpectBirthDateToAgreeWithResidentId, {"id": "column_B"}),
        "sex_of": _word(ours.ExpectSexToAgreeWithResidentId, {"id": "column_B"}),
    }
)
