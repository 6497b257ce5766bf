"""What a leader decides: the standing approval of the retention schedule, and single destructions.

On the command line both are signed with the leader's own key, which Tutela never keeps.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pipelines.errors import ApprovalMissing, KeyUnavailable
from pipelines.jobs.destruction import destroyer, show
from pipelines.jobs.home import open_home
from pipelines.moments import day_of
from pipelines.policy import load_policy
from pipelines.retention import decision
from pipelines.retention import job as jobs
from pipelines.retention.approval import APPROVAL_FILE, StandingApproval, load_approval, sign_approval, write_approval
from pipelines.retention.decision import Decision
from pipelines.settings import Settings
from pipelines.store.database import Role


def approve_schedule(settings: Settings, leader: str, key: Path, valid_until: date, at: datetime) -> Path:
    """Sign the retention schedule as it stands; return the file to review and commit.

    Raises:
        KeyUnavailable: the key file is no Ed25519 private key.
        ApprovalMissing: the key is not the one that policy/leaders.yaml names for this leader.
    """
    private_key = _private_key(key)
    draft = StandingApproval(
        approval=f"SA-{at:%Y%m%d-%H%M%S}",
        schedule_hash=load_policy(settings.policy).schedule_hash(),
        approved_by=leader,
        approved_on=day_of(at),
        valid_until=valid_until,
        signature="00",
    )
    path = settings.policy / APPROVAL_FILE
    before = path.read_bytes() if path.exists() else None
    write_approval(settings.policy, sign_approval(private_key, draft))
    try:
        load_approval(settings.policy)
    except Exception:
        # A signature that does not verify must not take the place of one that did.
        path.unlink() if before is None else path.write_bytes(before)
        raise
    return path


def decide_signed(
    settings: Settings, job: str, leader: str, key: Path, at: datetime, *, approve: bool, reason: str | None = None
) -> Decision:
    """Decide about one destruction, signed with a leader's own key; return the decision that counts: the first.

    Raises:
        UnknownReference: there is no such destruction.
        KeyUnavailable: the key file is no Ed25519 private key.
        ApprovalMissing: it is not this person's to decide, or the key is another's.
    """
    private_key = _private_key(key)
    home = open_home(settings)
    with home.database.begin(Role.DESTROY) as tx:
        wanted = jobs.load_in(tx, job)
    home.database.close()
    draft = Decision(
        job, decision.APPROVED if approve else decision.REJECTED, decision.COMMAND, leader, decision.LEADER,
        wanted.manifest_hash, at, reason=reason,
    )  # fmt: skip
    return decide(settings, replace(draft, signature=decision.sign(private_key, draft)), at)


def decide(settings: Settings, wanted: Decision, at: datetime) -> Decision:
    """Put a decision on record, from whichever door; return the one that counts: the first.

    Raises:
        UnknownReference: there is no such destruction.
        ApprovalMissing: it is not this person's to decide, or about another manifest.
    """
    home = open_home(settings)
    tools = destroyer(home, lambda: at)
    with home.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        job = jobs.load_in(tx, wanted.job)
        if job.state != "applied" and decision.decided(tx, job.id) is None:
            raise ApprovalMissing(f"{job.id} is {job.state}; there is nothing to decide about it any more.")
        counts = decision.record(tx, tools, job, wanted, at)
    home.database.close()
    return counts


def waiting(settings: Settings) -> list[dict[str, Any]]:
    """List the destructions that wait for a leader: name, origin, applicant, manifest's hash, counts."""
    return [job for job in show(settings) if job["state"] == "applied" and job["decision"] is None]


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        private_key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        private_key = None
    if not isinstance(private_key, Ed25519PrivateKey):
        raise KeyUnavailable(f"{path.name} is not an unencrypted Ed25519 private key in PEM form.")
    return private_key
