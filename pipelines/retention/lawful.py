"""What the law keeps of those who ask to be erased: it is restricted instead, and goes by itself once the law lets it.

Who asks to be erased agrees to nothing any more. So a subject with records that a statutory minimum keeps has the end of
consent put on record: what law keeps is restricted (stored and secured, nothing else; PIPL 47), the rest is due after the
time that its class gives, and the request stands until nothing is left. Sets, not subjects: a request may name many.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from pipelines.evidence import entries, ledger, names
from pipelines.moments import day_of
from pipelines.retention import identifiers, reseal
from pipelines.retention.weigh import Scales, chunks, fill

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.evidence.entries import Entry
    from pipelines.policy import Policy
    from pipelines.store.database import Tx


def spare(
    tx: Tx, custodian: Custodian, policy: Policy, index_key: bytes, at: datetime, randomness: Callable[[int], bytes]
) -> tuple[int, list[Entry]]:
    """Take those of whom the law keeps records out of the table ``aimed``, and restrict what it keeps.

    Call it under the writers' lock, before anything is appended to the ledger in this transaction.

    Returns:
        How many subjects, and what the ledger is to say of it first.

    Raises:
        KeyUnavailable: a key was destroyed, or a record was altered.
    """
    plans = [name for name, plan in policy.plans.items() if _kept(policy, plan.retention)]
    if not plans and not tx.scalar("any_restricted"):
        return 0, []
    tx.run("make_lawful")
    if not tx.run("find_lawful", plans=plans):
        return 0, []
    told = _end_consent(tx, custodian, policy, index_key, at, randomness)
    return tx.run("spare_restricted_from_aimed"), told


def _kept(policy: Policy, key: str) -> bool:
    retention = policy.retention[key]
    return retention.minimum is not None or retention.action == "restrict"


def _end_consent(
    tx: Tx, custodian: Custodian, policy: Policy, index_key: bytes, at: datetime, randomness: Callable[[int], bytes]
) -> list[Entry]:
    """Put the end of consent on record, of those for whom it is not yet, and move their records to where they belong now."""
    head, name, today = ledger.latest(tx), names.event(at, randomness(4)), day_of(at)
    added = tx.run("end_consent_of_lawful", event=name, on_day=today, at=at, entry=head.size if head else 0)
    if not added:
        return []
    scales, restricted = Scales(tx, policy, today), 0
    reseal.begin(tx)
    for rows in chunks(tx.stream("facts_of_lawful")):
        weighed = scales.weigh(rows)
        chosen = weighed.misplaced
        restricted += int((chosen & weighed.decided.restricted & ~np.array([row.restricted for row in rows])).sum())
        fill(tx, weighed, chosen)
    moved = reseal.run(tx, custodian)
    if moved:
        identifiers.recount_moved(tx, custodian, policy, index_key, today)
    counts = {"subjects": added, "records": moved, "restricted": restricted}
    return [entries.retention_event(name, "consent_end", today, None, counts, at)]
