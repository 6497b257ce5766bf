"""What the end of a legal hold sets free is due again at once, by itself, and not on the day of the hold's review.

Call it under the writers' lock, after the release.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from pipelines.retention import identifiers, reseal, waiting
from pipelines.retention.weigh import Scales, chunks, fill

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.policy import Policy
    from pipelines.store.database import Tx


def free(
    tx: Tx, custodian: Custodian, policy: Policy, index_key: bytes, subject: int | None, plan: str | None, on: date
) -> int:
    """Seal what a hold of a subject or of a plan kept into the cohorts of its true days; what is past its day goes today.

    Returns:
        How many records and quarantined rows: those that another hold protects stay where they are.

    Raises:
        KeyUnavailable: a key was destroyed, or a record was altered.
    """
    cohorts = tx.rows("hold_cohorts")
    days, numbers = sorted({row.expires_on for row in cohorts}), [row.cohort_id for row in cohorts]
    reseal.begin(tx)
    scales, moved = Scales(tx, policy, on), 0
    for rows in chunks(tx.stream("freed_facts", subject_id=subject, plan=plan, days=days, cohorts=numbers)):
        moved += fill(tx, scales.weigh(rows), np.ones(len(rows), dtype=bool))
    if plan is not None:
        moved += waiting.release(tx, on, numbers)
    if reseal.run(tx, custodian):
        identifiers.recount_moved(tx, custodian, policy, index_key, on)
    waiting.run(tx, custodian)
    return moved
