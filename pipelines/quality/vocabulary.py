"""The words a suite may use after ``expect:``, and the Great Expectations class that each of them stands for.

Adding a check: write its class (or find it in Great Expectations), add one line here. Not for the file format of
suites: that is :mod:`suite`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import pipelines.quality.gx
from pipelines.quality import expectations as ours
from pipelines.quality.gx import ColumnPairMapExpectation, Expectation

AT, RECEIVED = "at", "received"
"""The suite parameters: the time of a check, and when the delivery was received; fields of these names are given them."""
OTHER = "column_B"
"""What Great Expectations calls the second column of a pair."""
MARKS = ("known_before", "of_another")
"""What is looked up for a suite in the vault: rows whose identifier is known, and whose identifier is somebody else's."""
MARK = "mark"
"""The key under ``with:`` that names marks rather than a column."""


def mark_column(column: str, mark: str) -> str:
    """Name the column in which the marks of a column's rows come along; no field of a plan can be called so."""
    return f"{column}.{mark}"


@dataclass(frozen=True, slots=True)
class Word:
    """One kind of expectation."""

    kind: type[Expectation]
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys allowed under ``with:`` → the class's own names for them."""
    required: frozenset[str] = frozenset()
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The class's own names → the suite parameters that they are given."""

    def other(self, given: Mapping[str, Any]) -> str | None:
        """Name the second column that it reads of the rows, if it reads one."""
        return next((str(given[key]) for key, name in self.keys.items() if name == OTHER and key != MARK), None)

    def arguments(self, column: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Turn a column and the keys under ``with:`` into arguments of the class."""
        domain = {"column_A": column} if issubclass(self.kind, ColumnPairMapExpectation) else {"column": column}
        told = {name: {"$PARAMETER": parameter} for name, parameter in self.parameters.items()}
        own = {self.keys[key]: mark_column(column, value) if key == MARK else value for key, value in given.items()}
        return {**domain, **told, **own}


def _word(kind: type[Expectation], required: Mapping[str, str] | None = None, **optional: str) -> Word:
    needed = dict(required or {})
    given = {name: name for name in (AT, RECEIVED) if name in kind.__fields__}
    return Word(kind, {**needed, **optional}, frozenset(needed), given)


_core = pipelines.quality.gx.gx.expectations

WORDS: Mapping[str, Word] = MappingProxyType(
    {
        "present": _word(_core.ExpectColumnValuesToNotBeNull),
        "unique": _word(_core.ExpectColumnValuesToBeUnique),
        "one_of": _word(_core.ExpectColumnValuesToBeInSet, {"values": "value_set"}),
        "matches": _word(_core.ExpectColumnValuesToMatchRegex, {"regex": "regex"}),
        "avoids": _word(_core.ExpectColumnValuesToNotMatchRegex, {"regex": "regex"}),
        "length": _word(_core.ExpectColumnValueLengthsToBeBetween, min="min_value", max="max_value"),
        "no_filler": _word(ours.ExpectColumnValuesNotToBeFiller),
        "readable": _word(ours.ExpectColumnValuesToBeReadable),
        "cn_resident_id": _word(ours.ExpectColumnValuesToBeCnResidentIds),
        "cn_uscc": _word(ours.ExpectColumnValuesToBeCnUsccs),
        "cn_area": _word(ours.ExpectColumnValuesToHoldCnAreas, first="first"),
        "cn_city": _word(ours.ExpectColumnValuesToBeCnCities),
        "cn_mobile": _word(ours.ExpectColumnValuesToBeCnMobiles, issued="issued"),
        "cn_phone": _word(ours.ExpectColumnValuesToBeCnPhones),
        "email": _word(ours.ExpectColumnValuesToBeEmails),
        "ip_address": _word(ours.ExpectColumnValuesToBeIpAddresses),
        "luhn": _word(ours.ExpectColumnValuesToPassLuhn),
        "calendar_date": _word(ours.ExpectColumnValuesToBeCalendarDates, earliest="earliest"),
        "of_age": _word(ours.ExpectColumnValuesToBeOfAge, min="min_value", max="max_value"),
        "recent": _word(ours.ExpectColumnValuesToBeRecent, days="days", ahead_minutes="ahead_minutes"),
        "received_within": replace(
            _word(ours.ExpectColumnValuesToBeRecent, {"days": "days"}), parameters={AT: RECEIVED}
        ),
        "entered_within": _word(ours.ExpectColumnValuesToBeEnteredInTime, {"hours": "hours"}),
        "not_before": _word(ours.ExpectMomentNotToBeBefore, {"other": OTHER}),
        "amount": _word(ours.ExpectColumnValuesToBeAmounts, min="min_value", max="max_value"),
        "birth_date_of": _word(ours.ExpectBirthDateToAgreeWithResidentId, {"id": OTHER}),
        "sex_of": _word(ours.ExpectSexToAgreeWithResidentId, {"id": OTHER}),
        "age_of": _word(ours.ExpectAgeToAgreeWithBirth, {"birth": OTHER}, years="years"),
        "place_of": _word(ours.ExpectPlaceToAgreeWithAreaCode, {"number": OTHER, "kind": "number"}),
        "unmarked": _word(ours.ExpectColumnValuesToBeUnmarked, {MARK: OTHER}),
    }
)
