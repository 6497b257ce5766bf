"""Legal holds: add and release, each with its ledger entry."""

from __future__ import annotations

import secrets
from datetime import date, datetime

from pipelines.errors import UnknownReference
from pipelines.evidence import entries, names
from pipelines.jobs.home import open_home
from pipelines.settings import Settings
from pipelines.store.database import Role


def add(settings: Settings, subject: str, reason: str, owner: str, review_on: date, at: datetime) -> str:
    """Block the destruction of one subject's records; return the hold's id.

    Raises:
        UnknownReference: there is no such subject.
    """
    home = open_home(settings)
    hold = names.hold(at, secrets.token_bytes(4))
    with home.database.begin(Role.CONSENT) as tx:
        found = tx.one("subject_by_code", code=subject)
    if found is None:
        raise UnknownReference(f"There is no data subject {subject[:20]}; check the code.")
    with home.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        tx.run(
            "insert_hold",
            hold_id=hold,
            subject_id=found.subject_id,
            reason=reason,
            owner=owner,
            review_on=review_on,
            at=at,
        )
        home.ledger.append(tx, [entries.hold_added(hold, owner, review_on, at)], at)
    home.database.close()
    return hold


def release(settings: Settings, hold: str, by: str, at: datetime) -> None:
    """End a hold; or one that was lost with a database, after it was laid anew.

    Raises:
        UnknownReference: there is no such hold in force.
    """
    home = open_home(settings)
    with home.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        known = tx.run("release_hold", hold_id=hold, by=by, at=at)
        if not known and not tx.run("settle_lost_hold", hold_id=hold, by=by, at=at):
            raise UnknownReference(f"There is no hold {hold[:40]} in force.")
        home.ledger.append(tx, [entries.hold_released(hold, by, at)], at)
    home.database.close()
