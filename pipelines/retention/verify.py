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
from pipelines.evidence.certificate import REQUIRED_CHECKS, CheckResult
from pipelines.retention import statistics
from pipelines.retention.manifest import keys_root
from pipelines.seal import envelope
from pipelines.seal import keyring as pages
from pipelines.store import keyring

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.retention.manifest import Manifest
    from pipelines.store.database import Tx

_BLANK = bytes(pages.KEY_BYTES)
_SLOTS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What is said to be destroyed."""

    job_id: str
    request: str | None
    manifest: Manifest
    as_of: date
    old_generation: int
    old_kms_key: str
    new_generation: int
    removed: int
    """Rows that the destroyer says it removed."""


def verify(tx: Tx, custodian: Custodian, destroyed: Destroyed) -> tuple[CheckResult, ...]:
    """Look again at everything that should be gone."""
    manifest, records = destroyed.manifest, destroyed.manifest.records
    subjects = _targets(tx, destroyed)
    left, indexes = _rows_left(tx, destroyed)
    return (
        CheckResult("rows_gone", records, max(0, records - left)),
        CheckResult("indexes_gone", records, max(0, records - indexes)),
        CheckResult("keys_gone", manifest.keys, _blank_slots(tx, custodian, manifest, subjects)),
        _samples(tx, custodian, destroyed),
        CheckResult("generation_gone", 1, _generation_gone(tx, custodian, destroyed)),
        CheckResult("counts_match", records, min(destroyed.removed, 2 * records - destroyed.removed)),
        statistics.check(tx),
    )


def unknown(destroyed: Destroyed) -> tuple[CheckResult, ...]:
    """Say of every check that it could not be told."""
    listed = destroyed.manifest
    of = {"keys_gone": listed.keys, "generation_gone": 1}
    return tuple(CheckResult(name, of.get(name, listed.records), None) for name in REQUIRED_CHECKS)


def _targets(tx: Tx, destroyed: Destroyed) -> list[int]:
    """Read which slots of the subject ring must be blank; other ones than the manifest has the root over are not taken."""
    manifest = destroyed.manifest
    found = [row.key_id for row in tx.rows("targets", job_id=destroyed.job_id, ring=SUBJECT)]
    if manifest.keys_root and keys_root(manifest.cohorts, found) != manifest.keys_root:
        raise KeyUnavailable(f"The targets of {destroyed.job_id} are not those of its manifest.")
    return found


def _rows_left(tx: Tx, destroyed: Destroyed) -> tuple[int, int]:
    """Count the rows, and the blind indexes, that should be gone and are not."""
    manifest = destroyed.manifest
    if not manifest.subjects and manifest.selection is None:
        where = {"days": manifest.expiry_days, "cohorts": list(manifest.cohorts)}
        return int(tx.scalar("count_records", **where)), int(tx.scalar("count_indexes", as_of=destroyed.as_of))
    tx.run("make_aimed")
    if manifest.subjects:
        tx.run("aim_at_targets", job_id=destroyed.job_id)
    else:
        tx.run("aim_at_request", request_id=destroyed.request)
    tx.run("analyze_aimed")
    indexes = int(tx.scalar("count_indexes_of_aimed"))
    if manifest.subjects:
        return int(tx.scalar("count_records_of_aimed")), indexes
    where = {"days": manifest.expiry_days, "cohorts": list(manifest.cohorts)}
    return int(tx.scalar("count_records", **where)), indexes


def _blank_slots(tx: Tx, custodian: Custodian, manifest: Manifest, subjects: list[int]) -> int | None:
    found = 0
    for ring, numbers in ((COHORT, list(manifest.cohorts)), (SUBJECT, subjects)):
        # Some hundred pages at a time: those of millions of subjects don't fit into memory at once.
        for start in range(0, len(numbers), _SLOTS_AT_ONCE):
            some = numbers[start : start + _SLOTS_AT_ONCE]
            try:
                opened = _open(tx, custodian, ring, [number >> pages.SLOT_BITS for number in some])
            except KeyUnavailable:
                return None
            found += sum(1 for number in some if _slot(opened, number) == _BLANK)
    return found


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
    """The KMS has neither the old root nor any older one of this installation, and nothing in the keyring hangs on it."""
    hanging = int(tx.scalar("count_pages_of_generation", generation=destroyed.old_generation))
    older = [name for name, number in custodian.own_generations().items() if number < destroyed.new_generation]
    # A provider that does not have the new root either is not the one that was asked to destroy the old.
    in_force = tx.one("generation", generation=destroyed.new_generation)
    here = in_force is not None and custodian.kms.exists(in_force.kms_key)
    return int(here and not custodian.kms.exists(destroyed.old_kms_key) and not older and hanging == 0)


def _open(tx: Tx, custodian: Custodian, ring: str, numbers: list[int]) -> dict[int, bytes]:
    return custodian.open(keyring.pages(tx, ring, numbers))


def _slot(opened: dict[int, bytes], number: int) -> bytes | None:
    page = opened.get(number >> pages.SLOT_BITS)
    start = (number & (pages.SLOTS - 1)) * pages.KEY_BYTES
    return None if page is None else page[start : start + pages.KEY_BYTES]
