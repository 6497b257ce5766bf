"""Dates of birth: a date is one only where the text before it, or its column's name, says so."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import regex
from presidio_analyzer import Pattern

from pipelines.classify import checks
from pipelines.classify.checks import EARLIEST_YEAR
from pipelines.classify.recognizers.folded import AFTER, BEFORE, FLAGS, FoldedRecognizer, Gate

if TYPE_CHECKING:
    from pipelines.classify.cells import Cells, Ints

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SHORT = "|".join(month.capitalize() for month in _MONTHS)
_NAMED = rf"(?:{_SHORT}|{_SHORT.upper()})[A-Za-z]{{0,6}}\.?"
_YEAR = r"(?:1[89]|20)[0-9]{2}"
_NUMBERS = regex.compile(r"[0-9]+", FLAGS)


class BirthDateRecognizer(FoldedRecognizer):
    """A real date, in the forms of Chinese and English forms, that context calls one of birth."""

    ENTITY = "DATE_OF_BIRTH"
    PATTERNS = (
        Pattern("Year first", BEFORE + _YEAR + r"([-/.])[0-9]{1,2}\1[0-9]{1,2}" + AFTER, 0.1),
        Pattern("Chinese", BEFORE + _YEAR + r" ?年 ?[0-9]{1,2} ?月(?: ?[0-9]{1,2} ?日)?", 0.1),
        Pattern("Eight digits", BEFORE + _YEAR + r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])" + AFTER, 0.1),
        Pattern("Year last", BEFORE + r"[0-9]{1,2}([-/.])[0-9]{1,2}\1" + _YEAR + AFTER, 0.1),
        Pattern("Month named", BEFORE + _NAMED + r" [0-9]{1,2}(?:st|nd|rd|th)?,? " + _YEAR + AFTER, 0.1),
        Pattern("Day first", BEFORE + r"[0-9]{1,2}(?:st|nd|rd|th)?[ -]" + _NAMED + r",?[ -]" + _YEAR + AFTER, 0.1),
    )
    CONTEXT = ("出生", "生日", "生于", "birth", "born", "dob")
    GATE = Gate(size=8, run=1, must="(?:1[89]|20)[0-9]{2}", solid=frozenset({8}))
    CONTEXT_ONLY = True
    PLAIN = (8,)

    def validate_result(self, pattern_text: str) -> bool | None:
        """Refuse dates that don't exist or lie ahead; a date that exists still needs its context."""
        return None if any(_exists(*parts, self.latest) for parts in _readings(pattern_text)) else False

    def plain(self, matrix: checks.Matrix) -> checks.Scores:
        """Score whole cells of eight digits: as weak as the pattern, where the date exists."""
        good = checks.digits(matrix) & np.isin(matrix[:, :2].copy().view("S2").ravel(), [b"18", b"19", b"20"])
        plain = np.where(good[:, None], matrix, ord("0")).astype(np.uint8)
        year, month, day = (checks.number(plain[:, part]) for part in (slice(4), slice(4, 6), slice(6, 8)))
        return np.where(good & checks.real_dates(year, month, day, self.latest), 0.1, 0.0)

    def whole(self, cells: Cells, numbers: Ints) -> tuple[Ints, checks.Scores]:
        """Score also whole cells written 1990-01-31, 1990/01/31 or 1990.01.31."""
        handled, scores = super().whole(cells, numbers)
        own = numbers[cells.plain(10)[numbers]]
        matrix = cells.matrix(own, 10)
        mark = matrix[:, 4]
        shaped = (mark == matrix[:, 7]) & np.isin(mark, np.frombuffer(b"-/.", dtype=np.uint8))
        shaped &= checks.digits(matrix[:, [0, 1, 2, 3, 5, 6, 8, 9]])
        dates = self.plain(matrix[shaped][:, [0, 1, 2, 3, 5, 6, 8, 9]])
        return np.concatenate([handled, own[shaped]]), np.concatenate([scores, dates])


def _readings(text: str) -> list[tuple[int, int, int]]:
    """Read a date: year, month, day; where the year stands last, day and month can be either way round."""
    numbers = [int(number) for number in _NUMBERS.findall(text)]
    if len(numbers) == 1:
        return [(numbers[0] // 10_000, numbers[0] // 100 % 100, numbers[0] % 100)]
    month = next((i for i, name in enumerate(_MONTHS, 1) if name in text.lower()), 0)
    if month:
        return [(numbers[1], month, numbers[0])]
    if numbers[0] >= EARLIEST_YEAR:
        return [(numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else 1)]
    return [(numbers[2], numbers[1], numbers[0]), (numbers[2], numbers[0], numbers[1])]


def _exists(year: int, month: int, day: int, latest: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return year >= EARLIEST_YEAR and year * 10_000 + month * 100 + day <= latest
