"""What makes one certificate hold, whether it came alone or in a bundle. Not for files: see `verify`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from pipelines.errors import EvidenceInvalid
from pipelines.evidence import canonical, certificate, checkpoint, entries, merkle, signature
from pipelines.evidence.certificate import Certificate, ProvenEntry, Verdict
from pipelines.evidence.entries import Entry, EntryKind
from pipelines.evidence.report import Check, Finding

REQUIRED_ENTRIES = (
    EntryKind.DESTRUCTION_APPLIED,
    EntryKind.DESTRUCTION_APPROVED,
    EntryKind.KEYS_DESTROYED,
    EntryKind.ROWS_REMOVED,
    EntryKind.DESTRUCTION_VERIFIED,
)
"""A PASS shows each of these in the ledger."""


def check_certificate(document: Certificate, public_key: bytes | None) -> tuple[Check, ...]:
    """Check all that a certificate claims; ``public_key`` is the one that the auditor trusts, if any."""
    return (
        check_key(document.public_key, public_key, document.origin),
        check_signature(document),
        _check_claims(document),
        _check_checkpoint(document),
        *_check_ledger(document),
    )


def check_key(embedded: bytes, trusted: bytes | None, origin: str) -> Check:
    """Check that the evidence is signed by the key that the auditor trusts; the origin is what it says of itself."""
    mark = signature.fingerprint(embedded)
    if len(embedded) != signature.KEY_BYTES:
        return Check("key", ok=False, detail="the public key in the file has the wrong length")
    if trusted is None:
        return Check("key", ok=True, detail=f"key not pinned: fingerprint {mark}; compare it with the installation's")
    if embedded != trusted:
        detail = f"signed by another key, as of the installation {origin}: fingerprint {mark}"
        return Check("key", ok=False, detail=detail, finding=Finding.WRONG_KEY)
    return Check("key", ok=True, detail=f"the trusted key: fingerprint {mark}")


def check_signature(document: Certificate) -> Check:
    """Check the certificate's own signature."""
    ok = document.format in certificate.FORMATS and certificate.is_signed(document)
    return Check("signature", ok=ok, detail="the signature holds" if ok else "the signature does not hold")


def _check_claims(document: Certificate) -> Check:
    # A signature shows who says it, not that it is so: whoever holds the key could sign a PASS that no check gives.
    found = certificate.contradictions(document)
    good = f"the verdict {document.verdict} follows from {len(document.case.checks)} checks"
    return Check("claims", ok=not found, detail="; ".join(found) or good)


def _check_checkpoint(document: Certificate) -> Check:
    place = document.ledger.checkpoint
    if place.origin != document.origin:
        detail = "its checkpoint is of another installation"
        return Check("checkpoint", ok=False, detail=detail, finding=Finding.FOREIGN)
    try:
        checkpoint.verify(place, document.public_key)
    except EvidenceInvalid as exc:
        return Check("checkpoint", ok=False, detail=str(exc))
    return Check("checkpoint", ok=True, detail=f"signed at {place.size} entries, {canonical.moment(place.at)}")


def _check_ledger(document: Certificate) -> Iterator[Check]:
    proven = document.ledger.entries
    missing = [str(entry.seq) for entry in proven if not _is_included(document, entry)]
    good = f"{len(proven)} entries lie in the ledger"
    bad = f"no proof for entries {', '.join(missing)}" if missing else "no entry of the ledger is shown"
    included = bool(proven) and not missing
    yield Check("inclusion", ok=included, detail=good if included else bad)
    ordered = all(one.seq < other.seq for one, other in pairwise(proven))
    detail = "in the order of the ledger" if ordered else "the entries are not in the order of the ledger"
    yield Check("order", ok=ordered, detail=detail, finding=Finding.REORDERED)
    try:
        told = {entry.kind: entry for entry in (entries.parse(item.entry.encode()) for item in proven)}
        wrong = [*_untold(document, told), *_contradicted(document, told)]
    except (EvidenceInvalid, UnicodeEncodeError):
        wrong = ["an entry can't be read"]
    yield Check("ledger", ok=not wrong, detail="; ".join(wrong) or "the ledger tells the same")


def _is_included(document: Certificate, proven: ProvenEntry) -> bool:
    place = document.ledger.checkpoint
    leaf = merkle.leaf_hash(proven.entry.encode(errors="replace"))
    return merkle.verify_inclusion(leaf, proven.seq, place.size, proven.path, place.root)


def _untold(document: Certificate, told: Mapping[EntryKind, Entry]) -> Iterator[str]:
    """List what a PASS must show in the ledger and doesn't; other verdicts may have stopped anywhere."""
    if document.verdict is Verdict.PASS:
        required = (*REQUIRED_ENTRIES, *((EntryKind.DESTRUCTION_CONFIRMED,) if document.case.people.confirmer else ()))
        yield from (f"no entry {kind}" for kind in required if kind not in told)


def _contradicted(document: Certificate, told: Mapping[EntryKind, Entry]) -> Iterator[str]:
    facts, details = _facts(document), _details(document)
    for kind, entry in told.items():
        also = {name: value for name, value in details.get(kind, {}).items() if name in entry.body}
        for name, expected in {**facts.get(kind, {}), **also}.items():
            if entry.body.get(name) != expected:
                yield f"{kind} has another {name}"


def _details(document: Certificate) -> dict[EntryKind, dict[str, object]]:
    """List what entries may say since format 2; where they do, it must be the same."""
    authority, manifest = document.case.authority, document.case.manifest.hash
    door: dict[str, object] = {} if authority.door is None else {"door": authority.door.value}
    same: dict[str, object] = {} if manifest is None else {"manifest_hash": manifest.hex()}
    return {EntryKind.DESTRUCTION_APPLIED: same, EntryKind.DESTRUCTION_APPROVED: {**same, **door}}


def _facts(document: Certificate) -> dict[EntryKind, dict[str, object]]:
    """List what the ledger must say for the certificate to be true: entry → field → value."""
    case = document.case
    same: dict[str, object] = {"destruction": case.id}
    manifest = same | {"manifest_root": case.manifest.root.hex()}
    rotation = {"old_generation": case.rotation.old_generation, "new_generation": case.rotation.new_generation}
    trigger, schedule = case.authority.trigger.value, case.authority.schedule_hash.hex()
    applied = {"records": case.manifest.records, "trigger": trigger, "schedule_hash": schedule}
    statuses = {name: status.value for name, status in document.statuses.items()}
    verdict, executor = {"verdict": document.verdict.value}, {"executor": case.people.executor}
    approved = {"approval": case.authority.approval, "approver": case.people.approver}
    return {
        EntryKind.DESTRUCTION_APPLIED: manifest | applied | {"applicant": case.people.applicant},
        EntryKind.DESTRUCTION_APPROVED: manifest | approved,
        EntryKind.KEYS_DESTROYED: same | executor | rotation | {"keys": {key.ring: key.keys for key in case.keys}},
        EntryKind.ROWS_REMOVED: same | executor | {"removed": dict(case.removed)},
        EntryKind.DESTRUCTION_VERIFIED: same | verdict | {"checks": statuses, "witness": case.people.witness},
        EntryKind.DESTRUCTION_CONFIRMED: same | verdict | {"confirmer": case.people.confirmer},
        EntryKind.DESTRUCTION_FAILED: same,
        EntryKind.GENERATION_DESTROYED: {"generation": case.rotation.old_generation},
        EntryKind.GENERATION_CREATED: {"generation": case.rotation.new_generation},
    }
