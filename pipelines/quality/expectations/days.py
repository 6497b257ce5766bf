"""Days as numbers (yyyymmdd), for whole columns: is it a day of the calendar, and which layouts are understood.

Understood: ``1990-01-31``, ``1990/01/31``, ``1990.01.31``, ``19900131`` (fast) and, slower, one-digit months and days,
``1990年1月31日`` and a time of midnight as spreadsheets add it.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.quality.expectations.texts import Bytes, Texts, all_digits, digits, number

Days = npt.NDArray[np.int64]

MISSING: Final = 0
NO_DAY: Final = -1
CHINA = timezone(timedelta(hours=8))
"""The zone of civil dates; China has one, without summer time since 1991."""
_NO_LIMIT = 9999_12_31
_LENGTHS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_SLOW = (
    r"^([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日?)"
    r"(?:[ T]00:00(?::00(?:\.0+)?)?)?$"
)


def is_day(days: Days) -> npt.NDArray[np.bool_]:
    """Tell which numbers (yyyymmdd) are days of the Gregorian calendar."""
    year, month, day = days // 10_000, days // 100 % 100, days % 100
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    known = (month >= 1) & (month <= 12)
    length = _LENGTHS[np.where(known, month, 0)] + (leap & (month == 2))
    return np.asarray(known & (year >= 1) & (day >= 1) & (day <= length))


def latest_day(at: str | None) -> int:
    """Return the day it is in China at a moment (ISO 8601), as yyyymmdd; far away when there is no moment."""
    if at is None:
        return _NO_LIMIT
    moment = datetime.fromisoformat(at)
    local = moment.astimezone(CHINA) if moment.tzinfo else moment
    return local.year * 10_000 + local.month * 100 + local.day


def days_of(column: pd.Series) -> Days:
    """Read a column of dates: yyyymmdd, :data:`MISSING` or :data:`NO_DAY`."""
    texts = Texts.of(column)
    widths = texts.widths
    days = np.where(texts.missing, MISSING, NO_DAY).astype(np.int64)
    for width, read in ((10, _separated), (8, _compact)):
        rows = np.flatnonzero(widths == width)
        if rows.size:
            days[rows] = read(texts.matrix(rows, width))
    rest = np.flatnonzero(days == NO_DAY)
    if rest.size:
        days[rest] = _slow(column.iloc[rest])
    return np.where((days > 0) & ~is_day(days), NO_DAY, days)


def _separated(matrix: Bytes) -> Days:
    numbers = digits(matrix[:, [0, 1, 2, 3, 5, 6, 8, 9]])
    apart = (matrix[:, 4] == matrix[:, 7]) & np.isin(matrix[:, 4], np.frombuffer(b"-/.", np.uint8))
    return np.where(apart & all_digits(numbers), number(numbers, 0, 8), NO_DAY)


def _compact(matrix: Bytes) -> Days:
    numbers = digits(matrix)
    return np.where(all_digits(numbers), number(numbers, 0, 8), NO_DAY)


def _slow(column: pd.Series) -> Days:
    parts = column.astype("str").str.extract(_SLOW)
    year, month, day = parts[0], parts[2].fillna(parts[4]), parts[3].fillna(parts[5])
    known = year.notna().to_numpy()
    days = np.full(len(column), NO_DAY, np.int64)
    days[known] = sum(
        part[known].astype("int64").to_numpy() * scale for part, scale in ((year, 10_000), (month, 100), (day, 1))
    )
    return days
