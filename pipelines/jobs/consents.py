"""Consent receipts of one subject: show and withdraw. Withdrawal is another receipt (PIPL art. 15)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from pipelines.errors import UnknownReference
from pipelines.evidence import entries
from pipelines.jobs.home import Home, open_home
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
        rows = tx.rows("receipts_of_subject", subject_id=_subject(tx, subject))
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

    Raises:
        UnknownReference: there is no such subject, or the plan has no such purpose.
        UnknownPlan: there is no such plan.
    """
    home = open_home(settings)
    plan = home.policy.plan(plan_name)
    wanted = sorted(purposes or plan.purposes)
    if unknown := set(wanted) - set(plan.purposes):
        raise UnknownReference(
            f"The plan {plan.name} has no purpose {', '.join(sorted(unknown))[:60]}; it has {', '.join(plan.purposes)}."
        )
    receipt = uuid4()
    with home.database.begin(Role.CONSENT) as tx:
        tx.run("lock_writers")
        number = _subject(tx, subject)
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
        home.ledger.append(tx, [entries.consent_withdrawn(str(receipt), wanted, at)], at)
    home.database.close()
    return str(receipt)


def _last_notice(home: Home, names: Sequence[str]) -> tuple[str, str]:
    last = max(names, key=lambda name: home.policy.notices[name].valid.since)
    return last, home.policy.notices[last].sha256


def _subject(tx: Tx, code: str) -> int:
    found = tx.one("subject_by_code", code=code)
    if found is None:
        raise UnknownReference(f"There is no data subject {code[:20]}; check the code.")
    return int(found.subject_id)
