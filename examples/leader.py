"""The example leader's signature under the example retention schedule: `python -m examples.leader`.

EXAMPLE ONLY: who reads this file can sign as the example leader, whose public half is in policy/leaders.yaml. For real
use put the leader's own public key there and sign with `tutela approve schedule`.
"""

from __future__ import annotations

import hashlib
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.policy import load_policy
from pipelines.retention.approval import StandingApproval, sign_approval, write_approval
from pipelines.settings import Settings

LEADER_KEY = Ed25519PrivateKey.from_private_bytes(
    hashlib.sha256(b"tutela: signing key of the example leader, for examples only").digest()
)

if __name__ == "__main__":
    settings = Settings()
    draft = StandingApproval(
        approval="SA-2026-01",
        schedule_hash=load_policy(settings.policy).schedule_hash(),
        approved_by="leader",
        approved_on=date(2026, 1, 5),
        valid_until=date(2027, 12, 31),
        signature="00",
    )
    write_approval(settings.policy, sign_approval(LEADER_KEY, draft))
