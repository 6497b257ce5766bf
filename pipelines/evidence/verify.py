"""Verify evidence anywhere: needs this package, ``cryptography``, and nothing else — no database, no settings.

It believes nothing that it can compute: roots, statuses, verdicts and checksums are all computed again. A report is
valid only if every check holds. Not for verifying a destruction in the database: see `retention`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO

from pipelines.errors import EvidenceInvalid, FormatUnknown, SourceMissing
from pipelines.evidence import bundle, certificate
from pipelines.evidence.anchors import Anchors, Outside, anchor_file
from pipelines.evidence.bundle_checks import check_bundle
from pipelines.evidence.certificate import Certificate
from pipelines.evidence.certificate_checks import check_certificate
from pipelines.evidence.report import Check, Finding, Kind, Report

__all__ = ["Check", "Finding", "Kind", "Report", "verify_file"]

_NAMES = {Kind.BUNDLE: b'"tutela-evidence/', Kind.CERTIFICATE: b'"tutela-certificate/'}
_BEGINNING = b'{"case":{"authority":{'
"""How every certificate begins; its format stands in its middle, for keys are sorted."""
_GLANCE = 2**20


def verify_file(
    path: Path, public_key: bytes | None = None, anchors: Path | None = None, outside: Sequence[Outside] = ()
) -> Report:
    """Verify a bundle or a single certificate.

    Args:
        path: The file.
        public_key: The 32 bytes of the installation's public key, if the auditor has it from elsewhere. Without it
            the key in the file is used, which shows that nothing was altered but not who signed.
        anchors: The anchor file; every checkpoint in it must be found in the file.
        outside: Other places where checkpoints were laid down: time stamps, a git repository.

    Raises:
        SourceMissing: The file can't be read.
    """
    places = [*([] if anchors is None else [anchor_file(anchors)]), *outside]
    anchored = []
    for place in places:
        try:
            anchored.append(place.read())
        except EvidenceInvalid as exc:
            return Report(Kind.UNKNOWN, (Check(place.source, ok=False, detail=str(exc)),))
    try:
        with path.open("rb", buffering=bundle.BUFFER) as file:
            return _verify(file, public_key, anchored)
    except OSError as exc:
        raise SourceMissing(f"The file {path.name} can't be read: {exc.strerror}.") from exc


def _verify(file: IO[bytes], public_key: bytes | None, anchors: Sequence[Anchors]) -> Report:
    glance = file.read(_GLANCE)
    file.seek(0)
    places = {kind: place for kind, name in _NAMES.items() if (place := glance.find(name)) >= 0}
    if not places and glance.startswith(_BEGINNING) and not glance.endswith(b"}\n"):
        detail = "the certificate is cut off before it says its format"
        return Report(Kind.CERTIFICATE, (Check("format", ok=False, detail=detail, finding=Finding.TRUNCATED),))
    if not places:
        detail = "the file is neither evidence nor a certificate of Tutela"
        return Report(Kind.UNKNOWN, (Check("format", ok=False, detail=detail, finding=Finding.UNKNOWN_FORMAT),))
    if min(places, key=lambda kind: places[kind]) is Kind.BUNDLE:
        return check_bundle(file, public_key, anchors)
    return _check_certificate_file(file, public_key, anchors)


def _check_certificate_file(file: IO[bytes], public_key: bytes | None, anchors: Sequence[Anchors]) -> Report:
    data = file.read(bundle.LONGEST_LINE)
    line, newline, rest = data.partition(b"\n")
    try:
        document = certificate.from_bytes(line + newline)
    except FormatUnknown as exc:
        return Report(Kind.UNKNOWN, (Check("format", ok=False, detail=str(exc), finding=Finding.UNKNOWN_FORMAT),))
    except EvidenceInvalid as exc:
        finding = Finding.ALTERED if newline else Finding.TRUNCATED
        return Report(Kind.CERTIFICATE, (Check("format", ok=False, detail=str(exc), finding=finding),))
    checks = [
        Check("format", ok=True, detail=document.format),
        Check("end", ok=not rest, detail=_end(rest), finding=Finding.TRAILING_BYTES),
        *check_certificate(document, public_key),
    ]
    checks += [_check_anchored(document, place) for place in anchors]
    return Report(Kind.CERTIFICATE, tuple(checks))


def _end(rest: bytes) -> str:
    return "the file goes on after the certificate" if rest else "nothing follows the certificate"


def _check_anchored(document: Certificate, anchors: Anchors) -> Check:
    place = document.ledger.checkpoint
    if (place.size, place.root, place.origin) in {(item.size, item.root, item.origin) for item in anchors.checkpoints}:
        detail = f"its checkpoint at {place.size} entries was anchored{anchors.note}"
        return Check(anchors.source, ok=True, detail=detail)
    origins = {item.origin for item in anchors.checkpoints}
    if origins and document.origin not in origins:
        detail = f"it is of the installation {document.origin}, and no anchor is"
        return Check(anchors.source, ok=False, detail=detail, finding=Finding.FOREIGN)
    # Absence proves nothing by itself, but whoever asked for anchors must not read "valid" without one.
    detail = f"its checkpoint at {place.size} entries is not among the anchored ones; verify a bundle instead"
    return Check(anchors.source, ok=False, detail=detail)
