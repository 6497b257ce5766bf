"""The certificate: the signed proof of one destruction.

It says what was destroyed (by root and counts, never by content), on what ground, by which method, by whom, and what
an independent reading found; and it carries its place in the ledger, so that it stands alone (controls §3.8, §6.1).
Not for carrying out or verifying a destruction (`retention`), nor for print (`page`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from pipelines.errors import EvidenceInvalid
from pipelines.evidence import canonical, merkle, signature
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.entries import actor
from pipelines.evidence.guard import is_impersonal_text, is_token
from pipelines.evidence.shapes import from_json, to_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT = "tutela-certificate/1"
TEXT_FIELD = "guarantee"
"""The one field that holds a sentence; all others are tokens."""
ENTRY_FIELD = "entry"
"""JSON that the ledger's own guard has passed."""


class Verdict(StrEnum):
    """What an independent reading found."""

    PASS = "PASS"  # noqa: S105  a verdict, not a password
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class Trigger(StrEnum):
    """What made the destruction due."""

    EXPIRY = "expiry"
    REQUEST = "request"
    STEWARD = "steward"


class Limit(StrEnum):
    """What this destruction can't promise; `page` says it in words."""

    WAL = "ciphertext_in_wal"
    BACKUPS = "ciphertext_in_backups"
    STORAGE = "ciphertext_in_freed_storage"
    KMS = "kms_guarantee_as_stated"
    MEMORY = "process_memory_not_wiped_with_certainty"
    RECIPIENTS = "recipients_on_their_word"


REQUIRED_CHECKS = (
    "rows_gone",  # of the records in the manifest, how many a new connection no longer finds
    "indexes_gone",  # of the records in the manifest, how many have no blind index left
    "keys_gone",  # of the destroyed keys, how many slots are blank
    "samples_unreadable",  # of the ciphertexts kept as samples, how many no longer open
    "generation_gone",  # of the old root generations, how many the KMS no longer has
    "counts_match",  # of the records in the manifest, how many rows were removed
)
"""A destruction with any of these missing is not a PASS (DESIGN: verification is independent)."""
WHOLE_CHECKS = ("rows_gone", "indexes_gone", "counts_match")
"""These look at every record of the manifest, not at a sample."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check looked at and what it found; the status follows from the numbers and can't be claimed."""

    name: str
    of: int
    """How many were looked for. Records without an index count too: they were looked for."""
    held: int | None
    """How many were as they should be; None: it could not be told."""

    @property
    def status(self) -> Verdict:
        """PASS only if something was looked at and all of it was as it should be."""
        if self.held is None or self.of <= 0:
            return Verdict.UNKNOWN
        return Verdict.PASS if self.held == self.of else Verdict.FAILED


def verdict(checks: Sequence[CheckResult], records: int) -> Verdict:
    """Judge a destruction: never PASS for an empty manifest, or with a check missing, failed or undecided."""
    names = [check.name for check in checks]
    statuses = {check.status for check in checks}
    whole = all(check.of == records for check in checks if check.name in WHOLE_CHECKS)
    if Verdict.FAILED in statuses or not whole:
        return Verdict.FAILED
    complete = set(REQUIRED_CHECKS) <= set(names) and len(set(names)) == len(names)
    return Verdict.PASS if records > 0 and complete and statuses == {Verdict.PASS} else Verdict.UNKNOWN


@dataclass(frozen=True, slots=True)
class Authority:
    """Why the destruction was due and who allowed it."""

    trigger: Trigger
    grounds: tuple[str, ...]
    """Articles and retention classes, e.g. ``PIPL-47``, ``R-MKT``."""
    schedule_hash: bytes
    approval: str
    standing: bool
    """The approval is a leader's standing approval of this schedule."""
    request: str | None = None
    """The request that asked for it; the data subject keeps its receipt."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was destroyed: the root over the sorted record ids, and counts of records."""

    root: bytes
    records: int
    by_plan: Mapping[str, int]
    by_category: Mapping[str, int]
    by_level: Mapping[str, int]
    cohorts: Mapping[str, int]
    """``<retention class>/<expiry day>`` → records."""


@dataclass(frozen=True, slots=True)
class Method:
    """How it was destroyed."""

    carrier: str
    techniques: tuple[str, ...]
    tool: str
    version: str


@dataclass(frozen=True, slots=True)
class DestroyedKeys:
    """Keys of one ring that were blanked."""

    ring: str
    keys: int
    pages: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """The change of root generation that made every older copy of the keyring worthless."""

    provider: str
    guarantee: str
    """What the KMS's deletion guarantees, in its own words."""
    old_generation: int
    new_generation: int


@dataclass(frozen=True, slots=True)
class People:
    """Who did what; persons and services, separated as controls D-05 to D-10 ask."""

    applicant: str
    approver: str
    executor: str
    witness: str
    confirmer: str | None
    """None: confirmation is awaited."""

    def named(self) -> People:
        """Name them as the ledger does (`entries.actor`)."""
        confirmer = None if self.confirmer is None else actor(self.confirmer)
        return People(actor(self.applicant), actor(self.approver), actor(self.executor), actor(self.witness), confirmer)

    def conflicts(self) -> tuple[str, ...]:
        """List the pairs of parts that one person played and may not."""
        apart = (
            ("approver", "applicant"),
            ("approver", "executor"),
            ("witness", "executor"),
            ("confirmer", "executor"),
            ("confirmer", "witness"),
        )
        return tuple(f"{one} is {other}" for one, other in apart if getattr(self, one) == getattr(self, other))


@dataclass(frozen=True, slots=True)
class Times:
    """When each state was reached."""

    applied: datetime
    approved: datetime
    keys_destroyed: datetime
    rows_removed: datetime
    verified: datetime
    confirmed: datetime | None

    def in_order(self) -> bool:
        """Tell whether the states were reached in their order."""
        reached = [getattr(self, item.name) for item in fields(self)]
        known = [at for at in reached if at is not None]
        return known == sorted(known)


@dataclass(frozen=True, slots=True)
class Residual:
    """Where ciphertext may still lie, and until when (None: not known)."""

    place: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who had received copies: told of the destruction, and how many of them acknowledged it."""

    told: int = 0
    acknowledged: int = 0


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
class Case:
    """All that a destruction's job knows about it, ready to be certified."""

    id: str
    authority: Authority
    manifest: Manifest
    method: Method
    keys: tuple[DestroyedKeys, ...]
    rotation: Rotation
    people: People
    times: Times
    checks: tuple[CheckResult, ...]
    removed: Mapping[str, int]
    """What was removed besides keys: rows, blind indexes, derivatives → how many."""
    residuals: tuple[Residual, ...]
    recipients: Recipients
    limits: tuple[Limit, ...]


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
        case=replace(case, people=case.people.named()),
        statuses={check.name: check.status for check in case.checks},
        verdict=verdict(case.checks, case.manifest.records),
        ledger=ledger,
    )
    if found := contradictions(drawn):
        raise EvidenceInvalid(f"No certificate for {case.id}: {'; '.join(found)}.")
    _require_impersonal(to_json(drawn), "certificate")
    return drawn


def contradictions(certificate: Certificate) -> tuple[str, ...]:
    """List what a certificate says against itself; nothing, for an honest one."""
    case, counts = certificate.case, certificate.case.manifest
    claims = {
        "the verdict is not what the checks give": certificate.verdict == verdict(case.checks, counts.records),
        "a check's status is not what its numbers give": certificate.statuses
        == {check.name: check.status for check in case.checks},
        "the times are out of order": case.times.in_order() and case.times.verified <= certificate.issued,
        "the confirmation has a time without a person, or the reverse": (case.people.confirmer is None)
        == (case.times.confirmed is None),
        "the plans' counts are not the manifest's": sum(counts.by_plan.values()) == counts.records,
        "a count is negative": not _negative(to_json(case)),
        "the root generation was not changed": case.rotation.old_generation != case.rotation.new_generation,
    }
    return (*case.people.conflicts(), *(claim for claim, kept in claims.items() if not kept))


def sign(certificate: Certificate, private_key: Ed25519PrivateKey) -> Certificate:
    """Sign a certificate.

    Raises:
        EvidenceInvalid: The certificate names another public key.
    """
    if signature.public_bytes(private_key) != certificate.public_key:
        raise EvidenceInvalid(f"The certificate {certificate.case.id} names another key than the one that signs it.")
    return replace(certificate, signature=signature.sign(private_key, FORMAT, _signed_bytes(certificate)))


def is_signed(certificate: Certificate) -> bool:
    """Tell whether the key that the certificate names has signed it."""
    message = _signed_bytes(certificate)
    return signature.holds(certificate.public_key, FORMAT, message, certificate.signature)


def to_bytes(certificate: Certificate) -> bytes:
    """Write the certificate as a file: one canonical line."""
    return canonical.encode(to_json(certificate)) + b"\n"


def from_bytes(data: bytes) -> Certificate:
    """Read what `to_bytes` wrote; what it claims is for `verify` to check.

    Raises:
        EvidenceInvalid: It is no certificate of this format, or not written as it was signed.
    """
    if not data.endswith(b"\n"):
        raise EvidenceInvalid("The certificate is cut off.")
    return from_json(Certificate, canonical.decode(data[:-1]))


def manifest_root(record_ids: Iterable[bytes]) -> bytes:
    """Compute the root over record ids, in their sorted order, so that everyone gets the same."""
    return merkle.root(merkle.leaf_hashes(sorted(record_ids)))


def _signed_bytes(certificate: Certificate) -> bytes:
    return canonical.encode(to_json(replace(certificate, signature=b"")))


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
