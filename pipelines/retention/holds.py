"""Legal holds: a held record survives its cohort, sealed again into a cohort of its own with a dated review."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.custody import COHORT, SUBJECT
from pipelines.seal import envelope
from pipelines.store import keyring

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.store.database import Tx

HOLD = "HOLD"
"""The retention class of held records."""
REVIEW_DAYS = 30
"""A held record whose own review day is past is looked at again after so many days."""


def spare(tx: Tx, custodian: Custodian, as_of: date) -> int:
    """Move held records out of the cohorts that are due; return how many. Call it under the writers' lock."""
    due = tx.rows("due_cohorts", as_of=as_of)
    where = {"days": sorted({row.expires_on for row in due}), "cohorts": [row.cohort_id for row in due]}
    held = tx.rows("held_records", **where)
    if not held:
        return 0
    days = [_review_day(row.review_on, as_of) for row in held]
    for month in {day.replace(day=1) for day in days}:
        tx.run("ensure_partition", month=month)
    new_cohorts = keyring.ensure_cohorts(tx, HOLD, np.array(days, dtype="datetime64[D]")).astype(np.int64)
    new_keys = custodian.keys(tx, COHORT, new_cohorts)
    old_keys = custodian.keys(tx, COHORT, np.array([row.cohort_id for row in held], dtype=np.int64))
    subject_keys = custodian.keys(tx, SUBJECT, np.array([row.subject_id for row in held], dtype=np.int64))
    # One by one: holds are few, and each needs a person.
    for row, day, cohort, *keys in zip(held, days, new_cohorts, subject_keys, old_keys, new_keys, strict=True):
        _move(tx, custodian, row, day, int(cohort), *(key.tobytes() for key in keys))
    return len(held)


def _review_day(review_on: date, as_of: date) -> date:
    """A hold is looked at again on its own day; when that is past already, after REVIEW_DAYS."""
    return review_on if review_on > as_of else as_of + timedelta(days=REVIEW_DAYS)


def _move(
    tx: Tx, custodian: Custodian, row: Any, day: date, cohort: int, subject_key: bytes, old_key: bytes, new_key: bytes
) -> None:
    parts = [getattr(row, f"part_{level}") for level in envelope.LEVELS]
    moved = envelope.move_record(
        row.record_id.bytes, subject_key, old_key, new_key, parts, row.schema_version, custodian.randomness
    )
    named = {f"part_{level}": part for level, part in zip(envelope.LEVELS, moved, strict=True)}
    old = row.expires_on
    tx.run("move_record", record_id=row.record_id, old_expires_on=old, cohort_id=cohort, expires_on=day, **named)
    tx.run("move_subject", subject_id=row.subject_id, expires_on=day)
    tx.run("move_subject_index", subject_id=row.subject_id, expires_on=day)
