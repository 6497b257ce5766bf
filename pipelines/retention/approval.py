"""A leader's standing approval of the nightly destruction: signed, and bound to one retention schedule by its hash.

Pure but for reading two reviewed files. Not for approvals of single requests. Policy 客户信息销毁/销毁流程: applied for by
the information management department, approved by the leader; controls D-03, §6.1 (3).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import ApprovalMissing, PolicyError
from pipelines.evidence import canonical, signature

PURPOSE = "tutela-standing-approval/1"
APPROVAL_FILE, LEADERS_FILE = "standing_approval.yaml", "leaders.yaml"
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]+$")]


class StandingApproval(BaseModel):
    """What the leader signed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    approval: Annotated[str, Field(pattern=r"^SA-[0-9A-Za-z-]{1,40}$")]
    schedule_hash: Hex
    approved_by: str
    approved_on: date
    valid_until: date
    signature: Hex

    def message(self) -> bytes:
        """Return the bytes that are signed."""
        fields = self.model_dump(mode="json", exclude={"signature"})
        return canonical.encode(fields)


def load_approval(policy: Path) -> StandingApproval:
    """Read the approval and verify its signature by the leader's public key.

    Raises:
        ApprovalMissing: there is none, or its signature is not that leader's.
        PolicyError: a file can't be read as what it should be.
    """
    path = policy / APPROVAL_FILE
    if not path.exists():
        raise ApprovalMissing(
            f"{path.name}: there is no standing approval; a leader gives it with `tutela approve schedule`."
        )
    try:
        approval = StandingApproval.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        leaders = yaml.safe_load((policy / LEADERS_FILE).read_text(encoding="utf-8"))["leaders"]
        public_key = bytes.fromhex(leaders[approval.approved_by]["public_key"])
        signed = bytes.fromhex(approval.signature)
    except (OSError, yaml.YAMLError, ValidationError, KeyError, TypeError, ValueError):
        raise PolicyError(
            f"{path.name} or {LEADERS_FILE} is damaged or names an unknown leader; restore them from version control."
        ) from None
    if not signature.holds(public_key, PURPOSE, approval.message(), signed):
        raise ApprovalMissing(
            f"{path.name}: the signature is not that of {approval.approved_by}; a leader signs again with `tutela approve schedule`."
        )
    return approval


def require_cover(approval: StandingApproval, schedule_hash: str, today: date) -> None:
    """Refuse a destruction that the approval does not cover on the day on which it is done.

    Raises:
        ApprovalMissing: the schedule is another than the one approved, or the approval has run out.
    """
    if approval.schedule_hash != schedule_hash:
        raise ApprovalMissing(
            "The retention schedule was changed after the leader approved it; nothing is destroyed until a leader signs "
            "the new one with `tutela approve schedule`."
        )
    if today > approval.valid_until:
        raise ApprovalMissing(
            f"The standing approval {approval.approval} ran out on {approval.valid_until}; a leader renews it with `tutela approve schedule`."
        )


def sign_approval(private_key: Ed25519PrivateKey, draft: StandingApproval) -> StandingApproval:
    """Return the approval with a leader's signature in place of the draft's."""
    return draft.model_copy(update={"signature": signature.sign(private_key, PURPOSE, draft.message()).hex()})


def write_approval(policy: Path, approval: StandingApproval) -> None:
    """Write the approval for review into the policy folder."""
    head = "# A leader's standing approval of the nightly destruction. Signed: it can't be edited, only given anew.\n"
    text = yaml.safe_dump(approval.model_dump(mode="json"), allow_unicode=True, sort_keys=False)
    (policy / APPROVAL_FILE).write_text(head + text, encoding="utf-8")
