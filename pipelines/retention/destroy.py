"""THE STORY of destruction: a state machine that survives a kill at any point.

    applied → approved → keys_destroyed → rows_removed → verified → confirmed   (or rejected, blocked, failed)

Each step is one transaction with its ledger entry, or is idempotent and repeated from its beginning. Whoever calls next
goes on where the last one died. Nothing here decides what is to be destroyed (`apply`) or who may allow it (`decision`),
and nothing here judges the result (`verify`). The order of whole destructions is `purge`'s.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

from pipelines.custody import COHORT, SUBJECT
from pipelines.errors import ApprovalMissing, DestructionFailed, DestructionUnderWay, TutelaError
from pipelines.evidence import certificate as certificates
from pipelines.evidence import entries, journal
from pipelines.evidence.certificate import CheckResult, Verdict
from pipelines.moments import day_of
from pipelines.retention import apply, approval, certify, decision, derived, manifest, reseal, rotate, snapshot
from pipelines.retention import job as jobs
from pipelines.retention.decision import Decision
from pipelines.retention.job import CONFIRMER, EXECUTOR, EXPIRY, REQUEST, WITNESS, Destroyer, Job, append, note, reach
from pipelines.retention.remove import remove
from pipelines.retention.verify import Destroyed, unknown, verify
from pipelines.store import keyring
from pipelines.store.database import Database, Role, Tx
from pipelines.store.keyring import Generation

if TYPE_CHECKING:
    from pipelines.retention.approval import StandingApproval

SAMPLES = 64
"""Ciphertexts kept of each destruction, to show that they no longer open."""


def run(tools: Destroyer, job: Job) -> Job:
    """Bring a destruction to its end, from whatever state it is in; tell how it ended: confirmed, rejected or blocked.

    Raises:
        ApprovalMissing: no approval covers it; nothing of it was done.
        DestructionFailed: the verification did not pass; it waits as `failed`.
        KeyUnavailable, StorageFull, DatabaseUnavailable: a step could not be done; the next call goes on there.
    """
    while job.state in STEPS:
        STEPS[job.state](tools, job)
        job = jobs.load(tools, job.id)
    return job


def covered(tools: Destroyer, schedule_hash: str, as_of: date, at: datetime) -> StandingApproval:
    """Return the standing approval, if it covers the schedule and holds today, however early the day purged for.

    Raises:
        ApprovalMissing: it does not.
    """
    standing = approval.load_approval(tools.policy_folder)
    approval.require_cover(standing, schedule_hash, max(as_of, day_of(at)))
    return standing


def _approve(tools: Destroyer, job: Job) -> None:
    """Take the leader's decision; for the nightly destruction the standing approval is one, if it covers it."""
    at = jobs.moment(tools, job)
    try:
        standing = covered(tools, job.schedule_hash, job.as_of, at) if job.origin == EXPIRY else None
    except ApprovalMissing:
        # Nothing of it was done: what is due is listed anew once there is an approval.
        _block(tools, job, "not_covered")
        raise
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        if standing is not None:
            _take_standing(tx, tools, job, standing, at)
        decided = decision.decided(tx, job.id)
        if decided is not None and decided.decision == decision.REJECTED:
            reach(tx, job, "applied", "rejected", "{}")
            tx.run("close_request", request_id=job.request, at=at)
            return
        decided = decision.require(tx, tools, job)
        seqs = jobs.load_in(tx, job.id).steps["decided"]["seqs"]
        noted = note("approved", decided.decided_at, seqs, approver=decided.approver, door=decided.door)
        if not tx.run("approve_job", job_id=job.id, approval_id=decided.approval, steps=noted):
            raise DestructionUnderWay
    tools.step("approved")


def _take_standing(tx: Tx, tools: Destroyer, job: Job, standing: StandingApproval, at: datetime) -> None:
    tx.run(
        "insert_approval", approval_id=standing.approval, schedule_hash=standing.schedule_hash,
        approved_by=standing.approved_by, approved_at=standing.approved_on, valid_until=standing.valid_until,
        signature=standing.signature,
    )  # fmt: skip
    by = standing.approved_by
    taken = Decision(
        job.id, decision.APPROVED, decision.STANDING, by, decision.LEADER, job.manifest_hash, at, standing.approval
    )
    decision.record(tx, tools, job, taken, at)


def _block(tools: Destroyer, job: Job, reason: str) -> None:
    """End a destruction of which nothing was done, on record."""
    at = jobs.moment(tools, job)
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        seqs = append(tx, tools, [entries.destruction_failed(job.id, job.state, reason, at)], at)
        reach(tx, job, job.state, "blocked", note("blocked", at, seqs, reason=reason))


def _destroy_keys(tools: Destroyer, job: Job) -> None:
    """Blank the keys, rotate the root, and destroy the old one: in the order that keeps survivors safe."""
    if "rotated" not in job.steps:
        named = _new_generation(tools, job)
        _rotate(tools, job, named)
        job = jobs.load(tools, job.id)
        if job.state == "blocked":
            # Not before the commit: a name that is given up must not be created again.
            tools.custodian.kms.destroy(named.kms_key)
            return
    new = Generation(*job.steps["new_root"])
    tools.step("rotated")
    old = jobs.generation(tools, job.old_generation)
    with tools.database.begin(Role.DESTROY) as tx:
        kept = snapshot.write(
            tx, tools.snapshots, tools.custodian, tools.home / journal.FILE, tools.ledger.origin, tools.clock()
        )
    tools.step("snapshot_written")
    _destroy_older_roots(tools, kept.header.generation, old)
    tools.step("old_root_destroyed")
    older = snapshot.remove_older(kept)
    at = jobs.moment(tools, job)
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        blanked: dict[str, int] = job.steps["rotated"]["keys"]
        done = [
            entries.keys_destroyed(job.id, blanked, old.number, new.number, EXECUTOR, at),
            entries.generation_destroyed(old.number, tools.custodian.kms.scheme, at),
        ]
        seqs = append(tx, tools, done, at)
        tx.run("generation_destroyed", generation=old.number, at=at)
        reach(tx, job, "approved", "keys_destroyed", note("keys_destroyed", at, seqs, copies=older))
    tools.step("keys_destroyed")


def _destroy_older_roots(tools: Destroyer, number: int, old: Generation) -> None:
    """Destroy the old root, and any older one of this installation: a restored database does not know them all."""
    older = {name for name, found in tools.custodian.own_generations().items() if found < number}
    for name in sorted(older | {old.kms_key}):
        tools.custodian.kms.destroy(name)


def _new_generation(tools: Destroyer, job: Job) -> Generation:
    """Create the new root in the KMS, durable before anything is wrapped by it; its number is noted first."""
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        job = _still_ours(tx, job)
        if "new_root" not in job.steps:
            active = keyring.active_generation(tx)
            if active is None:
                raise RuntimeError("a destruction without a keyring")
            number = keyring.next_generation_number(tx)
            new = Generation(number, tools.custodian.name_generation(number))
            tx.run("note_step", job_id=job.id, steps=json.dumps({"new_root": [new.number, new.kms_key]}))
            tx.run("set_generations", job_id=job.id, old_generation=active.number, new_generation=new.number)
        else:
            new = Generation(*job.steps["new_root"])
    tools.step("new_root_named")
    tools.custodian.kms.create(new.kms_key)
    tools.step("new_root_created")
    return new


def _rotate(tools: Destroyer, job: Job, new: Generation) -> None:
    """In one transaction: look again, keep samples, blank, re-seal, re-wrap, put the new root in force.

    Unless the approval does not hold, rows came in late, or a hold was laid since the manifest was fixed: then nothing is
    done and the job is blocked.
    """
    at = jobs.moment(tools, job)
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        job = _still_ours(tx, job)
        if job.steps["new_root"] != [new.number, new.kms_key]:
            raise DestructionUnderWay
        if (reason := _obstacle(tx, tools, job, at)) is not None:
            seqs = append(tx, tools, [entries.destruction_failed(job.id, "approved", reason, at)], at)
            reach(tx, job, "approved", "blocked", note("blocked", at, seqs, reason=reason))
            return
        tx.run("take_samples", job_id=job.id, count=SAMPLES // 2)
        if job.manifest.selection is not None:
            _spare_unlisted(tx, tools, job)
        tx.run("cohorts_destroyed", job_id=job.id, cohorts=list(job.manifest.cohorts))
        tx.run("retire_generation", generation=job.old_generation)
        keyring.add_generation(tx, new, at)
        wanted = {COHORT: list(job.manifest.cohorts), SUBJECT: apply.subject_slots(tx, job)}
        done = {ring: rotate.blank(tx, tools.custodian, ring, ids, new) for ring, ids in wanted.items() if ids}
        rotate.rewrap(tx, tools.custodian, new)
        seqs = append(tx, tools, [entries.generation_created(new.number, tools.custodian.kms.scheme, at)], at)
        detail = {
            "keys": {ring: found.keys for ring, found in done.items()},
            "pages": {ring: found.pages for ring, found in done.items()},
        }
        tx.run("note_step", job_id=job.id, steps=note("rotated", at, seqs, **detail))


def _still_ours(tx: Tx, job: Job) -> Job:
    """Look again under the writers' lock: whoever lost the turn meanwhile must not name, or give up, a root.

    Raises:
        DestructionUnderWay: another process has brought it further.
    """
    fresh = jobs.load_in(tx, job.id)
    if fresh.state != "approved" or "rotated" in fresh.steps:
        raise DestructionUnderWay
    return fresh


def _obstacle(tx: Tx, tools: Destroyer, job: Job, at: datetime) -> str | None:
    """Say, as a code, what forbids the destruction now; None: nothing does. `listed` is filled when it is None."""
    try:
        decided = decision.require(tx, tools, job)
        if decided.door == decision.STANDING:
            covered(tools, job.schedule_hash, job.as_of, at)
    except ApprovalMissing:
        return "not_covered"
    apply.relist(tx, job)
    as_approved = manifest.stands(tx, job.manifest) and not apply.quarantined_since(tx, tools, job)
    return None if as_approved else "manifest_changed"


def _spare_unlisted(tx: Tx, tools: Destroyer, job: Job) -> None:
    """Seal again, into a fresh cohort like each, what a steward's selection leaves in its cohorts."""
    fresh = reseal.renew(tx, job.manifest.cohorts)
    reseal.begin(tx)
    tx.run(
        "spare_unlisted", cohorts=list(fresh), fresh=list(fresh.values()), days=job.manifest.expiry_days
    )  # fmt: skip
    reseal.run(tx, tools.custodian)


def _remove_rows(tools: Destroyer, job: Job) -> None:
    """Remove rows, quarantine, blind indexes, subjects and whole partitions, in one transaction."""
    at = jobs.moment(tools, job)
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        # Before the rows go: afterwards nobody can tell whose copies there are.
        derived_too = derived.destroy_for(derived.register_of(tools), tx, job.id, at)
        removed = {**remove(tx, job), **derived_too.removed, **_lost(job)}
        said = [entries.rows_removed(job.id, removed, EXECUTOR, at), *derived_too.entries]
        seqs = append(tx, tools, said, at)
        reach(tx, job, "keys_destroyed", "rows_removed", note("rows_removed", at, seqs, removed=removed))
    tools.step("rows_removed")


def _lost(job: Job) -> dict[str, int]:
    """Rows that its manifest counts and that a restored backup did not have."""
    lost: int = job.steps.get("lost", 0)
    return {"lost_with_database": lost} if lost else {}


def try_again(tools: Destroyer, job: Job) -> Job:
    """Take up a destruction whose verification did not pass: remove again what somebody put back, and look again.

    Raises:
        DestructionFailed: it still does not pass.
    """
    at = jobs.moment(tools, job)
    _destroy_older_roots(tools, job.new_generation or 0, jobs.generation(tools, job.old_generation))
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        found = remove(tx, job)
        before: dict[str, int] = job.steps["rows_removed"]["removed"]
        # What was put back and is removed again was counted when it went first.
        more = {f"{what}_again": count + before.get(f"{what}_again", 0) for what, count in found.items() if count}
        seqs = append(tx, tools, [entries.rows_removed(job.id, {**before, **more}, EXECUTOR, at)], at)
        reach(tx, job, "failed", "rows_removed", note("rows_removed", at, seqs, removed={**before, **more}))
    return run(tools, jobs.load(tools, job.id))


def _verify(tools: Destroyer, job: Job) -> None:
    """Have another connection look again, and judge."""
    at = jobs.moment(tools, job)
    old = jobs.generation(tools, job.old_generation)
    removed: dict[str, int] = job.steps["rows_removed"]["removed"]
    counted = removed["records"] + removed["quarantined"] + removed.get("lost_with_database", 0)
    destroyed = Destroyed(
        job.id, job.request, job.manifest, job.as_of, old.number, old.kms_key, job.new_generation or 0, counted
    )
    witness = Database(tools.database.url.render_as_string(hide_password=False), tools.database.sql)
    try:
        with witness.begin(Role.VERIFY) as tx:
            checks = verify(tx, tools.custodian, destroyed)
    except TutelaError:
        # What could not be looked at (a table is missing, the connection broke) is not known to be gone.
        checks = unknown(destroyed)
    finally:
        witness.close()
    _record_verdict(tools, job, checks, certificates.verdict(checks, job.manifest.records, job.manifest.keys), at)
    tools.step("verified")


def _record_verdict(tools: Destroyer, job: Job, checks: tuple[CheckResult, ...], judged: Verdict, at: datetime) -> None:
    passed = judged is Verdict.PASS
    statuses = {check.name: check.status.value for check in checks}
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        found = [entries.destruction_verified(job.id, judged.value, statuses, WITNESS, at)]
        if not passed:
            found.append(entries.destruction_failed(job.id, "rows_removed", "verification", at))
        seqs = append(tx, tools, found, at)
        counts = [[check.name, check.of, check.held] for check in checks]
        noted = note("verified", at, seqs, checks=counts)
        if passed:
            reach(tx, job, "rows_removed", "verified", noted)
        elif not tx.run("fail_job", job_id=job.id, before="rows_removed", verdict=judged.value, steps=noted):
            raise DestructionUnderWay
    if not passed:
        wrong = ", ".join(name for name, status in statuses.items() if status != "PASS") or "the manifest is empty"
        raise DestructionFailed(
            f"The destruction {job.id} could not be verified ({judged.value}: {wrong}); nothing is reported as destroyed. The next `tutela purge` tries again."
        )


def _confirm(tools: Destroyer, job: Job) -> None:
    """Put the confirmation into the ledger and sign the certificate."""
    at = jobs.moment(tools, job)
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        seqs = append(tx, tools, [entries.destruction_confirmed(job.id, Verdict.PASS.value, CONFIRMER, at)], at)
        steps = {**job.steps, "confirmed": {"at": at.isoformat(), "seqs": seqs}}
        issued = certify.issue(tx, tools, job, steps, at)
        if not tx.run(
            "confirm_job", job_id=job.id, certificate=json.dumps(certificates.to_bytes(issued).decode()),
            verdict=issued.verdict.value, steps=note("confirmed", at, seqs),
        ):  # fmt: skip
            raise DestructionUnderWay
        tx.run("drop_samples", job_id=job.id)
        if job.request is not None:
            tx.run("settle_wanted", job_id=job.id)
            tx.run("settle_request" if job.origin == REQUEST else "close_request", request_id=job.request, at=at)
    tools.step("confirmed")


STEPS: dict[str, Callable[[Destroyer, Job], None]] = {
    "applied": _approve,
    "approved": _destroy_keys,
    "keys_destroyed": _remove_rows,
    "rows_removed": _verify,
    "verified": _confirm,
}
