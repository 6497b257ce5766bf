"""A destruction as the database has it: its state, its manifest, what was done so far. Not for doing anything.

The manifest that is loaded is the one that was applied for, or nothing is: its hash is computed again each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import ApprovalMissing, DestructionUnderWay, UnknownReference
from pipelines.retention.manifest import Manifest
from pipelines.store.database import Database, Role, Tx
from pipelines.store.keyring import Generation

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.evidence.entries import Entry
    from pipelines.evidence.ledger import Ledger
    from pipelines.policy import Policy

EXPIRY, REQUEST, STEWARD = "expiry", "request", "steward"
APPLICANT, EXECUTOR, WITNESS, CONFIRMER = (
    "service:retention",
    "service:destroyer",
    "service:verifier",
    "service:registrar",
)
"""Who plays which part; at night the applicant is a service too. The approver is always a leader."""
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
    index_key: bytes = field(repr=False)
    home: Path
    step: Step = field(default=lambda _: None, repr=False)
    """Told the name of each point passed; tests kill the process there."""


@dataclass(frozen=True, slots=True)
class Job:
    """A destruction."""

    id: str
    origin: str
    state: str
    as_of: date
    manifest: Manifest
    manifest_hash: str
    schedule_hash: str
    applicant: str
    executor: str
    request: str | None
    approval_id: str | None
    steps: dict[str, Any]
    old_generation: int | None
    new_generation: int | None


def load(tools: Destroyer, job_id: str) -> Job:
    """Read a destruction.

    Raises:
        UnknownReference: there is none of this name.
        ApprovalMissing: its manifest is not the one that was applied for.
    """
    with tools.database.begin(Role.DESTROY) as tx:
        return load_in(tx, job_id)


def load_in(tx: Tx, job_id: str) -> Job:
    """Read a destruction within a transaction; see :func:`load`."""
    row = tx.one("job", job_id=job_id)
    if row is None:
        raise UnknownReference(f"There is no destruction {job_id[:40]}; `tutela destruction list` shows them.")
    return of_row(row)


def of_row(row: Any) -> Job:
    """Take a destruction from its row.

    Raises:
        ApprovalMissing: its manifest is not the one that was applied for.
    """
    listed = Manifest.from_json(row.manifest)
    if listed.hash() != row.manifest_hash:
        raise ApprovalMissing(
            f"The manifest of {row.job_id} is not the one that was approved; nothing more of it is done. Call the auditor."
        )
    return Job(
        row.job_id, row.origin, row.state, row.as_of, listed, row.manifest_hash, row.schedule_hash, row.applicant,
        row.executor, row.request_id, row.approval_id, row.steps, row.old_generation, row.new_generation,
    )  # fmt: skip


def generation(tools: Destroyer, number: int | None) -> Generation:
    """Look a root generation up."""
    with tools.database.begin(Role.DESTROY) as tx:
        row = tx.one("generation", generation=number)
    return Generation(row.generation, row.kms_key)


def moment(tools: Destroyer, job: Job) -> datetime:
    """Tell the time, but never one before a step that was done already."""
    return not_before(job, tools.clock())


def not_before(job: Job, at: datetime) -> datetime:
    """Return a time, or that of the newest step: a clock that was put back must not put a destruction out of order."""
    noted = [step["at"] for step in job.steps.values() if isinstance(step, dict) and "at" in step]
    return max([at, *map(datetime.fromisoformat, noted)])


def append(tx: Tx, tools: Destroyer, new: Sequence[Entry], at: datetime) -> list[int]:
    """Put entries into the ledger, in the caller's transaction; return their numbers."""
    head = tools.ledger.append(tx, new, at)
    return list(range(head.size - len(new), head.size))


def note(name: str, at: datetime, seqs: list[int], **more: object) -> str:
    """Write down that a step was done, when, and where the ledger says so."""
    return json.dumps({name: {"at": at.isoformat(), "seqs": seqs, **more}})


def reach(tx: Tx, job: Job, before: str, after: str, steps: str) -> None:
    """Bring a destruction from one state to the next.

    Raises:
        DestructionUnderWay: it is not in that state any more; the transaction must not commit, or the ledger would say it twice.
    """
    if not tx.run("reach_state", job_id=job.id, before=before, state=after, steps=steps):
        raise DestructionUnderWay
