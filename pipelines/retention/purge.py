"""One purge: which destructions there are to do, in which order; one process at a time.

    interrupted → failed before → approved on request → moved by another schedule → past retention → requests that can be
    applied for (again)

A destruction that fails is in nobody's way: the others are done, and the failure is told at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from pipelines.errors import ApprovalMissing, DestructionFailed, DestructionUnderWay, TutelaError
from pipelines.retention import apply, certify, destroy, replay
from pipelines.retention import job as jobs
from pipelines.retention.reschedule import reschedule
from pipelines.store.database import Role

if TYPE_CHECKING:
    from pipelines.evidence.certificate import Certificate, Verdict
    from pipelines.retention.job import Destroyer, Job


@dataclass(slots=True)
class Result:
    """What a purge came to."""

    held: int = 0
    """Records that are due and that a legal hold keeps."""
    certificates: list[Certificate] = field(default_factory=list)
    """Of the destructions done, in order."""

    @property
    def destroyed(self) -> int:
        """Records destroyed."""
        return sum(certificate.case.manifest.records for certificate in self.certificates)

    @property
    def due(self) -> int:
        """Records that were to go: destroyed or held."""
        return self.destroyed + self.held

    @property
    def verdict(self) -> Verdict | None:
        """None: nothing was due, which is no success and no failure. A destruction without a PASS has no certificate."""
        return self.certificates[-1].verdict if self.certificates else None


def purge(tools: Destroyer, as_of: date) -> Result:
    """Do all that may be destroyed on a day.

    Raises:
        DestructionUnderWay: another process is at it.
        ApprovalMissing: something is past its retention and no standing approval covers it, or the approval of a request
            does not count; all else was done.
        DestructionFailed: a verification did not pass; all else was done, and the next call tries again.
        KeyUnavailable, StorageFull, DatabaseUnavailable: a step could not be done; the next call goes on there.
    """
    result = Result()
    with turn(tools):
        failures = _finish(tools, result)
        for job in _decided(tools):
            _run(tools, job, result, failures)
        reschedule(tools)
        _expire(tools, as_of, result, failures)
        _apply_waiting(tools)
    if failures:
        raise failures[0]
    return result


def destroy_one(tools: Destroyer, job_id: str) -> Result:
    """Do one destruction that a leader has decided about; one that was interrupted comes first.

    Raises:
        ApprovalMissing: no leader has approved it.
        Else as :func:`purge`.
    """
    result = Result()
    with turn(tools):
        failures = _finish(tools, result)
        job = jobs.load(tools, job_id)
        if job.state == "applied":
            _run(tools, job, result, failures)
    if failures:
        raise failures[0]
    return result


@contextmanager
def turn(tools: Destroyer) -> Iterator[None]:
    """Hold the one turn of destroying; a process that dies gives it back.

    Raises:
        DestructionUnderWay: another process has it.
        ApprovalMissing: a legal hold was lost with a database, and whose it was is not known.
    """
    with tools.database.begin(Role.DESTROY) as tx:
        if not tx.scalar("lock_destruction"):
            raise DestructionUnderWay
        replay.require_known_holds(tx)
        yield


def _finish(tools: Destroyer, result: Result) -> list[TutelaError]:
    """Go on with the one that was interrupted, and try again the ones that did not pass."""
    failures: list[TutelaError] = []
    while (interrupted := _interrupted(tools)) is not None:
        _run(tools, interrupted, result, failures)
    retried = {str(failure) for failure in failures}
    with tools.database.begin(Role.DESTROY) as tx:
        failed = [jobs.of_row(row) for row in tx.rows("failed_jobs")]
    for job in failed:
        if any(job.id in said for said in retried):
            continue
        try:
            _certified(tools, destroy.try_again(tools, job), result)
        except DestructionFailed as exc:
            failures.append(exc)
    return failures


def _run(tools: Destroyer, job: Job, result: Result, failures: list[TutelaError]) -> Job | None:
    try:
        ended = destroy.run(tools, job)
    except (ApprovalMissing, DestructionFailed) as exc:
        failures.append(exc)
        return None
    _certified(tools, ended, result)
    return ended


def _certified(tools: Destroyer, job: Job, result: Result) -> None:
    if job.state == "confirmed":
        result.certificates.append(certify.load(tools.database, job.id))


def _expire(tools: Destroyer, as_of: date, result: Result, failures: list[TutelaError]) -> None:
    """Apply for what is past its retention, and do it; what changed in between is listed and applied for anew."""
    # Looked at before anything is applied for: without an approval nothing is even listed as a job.
    destroy.covered(tools, tools.policy.schedule_hash(), as_of, tools.clock())
    while True:
        applied = apply.expired(tools, as_of)
        result.held += applied.held
        if applied.job is None:
            return
        ended = _run(tools, applied.job, result, failures)
        if ended is None or ended.state != "blocked":
            return


def _apply_waiting(tools: Destroyer) -> None:
    """Apply for requests of which something can go now: a hold was lifted, or a manifest no longer stood."""
    with tools.database.begin(Role.DESTROY) as tx:
        waiting = tx.rows("waiting_requests")
    for request in waiting:
        apply.again(tools, request.request_id, request.origin)


def _interrupted(tools: Destroyer) -> Job | None:
    with tools.database.begin(Role.DESTROY) as tx:
        row = tx.one("open_job")
    return jobs.of_row(row) if row else None


def _decided(tools: Destroyer) -> list[Job]:
    with tools.database.begin(Role.DESTROY) as tx:
        return [jobs.of_row(row) for row in tx.rows("decided_jobs")]
