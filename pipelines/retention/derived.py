"""Everything derived goes too: what one destruction, or the end of a copy's own time, means for copies outside the vault.

    copies of ours    destroyed by their own key and removed       with recipients   told by a notice
    with a keeper     given a work order                           backups           left to their day, keys are gone

One call for the destruction (`destroy_for`), in the transaction that removes the rows and before it removes them; one
for every purge (`expire`); one for the certificate (`summary`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pipelines.evidence import entries
from pipelines.evidence.case import Derivative, Recipients, WorkOrder
from pipelines.policy import Kind
from pipelines.retention import derivatives, gone, notices, work_orders
from pipelines.retention.derivatives import Register, within_reach

if TYPE_CHECKING:
    from pipelines.evidence.entries import Entry
    from pipelines.retention.job import Destroyer
    from pipelines.store.database import Tx

EXPIRER = "service:retention"


@dataclass(frozen=True, slots=True)
class Derived:
    """What became of copies."""

    removed: Mapping[str, int]
    """Kind → copies destroyed."""
    entries: Sequence[Entry]
    """What the ledger is to say of notices and work orders, beside the caller's own entry."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a certificate says of copies."""

    derivatives: tuple[Derivative, ...]
    work_orders: tuple[WorkOrder, ...]
    recipients: Recipients


def register_of(tools: Destroyer) -> Register:
    """Take the register's tools from those of a destruction."""
    return Register(tools.home, tools.custodian.kms, tools.ledger, tools.policy, tools.randomness)


def destroy_for(tools: Register, tx: Tx, job_id: str, at: datetime) -> Derived:
    """Destroy the copies that hold information of those who are gone by a destruction, and tell who keeps others.

    Call it under the writers' lock, in the transaction that removes the rows, before it removes them. Called again, it
    finds nothing more: everybody is told once of each subject.
    """
    copies = gone.covering(tx, job_id)
    if not copies:
        return Derived({}, ())
    ours = [copy for copy in copies if within_reach(copy)]
    removed = derivatives.destroy(tools, tx, ours, job_id, at)
    requested = bool(tx.scalar("is_requested", job_id=job_id))
    told = notices.raise_for(tools, tx, [copy for copy in copies if copy.recipient], job_id, at)
    given = work_orders.raise_for(tools, tx, [c for c in copies if c.keeper], job_id, at, requested=requested)
    tx.run("forget_gone")
    return Derived(removed, (*told, *given))


def expire(
    tools: Register, tx: Tx, as_of: date, at: datetime, spare: Callable[[Any], bool] = lambda _: False
) -> Mapping[str, int]:
    """Destroy the copies whose own time is up, and tell who keeps others; return kind → how many are gone.

    Call it under the writers' lock, at every purge. ``spare`` may keep a copy of ours: its caller knows better.
    """
    copies = tx.rows("expired_derivatives", as_of=as_of)
    ours = [copy for copy in copies if within_reach(copy) and not spare(copy)]
    removed = derivatives.destroy(tools, tx, ours, EXPIRER, at)
    said = notices.raise_expired(tools, tx, [copy for copy in copies if copy.recipient], at)
    said += work_orders.raise_expired(tools, tx, [copy for copy in copies if copy.keeper], at)
    if removed:
        said.append(entries.derivatives_destroyed(removed, EXPIRER, at))
    if said:
        tools.ledger.append(tx, said, at)
    return removed


def summary(tx: Tx, job_id: str) -> Summary:
    """Say what a destruction came to for copies outside the vault, as of now."""
    found: dict[str, list[Any]] = defaultdict(list)
    for row in tx.rows("derived_of_job", job_id=job_id):
        found[row.kind].append(row)
    listed = tuple(_summed(kind, found[kind]) for kind in Kind if kind in found)
    return Summary(listed, work_orders.of_job(tx, job_id), notices.recipients(tx, job_id))


def _summed(kind: Kind, rows: Sequence[Any]) -> Derivative:
    left = [row for row in rows if not row.destroyed]
    days = [row.until for row in left]
    until = None if None in days else max(days, default=None)
    return Derivative(kind.value, len(rows) - len(left), len(left), until)
