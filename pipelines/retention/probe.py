"""Try to open what is destroyed, with every key that there still is. For drills; whatever opens is a failure.

Three ways: restored rows with each key of the pages that theirs were in; an old copy of the keyring with each key that
the key-management provider has; a table of an old snapshot likewise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipelines.custody import COHORT, SUBJECT
from pipelines.errors import KeyUnavailable
from pipelines.seal import envelope
from pipelines.seal import keyring as pages
from pipelines.store import keyring

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.retention.put_back import Slots
    from pipelines.retention.snapshot_format import Snapshot
    from pipelines.store.database import Tx


@dataclass(slots=True)
class Probe:
    """What was tried."""

    targets: int = 0
    tries: int = 0
    opened: int = 0


def rows(tx: Tx, slots: Slots, custodian: Custodian, count: int) -> Probe:
    """Try to open restored rows whose key is destroyed: with the other one and each key in the place of theirs."""
    found = tx.rows(
        "doomed_records", cohorts=slots.blank[COHORT], subjects=slots.blank[SUBJECT], count=count
    )  # fmt: skip
    done = Probe(targets=len(found))
    for row in found:
        subjects, own_subject = _ring(tx, custodian, SUBJECT, row.subject_id)
        cohorts, own_cohort = _ring(tx, custodian, COHORT, row.cohort_id)
        pairs = [*((key, own_cohort) for key in subjects), *((own_subject, key) for key in cohorts)]
        done.tries += len(pairs)
        done.opened += sum(_opens(row, subject, cohort) for subject, cohort in pairs)
    return done


def old_keyring(old: Snapshot, custodian: Custodian) -> Probe:
    """Try to unwrap the page keys of a keyring that somebody kept, with every key that the provider has."""
    done = Probe()
    for page in old.pages():
        done.targets += 1
        for name in custodian.kms.names():
            done.tries += 1
            try:
                custodian.kms.unwrap(name, [page.wrapped], [pages.context(page.ring, page.page)])
            except KeyUnavailable:
                continue
            done.opened += 1
    return done


def _ring(tx: Tx, custodian: Custodian, ring: str, number: int) -> tuple[list[bytes], bytes]:
    """Give the keys of the page that a number is in, and the one in its own place: blank, where it is destroyed."""
    opened = custodian.open(keyring.pages(tx, ring, [number >> pages.SLOT_BITS]))
    keys = [key for content in opened.values() for key in _keys(content)]
    place = number & (pages.SLOTS - 1)
    return keys, keys[place] if keys else bytes(pages.KEY_BYTES)


def _keys(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), pages.KEY_BYTES):
        yield content[start : start + pages.KEY_BYTES]


def _opens(row: Any, subject: bytes, cohort: bytes) -> bool:
    level, sealed = next(
        (level, part) for level in envelope.LEVELS if (part := getattr(row, f"part_{level}")) is not None
    )  # fmt: skip
    record = row.record_id.bytes
    cipher = AESGCM(envelope.record_key(subject, cohort, record))
    try:
        envelope.open_part(cipher, bytes(sealed), record, level, row.schema_version)
    except KeyUnavailable:
        return False
    return True
