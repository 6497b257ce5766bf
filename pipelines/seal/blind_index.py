"""Blind indexes: keyed hashes of identifiers, for exact look-up without the value.

HMAC-SHA256 under a key of the installation, bound to the kind of identifier, first 16 bytes. An identifier has little
entropy, so a digest is as secret as that key: digests are deleted with their subject or record, and never leave the
vault.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

DIGEST_BYTES = 16
Digests = npt.NDArray[np.uint8]
"""Digests as rows: shape (n, 16)."""


def kind_key(index_key: bytes, kind: str) -> bytes:
    """Derive the key of one kind of identifier."""
    return hmac.digest(index_key, b"tutela/blind-index/1/" + kind.encode(), "sha256")


def digests(index_key: bytes, kind: str, values: Iterable[str]) -> Digests:
    """Hash identifiers that are normalised already: shape (n, 16)."""
    template = hmac.new(kind_key(index_key, kind), digestmod=hashlib.sha256)
    joined = bytearray()
    for value in values:
        # Copying a prepared HMAC saves the two key blocks for each value.
        mac = template.copy()
        mac.update(value.encode("utf-8", "surrogatepass"))
        joined += mac.digest()[:DIGEST_BYTES]
    return np.frombuffer(bytes(joined), dtype=np.uint8).reshape(-1, DIGEST_BYTES)
