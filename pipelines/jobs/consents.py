"""Consent receipts of one subject: show and withdraw. Withdrawal is another receipt (PIPL art. 15)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from pipelines.consent.standing import purposes_left
from pipelines.errors import UnknownReference
from pipelines.evidence import entries
from pipelines.evidence.entries import Entry
from pipelines.jobs.holds import subject_number
from pipelines.jobs.home import Home, open_home
from pipelines.moments import day_of
from pipelines.retention import events
from pipelines.retention.events import Happened
from pipelines.settings import Settings
from pipelines.store import vault
from pipelines.store.database import Role, Tx


def show(settings: Settings, subject: str) -> list[dict[str, Any]]:
    """Return a subject's receipts, oldest first.

    Raises:
        UnknownReference: there is no such subject.
    """
    home = open_home(settings)
    with home.database.begin(Role.CONSENT) as tx:
        rows = tx.rows("receipts_of_subject", subject_id=subject_number(tx, subject))
    home.database.close()
    return [
        {
            "receipt": str(row.receipt_id),
            "action": row.action,
            "at": row.at.isoformat(),
            "valid_until": row.valid_until.isoformat() if row.valid_until else None,
            "plan": row.plan,
            "notice": row.notice,
            "purposes": list(row.purposes),
            "method": row.method,
        }
        for row in rows
    ]


def withdraw(settings: Settings, subject: str, plan_name: str, purposes: Sequence[str] | None, at: datetime) -> str:
    """Withdraw a subject's consent to some purposes; return the receipt's id.

    Where no purpose of the plan is left, its consent has ended: the records move to their earlier day at once, or are
    restricted where a law keeps them.

    Raises:
        UnknownReference: there is no such subject, or the plan has no such purpose or does not rest on consent.
        UnknownPlan: there is no such plan.
    """
    home = open_home(settings)
    plan = home.policy.plan(plan_name)
    wanted = sorted(purposes or plan.purposes)
    if unknown := set(wanted) - set(plan.purposes):
        raise UnknownReference(
            f"The plan {plan.name} has no purpose {', '.join(sorted(unknown))[:60]}; it has {', '.join(plan.purposes)}."
        )
    if not plan.notices:
        raise UnknownReference(
            f"The plan {plan.name} does not rest on consent ({plan.legal_basis}); there is none to withdraw."
        )
    receipt = uuid4()
    with home.database.begin(Role.CONSENT) as tx:
        tx.run("lock_writers")
        number = subject_number(tx, subject)
        terms = vault.terms_id(tx, plan.name, *_last_notice(home, plan.notices), wanted, "withdrawal")
        tx.run(
            "insert_receipt",
            receipt_id=receipt,
            subject_id=number,
            terms_id=terms,
            action="withdrawn",
            at=at,
            valid_until=None,
        )
        receipts = tx.rows("receipts_of_subject", subject_id=number)
        told = [entries.consent_withdrawn(str(receipt), wanted, at)]
        if not purposes_left(receipts, plan.name, plan.purposes):
            tx.become(Role.DESTROY)
            told.append(_end(tx, home, number, plan.name, at))
        home.ledger.append(tx, told, at)
    # So that a restore knows of it, should the database be lost before the next backup.
    home.anchor()
    home.database.close()
    return str(receipt)


def _end(tx: Tx, home: Home, subject: int, plan: str, at: datetime) -> Entry:
    """No purpose of a plan is left: its records have no ground to stay but the law's."""
    happened = Happened(subject, "consent_end", day_of(at), plan)
    _, told, _ = events.record(
        tx, home.custodian, home.policy, home.index_key, happened, at, secrets.token_bytes, before=1
    )
    return told


def _last_notice(home: Home, names: Sequence[str]) -> tuple[str, str]:
    last = max(names, key=lambda name: home.policy.notices[name].valid.since)
    return last, home.policy.notices[last].sha256
