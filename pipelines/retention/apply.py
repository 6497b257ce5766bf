"""Apply for a destruction: list what it is about, spare what may not go, fix the rest as a manifest. Destroys nothing.

Three origins: what is past its retention (`expired`), a person's request (`requested`: the subjects it names), a
steward's decision (`selected`: records of a plan that are no longer needed). Each is one transaction with its entries.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pipelines.custody import COHORT, SUBJECT
from pipelines.evidence import entries, names
from pipelines.moments import day_of
from pipelines.retention import job as jobs
from pipelines.retention import lawful, manifest, quarantined, settle
from pipelines.retention.job import APPLICANT, EXECUTOR, EXPIRY, REQUEST, STEWARD, Destroyer, Job
from pipelines.retention.manifest import Manifest, Selection
from pipelines.store.database import Role, Tx

if TYPE_CHECKING:
    from pipelines.evidence.entries import Entry


@dataclass(frozen=True, slots=True)
class Application:
    """What came of an application."""

    job: Job | None
    """None: there was nothing to apply for."""
    held: int = 0
    """Records (at night) or subjects (on request) that a legal hold keeps."""
    kept: int = 0
    """Subjects of whom a law keeps records: those are restricted, the rest goes in its time."""


def list_due(tools: Destroyer, as_of: date) -> tuple[Manifest, int]:
    """Say what is due on a day, and how much of it a legal hold keeps; changes nothing."""
    with tools.database.begin(Role.DESTROY) as tx:
        cohorts = tx.rows("due_cohorts", as_of=as_of)
        manifest.list_expired(tx, cohorts)
        listed = manifest.describe(tx, manifest.categories(tools.policy), cohorts)
        return listed, int(tx.scalar("listed_held"))


def expired(tools: Destroyer, as_of: date) -> Application:
    """Apply for what is past its retention on a day."""
    at = tools.clock()
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        settled = settle.settle(tx, tools.custodian, tools.policy, as_of, at)
        cohorts = tx.rows("due_cohorts", as_of=as_of)
        manifest.list_expired(tx, cohorts)
        listed = manifest.describe(tx, manifest.categories(tools.policy), cohorts)
        if listed.records == 0:
            if settled.entries:
                jobs.append(tx, tools, settled.entries, at)
            return Application(None, settled.held)
        spared = {"held": settled.held, "restricted": settled.restricted, "reviewed": settled.reviewed}
        job_id = _insert(tx, tools, EXPIRY, as_of, listed, (), APPLICANT, None, at, list(settled.entries), spared)
    tools.step("applied")
    return Application(jobs.load(tools, job_id), settled.held)


def requested(tools: Destroyer, request: str) -> Application:
    """Apply for the subjects that a request names, but for those that a hold protects: they wait."""
    at = tools.clock()
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        tx.run("settle_gone", request_id=request)
        asked = tx.one("request", request_id=request)
        tx.run("make_aimed")
        tx.run("aim_at_wanted", request_id=request)
        held = tx.run("spare_held_from_aimed")
        kept, told = lawful.spare(tx, tools.custodian, tools.policy, tools.index_key, at, tools.randomness)
        # Their quarantined rows have no index: they are found by opening, and set apart under slots of their own.
        apart = quarantined.aim(tx, tools.custodian, tools.policy, tools.index_key)
        slots = [row.subject_id for row in tx.rows("aimed")]
        manifest.list_aimed(tx)
        listed = manifest.describe(tx, manifest.categories(tools.policy), (), slots, len(apart.holders))
        if listed.records == 0:
            tx.run("settle_request", request_id=request, at=at)
            if told:
                jobs.append(tx, tools, told, at)
            return Application(None, held, kept)
        job_id = _insert(
            tx, tools, REQUEST, day_of(at), listed, slots, asked.applicant, request, at, told, {"held": held}
        )
    tools.step("applied")
    return Application(jobs.load(tools, job_id), held, kept)


def selected(tools: Destroyer, request: str) -> Application:
    """Apply for the records of a steward's selection; what else lies in their cohorts will be sealed again."""
    at = tools.clock()
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        asked = tx.one("request", request_id=request)
        selection = Selection(**asked.selection)
        manifest.list_selection(tx, selection)
        cohorts = tx.rows("listed_cohorts")
        listed = manifest.describe(tx, manifest.categories(tools.policy), cohorts, selection=selection)
        if listed.records == 0:
            tx.run("close_request", request_id=request, at=at)
            return Application(None)
        tx.run("want_listed", request_id=request)
        job_id = _insert(tx, tools, STEWARD, day_of(at), listed, (), asked.applicant, request, at, [])
    tools.step("applied")
    return Application(jobs.load(tools, job_id))


def again(tools: Destroyer, request: str, origin: str) -> Application:
    """Apply for what is left of a request."""
    return requested(tools, request) if origin == REQUEST else selected(tools, request)


def relist(tx: Tx, job: Job) -> None:
    """List what a destruction is about, as it lies there now, into the table ``listed``."""
    if job.manifest.selection is not None:
        manifest.list_selection(tx, Selection(**job.manifest.selection))
    elif job.manifest.subjects:
        tx.run("make_aimed")
        tx.run("aim_at_targets", job_id=job.id)
        manifest.list_aimed(tx)
    else:
        tx.run("make_listed")
        tx.run("list_expired", days=job.manifest.expiry_days, cohorts=list(job.manifest.cohorts))


def quarantined_since(tx: Tx, tools: Destroyer, job: Job) -> bool:
    """Tell whether rows of the subjects in the table ``aimed`` were quarantined since the application."""
    if not job.manifest.subjects:
        return False
    found = quarantined.find(tx, tools.custodian, tools.policy, tools.index_key, quarantined.digests_of_aimed(tx))
    return bool(found) and bool(tx.scalar("quarantined_elsewhere", ids=found))


def subject_slots(tx: Tx, job: Job) -> list[int]:
    """Return the slots of the subject ring that a destruction is to blank.

    Raises:
        RuntimeError: they are not those that the manifest has the root over.
    """
    if not job.manifest.subjects:
        return []
    found = [row.key_id for row in tx.rows("targets", job_id=job.id, ring=SUBJECT)]
    if manifest.keys_root(job.manifest.cohorts, found) != job.manifest.keys_root:
        raise RuntimeError(f"the targets of {job.id} are not those of its manifest")
    return found


def _insert(
    tx: Tx,
    tools: Destroyer,
    origin: str,
    as_of: date,
    listed: Manifest,
    subjects: Sequence[int],
    applicant: str,
    request: str | None,
    at: datetime,
    before: list[Entry],
    spared: dict[str, int] | None = None,
) -> str:
    job_id = names.destruction(at, tools.randomness(4))
    schedule, hashed = tools.policy.schedule_hash(), listed.hash()
    keys = [*((COHORT, number) for number in listed.cohorts), *((SUBJECT, number) for number in subjects)]
    rows: list[tuple[Any, ...]] = [(job_id, ring, number) for ring, number in keys]
    tx.copy_rows("copy_targets", ["text", "text", "int8"], rows)
    applied = entries.destruction_applied(
        job_id, origin, bytes.fromhex(listed.root), listed.records, bytes.fromhex(schedule), applicant, at,
        bytes.fromhex(hashed),
    )  # fmt: skip
    seqs = jobs.append(tx, tools, [*before, applied], at)[-1:]
    tx.run(
        "insert_job", job_id=job_id, origin=origin, as_of=as_of, manifest=json.dumps(listed.as_json()),
        manifest_hash=hashed, schedule_hash=schedule, applicant=applicant, executor=EXECUTOR, request_id=request,
        steps=jobs.note("applied", at, seqs, spared=spared or {}), at=at,
    )  # fmt: skip
    return job_id
