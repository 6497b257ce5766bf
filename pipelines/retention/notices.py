"""Notices: who received a copy is told to destroy it, and its answer is tracked (controls H-09, D-07).

A recipient is told once of each subject, by code, or of the whole copy when its time is up. An answer is on the
recipient's word: what is kept of it is its hash. A refusal leaves the notice open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pipelines.errors import UnknownReference
from pipelines.evidence import canonical, entries, names
from pipelines.evidence.case import OpenNotice, Recipients
from pipelines.evidence.entries import actor
from pipelines.moments import day_of
from pipelines.policy import Kind
from pipelines.retention import gone, letters

if TYPE_CHECKING:
    from pipelines.evidence.entries import Entry
    from pipelines.retention.derivatives import Register
    from pipelines.store.database import Tx

Outcome = Literal["destroyed", "not_held", "refused"]


def raise_for(tools: Register, tx: Tx, copies: Sequence[Any], job_id: str, at: datetime) -> list[Entry]:
    """Tell the recipients of some copies (rows of `gone.covering`) whom to destroy; return what the ledger is to say."""
    raised = []
    for copy in copies:
        if tx.scalar("notice_exists", derivative_id=copy.derivative_id, job_id=job_id):
            continue
        codes = gone.codes(tx, copy)
        whole = bool(copy.subjects) and copy.others == 0
        raised.append(_raise(tools, tx, copy, codes, job_id, at, whole=whole))
    return raised


def raise_expired(tools: Register, tx: Tx, copies: Sequence[Any], at: datetime) -> list[Entry]:
    """Tell the recipients of copies whose time is up, once, to destroy all of them."""
    return [
        _raise(tools, tx, copy, [], None, at, whole=True)
        for copy in copies
        if not tx.scalar("notice_exists", derivative_id=copy.derivative_id, job_id=None)
    ]


def acknowledge(
    tools: Register, tx: Tx, notice_id: str, by: str, outcome: Outcome, evidence: str, at: datetime
) -> None:
    """Take a recipient's answer. Call it under the writers' lock.

    Args:
        tools: the register.
        tx: a transaction.
        notice_id: the notice.
        by: who takes the answer.
        outcome: what the recipient says.
        evidence: SHA-256 of what it sent, in hex; that itself stays with who took it.
        at: now.

    Raises:
        UnknownReference: there is no such notice, or it was answered already.
    """
    notice = tx.one("notice", notice_id=notice_id)
    if notice is None:
        raise UnknownReference(f"There is no notice {notice_id[:40]}; `tutela notice list` shows them.")
    values = {"notice_id": notice_id, "by": by, "outcome": outcome, "evidence": evidence}
    if not tx.run("acknowledge_notice", **values, at=at):
        raise UnknownReference(
            f"The notice {notice_id} was answered already ({notice.outcome}); what the ledger has can't be changed."
        )
    if notice.whole and outcome != "refused":
        tx.run("derivative_destroyed", numbers=[notice.number], by=notice_id, at=at)
        tx.run("forget_coverage", numbers=[notice.number])
    tools.ledger.append(tx, [entries.notice_acknowledged(notice_id, outcome, evidence, by, at)], at)


def recipients(tx: Tx, job_id: str) -> Recipients:
    """Say whom a destruction told, and who has not acknowledged it."""
    told = tx.rows("notices_of_job", job_id=job_id)
    waiting = tuple(OpenNotice(actor(row.recipient), row.due_on) for row in told if not row.acknowledged)
    return Recipients(len(told), len(told) - len(waiting), waiting)


def due(tools: Register, kind: Kind, at: datetime) -> date:
    """Say until when a recipient or keeper is to have answered."""
    return day_of(at) + timedelta(days=tools.policy.derivatives[kind].answer_days or 15)


def _raise(
    tools: Register, tx: Tx, copy: Any, codes: Sequence[str], job_id: str | None, at: datetime, *, whole: bool
) -> Entry:
    notice, due_on = names.notice(at, tools.randomness(4)), due(tools, Kind(copy.kind), at)
    letter = letters.write(
        tools.ledger,
        letters.NOTICE,
        {
            "notice": notice,
            "derivative": copy.derivative_id,
            "destruction": job_id,
            "recipient": copy.recipient,
            "place": copy.place,
            "whole": whole,
            "raised_at": canonical.moment(at),
            "due_on": due_on.isoformat(),
        },
        codes,
    )
    tx.run(
        "insert_notice", notice_id=notice, job_id=job_id, derivative_id=copy.derivative_id, recipient=copy.recipient,
        whole=whole, subjects=len(codes), at=at, due_on=due_on, sha256=letter.sha256, document=letter.text,
    )  # fmt: skip
    return entries.notice_raised(notice, copy.derivative_id, job_id, copy.recipient, len(codes), letter.sha256, at)
