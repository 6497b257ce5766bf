"""Sign a standing approval with a leader's own key, which Tutela never keeps."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pipelines.errors import KeyUnavailable
from pipelines.moments import day_of
from pipelines.policy import load_policy
from pipelines.retention.approval import APPROVAL_FILE, StandingApproval, load_approval, sign_approval, write_approval
from pipelines.settings import Settings


def approve_schedule(settings: Settings, leader: str, key: Path, valid_until: date, at: datetime) -> Path:
    """Sign the retention schedule as it stands; return the file to review and commit.

    Raises:
        KeyUnavailable: the key file is no Ed25519 private key.
        ApprovalMissing: the key is not the one that policy/leaders.yaml names for this leader.
    """
    try:
        private_key = load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        private_key = None
    if not isinstance(private_key, Ed25519PrivateKey):
        raise KeyUnavailable(f"{key.name} is not an unencrypted Ed25519 private key in PEM form.")
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
