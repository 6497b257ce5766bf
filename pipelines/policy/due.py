"""What `retention.decide` says of one record, for a whole column of them: a million decisions in a moment.

Pure. The rule is written in `retention`; here it is written again for columns, and a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.policy.retention import OPEN_STARTS, Action

if TYPE_CHECKING:
    import datetime as dt

    import numpy.typing as npt

    from pipelines.policy.retention import RetentionClass

    Days = npt.NDArray[np.datetime64]
    Mask = npt.NDArray[np.bool_]

ACTIONS = tuple(Action)
"""An action's number is its place here."""
_DESTROY, _RESTRICT, _REVIEW = (ACTIONS.index(action) for action in (Action.DESTROY, Action.RESTRICT, Action.REVIEW))


@dataclass(frozen=True, slots=True)
class EventDays:
    """What has happened to some records: columns of ``datetime64[D]``, NaT where it has not."""

    collected: Days
    last_activity: Days
    relationship_end: Days
    consent_end: Days

    def __len__(self) -> int:
        """Count the records."""
        return len(self.collected)


@dataclass(frozen=True, slots=True)
class Decisions:
    """What is to be done with them, column by column."""

    due: Days
    """NaT where a record has no day that anything could count from."""
    actions: npt.NDArray[np.int8]
    restricted: Mask

    def __len__(self) -> int:
        """Count the decisions."""
        return len(self.due)


def decide_all(retention: RetentionClass, events: EventDays, on: dt.date) -> Decisions:
    """Decide about records of one class, as `retention.decide` does about each."""
    today = np.datetime64(on, "D")
    start = start_days(retention, events)
    withdrawn = (
        _nothing(events) if retention.withdrawal is None else retention.withdrawal.after_days(events.consent_end)
    )
    end = np.fmin(retention.duration.after_days(start), withdrawn)
    unknown = np.isnat(end)
    outlasted, least = _minimum(retention, start, end)
    restricts = ~unknown & (outlasted | (retention.action == "restrict"))
    since = np.where(~np.isnat(withdrawn) & (withdrawn == end), events.consent_end, end)
    later, now = restricts & (today < since), restricts & ~(today < since)

    due = np.where(later, since, end)
    actions = np.where(later, _RESTRICT, _DESTROY).astype(np.int8)
    if retention.review is not None:
        due, actions = _reviews(retention, events, today, (unknown, now, outlasted), (start, least, due, actions))
    # A class that is not reviewed has a minimum that is known, and destroys: then that is the day.
    known = now & ~(outlasted & np.isnat(least)) & (retention.action == "destroy")
    return Decisions(np.where(known, least, due), actions, now)


def start_days(retention: RetentionClass, events: EventDays) -> Days:
    """Return the days that the periods of a class count from; NaT where it has not happened."""
    if retention.start == "last_activity":
        return np.where(np.isnat(events.last_activity), events.collected, events.last_activity)
    if retention.start == "collected":
        return events.collected
    return events.relationship_end if retention.start == "relationship_end" else events.consent_end


def _minimum(retention: RetentionClass, start: Days, end: Days) -> tuple[Mask, Days]:
    """Tell where the law's minimum outlasts the end, and the later of both (NaT: the minimum has not begun)."""
    if retention.minimum is None:
        return np.zeros(len(end), dtype=bool), end
    minimum = retention.minimum.duration.after_days(start)
    begun = ~np.isnat(minimum)
    least: Days = np.where(begun, np.fmax(minimum, end), np.datetime64("NaT", "D"))
    return ~begun | (minimum > end), least


def _reviews(
    retention: RetentionClass,
    events: EventDays,
    today: np.datetime64,
    masks: tuple[Mask, Mask, Mask],
    columns: tuple[Days, Days, Days, npt.NDArray[np.int8]],
) -> tuple[Days, npt.NDArray[np.int8]]:
    """Give a day of review to what has no end yet, and to what is restricted without one."""
    (unknown, now, outlasted), (_, least, due, actions) = masks, columns
    if retention.review is None:
        return due, actions
    on = today.astype(object)
    if retention.start in OPEN_STARTS:
        waiting = unknown | (now & outlasted & np.isnat(least))
        due = np.where(waiting, retention.review.following_days(events.collected, on), due)
        actions = np.where(waiting, _REVIEW, actions)
    if retention.action == "restrict":
        kept = now & ~(outlasted & np.isnat(least))
        again = retention.review.following_days(least, on)
        due = np.where(kept, np.where(today < least, least, again), due)
        actions = np.where(kept, _REVIEW, actions)
    return due, actions.astype(np.int8)


def _nothing(events: EventDays) -> Days:
    return np.full(len(events), np.datetime64("NaT", "D"))
