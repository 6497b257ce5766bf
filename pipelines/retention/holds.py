"""Legal holds: a held record survives its cohort, sealed again into a cohort of its own with a dated review."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

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
    until = as_of + timedelta(days=REVIEW_DAYS)
    cohort = keyring.ensure_cohorts(tx, HOLD, np.full(1, np.datetime64(until), dtype="datetime64[D]")).astype(np.int64)
    tx.run("ensure_partition", month=until)
    new_key = custodian.keys(tx, COHORT, cohort)[0].tobytes()
    old_keys = custodian.keys(tx, COHORT, np.array([row.cohort_id for row in held], dtype=np.int64))
    subject_keys = custodian.keys(tx, SUBJECT, np.array([row.subject_id for row in held], dtype=np.int64))
    for row, old_key, subject_key in zip(held, old_keys, subject_keys, strict=True):
        parts = [getattr(row, f"part_{level}") for level in envelope.LEVELS]
        moved = envelope.move_record(
            row.record_id.bytes,
            subject_key.tobytes(),
            old_key.tobytes(),
            new_key,
            parts,
            row.schema_version,
            custodian.randomness,
        )
        named = {f"part_{level}": part for level, part in zip(envelope.LEVELS, moved, strict=True)}
        tx.run(
            "move_record", record_id=row.record_id, old_expires_on=row.expires_on, cohort_id=int(cohort[0]),
            expires_on=until, **named,
        )  # fmt: skip
        tx.run("move_subject", subject_id=row.subject_id, expires_on=until)
        tx.run("move_subject_index", subject_id=row.subject_id, expires_on=until)
    return len(held)
