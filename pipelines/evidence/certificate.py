"""The certificate: the signed proof of one destruction.

It says what was destroyed (by root and counts, never by content), on what ground, by which method, by whom, and what
an independent reading found; and it carries its place in the ledger, so that it stands alone (controls §3.8, §6.1).
The shapes of what it says are `case`'s, and the rule that judges is `verdict`'s. Not for carrying out or verifying a
destruction (`retention`), nor for print (`page`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from pipelines.errors import EvidenceInvalid, FormatUnknown
from pipelines.evidence import canonical, merkle, signature
from pipelines.evidence.case import (
    Authority,
    Case,
    Derivative,
    DestroyedKeys,
    Door,
    Limit,
    Manifest,
    Method,
    OpenNotice,
    People,
    Recipients,
    Residual,
    Rotation,
    Sanitisation,
    Spared,
    Times,
    Trigger,
    WorkOrder,
    sanitisation,
)
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.entries import actor
from pipelines.evidence.guard import is_impersonal_text, is_token
from pipelines.evidence.shapes import NEWEST, from_json, to_json
from pipelines.evidence.verdict import OPTIONAL_CHECKS, REQUIRED_CHECKS, WHOLE_CHECKS, CheckResult, Verdict, verdict

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = [
    "FORMAT",
    "FORMATS",
    "OPTIONAL_CHECKS",
    "REQUIRED_CHECKS",
    "WHOLE_CHECKS",
    "Authority",
    "Case",
    "Certificate",
    "CheckResult",
    "Derivative",
    "DestroyedKeys",
    "Door",
    "LedgerPlace",
    "Limit",
    "Manifest",
    "Method",
    "OpenNotice",
    "People",
    "ProvenEntry",
    "Recipients",
    "Residual",
    "Rotation",
    "Sanitisation",
    "Spared",
    "Times",
    "Trigger",
    "Verdict",
    "WorkOrder",
    "build",
    "contradictions",
    "from_bytes",
    "from_value",
    "is_signed",
    "manifest_root",
    "sign",
    "to_bytes",
    "verdict",
]

FORMAT = "tutela-certificate/2"
"""What is written; the earlier ones are read for as long as somebody may hold one."""
FORMATS: Mapping[str, int] = MappingProxyType({"tutela-certificate/1": 1, FORMAT: 2})
TEXT_FIELD = "guarantee"
"""The one field that holds a sentence; all others are tokens."""
ENTRY_FIELD = "entry"
"""JSON that the ledger's own guard has passed."""


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry of the ledger with the proof of its place in the certificate's checkpoint."""

    seq: int
    entry: str
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """Where the ledger speaks of this destruction."""

    checkpoint: Checkpoint
    entries: tuple[ProvenEntry, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """The proof of one destruction."""

    format: str
    origin: str
    public_key: bytes
    issued: datetime
    case: Case
    statuses: Mapping[str, Verdict]
    """Check → status, as it follows from the numbers."""
    verdict: Verdict
    ledger: LedgerPlace
    signature: bytes = b""


def build(case: Case, ledger: LedgerPlace, public_key: bytes, issued: datetime) -> Certificate:
    """Draw up a certificate; its verdict follows from the checks.

    Raises:
        EvidenceInvalid: One person played two parts, the times or counts contradict each other, or a field holds
            something that evidence may not.
    """
    drawn = Certificate(
        format=FORMAT,
        origin=ledger.checkpoint.origin,
        public_key=public_key,
        issued=issued,
        case=_completed(case),
        statuses={check.name: check.status for check in case.checks},
        verdict=verdict(case.checks, case.manifest.records, case.keys_destroyed()),
        ledger=ledger,
    )
    unknown = {check.name for check in case.checks} - {*REQUIRED_CHECKS, *OPTIONAL_CHECKS}
    if found := (*contradictions(drawn), *(f"nobody knows the check {name}" for name in sorted(unknown))):
        raise EvidenceInvalid(f"No certificate for {case.id}: {'; '.join(found)}.")
    _require_impersonal(to_json(drawn), "certificate")
    return drawn


def contradictions(certificate: Certificate) -> tuple[str, ...]:
    """List what a certificate says against itself; nothing, for an honest one."""
    case, counts, version = certificate.case, certificate.case.manifest, FORMATS.get(certificate.format, NEWEST)
    keys = case.keys_destroyed() if version >= 2 else None
    claims = {
        "the verdict is not what the checks give": certificate.verdict == verdict(case.checks, counts.records, keys),
        "a check's status is not what its numbers give": certificate.statuses
        == {check.name: check.status for check in case.checks},
        "the times are out of order": case.times.in_order() and case.times.verified <= certificate.issued,
        "the confirmation has a time without a person, or the reverse": (case.people.confirmer is None)
        == (case.times.confirmed is None),
        "the plans' counts are not the manifest's": sum(counts.by_plan.values()) == counts.records,
        "a count is negative": not _negative(to_json(case)),
        "the root generation was not changed": case.rotation.old_generation != case.rotation.new_generation,
    }
    found = (*case.people.conflicts(), *(claim for claim, kept in claims.items() if not kept))
    return (*found, *case.contradictions()) if version >= 2 else found


def sign(certificate: Certificate, private_key: Ed25519PrivateKey) -> Certificate:
    """Sign a certificate.

    Raises:
        EvidenceInvalid: The certificate names another public key.
    """
    if signature.public_bytes(private_key) != certificate.public_key:
        raise EvidenceInvalid(f"The certificate {certificate.case.id} names another key than the one that signs it.")
    return replace(certificate, signature=signature.sign(private_key, certificate.format, _signed_bytes(certificate)))


def is_signed(certificate: Certificate) -> bool:
    """Tell whether the key that the certificate names has signed it."""
    message = _signed_bytes(certificate)
    return signature.holds(certificate.public_key, certificate.format, message, certificate.signature)


def to_bytes(certificate: Certificate) -> bytes:
    """Write the certificate as a file: one canonical line."""
    return canonical.encode(_value(certificate)) + b"\n"


def from_bytes(data: bytes) -> Certificate:
    """Read what `to_bytes` wrote; what it claims is for `verify` to check.

    Raises:
        EvidenceInvalid: It is no certificate, or not written as it was signed.
        FormatUnknown: It is of a format that this version does not know.
    """
    if not data.endswith(b"\n"):
        raise EvidenceInvalid("The certificate is cut off.")
    return from_value(canonical.decode(data[:-1]))


def from_value(value: object) -> Certificate:
    """Read a certificate from its JSON value, by the rules of its own format.

    Raises:
        EvidenceInvalid: It is no certificate.
        FormatUnknown: It is of a format that this version does not know.
    """
    name = value.get("format") if isinstance(value, dict) else None
    if not isinstance(name, str):
        raise EvidenceInvalid("The evidence lacks the format of a certificate.")
    if name not in FORMATS:
        raise FormatUnknown("The certificate's format is none that this version knows; verify it with a newer one.")
    return from_json(Certificate, value, FORMATS[name])


def manifest_root(record_ids: Iterable[bytes]) -> bytes:
    """Compute the root over record ids, in their sorted order, so that everyone gets the same."""
    return merkle.root(merkle.leaf_hashes(sorted(record_ids)))


def _signed_bytes(certificate: Certificate) -> bytes:
    return canonical.encode(_value(replace(certificate, signature=b"")))


def _value(certificate: Certificate) -> canonical.Json:
    return to_json(certificate, FORMATS.get(certificate.format, NEWEST))


def _completed(case: Case) -> Case:
    """Name people as the ledger does, and grade the method."""
    orders = (replace(order, witnesses=tuple(map(actor, order.witnesses))) for order in case.work_orders)
    method = replace(case.method, sanitisation=sanitisation(case.method.techniques))
    return replace(case, people=case.people.named(), method=method, work_orders=tuple(orders))


def _negative(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_negative(item) for item in value.values())
    if isinstance(value, list):
        return any(_negative(item) for item in value)
    return isinstance(value, int) and value < 0


def _require_impersonal(value: object, where: str) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not is_token(key):
                raise EvidenceInvalid(f"A name in {where} is not one that a certificate may hold.")
            _require_impersonal(item, key)
    elif isinstance(value, list):
        for item in value:
            _require_impersonal(item, where)
    elif isinstance(value, str) and value and not _may_stand(value, where):
        raise EvidenceInvalid(f"The field {where} of a certificate is no name, id, count or hash.")


def _may_stand(value: str, field: str) -> bool:
    return is_impersonal_text(value) if field == TEXT_FIELD else field == ENTRY_FIELD or is_token(value)
