"""An erased person's quarantined rows: found by opening them, and set apart from the rows beside them.

A quarantined row is sealed whole under one slot of the subject ring a batch, and has no index: it failed a rule, so
nobody vouches for its identifiers. To find a person's, rows are opened chunk by chunk and their identifiers hashed as at
the door; any identifier that is hers counts, for a doubtful row is better destroyed than kept (PIPL 47). To destroy
hers alone, the other rows of the slot are sealed again under a new one, and the old slot is blanked with her key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines import sealing
from pipelines.custody import COHORT, SUBJECT
from pipelines.errors import PolicyError
from pipelines.retention.weigh import chunks
from pipelines.seal import envelope
from pipelines.seal import keyring as pages
from pipelines.store import keyring, subjects

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.policy import Policy
    from pipelines.store.database import Tx

CHUNK_ROWS = 10_000
Digests = npt.NDArray[np.bytes_]
"""Blind indexes of one kind: shape (n,), 16 bytes each."""


@dataclass(frozen=True, slots=True)
class SetApart:
    """Rows that now lie under slots of their own."""

    holders: tuple[int, ...]
    """Slots of the subject ring under which nothing else lies: to be blanked."""
    found: int
    resealed: int
    """Rows beside them that were sealed again under another slot."""


def aim(tx: Tx, custodian: Custodian, policy: Policy, index_key: bytes) -> SetApart:
    """Find the quarantined rows of the subjects in the table ``aimed``, set them apart, and aim at their slots too.

    Call it under the writers' lock.

    Raises:
        PolicyError, KeyUnavailable: as :func:`find`.
    """
    found = find(tx, custodian, policy, index_key, digests_of_aimed(tx))
    # What a steward stored was quarantined before, and lies so in backups: those slots go with her key too.
    apart = set_apart(tx, custodian, found, tx.rows("former_holders"))
    tx.run("aim_at_slots", slots=list(apart.holders))
    return apart


def digests_of_aimed(tx: Tx) -> dict[str, Digests]:
    """Return the blind indexes of the subjects in the table ``aimed``, by kind."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for row in tx.stream("digests_of_aimed"):
        found[row.kind].append(row.digest.bytes)
    return {kind: np.frombuffer(b"".join(digests), dtype="S16") for kind, digests in found.items()}


def find(
    tx: Tx, custodian: Custodian, policy: Policy, index_key: bytes, digests_by_kind: Mapping[str, Digests]
) -> list[UUID]:
    """Open all quarantined rows and return the ids of those that have one of the identifiers.

    Rows whose key is destroyed already are passed over: they are on their way out.

    Raises:
        PolicyError: rows of a plan that is not there any more can't be told apart.
        KeyUnavailable: a page or row was altered.
    """
    found: list[UUID] = []
    if not digests_by_kind:
        return found
    slots = tx.rows("quarantine_slots")
    keys = _Keys(tx, custodian, slots)
    for rows in chunks(tx.stream("quarantined_sealed", fetch=CHUNK_ROWS), CHUNK_ROWS):
        by_plan: dict[str, list[tuple[UUID, dict[str, Any]]]] = defaultdict(list)
        for row in rows:
            opened = keys.open(row)
            if opened is not None:
                by_plan[row.plan].append((row.record_id, opened))
        for name, opened_rows in by_plan.items():
            hits = _hits([values for _, values in opened_rows], name, policy, index_key, digests_by_kind)
            found += [opened_rows[place][0] for place in np.flatnonzero(hits)]
    return found


def set_apart(tx: Tx, custodian: Custodian, ids: Sequence[UUID], former: Sequence[Any] = ()) -> SetApart:
    """Seal the rows beside some rows again under new slots, so that the old slots hold those rows alone.

    Call it under the writers' lock.

    Args:
        tx: the transaction.
        custodian: opens pages.
        ids: the rows.
        former: more slots that are to hold nothing else (holder_id, and whether rows lie there), for what lay there once.

    Raises:
        KeyUnavailable: a page or row was altered.
    """
    if not ids and not former:
        return SetApart((), 0, 0)
    tx.run("make_set_apart")
    tx.copy_rows("copy_set_apart", ["uuid"], ((record_id,) for record_id in ids))
    holders = tx.rows("holders_set_apart")
    mixed = sorted({row.holder_id for row in (*holders, *former) if row.others})
    resealed = _reseal_others(tx, custodian, mixed) if mixed else 0
    slots = dict.fromkeys(row.holder_id for row in (*holders, *former))
    return SetApart(tuple(slots), sum(row.found for row in holders), resealed)


def _reseal_others(tx: Tx, custodian: Custodian, holders: Sequence[int]) -> int:
    fresh = dict(zip(holders, subjects.allot(tx, len(holders)).tolist(), strict=True))
    new_keys = custodian.keys(tx, SUBJECT, np.array(list(fresh.values()), dtype=np.int64))
    key_of = {old: key.tobytes() for old, key in zip(fresh, new_keys, strict=True)}
    keys = _Keys(tx, custodian, tx.rows("slots_of_holders", holders=list(holders)))
    tx.run("make_resealed")
    count = 0
    for rows in chunks(tx.stream("rows_beside", fetch=CHUNK_ROWS, holders=list(holders)), CHUNK_ROWS):
        moved = []
        for row in rows:
            values = keys.open(row)
            if values is not None:  # else its key is destroyed already, and it stays where it is
                cohort_key = keys.of(COHORT, row.cohort_id)
                sealed = envelope.seal_whole(
                    [row.record_id.bytes], key_of[row.holder_id], [cohort_key], [values], custodian.randomness
                )
                moved.append((row.record_id, fresh[row.holder_id], sealed[0]))
        count += len(moved)
        tx.copy_rows("copy_resealed", ["uuid", "int8", "bytea"], moved)
    tx.run("move_resealed")
    return count


def _hits(
    rows: Sequence[dict[str, Any]],
    plan_name: str,
    policy: Policy,
    index_key: bytes,
    digests_by_kind: Mapping[str, Digests],
) -> npt.NDArray[np.bool_]:
    if plan_name not in policy.plans:
        raise PolicyError(
            f"Quarantined rows of the plan {plan_name} can't be searched without it; restore policy/plans/{plan_name}.yaml. Nothing was changed."
        )
    plan = policy.plans[plan_name]
    frame = pd.DataFrame.from_records(rows, columns=[field.name for field in plan.fields]).astype("str")
    hits = np.zeros(len(rows), dtype=bool)
    for identifier in sealing.identify(frame, plan, index_key):
        wanted = digests_by_kind.get(identifier.kind)
        if wanted is not None:
            theirs = np.ascontiguousarray(identifier.digests).view("S16").reshape(-1)
            hits[np.flatnonzero(identifier.present)] |= np.isin(theirs, wanted)
    return hits


class _Keys:
    """The keys of some slots, opened page by page."""

    def __init__(self, tx: Tx, custodian: Custodian, slots: Sequence[Any]) -> None:
        ids = {SUBJECT: {row.holder_id for row in slots}, COHORT: {row.cohort_id for row in slots}}
        self._opened = {
            ring: custodian.open(keyring.pages(tx, ring, {number >> pages.SLOT_BITS for number in numbers}))
            for ring, numbers in ids.items()
        }

    def of(self, ring: str, number: int) -> bytes:
        page = self._opened[ring][number >> pages.SLOT_BITS]
        start = (number & (pages.SLOTS - 1)) * pages.KEY_BYTES
        return page[start : start + pages.KEY_BYTES]

    def open(self, row: Any) -> dict[str, Any] | None:
        """Open a row; None where its key is destroyed."""
        holder, cohort = self.of(SUBJECT, row.holder_id), self.of(COHORT, row.cohort_id)
        if not any(holder) or not any(cohort):
            return None
        return envelope.open_whole(row.record_id.bytes, holder, cohort, bytes(row.sealed), row.schema_version)
