"""What a leader decided about one destruction, and the four eyes that every destruction needs.

The standing approval covers the nightly destruction (`approval`); anything else waits for a decision of its own, through
whichever door it comes first: the command line (signed with the leader's own key), Airflow, or the console. The task that
destroys calls `require` itself, under the lock under which it destroys: no door is trusted to have asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.errors import ApprovalMissing, PolicyError
from pipelines.evidence import canonical, entries, signature
from pipelines.evidence.entries import actor
from pipelines.retention import job as jobs
from pipelines.retention.approval import LEADERS_FILE

if TYPE_CHECKING:
    from pipelines.retention.job import Destroyer, Job
    from pipelines.store.database import Tx

PURPOSE = "tutela-destruction-approval/1"
APPROVED, REJECTED = "approved", "rejected"
STANDING, COMMAND, AIRFLOW, CONSOLE = "standing", "command", "airflow", "console"
LEADER = "leader"
"""The role that may approve."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a leader decided about one destruction."""

    job: str
    decision: str
    door: str
    approver: str
    role: str
    manifest_hash: str
    decided_at: datetime
    approval: str = ""
    """Its own name, or that of the standing approval."""
    reason: str | None = None
    signature: str | None = None
    """Hex; a decision on the command line is signed by the leader."""

    def message(self) -> bytes:
        """Return the bytes that a leader signs."""
        said = {"job": self.job, "decision": self.decision, "approver": self.approver}
        return canonical.encode({**said, "manifest_hash": self.manifest_hash})


def sign(private_key: Ed25519PrivateKey, decision: Decision) -> str:
    """Sign a decision with a leader's own key; hex."""
    return signature.sign(private_key, PURPOSE, decision.message()).hex()


def conflicts(job: Job, decision: Decision) -> tuple[str, ...]:
    """List what speaks against a decision, all of it: whose it is, in which role, about which manifest. Pure."""
    parts = {
        "applied for it": job.applicant,
        "carries it out": job.executor,
        "witnesses it": jobs.WITNESS,
        "confirms it": jobs.CONFIRMER,
    }
    own = actor(decision.approver)
    found = [f"{decision.approver[:40]} also {part}" for part, who in parts.items() if actor(who) == own]
    if decision.role != LEADER:
        found.append(f"{decision.approver[:40]} has the role {decision.role[:40]}, not {LEADER}")
    if decision.manifest_hash != job.manifest_hash:
        found.append("the manifest that was approved is another")
    return tuple(found)


def record(tx: Tx, tools: Destroyer, job: Job, decision: Decision, at: datetime) -> Decision:
    """Write a decision down with its ledger entry, and return the one that counts: the first. Under the writers' lock.

    Raises:
        ApprovalMissing: it is not that person's to decide, or not about this manifest; nothing is recorded.
    """
    standing = decided(tx, job.id)
    if standing is not None:
        return standing
    if found := conflicts(job, decision):
        raise ApprovalMissing(
            f"The decision about {job.id} does not count: {'; '.join(found)}. Another leader decides."
        )
    _require_signature(tools.policy_folder, decision)
    at = jobs.not_before(job, at)
    name = decision.approval or f"AP-{job.id}"
    root = bytes.fromhex(job.manifest.root)
    if decision.decision == APPROVED:
        hashed = bytes.fromhex(job.manifest_hash)
        said = entries.destruction_approved(job.id, root, name, decision.approver, at, hashed, decision.door)
    else:
        said = entries.destruction_rejected(job.id, root, name, decision.approver, at)
    seqs = jobs.append(tx, tools, [said], at)
    tx.run(
        "insert_decision", job_id=job.id, approval_id=name, decision=decision.decision, door=decision.door,
        approver=decision.approver, role=decision.role, manifest_hash=decision.manifest_hash, reason=decision.reason,
        signature=decision.signature, at=at,
    )  # fmt: skip
    tx.run("note_step", job_id=job.id, steps=jobs.note("decided", at, seqs))
    return Decision(**{**_fields(decision), "approval": name})


def decided(tx: Tx, job_id: str) -> Decision | None:
    """Return what was decided about a destruction, if anything."""
    row = tx.one("decision", job_id=job_id)
    if row is None:
        return None
    return Decision(
        row.job_id, row.decision, row.door, row.approver, row.role, row.manifest_hash, row.decided_at, row.approval_id,
        row.reason, row.signature,
    )  # fmt: skip


def require(tx: Tx, tools: Destroyer, job: Job) -> Decision:
    """Refuse a destruction that no other person with the role approved, exactly as it is.

    Raises:
        ApprovalMissing: nothing was decided, or not this, or not by whom it must be.
    """
    decision = decided(tx, job.id)
    if decision is None or decision.decision != APPROVED:
        raise ApprovalMissing(f"No leader approved {job.id}; nothing of it was done.")
    if found := conflicts(job, decision):
        raise ApprovalMissing(f"The approval of {job.id} does not count: {'; '.join(found)}. Nothing of it was done.")
    _require_signature(tools.policy_folder, decision)
    return decision


def _require_signature(policy: Path, decision: Decision) -> None:
    """A decision on the command line carries the leader's signature; the other doors answer for who stood there."""
    if decision.door != COMMAND:
        return
    public_key = leader_key(policy, decision.approver)
    if not signature.holds(public_key, PURPOSE, decision.message(), bytes.fromhex(decision.signature or "")):
        raise ApprovalMissing(
            f"The signature is not that of {decision.approver[:40]}; {LEADERS_FILE} has the public key that it is checked with."
        )


def leader_key(policy: Path, name: str) -> bytes:
    """Look up a leader's public key.

    Raises:
        ApprovalMissing: there is no such leader.
        PolicyError: the file can't be read.
    """
    try:
        leaders: Mapping[str, Any] = yaml.safe_load((policy / LEADERS_FILE).read_text(encoding="utf-8"))["leaders"]
        if name not in leaders:
            raise ApprovalMissing(f"{LEADERS_FILE} names no leader {name[:40]}.")
        return bytes.fromhex(leaders[name]["public_key"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError):
        raise PolicyError(f"{LEADERS_FILE} is damaged; restore it from version control.") from None


def _fields(decision: Decision) -> dict[str, Any]:
    return {name: getattr(decision, name) for name in Decision.__dataclass_fields__}
