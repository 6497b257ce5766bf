"""Columns of dates: which years they name, and whether they are the birth dates inside identity numbers beside them.

Counts only leave this module. Whether such a column holds birth dates is decided in ``neighbours``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.classify import checks

if TYPE_CHECKING:
    from pipelines.classify.cells import Cells, Ints

_YEAR: Final = r"(?P<y>(?:1[89]|20)[0-9]{2})"
_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED: Final = f"(?P<m>(?i:{'|'.join(_NAMES)}))[A-Za-z]{{0,6}}"
_MIDNIGHT: Final = r"(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?"
_FORMS: Final = (
    rf"^\s*{_YEAR}(?:[-/.]|\s?年\s?)(?P<m>[0-9]{{1,2}})(?:[-/.]|\s?月\s?)(?P<d>[0-9]{{1,2}})(?:\s?日)?{_MIDNIGHT}\s*$",
    rf"^\s*{_YEAR}(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12][0-9]|3[01])\s*$",
    rf"^\s*(?P<m>[0-9]{{1,2}})[-/.](?P<d>[0-9]{{1,2}})[-/.]{_YEAR}{_MIDNIGHT}\s*$",
    rf"^\s*(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?[ -]{_NAMED}\.?,?[ -]{_YEAR}\s*$",
    rf"^\s*{_NAMED}\.? (?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?,? {_YEAR}\s*$",
)
_FIRST: Final = 32
"""Distinct cells that are tried first."""
_MOST: Final = 0.5
LONGEST: Final = 32
"""Bytes of a date, with room for blanks."""
_ID: Final = 18
_NONE: Final = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Dates:
    """What a column of dates says. Adding is done by ``votes``."""

    years: Counter[int]
    """Year → cells."""
    days: Ints
    """For each distinct cell its day (``_day``), 0 where it is none."""


def dates_of(cells: Cells) -> Dates | None:
    """Read a column of dates; None where most cells are none."""
    likely = (cells.sizes >= len("yyyymmdd")) & (cells.sizes <= LONGEST) & (cells.runs >= 1)
    numbers = np.flatnonzero(likely)
    if int(cells.weights[numbers].sum()) < _MOST * cells.filled or not len(numbers):
        return None
    first = numbers[:: max(1, len(numbers) // _FIRST)]
    if (_read(cells.taken(first)) > 0).mean() < _MOST:
        return None
    days = np.zeros(len(cells), dtype=np.int64)
    days[numbers] = _read(cells.taken(numbers))
    good = days > 0
    years: Counter[int] = Counter()
    for year in np.unique(days[good] // 10_000).tolist():
        years[year] = int(cells.weights[good & (days // 10_000 == year)].sum())
    return Dates(years, days)


def births_of(cells: Cells) -> Ints:
    """Return for each distinct cell of a column of identity numbers the day of birth in it, 0 where it is none."""
    days = np.zeros(len(cells), dtype=np.int64)
    numbers = np.flatnonzero(cells.plain(_ID) & cells.solid)
    matrix = cells.matrix(numbers, _ID)[:, 6:14]
    whole = checks.digits(matrix)
    plain = matrix[whole]
    days[numbers[whole]] = _day(*(checks.number(plain[:, part]) for part in (slice(4), slice(4, 6), slice(6, 8))))
    return days


def paired(days: Ints, rows: Ints, other: Ints, other_rows: Ints) -> tuple[int, int]:
    """Count the rows in which two columns both name a day, and those in which it is the same day."""
    left, right = _by_row(days, rows), _by_row(other, other_rows)
    both = (left > 0) & (right > 0)
    return int(both.sum()), int((both & (left == right)).sum())


def _by_row(days: Ints, rows: Ints) -> Ints:
    found: Ints = np.append(days, 0)[rows]  # row -1: a blank cell
    return found


def _read(texts: pa.LargeStringArray) -> Ints:
    """Read each cell as a date in the first form that fits."""
    days = np.zeros(len(texts), dtype=np.int64)
    left = np.arange(len(texts))
    for form in _FORMS:
        if not len(left):
            break
        parts = pc.extract_regex(texts.take(pa.array(left)), form)
        fits = np.asarray(pc.is_valid(parts).to_numpy(zero_copy_only=False), dtype=np.bool_)
        found = parts.filter(pa.array(fits))
        days[left[fits]] = _day(*(_numbers(found.field(name)) for name in ("y", "m", "d")))
        left = left[~fits]
    return days


def _numbers(part: pa.LargeStringArray) -> Ints:
    if not len(part):
        return _NONE
    if not part[0].as_py()[0].isdigit():
        part = pa.array([_NAMES.index(text.lower()) + 1 for text in part.to_pylist()])
    return np.asarray(pc.cast(part, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _day(year: Ints, month: Ints, day: Ints) -> Ints:
    """Name a day, the same for month/day and day/month, which nobody can tell apart; 0 where no day is meant."""
    low, high = np.minimum(month, day), np.maximum(month, day)
    return np.where((low >= 1) & (low <= 12) & (high <= 31), year * 10_000 + low * 100 + high, 0)
