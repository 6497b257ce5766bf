"""What happens to a data subject after the collection, as far as retention counts from it.

The end of a relationship, the end of consent, an activity. Each is put on record, and the subject's records move at once
to where they belong now, in the same transaction. Call it under the writers' lock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipelines.evidence import entries, ledger, names
from pipelines.moments import day_of
from pipelines.retention import identifiers, reseal
from pipelines.retention.weigh import Scales, fill

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.evidence.entries import Entry
    from pipelines.policy import Policy
    from pipelines.store.database import Tx

Kind = Literal["relationship_end", "consent_end", "activity"]


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a data subject."""

    subject_id: int
    kind: Kind
    on_day: date | None
    """None: the relationship has not ended after all."""
    plan: str | None = None
    """None: whatever plan."""


def record(
    tx: Tx,
    custodian: Custodian,
    policy: Policy,
    index_key: bytes,
    happened: Happened,
    at: datetime,
    randomness: Callable[[int], bytes],
    before: int = 0,
) -> tuple[str, Entry, dict[str, int]]:
    """Put an event on record and move the subject's records to where they belong now.

    Args:
        tx: a transaction that holds the writers' lock.
        custodian: hands out keys.
        policy: the classes of the plans.
        index_key: hashes identifiers.
        happened: what happened.
        at: when it is recorded.
        randomness: gives n random bytes.
        before: how many entries the caller puts into the ledger before this one.

    Returns:
        The event's name; its entry, which the caller appends in this transaction; how many records moved, and how many
        of them are restricted from now on.

    Raises:
        KeyUnavailable: a key was destroyed, or a record was altered.
    """
    head = ledger.latest(tx)
    name = names.event(at, randomness(4))
    tx.run(
        "insert_event", event_id=name, subject_id=happened.subject_id, plan=happened.plan, kind=happened.kind,
        on_day=happened.on_day, at=at, entry=(head.size if head else 0) + before,
    )  # fmt: skip
    moved = replace(tx, custodian, policy, index_key, happened.subject_id, day_of(at))
    return name, entries.retention_event(name, happened.kind, happened.on_day, happened.plan, moved, at), moved


def replace(
    tx: Tx, custodian: Custodian, policy: Policy, index_key: bytes, subject_id: int, on: date
) -> dict[str, int]:
    """Move a subject's records to where they belong as things stand on a day; held ones stay until their hold ends."""
    rows = tx.rows("facts_of_subject", subject_id=subject_id)
    if not rows:
        return {"records": 0, "restricted": 0}
    weighed = Scales(tx, policy, on).weigh(rows)
    chosen = weighed.misplaced
    restricted = chosen & weighed.decided.restricted & ~np.array([row.restricted for row in rows])
    reseal.begin(tx)
    fill(tx, weighed, chosen)
    moved = reseal.run(tx, custodian)
    if moved:
        identifiers.recount_moved(tx, custodian, policy, index_key, on)
    return {"records": moved, "restricted": int(restricted.sum())}
