"""The small words that all policy files share: a frozen model, a name in two languages, a period, a duration.

Not for anything that only one policy file says; that stands beside its own model.
"""

from __future__ import annotations

import calendar
import datetime as dt
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    import numpy.typing as npt

Words = Annotated[str, Field(min_length=1, pattern=r"\S")]
"""Text that says something: blank is refused."""
Key = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
"""A name that other policy files refer to."""


class Frozen(BaseModel):
    """A policy statement: it can't be changed after loading and knows no keys but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Bilingual(Frozen):
    """One text in the two languages of the screens."""

    zh: Words
    en: Words


class Validity(Frozen):
    """Days, first and last included, in which something is in force."""

    since: dt.date = Field(alias="from")
    until: dt.date

    @model_validator(mode="after")
    def _in_order(self) -> Validity:
        if self.until < self.since:
            msg = "`until` is before `from`"
            raise ValueError(msg)
        return self

    def covers(self, day: dt.date) -> bool:
        """Tell whether the day lies within, both ends included."""
        return self.since <= day <= self.until


class Duration(Frozen):
    """Exactly one of years, months or days."""

    years: Annotated[int, Field(ge=1, le=100)] | None = None
    months: Annotated[int, Field(ge=1, le=1200)] | None = None
    days: Annotated[int, Field(ge=1, le=36_525)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Duration:
        if sum(part is not None for part in (self.years, self.months, self.days)) != 1:
            msg = "a duration has exactly one of `years`, `months` or `days`"
            raise ValueError(msg)
        return self

    @property
    def in_months(self) -> int | None:
        """The duration in calendar months, or None where it is counted in days."""
        return self.years * 12 if self.years is not None else self.months

    def after(self, start: dt.date) -> dt.date:
        """Return the corresponding day; where its month has no such day, the last day of that month.

        Source: Civil Code (2021), art. 202: periods by year and month end on the corresponding day, else on the last
        day of the month. A day beyond the calendar's end (year 9999) is its last day: nothing falls due by overflow.
        """
        return self._after(start, 1)

    def following(self, anchor: dt.date, day: dt.date) -> dt.date:
        """Return the first of the days once, twice, three times … this duration after the anchor that lies after a day.

        So what is looked at again and again has days of its own, whenever it was looked at last.
        """
        if self.in_months is None:
            return self._after(anchor, max(1, (day - anchor).days // (self.days or 1) + 1))
        passed = (day.year - anchor.year) * 12 + day.month - anchor.month
        times = max(1, passed // self.in_months)
        found = self._after(anchor, times)
        return found if found > day else self._after(anchor, times + 1)

    def _after(self, start: dt.date, times: int) -> dt.date:
        if self.in_months is None:
            return start + min(dt.timedelta(days=(self.days or 0) * times), dt.date.max - start)
        month = start.year * 12 + start.month - 1 + self.in_months * times
        year, month = divmod(month, 12)
        if year > dt.MAXYEAR:
            return dt.date.max
        return dt.date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))

    def after_days(self, starts: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
        """Do the same for a whole column of days (``datetime64[D]``); NaT stays NaT."""
        return self._after_days(starts.astype("datetime64[D]"), np.ones(len(starts), dtype=np.int64))

    def following_days(self, anchors: npt.NDArray[np.datetime64], day: dt.date) -> npt.NDArray[np.datetime64]:
        """Do what `following` does for a whole column of anchors (``datetime64[D]``); NaT stays NaT."""
        starts, on = anchors.astype("datetime64[D]"), np.datetime64(day, "D")
        known = np.where(np.isnat(starts), on, starts)
        if self.in_months is None:
            times = (on - known).astype(np.int64) // (self.days or 1) + 1
            return self._after_days(starts, np.maximum(1, times))
        passed = (on.astype("datetime64[M]") - known.astype("datetime64[M]")).astype(np.int64)
        times = np.maximum(1, passed // self.in_months)
        found = self._after_days(starts, times)
        return np.where(found <= on, self._after_days(starts, times + 1), found)

    def _after_days(
        self, starts: npt.NDArray[np.datetime64], times: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.datetime64]:
        after: npt.NDArray[np.datetime64]
        if self.in_months is None:
            after = starts + (times * (self.days or 0)).astype("timedelta64[D]")
            return after
        month = starts.astype("datetime64[M]")
        target = month + (times * self.in_months).astype("timedelta64[M]")
        last = (target + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
        same_day = target.astype("datetime64[D]") + (starts - month.astype("datetime64[D]"))
        after = np.minimum(same_day, last)
        return after
