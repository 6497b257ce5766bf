"""Dates and times of rows, as columns. Pure; no clock is read here.

A time without a zone is China Standard Time (UTC+8), where the counters and forms are.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import numpy.typing as npt
import pandas as pd

CHINA = timezone(timedelta(hours=8), "CST")
Days = npt.NDArray[np.datetime64]
_ZONE = r"(?:[Zz]|[+-]\d\d:\d\d|[T ].*[+-]\d\d(?:\d\d)?)$"
_FIRST, _LAST = np.datetime64(date.min, "D"), np.datetime64(date.max, "D")
_POSTGRES_EPOCH = np.datetime64("2000-01-01T00:00:00", "us")


def moments(column: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """Parse ISO 8601 dates and times into UTC; what can't be parsed is NaT."""
    zoned = column.str.contains(_ZONE, regex=True, na=False)
    if not zoned.any():
        return _in_china(column)
    parsed = pd.to_datetime(column.where(zoned), format="ISO8601", errors="coerce", utc=True)
    return parsed.fillna(_in_china(column.where(~zoned)))


def _in_china(column: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    # As UTC first: a column in which something has a zone after all would be refused whole otherwise.
    wall = pd.to_datetime(column, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
    return wall.dt.tz_localize(CHINA).dt.tz_convert("UTC")


def days(column: pd.Series[str]) -> Days:
    """Parse the calendar day (in China) of ISO 8601 dates and times; what can't be parsed is NaT."""
    local = moments(column).dt.tz_convert(CHINA).dt.tz_localize(None)
    found = local.to_numpy().astype("datetime64[D]")
    # A zone can push the calendar's first or last day over its edge, where no date is.
    found[(found < _FIRST) | (found > _LAST)] = np.datetime64("NaT")
    return found


def day_of(at: datetime) -> date:
    """Tell the calendar day in China of a moment."""
    return at.astimezone(CHINA).date()


def postgres_micros(column: pd.Series[pd.Timestamp]) -> npt.NDArray[np.int64]:
    """Convert UTC times to PostgreSQL's binary timestamptz: microseconds since 2000-01-01."""
    naive = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    return (naive - _POSTGRES_EPOCH).astype(np.int64)


def postgres_micro(at: datetime) -> int:
    """Convert one moment to PostgreSQL's binary timestamptz."""
    naive = np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")
    return int((naive - _POSTGRES_EPOCH).astype(np.int64))
