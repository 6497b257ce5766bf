"""Destructions as pages show them: what tonight takes, what waits for a leader, what was done. Changes nothing.

Nothing is counted record by record: `destruction.lying` knows how much lies in each cohort (sql/schema/74), and a hold of
one subject is looked up by the subject.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import ApprovalMissing, PolicyError, UnknownReference
from pipelines.evidence import certificate as certificates
from pipelines.evidence.report import Report
from pipelines.evidence.verify import verify_file
from pipelines.moments import CHINA, day_of
from pipelines.retention import approval, certify, decision
from pipelines.retention import job as jobs
from pipelines.retention.decision import Decision
from pipelines.store.database import Role

if TYPE_CHECKING:
    from pipelines.evidence.certificate import Certificate
    from pipelines.jobs.home import Home
    from pipelines.policy import Policy
    from pipelines.retention.job import Job

NIGHT = time(2, 30)
"""When the nightly purge begins, in China (dags/destroy_expired_dag.py)."""
AHEAD, BEHIND = 30, 30
"""Days of what comes due, and of what was destroyed, that a page shows as a line."""
PAGE = 50
MOST = 100
"""Destructions that wait for a leader, shown at most."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold in force, and what of tonight's it keeps."""

    hold: str
    subject: str | None
    """Code of the data subject; None where a plan is held, or the subject is gone."""
    plan: str | None
    reason: str
    owner: str
    review_on: date
    added_at: datetime
    tonight: int
    """Records and quarantined rows that would go tonight without it; what two holds keep counts with each."""


@dataclass(frozen=True, slots=True)
class Due:
    """What one night's purge takes, and what it leaves."""

    as_of: date
    rows: tuple[dict[str, Any], ...]
    """By plan, class and day: records, quarantined, and how many of them are held."""
    settled: tuple[dict[str, Any], ...]
    """By plan and class: what is restricted or looked at again on its day instead of destroyed."""
    restricted: tuple[dict[str, Any], ...]
    """By plan and class: what may only be stored and secured."""
    holds: tuple[Hold, ...]
    lost_holds: tuple[str, ...]
    """Holds lost with a database: until they are settled nothing is destroyed."""
    ahead: tuple[tuple[date, int], ...]
    """Day → records that come due on it, the days after."""
    approval: str | None
    """The standing approval that covers the night."""
    approved_until: date | None
    uncovered: str | None
    """Why none does, in a sentence."""

    @property
    def listed(self) -> int:
        """Records and quarantined rows that are past their day."""
        return sum(row["records"] + row["quarantined"] for row in self.rows)

    @property
    def held(self) -> int:
        """Of them, what holds keep."""
        return sum(row["held"] for row in self.rows)

    @property
    def taken(self) -> int:
        """What goes if the night is covered."""
        return self.listed - self.held


def tonight(at: datetime) -> date:
    """Return the day that the next nightly purge is for."""
    here = at.astimezone(CHINA)
    return day_of(at) if here.time() < NIGHT else day_of(at) + timedelta(days=1)


def due(home: Home, as_of: date) -> Due:
    """Say what a night's purge would take as things stand, what it would leave, and what keeps it."""
    until = as_of + timedelta(days=AHEAD)
    with home.database.begin(Role.VERIFY) as tx:
        rows = [row._asdict() for row in tx.rows("due_by_cohort", as_of=as_of)]
        settled = tuple(row._asdict() for row in tx.rows("settled_by_cohort", as_of=as_of))
        restricted = tuple(row._asdict() for row in tx.rows("restricted_by_cohort"))
        ahead = {row.expires_on: row.records for row in tx.rows("due_in_days", as_of=as_of, until=until)}
        kept = tx.rows("held_tonight", as_of=as_of)
        holds = tx.rows("holds", released=False)
        lost = tuple(row.hold_id for row in tx.rows("lost_holds"))
    days = [as_of + timedelta(days=number) for number in range(1, AHEAD + 1)]
    name, covered_until, why = _covered(home, as_of)
    return Due(
        as_of, _with_held(rows, holds, kept), settled, restricted, _holds(rows, holds, kept), lost,
        tuple((day, ahead.get(day, 0)) for day in days), name, covered_until, why,
    )  # fmt: skip


def _with_held(rows: list[dict[str, Any]], holds: list[Any], kept: list[Any]) -> tuple[dict[str, Any], ...]:
    """Take off what holds keep: all of a held plan; of other plans, the records of held subjects, oldest day first."""
    held_plans = {hold.plan for hold in holds if hold.plan}
    left: Counter[str] = Counter()
    for row in kept:
        left[row.plan] += row.records
    told = []
    for row in rows:
        everything = row["records"] + row["quarantined"]
        held = everything if row["plan"] in held_plans else min(left[row["plan"]], row["records"])
        left[row["plan"]] -= held
        told.append({**row, "held": held})
    return tuple(told)


def _holds(rows: list[dict[str, Any]], holds: list[Any], kept: list[Any]) -> tuple[Hold, ...]:
    of_plan: Counter[str] = Counter()
    for row in rows:
        of_plan[row["plan"]] += row["records"] + row["quarantined"]
    of_hold: Counter[str] = Counter()
    for row in kept:
        of_hold[row.hold_id] += row.records
    return tuple(
        Hold(
            row.hold, row.subject, row.plan, row.reason, row.owner, row.review_on, row.added_at,
            of_plan[row.plan] if row.plan else of_hold[row.hold],
        )
        for row in holds
    )  # fmt: skip


def _covered(home: Home, as_of: date) -> tuple[str | None, date | None, str | None]:
    try:
        standing = approval.load_approval(home.settings.policy)
        approval.require_cover(standing, home.policy.schedule_hash(), as_of)
    except (ApprovalMissing, PolicyError) as exc:
        return None, None, str(exc)
    return standing.approval, standing.valid_until, None


# --- what waits for a leader ---------------------------------------------------------------------------------------


def waiting(home: Home) -> list[dict[str, Any]]:
    """List the destructions on request that wait for a leader, oldest first, each with all that a leader must know.

    One whose manifest is not the one that was applied for is left out, for it can't be approved.
    """
    with home.database.begin(Role.DESTROY) as tx:
        rows = tx.rows("undecided_jobs", count=MOST)
    told = []
    for row in rows:
        try:
            told.append(_about(jobs.of_row(row), home.policy) | {"created_at": row.created_at})
        except ApprovalMissing:
            continue
    return told


def against(home: Home, job_id: str, approver: str) -> tuple[str, ...]:
    """List what speaks against somebody's deciding about a destruction as a leader; nothing, where they may.

    Raises:
        UnknownReference: there is no such destruction.
    """
    with home.database.begin(Role.DESTROY) as tx:
        job = jobs.load_in(tx, job_id)
    draft = Decision(
        job.id, decision.APPROVED, decision.CONSOLE, approver, decision.LEADER, job.manifest_hash, datetime.now(CHINA)
    )
    return decision.conflicts(job, draft)


def _about(job: Job, policy: Policy) -> dict[str, Any]:
    listed = job.manifest
    return {
        "job": job.id, "origin": job.origin, "state": job.state, "request": job.request, "applicant": job.applicant,
        "executor": job.executor, "as_of": job.as_of, "records": listed.records, "quarantined": listed.quarantined,
        "subjects": listed.subjects, "keys": listed.keys, "by_plan": listed.by_plan, "by_level": listed.by_level,
        "by_category": listed.by_category, "kept": _kept(job, policy), "selection": listed.selection,
        "first_day": listed.days[0] if listed.days else None, "last_day": listed.days[-1] if listed.days else None,
        "manifest_hash": job.manifest_hash, "root": listed.root,
        "schedule_changed": policy.schedule_hash() != job.schedule_hash,
    }  # fmt: skip


def _kept(job: Job, policy: Policy) -> list[dict[str, Any]]:
    """Say under which classes the records are kept, on which ground."""
    records: Counter[str] = Counter()
    for name, count in job.manifest.names.items():
        records[name.partition("/")[0]] += count
    return [
        {"retention_class": name, "records": count, "known": policy.retention.get(name)}
        for name, count in sorted(records.items())
    ]


# --- what was done -------------------------------------------------------------------------------------------------


def done(
    home: Home, state: str | None = None, after: tuple[datetime, str] | None = None, count: int = PAGE
) -> list[dict[str, Any]]:
    """List destructions, newest first: a page of them, after the one with a moment and name."""
    before, job_id = after or (None, "")
    with home.database.begin(Role.AUDIT) as tx:
        rows = tx.rows("destructions", state=state, before=before, job_id=job_id, count=count)
    return [row._asdict() for row in rows]


def states(home: Home) -> dict[str, int]:
    """Count destructions by state."""
    with home.database.begin(Role.AUDIT) as tx:
        return {row.state: row.jobs for row in tx.rows("destructions_by_state")}


def destroyed(home: Home, until: date) -> list[tuple[date, int]]:
    """Count the records that were destroyed on each of the last days."""
    days = [until - timedelta(days=number) for number in reversed(range(BEHIND))]
    since = datetime.combine(days[0], time(), CHINA)
    with home.database.begin(Role.AUDIT) as tx:
        found = {row.as_of: row.records for row in tx.rows("destroyed_by_day", since=since)}
    return [(day, found.get(day, 0)) for day in days]


def detail(home: Home, job_id: str) -> dict[str, Any]:
    """Say all of one destruction: what it is about, who decided what, what was done when, what it spared.

    Raises:
        UnknownReference: there is no such destruction.
        ApprovalMissing: its manifest is not the one that was applied for.
    """
    with home.database.begin(Role.DESTROY) as tx:
        row = tx.one("job", job_id=job_id)
        job, decided = jobs.load_in(tx, job_id), decision.decided(tx, job_id)
    steps = [
        {"step": name, "at": datetime.fromisoformat(step["at"]), "entries": step.get("seqs", [])}
        for name, step in job.steps.items()
        if isinstance(step, dict) and "at" in step
    ]
    return _about(job, home.policy) | {
        "created_at": row.created_at,
        "verdict": row.verdict,
        "certified": row.certificate is not None,
        "decision": decided,
        "steps": sorted(steps, key=lambda step: (step["at"], step["entries"])),
        "spared": {name: number for name, number in job.steps.get("applied", {}).get("spared", {}).items() if number},
    }


# --- certificates --------------------------------------------------------------------------------------------------


def certificate(home: Home, job_id: str) -> Certificate:
    """Give the certificate of a destruction.

    Raises:
        UnknownReference: there is no such destruction, or it has none (yet).
    """
    with home.database.begin(Role.VERIFY) as tx:
        row = tx.one("job", job_id=job_id)
    if row is None or row.certificate is None:
        raise UnknownReference(
            f"There is no certificate of {job_id[:40]}: it is issued once a destruction is confirmed."
        )
    return certify.load(home.database, job_id)


def document(home: Home, job_id: str) -> bytes:
    """Give the signed document as it leaves the house: its file, or what the file would be.

    Raises:
        UnknownReference: there is none.
    """
    issued = certificate(home, job_id)
    path = home.folder / "certificates" / f"{issued.case.id}.json"
    return path.read_bytes() if path.is_file() else certificates.to_bytes(issued)


def verify(home: Home, job_id: str) -> Report:
    """Verify a certificate as an outsider would: the document alone, this installation's key, the anchor file.

    Raises:
        UnknownReference: there is none.
    """
    data = document(home, job_id)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.json"
        path.write_bytes(data)
        return verify_file(path, home.public_key, home.anchors if home.anchors.is_file() else None)
