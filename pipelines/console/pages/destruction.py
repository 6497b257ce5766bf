"""Destruction: what goes tonight and what keeps it, what waits for a leader, what was done; holds and decisions."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from pipelines.console.visit import Visit, act, allow
from pipelines.console.words import N_
from pipelines.errors import UnknownReference
from pipelines.jobs import approvals, destructions, holds
from pipelines.jobs.evidence import names
from pipelines.moments import day_of
from pipelines.retention import decision
from pipelines.retention.decision import Decision

router = APIRouter()
READERS = ("steward", "leader", "auditor", "privacy_officer", "engineer", "Admin")
STATES = {
    "applied": ("attention", N_("Waits for a decision")),
    "approved": ("attention", N_("Approved, not done yet")),
    "keys_destroyed": ("attention", N_("Keys destroyed, rows remain")),
    "rows_removed": ("attention", N_("Rows removed, not verified yet")),
    "verified": ("attention", N_("Verified, certificate to come")),
    "confirmed": ("ok", N_("Destroyed and certified")),
    "blocked": ("unknown", N_("Listed anew")),
    "failed": ("bad", N_("Verification did not pass")),
    "rejected": ("unknown", N_("Rejected by a leader")),
    "due": ("unknown", N_("Listed")),
}
ORIGINS = {
    "expiry": N_("Past its retention"),
    "request": N_("Somebody asked for erasure"),
    "steward": N_("A steward found it no longer needed"),
}
STEPS = {
    "applied": N_("Applied for"),
    "decided": N_("Decided by a leader"),
    "approved": N_("Approval taken"),
    "keys_destroyed": N_("Keys destroyed"),
    "rows_removed": N_("Rows removed"),
    "verified": N_("Verified"),
    "confirmed": N_("Confirmed"),
    "rejected": N_("Rejected"),
    "blocked": N_("Listed anew"),
}
Reader = Annotated[Visit, allow(*READERS)]


@router.get("/destruction")
def overview(visit: Reader, state: str | None = None, after: str | None = None) -> Response:
    """Show what goes tonight, what keeps what, what waits, and what was done."""
    home, place = visit.home, _place(after)
    found = destructions.done(home, state, place, destructions.PAGE + 1)
    shown = found[: destructions.PAGE]
    further = f"{shown[-1]['created_at'].isoformat()}~{shown[-1]['job_id']}" if len(found) > len(shown) else None
    return visit.page(
        "destruction/overview.html", due=destructions.due(home, destructions.tonight(visit.at)),
        waiting=destructions.waiting(home), done=shown, counts=destructions.states(home), state=state, further=further,
        paged=place is not None, destroyed=destructions.destroyed(home, day_of(visit.at)), today=day_of(visit.at),
        named=_names(visit), states=STATES, origins=ORIGINS, plans=sorted(home.policy.plans),
    )  # fmt: skip


@router.get("/destruction/{job}")
def one(visit: Reader, job: str) -> Response:
    """Show one destruction: what it is about, what was done when, and, for a leader, the decision."""
    told = destructions.detail(visit.home, job)
    return visit.page(
        "destruction/job.html", job=told, named=_names(visit), states=STATES, origins=ORIGINS, steps=STEPS,
        against=destructions.against(visit.home, job, visit.user.name) if visit.may("leader") else (),
    )  # fmt: skip


@router.post("/destruction/{job}/decide")
def decide(
    visit: Annotated[Visit, act("leader")],
    job: str,
    manifest_hash: Annotated[str, Form(pattern="^[0-9a-f]{64}$")],
    answer: Annotated[str, Form(pattern="^(approved|rejected)$")],
    sure: Annotated[str, Form()] = "",
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Put a leader's decision on record; it is about the manifest that was seen, and no other."""
    if answer == decision.APPROVED and not sure:
        return visit.back(f"/destruction/{job}", visit.text("Tick that you have looked at it; nothing was decided."))
    role = decision.LEADER if visit.may(decision.LEADER) else "none"
    wanted = Decision(
        job, answer, decision.CONSOLE, visit.user.name, role, manifest_hash, visit.at, reason=reason.strip() or None
    )
    counts = approvals.decide(visit.home.settings, wanted, visit.at)
    said = {
        "approved": visit.text("{job} is approved by {who}; the next purge does it.", job=job, who=counts.approver),
        "rejected": visit.text("{job} is rejected by {who}; nothing of it is destroyed.", job=job, who=counts.approver),
    }
    return visit.back(f"/destruction/{job}", said[counts.decision])


@router.post("/holds")
def lay(
    visit: Annotated[Visit, act("privacy_officer")],
    reason: Annotated[str, Form(min_length=1, max_length=200)],
    review_on: Annotated[date, Form()],
    plan: Annotated[str, Form()] = "",
    subject: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Lay a hold on a plan or on one data subject."""
    named = (subject.strip() or None, plan or None)
    hold = holds.add(visit.home.settings, named[0], reason.strip(), visit.user.name, review_on, visit.at, named[1])
    return visit.back("/destruction", visit.text("The hold {hold} is in force.", hold=hold))


@router.post("/holds/{hold}/release")
def release(visit: Annotated[Visit, act("privacy_officer")], hold: str) -> Response:
    """End a hold; what it alone kept past its day is due again."""
    freed = holds.release(visit.home.settings, hold, visit.user.name, visit.at)
    told = visit.text("The hold {hold} is released; {rows} records are due again.", hold=hold, rows=freed)
    return visit.back("/destruction", told)


def _names(visit: Visit) -> dict[str, Any]:
    return dict(names(visit.home.policy)["zh-CN" if visit.language == "zh" else "en"])


def _place(after: str | None) -> tuple[datetime, str] | None:
    """Read where a page begins.

    Raises:
        UnknownReference: it is no place.
    """
    if after is None:
        return None
    moment, _, job = after.partition("~")
    with suppress(ValueError):
        return datetime.fromisoformat(moment), job
    raise UnknownReference("There is no such page of destructions; open the first one again. Nothing was changed.")
