"""Quarantined rows and what stewards decide about them, in PostgreSQL. Handles sealed rows, names and counts only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pipelines.store.database import Tx

_DECISION = (
    "text",
    "uuid",
    "int8",
    "int8",
    "text",
    "text",
    "text[]",
    "text[]",
    "text",
    "text",
    "text",
    "text",
    "int8",
    "uuid",
)


LARGEST = 50_000
"""Rows that are decided about in one go: they are opened and sealed in memory."""


class Kind(StrEnum):
    """What a steward can decide."""

    CORRECTED = "corrected"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Decided:
    """What a steward decided about one row, and what came of it."""

    record_id: UUID
    batch_id: int
    holder_id: int
    plan: str
    rules: Sequence[str]
    entered_by: str
    outcome: str
    new_batch: int | None = None
    new_record: UUID | None = None


def rows(tx: Tx, ids: Sequence[UUID]) -> list[Any]:
    """Return some quarantined rows, sealed, by their ids; those that are not there are left out."""
    return tx.rows("quarantined_rows", ids=list(ids))


def facts(tx: Tx, ids: Sequence[UUID]) -> list[Any]:
    """Return what is known about some quarantined rows, without the rows themselves."""
    return tx.rows("quarantined_facts", ids=list(ids))


def put_decisions(
    tx: Tx,
    decided: Iterable[Decided],
    decision: str,
    kind: str,
    fields: Sequence[str],
    reason: str,
    steward: str,
    at: datetime,
) -> None:
    """Copy decisions in; call it before the rows go, which they are held against."""
    lines = (
        (
            decision, each.record_id, each.batch_id, each.holder_id, each.plan, kind, list(each.rules), list(fields), reason, steward,
            each.entered_by, each.outcome, each.new_batch, each.new_record, at,
        )
        for each in decided
    )  # fmt: skip
    tx.copy_rows("copy_decisions", [*_DECISION, "timestamptz"], lines)


def remove(tx: Tx, ids: Sequence[UUID]) -> int:
    """Remove rows that are in the vault now, or wait under another id."""
    return tx.run("remove_decided", ids=list(ids)) if ids else 0


def set_state(tx: Tx, ids: Sequence[UUID], state: str) -> None:
    """Say that rows went back to the department, or wait for the night."""
    if ids:
        tx.run("set_state", ids=list(ids), state=state)


def first_of(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Return, for rows that were corrected in vain before, what they were when they arrived (record_id, batch_id, rules)."""
    return {row.last: row for row in tx.rows("earlier_rows", ids=list(ids))}
