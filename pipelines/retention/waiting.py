"""Quarantined rows that outlive their cohort, or leave it: those of a plan that a legal hold protects.

Nobody knows whose they are, so a hold of one subject does not reach them; one of a plan does. They are sealed whole, and
lie in a table of their own; else they move as records do (`reseal`). Call it under the writers' lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from pipelines.custody import COHORT, SUBJECT
from pipelines.policy import HOLD, QUARANTINE
from pipelines.retention.reseal import note_passages
from pipelines.retention.weigh import chunks, hold_day
from pipelines.seal import envelope
from pipelines.store import keyring

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.store.database import Tx


def hold(tx: Tx, as_of: date, cohorts: Sequence[int]) -> int:
    """Put the rows of held plans on their way out of cohorts that are due, to the day of their hold; return how many."""
    rows = [row for row in tx.rows("quarantine_facts", cohorts=list(cohorts)) if row.held_until is not None]
    return _fill(tx, rows, HOLD, [hold_day(row.held_until, as_of) for row in rows])


def release(tx: Tx, due: date, cohorts: Sequence[int]) -> int:
    """Put the rows of some cohorts that no hold protects any more on their way to destruction; return how many."""
    rows = [row for row in tx.rows("quarantine_facts", cohorts=list(cohorts)) if row.held_until is None]
    return _fill(tx, rows, QUARANTINE, [due] * len(rows))


def reject(tx: Tx, custodian: Custodian, ids: Sequence[UUID], today: date) -> date:
    """Seal some rows again for the next night, which destroys them with their key; return the day on which they are due.

    Raises:
        KeyUnavailable: a key was destroyed, or a row was altered.
    """
    tx.run("make_moving_quarantined")
    tx.run("empty_moving_quarantined")
    for day in (today, today + timedelta(days=1)):
        (cohort,) = keyring.ensure_cohorts(tx, QUARANTINE, np.array([day], dtype="datetime64[D]"))
        # A destruction that is under way has its list, and nothing may come on it any more: then the night after.
        if not tx.scalar("cohort_is_listed", cohort=int(cohort)):
            break
    moving = ((record_id, int(cohort), day) for record_id in ids)
    tx.copy_rows("copy_moving_quarantined", ["uuid", "int4", "date"], moving)
    run(tx, custodian)
    return day


def run(tx: Tx, custodian: Custodian) -> int:
    """Seal everything in ``moving_quarantined`` again.

    Raises:
        KeyUnavailable: a key was destroyed, or a row was altered.
    """
    moved = 0
    for rows in chunks(tx.stream("moving_quarantined_rows")):
        moved += len(rows)
        tx.copy_rows("copy_moved_quarantined", ["uuid", "int4", "date", "bytea"], _seal(tx, custodian, rows))
    if moved:
        note_passages(tx, "passages_of_quarantined")
        tx.run("move_quarantined")
        tx.run("empty_moving_quarantined")
    return moved


def _seal(tx: Tx, custodian: Custodian, rows: Sequence[Any]) -> list[tuple[object, ...]]:
    holders = _keys(tx, custodian, SUBJECT, [row.holder_id for row in rows])
    parts = envelope.reseal_records(
        [row.record_id.bytes for row in rows],
        (holders, _keys(tx, custodian, COHORT, [row.old_cohort for row in rows])),
        (holders, _keys(tx, custodian, COHORT, [row.cohort_id for row in rows])),
        [(None, None, None, None, row.sealed) for row in rows],
        [row.schema_version for row in rows],
        custodian.randomness,
    )
    return [(row.record_id, row.cohort_id, row.expires_on, sealed[-1]) for row, sealed in zip(rows, parts, strict=True)]


def _fill(tx: Tx, rows: Sequence[Any], retention_class: str, days: Sequence[date]) -> int:
    if not rows:
        return 0
    held = retention_class == HOLD
    action = "review" if held else "destroy"
    expires = np.array(days, dtype="datetime64[D]")
    cohorts = keyring.ensure_cohorts(tx, retention_class, expires, action, restricted=held)
    moving = ((row.record_id, int(cohort), day) for row, cohort, day in zip(rows, cohorts, days, strict=True))
    tx.copy_rows("copy_moving_quarantined", ["uuid", "int4", "date"], moving)
    return len(rows)


def _keys(tx: Tx, custodian: Custodian, ring: str, ids: Sequence[int]) -> list[bytes]:
    return [key.tobytes() for key in custodian.keys(tx, ring, np.array(ids, dtype=np.int64))]
