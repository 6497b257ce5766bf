"""Settle what is not to be destroyed on its day: before the due are listed, whatever stays is moved out of their cohorts.

Held records go to a cohort of their own, until their hold is looked at again. Records that a law keeps are restricted.
Records whose start event has not come get another day of review. And a cohort that records left for an earlier day gives
up those that stay, so that its key can go with the first of them. What is left is due. Where there is nothing of the
kind it costs one look-up; else it goes by what is due, never by what is not. Call it under the writers' lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.evidence import entries
from pipelines.policy import HOLD
from pipelines.policy.due import Decisions
from pipelines.retention import reseal, waiting
from pipelines.retention.weigh import REVIEW, Mask, Scales, Weighed, chunks, fill, hold_day

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.evidence.entries import Entry
    from pipelines.policy import Policy
    from pipelines.store.database import Tx


@dataclass(frozen=True, slots=True)
class Settled:
    """What was kept from destruction, and why."""

    held: int = 0
    """Records and quarantined rows that a legal hold keeps past their day."""
    restricted: int = 0
    """Records that may only be stored and secured from now on."""
    reviewed: int = 0
    """Records that were looked at and got another day."""
    renewed: int = 0
    """Records that were sealed again so that the key of a cohort that others left can go."""
    entries: tuple[Entry, ...] = ()
    """For the ledger, in the same transaction."""


def settle(tx: Tx, custodian: Custodian, policy: Policy, as_of: date, at: datetime) -> Settled:
    """Move whatever may not be destroyed on a day out of the cohorts that are due.

    Raises:
        KeyUnavailable: a key was destroyed, or a record was altered.
    """
    open_ = tx.one("unsettled", as_of=as_of)
    if not (open_.reviews or open_.outlived or open_.holds):
        return Settled()
    due = tx.rows("due_cohorts", as_of=as_of)
    days, cohorts = sorted({row.expires_on for row in due}), [row.cohort_id for row in due]
    reseal.begin(tx)
    tx.run("spend_cohorts", cohorts=open_.reviews)
    scales, counts, held_rows = Scales(tx, policy, as_of), np.zeros(3, dtype=np.int64), 0
    if open_.holds:
        counts += _place(tx, scales, tx.stream("held_facts", days=days, cohorts=cohorts), as_of)
        if open_.plan_holds:
            counts += _place(tx, scales, tx.stream("plan_held_facts", days=days, cohorts=cohorts), as_of)
            held_rows = waiting.hold(tx, as_of, [*cohorts, *open_.reviews])
    if open_.reviews:
        counts += _place(tx, scales, tx.stream("facts_of_cohorts", days=open_.days, cohorts=open_.reviews), as_of)
        waiting.release(tx, as_of, open_.reviews)
    renewed = _renew(tx, open_.outlived)
    reseal.run(tx, custodian)
    waiting.run(tx, custodian)
    held, restricted, reviewed = (int(count) for count in counts)
    return _settled(held + held_rows, restricted, reviewed, renewed, as_of, at)


def _place(tx: Tx, scales: Scales, facts: Iterable[Any], as_of: date) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Put all of some records on their way; count held, restricted, reviewed."""
    counts = np.zeros(3, dtype=np.int64)
    for rows in chunks(facts):
        weighed = scales.weigh(rows)
        held = weighed.due_now & np.array([row.held_until is not None for row in rows])
        restricted = ~held & weighed.decided.restricted & ~np.array([row.restricted for row in rows])
        reviewed = ~held & ~restricted & ~weighed.due_now
        fill(tx, _held(weighed, held, as_of), np.ones(len(rows), dtype=bool))
        counts += [held.sum(), (restricted & ~weighed.due_now).sum(), reviewed.sum()]
    return counts


def _held(weighed: Weighed, held: Mask, as_of: date) -> Weighed:
    """Send the held ones to their hold's day, restricted: nothing but the hold lets them be kept."""
    days = [hold_day(row.held_until, as_of) if keep else as_of for row, keep in zip(weighed.rows, held, strict=True)]
    decided = Decisions(
        np.where(held, np.array(days, dtype="datetime64[D]"), weighed.decided.due),
        np.where(held, REVIEW, weighed.decided.actions).astype(np.int8),
        weighed.decided.restricted | held,
    )
    return Weighed(weighed.rows, np.where(held, HOLD, weighed.classes), decided, weighed.on)


def _renew(tx: Tx, cohorts: list[int]) -> int:
    """Put what stays in cohorts that others left on its way to a fresh cohort like each."""
    if not cohorts:
        return 0
    fresh = reseal.renew(tx, cohorts)
    days = [row.expires_on for row in tx.rows("cohorts", cohorts=list(fresh))]
    where = {"cohorts": list(fresh), "fresh": list(fresh.values()), "days": days}
    return tx.run("move_renewed", **where) + tx.run("move_renewed_quarantine", **where)


def _settled(held: int, restricted: int, reviewed: int, renewed: int, as_of: date, at: datetime) -> Settled:
    counted = (
        (held, entries.records_held), (restricted, entries.records_restricted), (reviewed, entries.records_reviewed),
    )  # fmt: skip
    told = tuple(entry(as_of, count, at) for count, entry in counted if count)
    return Settled(held, restricted, reviewed, renewed, told)
