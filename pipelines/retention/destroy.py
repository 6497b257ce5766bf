"""THE STORY of destruction: a state machine that survives a kill at any point.

    applied → approved → keys_destroyed → rows_removed → verified → confirmed        (or blocked, failed)

Each step is one transaction with its ledger entry, or is idempotent and repeated from its beginning. Whoever calls next
goes on where the last one died. Nothing here decides what is due (`manifest`), and nothing here judges the result
(`verify`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.custody import COHORT, generation_name
from pipelines.errors import ApprovalMissing, DestructionFailed
from pipelines.evidence import certificate as certificates
from pipelines.evidence import entries, names
from pipelines.evidence.certificate import CheckResult, Verdict
from pipelines.moments import day_of
from pipelines.retention import approval, certify, holds, manifest, rotate
from pipelines.retention.manifest import Manifest
from pipelines.retention.verify import Destroyed, verify
from pipelines.store import keyring
from pipelines.store.database import Database, Role, Tx
from pipelines.store.keyring import Generation

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.evidence.entries import Entry
    from pipelines.evidence.ledger import Ledger
    from pipelines.policy import Policy
    from pipelines.retention.approval import StandingApproval

APPLICANT, EXECUTOR, WITNESS, CONFIRMER = (
    "service:retention",
    "service:destroyer",
    "service:verifier",
    "service:registrar",
)
"""Who plays which part in the nightly destruction; the approver is the leader who signed the standing approval."""
SAMPLES = 64
"""Ciphertexts kept of each destruction, to show that they no longer open."""
Step = Callable[[str], None]


@dataclass(frozen=True)
class Destroyer:
    """What a destruction works with."""

    database: Database
    custodian: Custodian
    ledger: Ledger
    policy: Policy
    policy_folder: Path
    snapshots: Path
    clock: Callable[[], datetime]
    randomness: Callable[[int], bytes] = field(repr=False)
    step: Step = field(default=lambda _: None, repr=False)
    """Told the name of each point passed; tests kill the process there."""


@dataclass(frozen=True, slots=True)
class Job:
    """A destruction as the database has it."""

    id: str
    state: str
    as_of: date
    manifest: Manifest
    schedule_hash: str
    approval_id: str | None
    steps: dict[str, Any]
    old_generation: int | None
    new_generation: int | None


@dataclass(frozen=True, slots=True)
class Result:
    """What a purge came to."""

    due: int = 0
    held: int = 0
    destroyed: int = 0
    verdict: Verdict | None = None
    """None: nothing was due, which is no success and no failure."""
    certificate: certificates.Certificate | None = None


def list_due(tools: Destroyer, as_of: date) -> tuple[Manifest, int]:
    """Say what is due on a day, and how much of it a legal hold keeps; changes nothing."""
    with tools.database.begin(Role.DESTROY) as tx:
        listed = manifest.due(tx, as_of, manifest.categories(tools.policy))
        return listed, int(tx.scalar("count_held", days=listed.expiry_days, cohorts=list(listed.cohorts)))


def destroy_expired(tools: Destroyer, as_of: date) -> Result:
    """Destroy what is past its retention on a day, verified and certified; go on with one that was interrupted.

    Raises:
        ApprovalMissing: no standing approval covers the schedule; nothing was destroyed.
        DestructionFailed: the verification did not pass; the job waits as `failed` and the next call tries again.
        KeyUnavailable, StorageFull, DatabaseUnavailable: a step could not be done; the next call goes on there.
    """
    held = 0
    job = _interrupted(tools)
    if job is None:
        job, held = _apply(tools, as_of)
    while job is not None and job.state != "confirmed":
        if job.state == "blocked":
            # What it listed is not what lies there any more: it is listed and applied for anew.
            job, held = _apply(tools, as_of)
            continue
        STEPS[job.state](tools, job)
        job = _load(tools, job.id)
    if job is None:
        return Result(held=held, due=held)
    issued = certify.load(tools.database, job.id)
    return Result(job.manifest.records + held, held, job.manifest.records, issued.verdict, issued)


def _apply(tools: Destroyer, as_of: date) -> tuple[Job | None, int]:
    """List what is due, spare what is held, and fix the rest as a manifest."""
    at = tools.clock()
    # Looked at before anything is applied for: without an approval nothing is even listed as a job.
    _covered(tools, tools.policy.schedule_hash(), as_of, at)
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        held = holds.spare(tx, tools.custodian, as_of)
        listed = manifest.due(tx, as_of, manifest.categories(tools.policy))
        if listed.records == 0:
            return None, held
        job_id = names.destruction(at, tools.randomness(4))
        schedule = tools.policy.schedule_hash()
        applied = entries.destruction_applied(
            job_id, "expiry", bytes.fromhex(listed.root), listed.records, bytes.fromhex(schedule), APPLICANT, at
        )
        seq = _append(tx, tools, [applied], at)
        tx.run(
            "insert_job", job_id=job_id, origin="expiry", as_of=as_of, manifest=json.dumps(listed.as_json()),
            manifest_hash=listed.hash(), schedule_hash=schedule, applicant=APPLICANT, executor=EXECUTOR,
            steps=_note("applied", at, seq), at=at,
        )  # fmt: skip
    tools.step("applied")
    return _load(tools, job_id), held


def _approve(tools: Destroyer, job: Job) -> None:
    """Let the standing approval cover the job, if it does."""
    at = tools.clock()
    standing = _covered(tools, job.schedule_hash, job.as_of, at)
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        tx.run(
            "insert_approval", approval_id=standing.approval, schedule_hash=standing.schedule_hash,
            approved_by=standing.approved_by, approved_at=standing.approved_on, valid_until=standing.valid_until,
            signature=standing.signature,
        )  # fmt: skip
        entry = entries.destruction_approved(
            job.id, bytes.fromhex(job.manifest.root), standing.approval, standing.approved_by, at
        )
        seq = _append(tx, tools, [entry], at)
        note = _note("approved", at, seq, approver=standing.approved_by)
        tx.run("approve_job", job_id=job.id, approval_id=standing.approval, steps=note)
    tools.step("approved")


def _covered(tools: Destroyer, schedule_hash: str, as_of: date, at: datetime) -> StandingApproval:
    """Return the standing approval, if it covers the schedule and holds today, however early the day purged for."""
    standing = approval.load_approval(tools.policy_folder)
    approval.require_cover(standing, schedule_hash, max(as_of, day_of(at)))
    return standing


def _destroy_keys(tools: Destroyer, job: Job) -> None:
    """Blank the cohorts' keys, rotate the root, and destroy the old one: in the order that keeps survivors safe."""
    if "rotated" not in job.steps:
        _rotate(tools, job, _new_generation(tools, job))
        job = _load(tools, job.id)
        if job.state == "blocked":
            return
    new = Generation(*job.steps["new_root"])
    tools.step("rotated")
    old = _generation(tools, job.old_generation)
    with tools.database.begin(Role.DESTROY) as tx:
        snapshot = tools.snapshots / f"keyring-{new.number:06d}.snapshot"
        rotate.write_snapshot(snapshot, keyring.all_pages(tx), tools.custodian)
    tools.step("snapshot_written")
    tools.custodian.kms.destroy(old.kms_key)
    tools.step("old_root_destroyed")
    for older in tools.snapshots.glob("keyring-*.snapshot"):
        if older != snapshot:
            older.unlink()
    at = tools.clock()
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        blanked: dict[str, int] = job.steps["rotated"]["keys"]
        done = [
            entries.keys_destroyed(job.id, blanked, old.number, new.number, EXECUTOR, at),
            entries.generation_destroyed(old.number, tools.custodian.kms.scheme, at),
        ]
        seq = _append(tx, tools, done, at)
        tx.run("generation_destroyed", generation=old.number, at=at)
        note = _note("keys_destroyed", at, seq)
        tx.run("reach_state", job_id=job.id, before="approved", state="keys_destroyed", steps=note)
    tools.step("keys_destroyed")


def _new_generation(tools: Destroyer, job: Job) -> Generation:
    """Create the new root in the KMS, durable before anything is wrapped by it; its number is noted first."""
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        if "new_root" not in job.steps:
            active = keyring.active_generation(tx)
            if active is None:
                raise RuntimeError("a destruction without a keyring")
            number = keyring.next_generation_number(tx)
            new = Generation(number, generation_name(number, tools.randomness))
            tx.run("note_step", job_id=job.id, steps=json.dumps({"new_root": [new.number, new.kms_key]}))
            tx.run("set_generations", job_id=job.id, old_generation=active.number, new_generation=new.number)
        else:
            new = Generation(*job.steps["new_root"])
    tools.step("new_root_named")
    tools.custodian.kms.create(new.kms_key)
    tools.step("new_root_created")
    return new


def _rotate(tools: Destroyer, job: Job, new: Generation) -> None:
    """In one transaction: keep samples, blank, re-seal, re-wrap, put the new root in force.

    Unless rows came in late or a hold was laid since the manifest was fixed: then nothing is done and the job is blocked.
    """
    at = tools.clock()
    listed = job.manifest
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        if not manifest.stands(tx, listed):
            tools.custodian.kms.destroy(new.kms_key)
            seq = _append(tx, tools, [entries.destruction_failed(job.id, "approved", "manifest_changed", at)], at)
            note = _note("blocked", at, seq)
            tx.run("reach_state", job_id=job.id, before="approved", state="blocked", steps=note)
            return
        job = _job(tx.one("job", job_id=job.id))
        where = {"days": listed.expiry_days, "cohorts": list(listed.cohorts)}
        tx.run("take_samples", job_id=job.id, count=SAMPLES // 2, **where)
        tx.run("retire_generation", generation=job.old_generation)
        keyring.add_generation(tx, new, at)
        blanked = rotate.blank(tx, tools.custodian, COHORT, listed.cohorts, new)
        rotate.rewrap(tx, tools.custodian, new)
        tx.run("cohorts_destroyed", job_id=job.id, cohorts=list(listed.cohorts))
        seq = _append(tx, tools, [entries.generation_created(new.number, tools.custodian.kms.scheme, at)], at)
        detail = {"keys": {COHORT: blanked.keys}, "pages": {COHORT: blanked.pages}}
        tx.run("note_step", job_id=job.id, steps=_note("rotated", at, seq, **detail))


def _remove_rows(tools: Destroyer, job: Job) -> None:
    """Remove rows, quarantine, blind indexes, subjects and empty partitions, in one transaction."""
    _remove(tools, job, "keys_destroyed")
    tools.step("rows_removed")


def _remove(tools: Destroyer, job: Job, before: str) -> None:
    at, listed = tools.clock(), job.manifest
    earlier: dict[str, int] = job.steps.get("rows_removed", {}).get("removed", {})
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        cohorts = list(listed.cohorts)
        removed = {
            "records": tx.run("delete_records", days=listed.expiry_days, cohorts=cohorts),
            "quarantined": tx.run("delete_quarantine", cohorts=cohorts),
            "blind_indexes": tx.run("delete_indexes", as_of=job.as_of),
            "subjects": tx.run("delete_subjects", as_of=job.as_of),
            "partitions": _drop_partitions(tx, listed, job.as_of),
        }
        removed = {what: count + earlier.get(what, 0) for what, count in removed.items()}
        seq = _append(tx, tools, [entries.rows_removed(job.id, removed, EXECUTOR, at)], at)
        note = _note("rows_removed", at, seq, removed=removed)
        tx.run("reach_state", job_id=job.id, before=before, state="rows_removed", steps=note)


def _drop_partitions(tx: Tx, listed: Manifest, as_of: date) -> int:
    months = {day.replace(day=1) for day in listed.expiry_days}
    return sum(bool(tx.scalar("drop_partition", month=month, as_of=as_of)) for month in sorted(months))


def _verify(tools: Destroyer, job: Job) -> None:
    """Have another connection look again, and judge."""
    at = tools.clock()
    old = _generation(tools, job.old_generation)
    removed: dict[str, int] = job.steps["rows_removed"]["removed"]
    counted = removed["records"] + removed["quarantined"]
    destroyed = Destroyed(job.id, job.manifest, job.as_of, old.number, old.kms_key, counted)
    witness = Database(tools.database.url.render_as_string(hide_password=False), tools.database.sql)
    with witness.begin(Role.VERIFY) as tx:
        checks = verify(tx, tools.custodian, destroyed)
    witness.close()
    judged = certificates.verdict(checks, job.manifest.records)
    _record_verdict(tools, job, checks, judged, at)
    tools.step("verified")


def _record_verdict(tools: Destroyer, job: Job, checks: tuple[CheckResult, ...], judged: Verdict, at: datetime) -> None:
    passed = judged is Verdict.PASS
    statuses = {check.name: check.status.value for check in checks}
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        found = [entries.destruction_verified(job.id, judged.value, statuses, WITNESS, at)]
        if not passed:
            found.append(entries.destruction_failed(job.id, "rows_removed", "verification", at))
        seq = _append(tx, tools, found, at)
        counts = [[check.name, check.of, check.held] for check in checks]
        note = _note("verified", at, seq, checks=counts)
        if passed:
            tx.run("reach_state", job_id=job.id, before="rows_removed", state="verified", steps=note)
        else:
            tx.run("fail_job", job_id=job.id, before="rows_removed", verdict=judged.value, steps=note)
    if not passed:
        wrong = ", ".join(name for name, status in statuses.items() if status != "PASS") or "the manifest is empty"
        raise DestructionFailed(
            f"The destruction {job.id} could not be verified ({judged.value}: {wrong}); nothing is reported as destroyed. The next `tutela purge` tries again."
        )


def _confirm(tools: Destroyer, job: Job) -> None:
    """Put the confirmation into the ledger and sign the certificate."""
    at = tools.clock()
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        seq = _append(tx, tools, [entries.destruction_confirmed(job.id, Verdict.PASS.value, CONFIRMER, at)], at)
        steps = {**job.steps, "confirmed": {"at": at.isoformat(), "seqs": seq}}
        people = (APPLICANT, EXECUTOR, WITNESS, CONFIRMER)
        issued = certify.issue(tx, tools, job, steps, people, at)
        tx.run(
            "confirm_job", job_id=job.id, certificate=json.dumps(certificates.to_bytes(issued).decode()),
            verdict=issued.verdict.value, steps=_note("confirmed", at, seq),
        )  # fmt: skip
        tx.run("drop_samples", job_id=job.id)
    tools.step("confirmed")


STEPS: dict[str, Callable[[Destroyer, Job], None]] = {
    "applied": _approve,
    "approved": _destroy_keys,
    "keys_destroyed": _remove_rows,
    "rows_removed": _verify,
    "verified": _confirm,
}


def _interrupted(tools: Destroyer) -> Job | None:
    """Find a destruction that died on its way, or one whose verification failed: that one has its rows removed again."""
    with tools.database.begin(Role.DESTROY) as tx:
        row = tx.one("open_job")
        failed = None if row else tx.one("failed_job")
    if row:
        return _job(row)
    if failed:
        _remove(tools, _job(failed), "failed")
        return _load(tools, failed.job_id)
    return None


def _load(tools: Destroyer, job_id: str) -> Job:
    with tools.database.begin(Role.DESTROY) as tx:
        return _job(tx.one("job", job_id=job_id))


def _job(row: Any) -> Job:
    listed = Manifest.from_json(row.manifest)
    if listed.hash() != row.manifest_hash:
        raise ApprovalMissing(
            f"The manifest of {row.job_id} is not the one that was approved; nothing more of it is done. Call the auditor."
        )
    return Job(
        row.job_id, row.state, row.as_of, listed, row.schedule_hash, row.approval_id, row.steps, row.old_generation,
        row.new_generation,
    )  # fmt: skip


def _generation(tools: Destroyer, number: int | None) -> Generation:
    with tools.database.begin(Role.DESTROY) as tx:
        row = tx.one("generation", generation=number)
    return Generation(row.generation, row.kms_key)


def _append(tx: Tx, tools: Destroyer, new: list[Entry], at: datetime) -> list[int]:
    head = tools.ledger.append(tx, new, at)
    return list(range(head.size - len(new), head.size))


def _note(name: str, at: datetime, seqs: list[int], **more: object) -> str:
    return json.dumps({name: {"at": at.isoformat(), "seqs": seqs, **more}})
