"""Dates and times of rows: what they are read as, and whose day it is (`pipelines.moments`)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.moments import CHINA, day_of, days, moments, postgres_micro, postgres_micros


def column(*cells: str | None) -> pd.Series:
    return pd.Series(list(cells), index=range(1, len(cells) + 1), dtype="str")


READ: dict[str, tuple[str | None, str | None, str | None]] = {
    "a date is midnight in China": ("2026-05-01", "2026-04-30T16:00:00", "2026-05-01"),
    "a time without a zone is China's": ("2026-05-01T08:30:00", "2026-05-01T00:30:00", "2026-05-01"),
    "a space may stand for the T": ("2026-05-01 08:30", "2026-05-01T00:30:00", "2026-05-01"),
    "Z is UTC, and its evening the next day": ("2026-05-01T16:00:00Z", "2026-05-01T16:00:00", "2026-05-02"),
    "a second before it is the same day": ("2026-05-01T15:59:59Z", "2026-05-01T15:59:59", "2026-05-01"),
    "an offset with a colon": ("2026-05-01T00:00:00+08:00", "2026-04-30T16:00:00", "2026-05-01"),
    "an offset without one": ("2026-05-01T00:00:00+0800", "2026-04-30T16:00:00", "2026-05-01"),
    "an offset to the west": ("2026-04-30T12:00:00-05:00", "2026-04-30T17:00:00", "2026-05-01"),
    "fractions of a second stay": ("2026-05-01T00:00:00.25Z", "2026-05-01T00:00:00.25", "2026-05-01"),
    "a leap day is a day": ("2024-02-29", "2024-02-28T16:00:00", "2024-02-29"),
    "a day not on the calendar is none": ("2025-02-29", None, None),
    "a month not on the calendar is none": ("2026-13-01", None, None),
    "an hour not on the clock is none": ("2026-05-01T25:00:00", None, None),
    "words are none": ("last week", None, None),
    "a slashed date is none": ("01/05/2026", None, None),
    "nothing is none": (None, None, None),
    "an empty cell is none": ("", None, None),
}
COMPANIES = {
    "alone": (),
    "beside dates": ("2020-01-01",),
    "beside zoned times": ("2020-01-01T00:00:00Z",),
    "beside both and garbage": ("2020-01-01", "2020-01-01T00:00:00+09:00", "x", None),
}


@pytest.mark.parametrize("company", COMPANIES.values(), ids=COMPANIES.keys())
@pytest.mark.parametrize(("cell", "moment", "day"), READ.values(), ids=READ.keys())
def test_a_cell_is_read_alike_whatever_stands_beside_it(cell, moment, day, company):
    cells = column(*company, cell)
    found = moments(cells)
    assert str(found.dt.tz) == "UTC"
    assert list(found.index) == list(cells.index)
    wanted = pd.NaT if moment is None else pd.Timestamp(moment, tz="UTC")
    assert found.iloc[-1] is wanted or found.iloc[-1] == wanted
    assert np.array_equal(days(cells)[-1:], np.array([day or "NaT"], dtype="datetime64[D]"), equal_nan=True)


def test_a_column_without_rows_or_values_is_read_as_nothing():
    assert len(days(column())) == 0
    assert np.isnat(days(column(None, None))).all()


dates = st.dates(date(1900, 1, 1), date(2261, 12, 31))


@given(given_days=st.lists(dates, min_size=1, max_size=6))
def test_every_date_is_its_own_day(given_days):
    assert days(column(*map(str, given_days))).tolist() == given_days


times = st.datetimes(
    datetime(1950, 1, 1), datetime(2200, 1, 1),
    timezones=st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours))),
)  # fmt: skip


@given(at=st.lists(times, min_size=1, max_size=5))
def test_a_column_agrees_with_single_moments(at):
    cells = column(*(moment.isoformat() for moment in at))
    assert days(cells).tolist() == [day_of(moment) for moment in at]
    assert postgres_micros(moments(cells)).tolist() == [postgres_micro(moment) for moment in at]


def test_the_database_counts_from_the_year_2000_in_utc():
    assert postgres_micro(datetime(2000, 1, 1, tzinfo=UTC)) == 0
    assert postgres_micro(datetime(2000, 1, 1, tzinfo=CHINA)) == -8 * 3600 * 1_000_000
    assert postgres_micro(datetime(2000, 1, 1, 0, 0, 1, 5, tzinfo=UTC)) == 1_000_005
