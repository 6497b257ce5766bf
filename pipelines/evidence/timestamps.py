"""Time stamps of RFC 3161 over checkpoints: somebody else's word for when the ledger stood where it stood.

A time-stamp authority signs the hash of a checkpoint with the time. So nobody can write another ledger of the past
later, not even with the installation's own key. The authority sees a hash and nothing else. Verified offline, with the
authority's certificates as the auditor knows them. Not for sending anything: the caller posts.

Needs the optional extra `timestamp` (rfc3161-client); nothing else here does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import EvidenceInvalid, KeyUnavailable, TutelaError
from pipelines.evidence import canonical, checkpoint
from pipelines.evidence.anchors import Anchors, Outside
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.shapes import from_json, to_json

if TYPE_CHECKING:
    from types import ModuleType

    from cryptography.x509 import Certificate

SOURCE = "timestamps"
QUERY = "application/timestamp-query"
DRIFT = timedelta(minutes=5)
"""How far the installation's clock may be ahead of the authority's."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A checkpoint with what the authority answered (TimeStampResp, DER) over its canonical bytes."""

    checkpoint: Checkpoint
    response: bytes


def ask(head: Checkpoint, authority: list[Certificate], post: Callable[[bytes], bytes]) -> Stamped:
    """Have a checkpoint stamped, and believe the answer only if it verifies.

    Args:
        head: The checkpoint; only its SHA-256 is sent.
        authority: The certificates that the stamp must lead up to.
        post: Sends a time-stamp query and returns the reply.

    Raises:
        EvidenceInvalid: The answer is no stamp of this authority on this checkpoint.
        TutelaError: The extra is not installed.
    """
    rfc3161 = _library()
    query = (
        rfc3161.TimestampRequestBuilder()
        .data(checkpoint.to_bytes(head))
        .hash_algorithm(rfc3161.HashAlgorithm.SHA256)
        .build()
    )
    stamped = Stamped(head, post(query.as_bytes()))
    time_of(stamped, authority, query.nonce)
    return stamped


def time_of(stamped: Stamped, authority: list[Certificate], nonce: int | None = None) -> datetime:
    """Tell when a checkpoint was stamped.

    Raises:
        EvidenceInvalid: It is no stamp of this authority on this checkpoint, or older than the checkpoint says it is.
        TutelaError: The extra is not installed.
    """
    rfc3161 = _library()
    size = stamped.checkpoint.size
    try:
        response = rfc3161.decode_timestamp_response(stamped.response)
        # Which of the certificates are roots is the auditor's business: all that were given are trusted.
        verifier = rfc3161.VerifierBuilder(roots=[*authority], nonce=nonce).build()
        verifier.verify_message(response, checkpoint.to_bytes(stamped.checkpoint))
        at: datetime = response.tst_info.gen_time
    except (ValueError, rfc3161.VerificationError):
        raise EvidenceInvalid(
            f"The time stamp on the checkpoint of {size} entries is not this authority's, or not on this checkpoint."
        ) from None
    if stamped.checkpoint.at - at > DRIFT:
        raise EvidenceInvalid(
            f"The checkpoint of {size} entries says that it is from {canonical.moment(stamped.checkpoint.at)}, "
            f"but was stamped before, at {canonical.moment(at)}."
        )
    return at


def append(path: Path, stamped: Stamped) -> None:
    """Add a stamped checkpoint to the file of time stamps, durably.

    Raises:
        StorageFull: There is no room; the file is as it was.
        TutelaError: The file can't be written for another reason.
    """
    checkpoint.append_line(path, canonical.encode(to_json(stamped)))


def parse(line: bytes) -> Stamped:
    """Read a line of that file; what it claims is for `time_of` to check.

    Raises:
        EvidenceInvalid: It is none.
    """
    return from_json(Stamped, canonical.decode(line))


def time_stamps(path: Path, authority: list[Certificate]) -> Outside:
    """Name the file of time stamps, and the authority that they must be of."""

    def read() -> Anchors:
        stamps = checkpoint.read_lines(path, parse)
        times = [time_of(stamped, authority) for stamped in stamps]
        note = f", stamped from {canonical.moment(min(times))} to {canonical.moment(max(times))}" if times else ""
        return Anchors(SOURCE, tuple(stamped.checkpoint for stamped in stamps), note)

    return Outside(SOURCE, read)


def read_authority(path: Path) -> list[Certificate]:
    """Read an authority's certificates: a PEM file with its root, and those between if its stamps don't bring them.

    Raises:
        KeyUnavailable: The file can't be read, or holds none.
    """
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        raise KeyUnavailable(
            f"The certificates of the time-stamp authority can't be read from {path.name}; it must be a PEM file."
        ) from None


def _library() -> ModuleType | Any:
    try:
        import rfc3161_client
    except ImportError:
        raise TutelaError("Time stamps need rfc3161-client: install Tutela with its extra `timestamp`.") from None
    return rfc3161_client
