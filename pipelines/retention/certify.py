"""Draw up, sign and find the certificate of a destruction. What it must contain is `pipelines.evidence.certificate`'s."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pipelines.evidence import certificate as certificates
from pipelines.evidence import ledger, signature
from pipelines.evidence.certificate import (
    Authority,
    Case,
    CheckResult,
    DestroyedKeys,
    Door,
    Limit,
    Method,
    People,
    Residual,
    Rotation,
    Spared,
    Times,
    Trigger,
)
from pipelines.evidence.certificate import Manifest as ManifestFacts
from pipelines.retention import backup, derived
from pipelines.retention.job import CONFIRMER, EXPIRY, WITNESS
from pipelines.store.database import Database, Role, Tx

if TYPE_CHECKING:
    from pipelines.evidence.certificate import Certificate
    from pipelines.retention.derived import Summary
    from pipelines.retention.job import Destroyer, Job

TOOL, VERSION = "tutela", "0.1.0"
RESIDUALS = ("postgresql.wal", "postgresql.freed_pages")
"""Places where ciphertext of what was destroyed may still lie; none can be read, the keys are gone. Nobody knows how long."""


def issue(tx: Tx, tools: Destroyer, job: Job, steps: dict[str, Any], at: datetime) -> Certificate:
    """Draw up and sign the certificate, with proofs of all the job's ledger entries in the newest head."""
    seqs = sorted({seq for step in steps.values() if isinstance(step, dict) for seq in step.get("seqs", [])})
    place = ledger.place(tx, seqs)
    key = tools.ledger.private_key
    case = _case(tools, job, steps, derived.summary(tx, job.id), backup.latest_expiry(tx))
    return certificates.sign(certificates.build(case, place, signature.public_bytes(key), at), key)


def load(database: Database, job_id: str) -> Certificate:
    """Read the certificate of a confirmed destruction."""
    with database.begin(Role.VERIFY) as tx:
        row = tx.one("job", job_id=job_id)
    return certificates.from_bytes(row.certificate.encode())


def _case(tools: Destroyer, job: Job, steps: dict[str, Any], copies: Summary, until: date | None) -> Case:
    rotated = steps["rotated"]
    return Case(
        id=job.id,
        authority=_authority(job, steps),
        manifest=_manifest(job, copies),
        method=Method("postgresql.vault", _techniques(steps["rows_removed"]["removed"]), TOOL, VERSION),
        keys=tuple(DestroyedKeys(ring, keys, rotated["pages"][ring]) for ring, keys in rotated["keys"].items()),
        rotation=_rotation(tools, job, steps),
        people=People(job.applicant, steps["approved"]["approver"], job.executor, WITNESS, CONFIRMER),
        times=Times(*(datetime.fromisoformat(steps[name]["at"]) for name in _TIMES)),
        checks=tuple(CheckResult(*counts) for counts in steps["verified"]["checks"]),
        removed=steps["rows_removed"]["removed"],
        residuals=_residuals(until),
        recipients=copies.recipients,
        limits=_limits(copies),
        derivatives=copies.derivatives,
        work_orders=copies.work_orders,
        spared=Spared(**steps["applied"].get("spared", {})),
    )


def _authority(job: Job, steps: dict[str, Any]) -> Authority:
    classes = sorted({name.split("/")[0] for name in job.manifest.names})
    return Authority(
        Trigger(job.origin),
        ("PIPL-47", *classes),
        bytes.fromhex(job.schedule_hash),
        job.approval_id or "",
        standing=job.origin == EXPIRY,
        request=job.request,
        door=Door(steps["approved"].get("door", Door.STANDING)),
        approval_hash=None if job.origin == EXPIRY else bytes.fromhex(job.manifest_hash),
    )


def _manifest(job: Job, copies: Summary) -> ManifestFacts:
    listed = job.manifest
    return ManifestFacts(
        bytes.fromhex(listed.root),
        listed.records,
        listed.by_plan,
        listed.by_category,
        listed.by_level,
        listed.names,
        hash=bytes.fromhex(job.manifest_hash),
        subjects=listed.subjects,
        derivatives=sum(copy.destroyed + copy.remaining for copy in copies.derivatives),
    )


def _rotation(tools: Destroyer, job: Job, steps: dict[str, Any]) -> Rotation:
    kms, copies = tools.custodian.kms, steps["keys_destroyed"].get("copies", 0)
    return Rotation(
        kms.scheme,
        kms.guarantee,
        job.old_generation or 0,
        job.new_generation or 0,
        copies_found=copies,
        copies_removed=copies,
    )


def _residuals(until: date | None) -> tuple[Residual, ...]:
    """Say where ciphertext may still lie; the backups that the platform made end on a known day."""
    return (*(Residual(place, None) for place in RESIDUALS), Residual("backups", until))


def _limits(copies: Summary) -> tuple[Limit, ...]:
    """Name what this destruction can't promise."""
    told = (Limit.RECIPIENTS,) if copies.recipients.told else ()
    paper = (Limit.PAPER,) if any(order.open for order in copies.work_orders) else ()
    always = (Limit.WAL, Limit.BACKUPS, Limit.STORAGE, Limit.REPLICAS, Limit.INDEXES, Limit.KMS, Limit.MEMORY)
    return (*always, *told, *paper)


def _techniques(removed: Mapping[str, int]) -> tuple[str, ...]:
    """Name what was done to the database; `pipelines.evidence.case.TECHNIQUES` grades it."""
    dropped = ("partition_drop",) if removed.get("partitions") else ()
    return ("cryptographic_erase", "row_delete", "index_deletion", *dropped)


_TIMES = ("applied", "approved", "keys_destroyed", "rows_removed", "verified", "confirmed")
