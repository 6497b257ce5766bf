"""Destruction that somebody asks for: a person's erasure, or a steward's decision that records are no longer needed.

Asking lists and fixes what is to go; nothing is destroyed before a leader has approved exactly that (`approvals`).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from pipelines.errors import ApprovalMissing, UnknownReference
from pipelines.evidence import entries, names
from pipelines.jobs.destruction import destroyer
from pipelines.jobs.home import Home, open_home
from pipelines.retention import apply
from pipelines.retention.apply import Application
from pipelines.retention.job import REQUEST, STEWARD, append
from pipelines.retention.manifest import Selection
from pipelines.settings import Settings
from pipelines.store.database import Role, Tx


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking."""

    request: str
    destruction: str | None
    """The destruction that waits for a leader's approval; None: nothing can go now."""
    subjects: int
    records: int
    held: int
    """Subjects that a legal hold protects: they are applied for by themselves once it is lifted."""
    kept: int = 0
    """Subjects of whom a law keeps records: those are restricted until they may go, the rest is due in its time."""

    def as_json(self) -> dict[str, Any]:
        """Return it for programs and XCom."""
        return asdict(self)


def erase(settings: Settings, codes: Sequence[str], reason: str, by: str, clock: Callable[[], datetime]) -> Asked:
    """Ask for the destruction of all that is held about some subjects.

    Args:
        settings: where things are.
        codes: the subjects' codes.
        reason: why; it stays in the database.
        by: who applies.
        clock: tells the time.

    Raises:
        UnknownReference: a code is nobody's; nothing was asked for.
    """
    home = open_home(settings)
    wanted = sorted(set(codes))
    try:
        with home.database.begin(Role.CONSENT) as tx:
            known = {row.code for row in tx.rows("subjects_by_code", codes=wanted)}
        if missing := [code for code in wanted if code not in known]:
            raise UnknownReference(
                f"There is no data subject {missing[0][:20]}{_more(missing)}; check the codes. Nothing was asked for."
            )
        request = _ask(home, REQUEST, by, reason, None, len(wanted), clock(), codes=wanted)
        return _applied(request, apply.requested(destroyer(home, clock), request))
    finally:
        home.database.close()


def no_longer_needed(
    settings: Settings, plan: str, collected_until: date, reason: str, by: str, clock: Callable[[], datetime]
) -> Asked:
    """Ask for the destruction of a plan's records collected up to a day.

    Raises:
        UnknownPlan: there is no such plan.
        ApprovalMissing: the law requires keeping records of this plan's class.
    """
    home = open_home(settings)
    try:
        retention = home.policy.retention[home.policy.plan(plan).retention]
        if retention.minimum is not None:
            law = retention.minimum.anchor
            raise ApprovalMissing(
                f"The records of {plan} are kept because {law.law} ({law.version}) {law.article} requires it; a steward can't decide otherwise."
            )
        selection = Selection(plan, collected_until.isoformat())
        request = _ask(home, STEWARD, by, reason, selection, 0, clock())
        return _applied(request, apply.selected(destroyer(home, clock), request))
    finally:
        home.database.close()


def _ask(
    home: Home,
    origin: str,
    by: str,
    reason: str,
    selection: Selection | None,
    subjects: int,
    at: datetime,
    codes: Sequence[str] = (),
) -> str:
    request = names.request(at, secrets.token_bytes(4))
    chosen = json.dumps(asdict(selection)) if selection else None
    with home.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        tx.run(
            "insert_request", request_id=request, origin=origin, applicant=by, reason=reason, selection=chosen, at=at
        )
        if codes:
            _want(tx, request, codes)
        append(tx, destroyer(home, lambda: at), [entries.erasure_requested(request, origin, subjects, by, at)], at)
    # So that a restore knows of it, should the database be lost before the next backup.
    home.anchor()
    return request


def _want(tx: Tx, request: str, codes: Sequence[str]) -> None:
    if tx.run("insert_wanted", request_id=request, codes=list(codes)) != len(codes):
        raise UnknownReference("A data subject was destroyed in the meantime; ask again with the others.")


def _applied(request: str, applied: Application) -> Asked:
    if applied.job is None:
        return Asked(request, None, 0, 0, applied.held, applied.kept)
    listed = applied.job.manifest
    return Asked(request, applied.job.id, listed.subjects, listed.records, applied.held, applied.kept)


def _more(missing: Sequence[str]) -> str:
    return f" (nor {len(missing) - 1} others)" if len(missing) > 1 else ""
