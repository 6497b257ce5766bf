"""Retention as people ask for it: record what happened to a subject, show when its records are due, move what was rescheduled."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, get_args

from pipelines.errors import UnknownReference
from pipelines.jobs import destruction
from pipelines.jobs.holds import subject_number
from pipelines.jobs.home import open_home
from pipelines.moments import day_of
from pipelines.policy import HOLD
from pipelines.retention import events
from pipelines.retention.events import Happened, Kind
from pipelines.retention.reschedule import Rescheduled
from pipelines.retention.reschedule import reschedule as move_rescheduled
from pipelines.retention.weigh import Scales
from pipelines.settings import Settings
from pipelines.store.database import Role

KINDS: tuple[Kind, ...] = get_args(Kind)


def record(
    settings: Settings, subject: str, kind: Kind, on_day: date | None, plan: str | None, at: datetime
) -> dict[str, Any]:
    """Put on record what happened to a subject, and move its records to where they belong now.

    Raises:
        UnknownReference: there is no such subject; or an activity lies in the future; or no day is given.
        UnknownPlan: there is no such plan.
        KeyUnavailable: a record does not open; nothing was recorded.
    """
    if on_day is None and kind != "relationship_end":
        raise UnknownReference(f"The day of `{kind}` is missing; only the end of a relationship can be taken back.")
    if on_day is not None and kind == "activity" and on_day > day_of(at):
        raise UnknownReference(
            "An activity can't lie in the future: it would keep the records for longer than they may be."
        )
    home = open_home(settings)
    named = None if plan is None else home.policy.plan(plan).name
    with home.database.begin(Role.CONSENT) as tx:
        tx.run("lock_writers")
        number = subject_number(tx, subject)
        tx.become(Role.DESTROY)
        happened = Happened(number, kind, on_day, named)
        name, told, moved = events.record(
            tx, home.custodian, home.policy, home.index_key, happened, at, secrets.token_bytes
        )
        home.ledger.append(tx, [told], at)
    # So that a restore knows of it, should the database be lost before the next backup.
    home.anchor()
    home.database.close()
    return {"event": name, "kind": kind, "on": on_day.isoformat() if on_day else None, "plan": named, "moved": moved}


def show(settings: Settings, subject: str, at: datetime) -> list[dict[str, Any]]:
    """Say of each record of a subject what has happened, when it is due, and what keeps it; without opening any.

    Raises:
        UnknownReference: there is no such subject.
    """
    home = open_home(settings)
    with home.database.begin(Role.VERIFY) as tx:
        rows = tx.rows("facts_of_subject", subject_id=subject_number(tx, subject))
        classes = Scales(tx, home.policy, day_of(at)).classes(rows)
    home.database.close()
    return [
        {
            "record": str(row.record_id),
            "plan": row.plan,
            "class": key,
            "collected": _iso(row.collected_on),
            "last_activity": _iso(row.active_on),
            "relationship_end": _iso(row.relationship_end),
            "consent_end": _iso(row.consent_end),
            "consent_until": _iso(row.consent_until),
            "due": _iso(row.expires_on),
            "action": row.action,
            "restricted": row.restricted,
            "held_until": _iso(row.held_until),
            "kept_by_hold": row.retention_class == HOLD,
        }
        for row, key in zip(rows, classes, strict=True)
    ]


def schedule(settings: Settings) -> list[dict[str, Any]]:
    """Show the retention schedule as it stands in the policy, and the plans whose records lie under each class."""
    home = open_home(settings)
    with home.database.begin(Role.AUDIT) as tx:
        lying: dict[str, list[str]] = {}
        for row in tx.rows("classes_in_force"):
            lying.setdefault(row.retention_class, []).append(row.plan)
    home.database.close()
    shown = []
    for key, each in home.policy.retention.items():
        content = each.model_dump(mode="json", exclude_none=True)
        shown.append({**content, "plans": sorted(lying.get(key, []))})
    return shown


def reschedule(settings: Settings, clock: Callable[[], datetime]) -> Rescheduled:
    """Move the records of plans whose class or rule was changed to where they belong now.

    Raises:
        KeyUnavailable: a record does not open; what has moved stays moved, and the same command goes on.
    """
    home = open_home(settings)
    moved = move_rescheduled(destruction.destroyer(home, clock))
    home.anchor()
    home.database.close()
    return moved


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
