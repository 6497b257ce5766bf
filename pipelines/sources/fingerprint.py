"""Name a delivery by its bytes, so that the same bytes are never taken in twice.

Keyed: without the key nobody can test whether a guessed one-row file was delivered here. Not a signature.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from uuid import UUID

from pipelines.errors import SourceMissing
from pipelines.sources.files import check_readable

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 1 << 20
SHORTEST_KEY = 32


def fingerprint(path: Path, key: bytes) -> UUID:
    """Return HMAC-SHA256 over the file's bytes, in the form of a UUID of version 8 (RFC 9562).

    Raises:
        SourceMissing: the file does not exist or can't be read.
        SourceEmpty: the file has no bytes.
        ValueError: the key has fewer than 32 bytes.
    """
    if len(key) < SHORTEST_KEY:
        msg = "the fingerprint key must have at least 32 bytes"
        raise ValueError(msg)
    check_readable(path)
    mac = hmac.new(key, digestmod=hashlib.sha256)
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                mac.update(block)
    except OSError:
        msg = f"{path.name}: the file could not be read to its end; check the disk or share it lies on."
        raise SourceMissing(msg) from None
    return uuid_of(mac.digest())


def uuid_of(digest: bytes) -> UUID:
    """Write the first 16 bytes of a digest as a UUID of version 8."""
    number = bytearray(digest[:16])
    number[6] = number[6] & 0x0F | 0x80
    number[8] = number[8] & 0x3F | 0x80
    return UUID(bytes=bytes(number))
