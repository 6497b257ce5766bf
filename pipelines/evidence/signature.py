"""Ed25519 with a purpose, and the names of keys.

Not for encryption and not for keeping private keys: they are handed in. What is signed always begins with a line
that says what it is, so that a signature on one kind of document never fits another.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from pipelines.errors import EvidenceInvalid, KeyUnavailable

KEY_BYTES = 32
SIGNATURE_BYTES = 64
KEY_ID_BYTES = 8
LONGEST_KEY_FILE = 4096


def key_id(public_key: bytes) -> str:
    """Name a public key: the first 8 bytes of its SHA-256, in hexadecimal."""
    return sha256(public_key).digest()[:KEY_ID_BYTES].hex()


def fingerprint(public_key: bytes) -> str:
    """Give what people compare to tell one public key from another: its SHA-256, in hexadecimal."""
    return sha256(public_key).hexdigest()


def public_bytes(private_key: Ed25519PrivateKey) -> bytes:
    """Give the 32 bytes of the public half."""
    return private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(private_key: Ed25519PrivateKey, purpose: str, message: bytes) -> bytes:
    """Sign a message for one purpose."""
    return private_key.sign(_bind(purpose, message))


def holds(public_key: bytes, purpose: str, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature is this key's, on this message, for this purpose."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _bind(purpose, message))
    except (InvalidSignature, ValueError):
        return False
    return True


def read_public_key(text: str) -> bytes:
    """Read a public key given as 64 hexadecimal digits, base64, PEM, or the path of a file that holds one of them.

    Raises:
        KeyUnavailable: It is none of these.
    """
    found = _parse_key(text.strip())
    if found is None:
        try:
            with Path(text).open("rb") as file:
                found = _parse_key(file.read(LONGEST_KEY_FILE).decode("ascii").strip())
        except (OSError, ValueError):
            found = None
    if found is None:
        raise KeyUnavailable(
            "The public key can't be read; give 64 hexadecimal digits, base64, or a file with one of them or a PEM."
        )
    return found


def require_key(public_key: bytes) -> None:
    """Refuse bytes that can't be an Ed25519 public key.

    Raises:
        EvidenceInvalid: They have the wrong length.
    """
    if len(public_key) != KEY_BYTES:
        raise EvidenceInvalid("The evidence holds a public key of the wrong length.")


def _bind(purpose: str, message: bytes) -> bytes:
    return purpose.encode("ascii") + b"\n" + message


def _parse_key(text: str) -> bytes | None:
    if text.startswith("-----BEGIN"):
        return _parse_pem(text)
    try:
        raw = bytes.fromhex(text) if len(text) == 2 * KEY_BYTES else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return raw if len(raw) == KEY_BYTES else None


def _parse_pem(text: str) -> bytes | None:
    try:
        key = load_pem_public_key(text.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw) if isinstance(key, Ed25519PublicKey) else None
