"""Legal holds: add, list and release, each with its ledger entry. A hold protects one subject's records, or a whole plan's."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any

from pipelines.errors import UnknownReference
from pipelines.evidence import entries, names
from pipelines.jobs.home import open_home
from pipelines.moments import day_of
from pipelines.retention.holds import free
from pipelines.settings import Settings
from pipelines.store.database import Role, Tx


def add(
    settings: Settings,
    subject: str | None,
    reason: str,
    owner: str,
    review_on: date,
    at: datetime,
    plan: str | None = None,
) -> str:
    """Block the destruction of one subject's records, or of all records of a plan; return the hold's id.

    Raises:
        UnknownReference: there is no such subject, or neither subject nor plan is named, or both are.
        UnknownPlan: there is no such plan.
    """
    if (subject is None) == (plan is None):
        raise UnknownReference("A hold names one data subject or one plan; give the subject's code or --plan.")
    home = open_home(settings)
    hold = names.hold(at, secrets.token_bytes(4))
    protected = None if plan is None else home.policy.plan(plan).name
    with home.database.begin(Role.CONSENT) as tx:
        number = None if subject is None else subject_number(tx, subject)
        tx.become(Role.DESTROY)
        tx.run("lock_writers")
        tx.run(
            "insert_hold",
            hold_id=hold,
            subject_id=number,
            plan=protected,
            reason=reason,
            owner=owner,
            review_on=review_on,
            at=at,
        )
        home.ledger.append(tx, [entries.hold_added(hold, owner, review_on, at, protected)], at)
    # So that a restore knows of it, should the database be lost before the next backup.
    home.anchor()
    home.database.close()
    return hold


def release(settings: Settings, hold: str, by: str, at: datetime) -> int:
    """End a hold: what it alone kept past its day is due again, by itself; return how many records that is.

    Or end one that was lost with a database, after it was laid anew.

    Raises:
        UnknownReference: there is no such hold in force.
        KeyUnavailable: a record that it kept does not open; the hold stands.
    """
    home, freed = open_home(settings), 0
    with home.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        ended = tx.one("release_hold", hold_id=hold, by=by, at=at)
        if ended is not None:
            freed = free(tx, home.custodian, home.policy, home.index_key, ended.subject_id, ended.plan, day_of(at))
        elif not tx.run("settle_lost_hold", hold_id=hold, by=by, at=at):
            raise UnknownReference(f"There is no hold {hold[:40]} in force; `tutela hold list` shows them.")
        home.ledger.append(tx, [entries.hold_released(hold, by, at, freed)], at)
    home.anchor()
    home.database.close()
    return freed


def listed(settings: Settings, *, released: bool = False) -> list[dict[str, Any]]:
    """List the holds in force, those that are to be looked at first; the released ones too where they are asked for."""
    home = open_home(settings)
    with home.database.begin(Role.VERIFY) as tx:
        rows = [row._asdict() for row in tx.rows("holds", released=released)]
    home.database.close()
    moments = ("review_on", "added_at", "released_at")
    return [{**row, **{name: row[name].isoformat() if row[name] else None for name in moments}} for row in rows]


def subject_number(tx: Tx, code: str) -> int:
    """Look a data subject up by its code.

    Raises:
        UnknownReference: there is none.
    """
    found = tx.one("subject_by_code", code=code)
    if found is None:
        raise UnknownReference(f"There is no data subject {code[:20]}; check the code.")
    return int(found.subject_id)
