"""Work orders: what only people can destroy, with method, witness and photo (controls C-08, D-07, D-09).

The keeper of a carrier destroys the sheets of some subjects, found by code, or all of it when its time is up. Shredding
is by the levels of ISO/IEC 21964 (DIN 66399): P-4 for ordinary personal information, P-5 where a plan's fields are of
level 4 or 5; incineration and pulping need two witnesses. Which method will do is a pure rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.errors import ApprovalMissing, UnknownReference
from pipelines.evidence import canonical, entries, names
from pipelines.evidence.case import WorkOrder
from pipelines.evidence.entries import actor
from pipelines.policy import Kind
from pipelines.retention import gone, letters
from pipelines.retention.notices import due

if TYPE_CHECKING:
    from pipelines.evidence.entries import Entry
    from pipelines.policy import Policy
    from pipelines.retention.derivatives import Register
    from pipelines.store.database import Tx

OF_PAPER = ("shred_P4", "shred_P5", "shred_P6", "shred_P7", "pulping", "incineration")
"""Weakest first."""
OF_FILES = ("overwrite", "cryptographic_erase")
"""Copies that somebody keeps as files where the platform does not reach; removing them alone is not enough."""
TWO_WITNESSES = frozenset({"pulping", "incineration"})
"""Nothing is left by which one witness could be checked."""
SENSITIVE = 4


def least_method(policy: Policy, kind: Kind, plans: Sequence[str]) -> str:
    """Say which method is the weakest that will do; where a plan is not known any more, the stronger one."""
    if kind is not Kind.PAPER:
        return OF_FILES[0]
    known = [policy.plans[plan] for plan in plans if plan in policy.plans]
    levels = [policy.taxonomy[field.item].level for plan in known for field in plan.fields]
    ordinary = known and len(known) == len(plans) and max(levels) < SENSITIVE
    return OF_PAPER[0] if ordinary else OF_PAPER[1]


def require_method(kind: Kind, least: str, method: str, executor: str, witnesses: Sequence[str]) -> None:
    """Refuse a method that will not do, and an executor who is his own witness.

    Raises:
        ApprovalMissing: it is too weak, for another carrier, or not witnessed as it must be.
    """
    known = OF_PAPER if kind is Kind.PAPER else OF_FILES
    if method not in known or known.index(method) < known.index(least):
        raise ApprovalMissing(
            f"The method {method[:30]} will not do; {kind} is destroyed by {', '.join(known[known.index(least) :])}."
        )
    if executor in witnesses:
        raise ApprovalMissing(f"{executor} carried it out and can't be the witness too; name another person.")
    needed = 2 if method in TWO_WITNESSES else 1
    if len(set(witnesses)) < needed:
        raise ApprovalMissing(f"The method {method} needs {needed} witness{'es' if needed > 1 else ''}; name them all.")


def raise_for(
    tools: Register, tx: Tx, copies: Sequence[Any], job_id: str, at: datetime, *, requested: bool
) -> list[Entry]:
    """Give the keepers of some copies (rows of `gone.covering`) their work; return what the ledger is to say.

    A carrier whose subjects are not listed is searched when somebody asked for the destruction; what only expired is
    left to the carrier's own day, or every night would have every box opened.
    """
    raised = []
    for copy in copies:
        listed = bool(copy.subjects)
        told = tx.scalar("work_order_exists", derivative_id=copy.derivative_id, job_id=job_id)
        if told or not (listed or requested):
            continue
        codes = gone.codes(tx, copy)
        raised.append(_raise(tools, tx, copy, codes, job_id, at, whole=listed and copy.others == 0))
    return raised


def raise_expired(tools: Register, tx: Tx, copies: Sequence[Any], at: datetime) -> list[Entry]:
    """Give the keepers of carriers whose time is up, once, the work to destroy all of them."""
    return [
        _raise(tools, tx, copy, [], None, at, whole=True)
        for copy in copies
        if not tx.scalar("work_order_exists", derivative_id=copy.derivative_id, job_id=None)
    ]


def complete(
    tools: Register,
    tx: Tx,
    order_id: str,
    method: str,
    executor: str,
    witnesses: Sequence[str],
    photos: Sequence[str],
    at: datetime,
) -> None:
    """Note that a carrier was destroyed: how, by whom, before whose eyes, and the photos' SHA-256 in hex.

    Call it under the writers' lock.

    Raises:
        UnknownReference: there is no such order, or it is completed already.
        ApprovalMissing: the method will not do, or it was not witnessed or photographed as it must be.
    """
    order = tx.one("work_order", order_id=order_id)
    if order is None:
        raise UnknownReference(f"There is no work order {order_id[:40]}; `tutela work-order list` shows them.")
    require_method(Kind(order.kind), order.least_method, method, executor, witnesses)
    if not photos:
        raise ApprovalMissing("A work order is completed with at least one photo; its hash is kept, not the photo.")
    seen = sorted(set(witnesses))
    values = {"method": method, "executor": executor, "witnesses": seen, "photos": list(photos)}
    if not tx.run("complete_work_order", order_id=order_id, **values, at=at):
        raise UnknownReference(f"The work order {order_id} is completed already; what the ledger has can't be changed.")
    if order.whole:
        tx.run("derivative_destroyed", numbers=[order.number], by=order_id, at=at)
        tx.run("forget_coverage", numbers=[order.number])
    done = entries.work_order_completed(order_id, method, executor, seen, photos, at)
    tools.ledger.append(tx, [done], at)


def of_job(tx: Tx, job_id: str) -> tuple[WorkOrder, ...]:
    """Say which work a destruction gave, carrier by carrier, and what of it is done."""
    orders: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in tx.rows("work_orders_of_job", job_id=job_id):
        orders[row.kind, row.least_method].append(row)
    return tuple(_summed(kind, method, rows) for (kind, method), rows in sorted(orders.items()))


def _summed(kind: str, method: str, rows: Sequence[Any]) -> WorkOrder:
    done = [row for row in rows if row.completed_at]
    return WorkOrder(
        carrier=kind,
        method=method,
        open=len(rows) - len(done),
        completed=len(done),
        witnesses=tuple(sorted({actor(name) for row in done for name in row.witnesses})),
        photos=tuple(bytes.fromhex(photo) for row in done for photo in row.photos),
    )


def _raise(
    tools: Register, tx: Tx, copy: Any, codes: Sequence[str], job_id: str | None, at: datetime, *, whole: bool
) -> Entry:
    order, kind = names.work_order(at, tools.randomness(4)), Kind(copy.kind)
    due_on, method = due(tools, kind, at), least_method(tools.policy, kind, copy.plans)
    letter = letters.write(
        tools.ledger,
        letters.WORK_ORDER,
        {
            "work_order": order,
            "derivative": copy.derivative_id,
            "destruction": job_id,
            "carrier": copy.kind,
            "keeper": copy.keeper,
            "place": copy.place,
            "quantity": copy.quantity,
            "least_method": method,
            "whole": whole,
            "raised_at": canonical.moment(at),
            "due_on": due_on.isoformat(),
        },
        codes,
    )
    tx.run(
        "insert_work_order", order_id=order, job_id=job_id, derivative_id=copy.derivative_id, keeper=copy.keeper,
        whole=whole, subjects=len(codes), least_method=method, at=at, due_on=due_on, sha256=letter.sha256,
        document=letter.text,
    )  # fmt: skip
    return entries.work_order_raised(order, copy.derivative_id, job_id, method, len(codes), letter.sha256, at)
