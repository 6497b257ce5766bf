"""What makes a bundle hold: every byte accounted for, every root computed again, every certificate checked.

The steps, as they are numbered below:

(1) every line can be read and is canonical, in the order of a bundle, to a trailer that ends the file and whose
    counts and SHA-256 are right;
(2) the entries are numbered without a gap, and as many as the header says;
(3) the key is the auditor's, where one is given;
(4) every checkpoint is signed, and its root is the one computed from the entries; the last covers all of them;
(5) every certificate holds by itself, and its checkpoint's root is the one computed from the entries;
(6) every confirmed destruction has its certificate;
(7) every checkpoint that was laid down outside (anchor file, time stamps, git) is found in the entries: the end of
    the log was not cut off.

What the entries say is not judged here: the ledger's own guard did when they were written, and certificates are
compared with theirs. Not for files: see `verify`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import IO

from pipelines.errors import EvidenceInvalid
from pipelines.evidence import bundle, checkpoint
from pipelines.evidence.anchors import Anchors
from pipelines.evidence.bundle import Header
from pipelines.evidence.certificate import Certificate
from pipelines.evidence.certificate_checks import check_certificate, check_key
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.reading import Reading, read
from pipelines.evidence.report import Check, Finding, Kind, Report


def check_bundle(file: IO[bytes], public_key: bytes | None, outside: Sequence[Anchors]) -> Report:
    """Check a bundle, also against what was laid down outside."""
    reading = read(file, tuple(item for anchors in outside for item in anchors.checkpoints))
    header = reading.header
    if header is None:
        fault = reading.fault
        detail = fault.detail if fault else "the file is empty"
        finding = fault.finding if fault else Finding.TRUNCATED
        return Report(Kind.BUNDLE, (Check("lines", ok=False, detail=detail, finding=finding),))
    if header.format != bundle.FORMAT:
        detail = "this version does not know the bundle's format"
        return Report(Kind.UNKNOWN, (Check("format", ok=False, detail=detail, finding=Finding.UNKNOWN_FORMAT),))
    key = header.public_key if public_key is None else public_key
    checks = [
        Check("format", ok=True, detail=header.format),
        _check_lines(reading),
        _check_trailer(reading),
        _check_sequence(reading, header),
        check_key(header.public_key, public_key, header.origin),
        _check_checkpoints(reading, header, key),
        _check_coverage(reading),
        _check_certificates(reading, header, key),
        _check_destructions(reading),
    ]
    checks += [_check_anchors(anchors, reading, header, key) for anchors in outside]
    return Report(Kind.BUNDLE, tuple(checks))


def _check_lines(reading: Reading) -> Check:  # (1)
    if reading.fault:
        return Check("lines", ok=False, detail=reading.fault.detail, finding=reading.fault.finding)
    return Check("lines", ok=True, detail="every line can be read, to the file's end")


def _check_trailer(reading: Reading) -> Check:  # (1)
    trailer = reading.trailer
    if trailer is None:
        return Check("checksum", ok=False, detail="there is no trailer to compare with", finding=_cause(reading))
    read_counts = (reading.count, len(reading.checkpoints), len(reading.certificates))
    if read_counts != (trailer.entries, trailer.checkpoints, trailer.certificates):
        return Check("checksum", ok=False, detail="lines were added or removed: the trailer counts others")
    if trailer.sha256 != reading.digest:
        return Check("checksum", ok=False, detail="the file's SHA-256 is not the one in its trailer")
    return Check("checksum", ok=True, detail=f"SHA-256 {reading.digest.hex()}")


def _check_sequence(reading: Reading, header: Header) -> Check:  # (2)
    count = reading.count
    if reading.displaced:
        first = min(reading.displaced)
        return Check("sequence", ok=False, detail=f"entry {first} is missing or doubled")
    if reading.out_of_place is not None:
        detail = f"entry {reading.out_of_place} is not in its place"
        return Check("sequence", ok=False, detail=detail, finding=Finding.REORDERED)
    if count < header.size:
        detail = f"{count} entries are there of {header.size}: the end is missing"
        return Check("sequence", ok=False, detail=detail, finding=_cause(reading, Finding.TRUNCATED))
    if count > header.size:
        return Check("sequence", ok=False, detail=f"{count} entries are there where the header says {header.size}")
    return Check("sequence", ok=True, detail=f"entries 0 to {count - 1} without a gap" if count else "no entries")


def _check_checkpoints(reading: Reading, header: Header, key: bytes) -> Check:  # (4)
    faults = [fault for item in reading.checkpoints for fault in _checkpoint_faults(reading, item, header.origin, key)]
    if faults:
        return Check("checkpoints", ok=False, detail=faults[0][0], finding=faults[0][1])
    sizes = [item.size for item in reading.checkpoints]
    if any(later <= earlier for earlier, later in pairwise(sizes)):
        detail = "the checkpoints are not in order of size"
        return Check("checkpoints", ok=False, detail=detail, finding=Finding.REORDERED)
    detail = f"{len(sizes)} checkpoints are signed and match the entries" if sizes else "there is no checkpoint"
    return Check("checkpoints", ok=bool(sizes), detail=detail, finding=_cause(reading))


def _checkpoint_faults(reading: Reading, item: Checkpoint, origin: str, key: bytes) -> Iterator[tuple[str, Finding]]:
    if item.origin != origin:
        yield f"the checkpoint of {item.size} entries is of another installation", Finding.FOREIGN
    try:
        checkpoint.verify(item, key)
    except EvidenceInvalid as exc:
        yield str(exc), Finding.WRONG_KEY if _is_other_key(reading, key) else Finding.ALTERED
    if item.size > reading.count:
        detail = f"a checkpoint covers {item.size} entries, the file holds {reading.count}: its end was cut off"
        yield detail, _cause(reading, Finding.TRUNCATED)
    elif reading.roots.get(item.size) != item.root:
        detail = f"the root over the first {item.size} entries is not the signed one: an entry among them was altered"
        yield detail, Finding.ALTERED


def _check_coverage(reading: Reading) -> Check:  # (4)
    covered = max((item.size for item in reading.checkpoints), default=None)
    if covered is None:
        return Check("coverage", ok=False, detail="no checkpoint covers the entries", finding=_cause(reading))
    if covered < reading.count:
        loose = reading.count - covered
        return Check("coverage", ok=False, detail=f"the last {loose} entries are under no signature")
    return Check("coverage", ok=True, detail=f"the last checkpoint covers all {covered} entries")


def _check_certificates(reading: Reading, header: Header, key: bytes) -> Check:  # (5)
    names = [item.case.id for item in reading.certificates]
    if len(set(names)) < len(names):
        return Check("certificates", ok=False, detail="a certificate is there twice")
    for item in reading.certificates:
        for check in _certificate_checks(item, header, key, reading.roots):
            if not check.ok:
                detail = f"{item.case.id}: {check.name}: {check.detail}"
                return Check("certificates", ok=False, detail=detail, finding=check.finding)
    return Check("certificates", ok=True, detail=f"{len(names)} certificates hold")


def _certificate_checks(item: Certificate, header: Header, key: bytes, roots: Mapping[int, bytes]) -> Iterator[Check]:
    own = item.origin == header.origin and item.public_key == header.public_key
    yield Check("origin", ok=own, detail="it is of another installation", finding=Finding.FOREIGN)
    yield from check_certificate(item, key)
    place = item.ledger.checkpoint
    same = roots.get(place.size) == place.root
    yield Check("root", ok=same, detail=f"its root at {place.size} entries is not the one of the entries")


def _check_destructions(reading: Reading) -> Check:  # (6)
    bare = reading.confirmed - {item.case.id for item in reading.certificates}
    if bare:
        return Check("destructions", ok=False, detail=f"{min(bare)} is confirmed, but its certificate is missing")
    whole = reading.fault is None
    detail = f"all {len(reading.confirmed)} confirmed destructions have their certificates"
    bad = "not all entries could be read"
    return Check("destructions", ok=whole, detail=detail if whole else bad, finding=_cause(reading))


def _check_anchors(anchors: Anchors, reading: Reading, header: Header, key: bytes) -> Check:  # (7)
    own = anchors.of(header.origin)
    if not own:
        return Check(anchors.source, ok=False, detail="there is no checkpoint to compare with")
    for item in own:
        for detail, finding in _checkpoint_faults(reading, item, header.origin, key):
            # A log that is sound in itself but shorter than an anchor had its end cut off.
            found = Finding.TRUNCATED if item.size > reading.count else finding
            return Check(anchors.source, ok=False, detail=f"anchored: {detail}", finding=found)
    newest = max(item.size for item in own)
    detail = f"{len(own)} anchored checkpoints are found among the entries, the newest at {newest}{anchors.note}"
    return Check(anchors.source, ok=True, detail=detail)


def _is_other_key(reading: Reading, key: bytes) -> bool:
    return reading.header is not None and reading.header.public_key != key


def _cause(reading: Reading, otherwise: Finding = Finding.ALTERED) -> Finding:
    """Say why lines are missing: where reading stopped early, it is for that reason."""
    return reading.fault.finding if reading.fault else otherwise
