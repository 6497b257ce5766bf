"""Independent verification: another connection under a role that may only read, another code path than the destroyer.

It trusts nothing that the destroyer says but the manifest, whose hash was approved. What can't be looked at counts as
not held; deciding the verdict from the numbers is `pipelines.evidence.certificate.verdict`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipelines.custody import COHORT, SUBJECT
from pipelines.errors import KeyUnavailable
from pipelines.evidence.certificate import CheckResult
from pipelines.seal import envelope
from pipelines.seal import keyring as pages
from pipelines.store import keyring

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.retention.manifest import Manifest
    from pipelines.store.database import Tx


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What is said to be destroyed."""

    job_id: str
    manifest: Manifest
    as_of: date
    old_generation: int
    old_kms_key: str
    removed: int
    """Rows that the destroyer says it removed."""


def verify(tx: Tx, custodian: Custodian, destroyed: Destroyed) -> tuple[CheckResult, ...]:
    """Look again at everything that should be gone."""
    manifest, records = destroyed.manifest, destroyed.manifest.records
    left = int(tx.scalar("count_records", cohorts=list(manifest.cohorts)))
    indexes = int(tx.scalar("count_indexes", as_of=destroyed.as_of))
    return (
        CheckResult("rows_gone", records, max(0, records - left)),
        CheckResult("indexes_gone", records, max(0, records - indexes)),
        CheckResult("keys_gone", len(manifest.cohorts), _blank_slots(tx, custodian, manifest)),
        _samples(tx, custodian, destroyed),
        CheckResult("generation_gone", 1, _generation_gone(tx, custodian, destroyed)),
        CheckResult("counts_match", records, min(destroyed.removed, 2 * records - destroyed.removed)),
    )


def _blank_slots(tx: Tx, custodian: Custodian, manifest: Manifest) -> int | None:
    try:
        opened = _open(tx, custodian, COHORT, [number >> pages.SLOT_BITS for number in manifest.cohorts])
    except KeyUnavailable:
        return None
    return sum(1 for number in manifest.cohorts if not any(_slot(opened, number) or b"\x01"))


def _samples(tx: Tx, custodian: Custodian, destroyed: Destroyed) -> CheckResult:
    """Try the kept ciphertext with every key that still stands in its place: none may open."""
    samples = tx.rows("samples", job_id=destroyed.job_id)
    try:
        subjects = _open(tx, custodian, SUBJECT, [row.subject_id >> pages.SLOT_BITS for row in samples])
        cohorts = _open(tx, custodian, COHORT, [row.cohort_id >> pages.SLOT_BITS for row in samples])
    except KeyUnavailable:
        return CheckResult("samples_unreadable", len(samples), None)
    shut = 0
    for row in samples:
        subject_key, cohort_key = _slot(subjects, row.subject_id), _slot(cohorts, row.cohort_id)
        if subject_key is not None and cohort_key is not None:
            shut += not _opens(row, subject_key, cohort_key)
    return CheckResult("samples_unreadable", len(samples), shut)


def _opens(row: Any, subject_key: bytes, cohort_key: bytes) -> bool:
    record_id = row.record_id.bytes
    cipher = AESGCM(envelope.record_key(subject_key, cohort_key, record_id))
    try:
        envelope.open_part(cipher, bytes(row.sealed), record_id, row.part, row.schema_version)
    except KeyUnavailable:
        return False
    return True


def _generation_gone(tx: Tx, custodian: Custodian, destroyed: Destroyed) -> int:
    """The KMS no longer has the old root, and nothing in the keyring hangs on it."""
    hanging = int(tx.scalar("count_pages_of_generation", generation=destroyed.old_generation))
    return int(not custodian.kms.exists(destroyed.old_kms_key) and hanging == 0)


def _open(tx: Tx, custodian: Custodian, ring: str, numbers: list[int]) -> dict[int, bytes]:
    return custodian.open(keyring.pages(tx, ring, numbers))


def _slot(opened: dict[int, bytes], number: int) -> bytes | None:
    page = opened.get(number >> pages.SLOT_BITS)
    start = (number & (pages.SLOTS - 1)) * pages.KEY_BYTES
    return None if page is None else page[start : start + pages.KEY_BYTES]
