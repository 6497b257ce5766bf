"""Weigh records: what has happened to them, what the schedule says of it, and which cohort they belong in.

Reads and decides; moving is `reseal`'s. The class of a record is the one that its plan has in the policy now; where the
plan is gone, the one that it had last. Call it under the writers' lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines import sealing
from pipelines.policy import HOLD
from pipelines.policy.due import ACTIONS, Decisions, EventDays, decide_all
from pipelines.policy.retention import Action

if TYPE_CHECKING:
    from pipelines.policy import Policy, RetentionClass
    from pipelines.store.database import Tx

CHUNK_ROWS = 20_000
REVIEW_DAYS = 30
"""What nobody can decide about, and a hold whose own day of review is past, is looked at again after so many days."""
DESTROY, REVIEW = ACTIONS.index(Action.DESTROY), ACTIONS.index(Action.REVIEW)
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Weighed:
    """Some records, and the cohort that each belongs in."""

    rows: Sequence[Any]
    """Rows of ``destruction.record_facts``."""
    classes: npt.NDArray[np.str_]
    decided: Decisions

    on: np.datetime64

    @property
    def due_now(self) -> Mask:
        """Which of them are to be destroyed, and the day is there."""
        due_now: Mask = (self.decided.actions == DESTROY) & (self.decided.due <= self.on)
        return due_now

    @property
    def misplaced(self) -> Mask:
        """Which of them lie in another cohort than they belong in; what is due already is due either way."""
        classes = np.array([row.retention_class for row in self.rows])
        actions = np.array([ACTIONS.index(row.action) for row in self.rows], dtype=np.int8)
        restricted = np.array([row.restricted for row in self.rows], dtype=bool)
        expires = np.array([row.expires_on for row in self.rows], dtype="datetime64[D]")
        due_there = (actions == DESTROY) & (expires <= self.on)
        here = (actions == self.decided.actions) & (restricted == self.decided.restricted)
        right = here & (classes == self.classes) & (expires == self.decided.due)
        misplaced: Mask = ~(right | (due_there & self.due_now)) & (classes != HOLD)
        return misplaced


class Scales:
    """Weighs records under one policy, as things stand on one day."""

    def __init__(self, tx: Tx, policy: Policy, on: date) -> None:
        """Read which class each plan had last."""
        last = {row.plan: row.retention_class for row in tx.rows("classes_in_force")}
        self._key_of = {**last, **{name: plan.retention for name, plan in policy.plans.items()}}
        self._classes = policy.retention
        self._on = on

    def classes(self, rows: Sequence[Any]) -> list[str]:
        """Tell the class of each record: its plan's."""
        return [self._key_of.get(row.plan, row.retention_class) for row in rows]

    def weigh(self, rows: Sequence[Any]) -> Weighed:
        """Decide about rows of ``destruction.record_facts``."""
        keys = np.array(self.classes(rows))
        events = _event_days(rows)
        due = np.full(len(rows), np.datetime64(self._on + timedelta(REVIEW_DAYS)), dtype="datetime64[D]")
        decided = Decisions(
            due, np.full(len(rows), REVIEW, dtype=np.int8), np.array([row.restricted for row in rows], dtype=bool)
        )
        for key in np.unique(keys):
            if str(key) not in self._classes:
                continue  # Nobody can say how long it is kept: neither destroyed nor forgotten.
            chosen = keys == key
            found = decide_all(self._classes[str(key)], _of(events, chosen, rows, self._classes[str(key)]), self._on)
            decided.due[chosen], decided.actions[chosen] = found.due, found.actions
            decided.restricted[chosen] = found.restricted
        return Weighed(rows, keys, decided, np.datetime64(self._on, "D"))


def fill(tx: Tx, weighed: Weighed, chosen: Mask) -> int:
    """Put the chosen records into ``moving``, each on its way to where it belongs; what is past its day goes today."""
    if not chosen.any():
        return 0
    due = np.where(weighed.due_now, weighed.on, weighed.decided.due)
    cohorts = np.zeros(len(weighed.rows), dtype=np.int32)
    for key in np.unique(weighed.classes[chosen]):
        of_key = chosen & (weighed.classes == key)
        decided = Decisions(due[of_key], weighed.decided.actions[of_key], weighed.decided.restricted[of_key])
        cohorts[of_key] = sealing.ensure_cohorts(tx, str(key), decided)
    moving = (
        (weighed.rows[place].record_id, weighed.rows[place].expires_on, int(cohorts[place]), due[place].astype(object))
        for place in np.flatnonzero(chosen).tolist()
    )
    tx.copy_rows("copy_moving", ["uuid", "date", "int4", "date"], moving)
    return int(chosen.sum())


def hold_day(review_on: date, as_of: date) -> date:
    """Tell when a hold is looked at again: on its own day; when that is past already, after REVIEW_DAYS."""
    return review_on if review_on > as_of else as_of + timedelta(REVIEW_DAYS)


def chunks(rows: Iterable[Any], size: int = CHUNK_ROWS) -> Iterator[list[Any]]:
    """Cut a stream of rows into lists of at most so many."""
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _event_days(rows: Sequence[Any]) -> EventDays:
    return EventDays(*(_days(rows, name) for name in ("collected_on", "active_on", "relationship_end", "consent_end")))


def _of(events: EventDays, chosen: Mask, rows: Sequence[Any], retention: RetentionClass) -> EventDays:
    consent_end = events.consent_end[chosen]
    if retention.start == "consent_end":
        # A consent that was given for a time ends with it.
        until = _days([rows[place] for place in np.flatnonzero(chosen).tolist()], "consent_until")
        consent_end = np.fmin(consent_end, until)
    return EventDays(
        events.collected[chosen], events.last_activity[chosen], events.relationship_end[chosen], consent_end
    )


def _days(rows: Sequence[Any], name: str) -> npt.NDArray[np.datetime64]:
    return np.array([getattr(row, name) for row in rows], dtype="datetime64[D]")
