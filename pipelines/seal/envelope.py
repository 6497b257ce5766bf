"""Seal a record: one key a record, one AES-256-GCM part a sensitivity level.

``record_key = HKDF-SHA256(ikm = subject_key, salt = cohort_key, info = record_id)`` (RFC 5869), so destroying either
the subject's or the cohort's key destroys the record. A part is ``nonce || ciphertext || tag`` with the record id, the
level and the schema version as associated data: a part opens at no other place. Nonces are random, because a record may
be sealed again under the same key when a steward corrects it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipelines.errors import KeyUnavailable

SCHEMA_VERSION = 1
LEVELS = (1, 2, 3, 4, 5)
_NONCE = 12
_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(dict[str, Any]).decode
_CONTEXT = struct.Struct(">16sBH")
_SHA256 = hashes.SHA256()

Parts = tuple[bytes | None, bytes | None, bytes | None, bytes | None, bytes | None]
"""The sealed parts of one record, level 1 first; None where the record holds nothing of that level."""


def record_key(subject_key: bytes, cohort_key: bytes, record_id: bytes) -> bytes:
    """Derive the 32-byte key of one record (RFC 5869)."""
    return HKDF(_SHA256, 32, cohort_key, record_id).derive(subject_key)


def seal_part(cipher: AESGCM, plain: bytes, nonce: bytes, record_id: bytes, level: int, version: int) -> bytes:
    """Seal one part."""
    return nonce + cipher.encrypt(nonce, plain, _CONTEXT.pack(record_id, level, version))


def open_part(cipher: AESGCM, sealed: bytes, record_id: bytes, level: int, version: int) -> dict[str, Any]:
    """Open one part: field → value.

    Raises:
        KeyUnavailable: the key is another's or destroyed, or the part was altered or moved.
    """
    try:
        plain = cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _CONTEXT.pack(record_id, level, version))
    except (InvalidTag, ValueError):
        raise KeyUnavailable("A sealed part does not open: its key was destroyed, or it was altered.") from None
    return _DECODE(plain)


def encode_parts(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[bytes | None]:
    """Write the plaintext of one level of many records: field → value as JSON; None where a record has no value there."""
    nothing = (None,) * len(names)
    return [None if row == nothing else _ENCODE(dict(zip(names, row, strict=True))) for row in rows]


def seal_records(
    record_ids: Sequence[bytes],
    subject_keys: Sequence[bytes],
    cohort_keys: Sequence[bytes],
    plain: Mapping[int, Sequence[bytes | None]],
    randomness: Callable[[int], bytes],
) -> list[Parts]:
    """Seal many records.

    Args:
        record_ids: 16 bytes each.
        subject_keys: 32 bytes each, same order.
        cohort_keys: 32 bytes each, same order.
        plain: level → what `encode_parts` wrote, same order.
        randomness: gives n random bytes.

    Returns:
        The parts of each record, same order.
    """
    levels, pools = list(plain), list(plain.values())
    nonces = randomness(_NONCE * len(record_ids) * len(levels))
    pack, position = _CONTEXT.pack, 0
    sealed: list[Parts] = []
    for row, (record_id, subject_key, cohort_key) in enumerate(zip(record_ids, subject_keys, cohort_keys, strict=True)):
        encrypt = AESGCM(record_key(subject_key, cohort_key, record_id)).encrypt
        parts: list[bytes | None] = [None] * len(LEVELS)
        for level, pool in zip(levels, pools, strict=True):
            text = pool[row]
            if text is not None:
                nonce = nonces[position : position + _NONCE]
                position += _NONCE
                parts[level - 1] = nonce + encrypt(nonce, text, pack(record_id, level, SCHEMA_VERSION))
        sealed.append((parts[0], parts[1], parts[2], parts[3], parts[4]))
    return sealed


def seal_whole(
    record_ids: Sequence[bytes],
    holder_key: bytes,
    cohort_keys: Sequence[bytes],
    rows: Sequence[dict[str, Any]],
    randomness: Callable[[int], bytes],
) -> list[bytes]:
    """Seal rows whole (quarantine): one part of the highest level each."""
    sealed = []
    for record_id, cohort_key, row in zip(record_ids, cohort_keys, rows, strict=True):
        cipher = AESGCM(record_key(holder_key, cohort_key, record_id))
        sealed.append(seal_part(cipher, _ENCODE(row), randomness(_NONCE), record_id, LEVELS[-1], SCHEMA_VERSION))
    return sealed


def open_whole(record_id: bytes, holder_key: bytes, cohort_key: bytes, sealed: bytes, version: int) -> dict[str, Any]:
    """Open a row that was sealed whole: field → value, empty fields included.

    Raises:
        KeyUnavailable: as :func:`open_part`.
    """
    return open_part(AESGCM(record_key(holder_key, cohort_key, record_id)), sealed, record_id, LEVELS[-1], version)


def open_record(
    record_id: bytes, subject_key: bytes, cohort_key: bytes, parts: Sequence[bytes | None], version: int
) -> dict[str, Any]:
    """Open all the parts of one record that are given: field → value, empty fields left out.

    Raises:
        KeyUnavailable: as :func:`open_part`.
    """
    cipher = AESGCM(record_key(subject_key, cohort_key, record_id))
    values: dict[str, Any] = {}
    for level, sealed in zip(LEVELS, parts, strict=True):
        if sealed is not None:
            opened = open_part(cipher, bytes(sealed), record_id, level, version)
            # A free-text field stands in the part of its raised level and is empty in the other.
            values |= {name: value for name, value in opened.items() if value is not None}
    return values


def open_levels(
    record_id: bytes, subject_key: bytes, cohort_key: bytes, parts: Sequence[bytes | None], version: int
) -> dict[int, dict[str, Any]]:
    """Open all the parts of one record that are given, each by itself: level → field → value.

    Raises:
        KeyUnavailable: as :func:`open_part`.
    """
    cipher = AESGCM(record_key(subject_key, cohort_key, record_id))
    given = ((level, sealed) for level, sealed in zip(LEVELS, parts, strict=True) if sealed is not None)
    return {level: open_part(cipher, bytes(sealed), record_id, level, version) for level, sealed in given}


def reseal_records(
    record_ids: Sequence[bytes],
    old_keys: tuple[Sequence[bytes], Sequence[bytes]],
    new_keys: tuple[Sequence[bytes], Sequence[bytes]],
    parts: Sequence[Sequence[bytes | None]],
    versions: Sequence[int],
    randomness: Callable[[int], bytes],
) -> list[list[bytes | None]]:
    """Open many records and seal them again under other keys; what they hold is not looked at.

    Args:
        record_ids: 16 bytes each.
        old_keys: subject keys and cohort keys that they are sealed under, same order.
        new_keys: those that they are to be sealed under.
        parts: the sealed parts of each, level 1 first.
        versions: the schema version of each, which stays.
        randomness: gives n random bytes.

    Raises:
        KeyUnavailable: a part does not open: its key was destroyed, or it was altered.
    """
    nonces, position = randomness(_NONCE * len(LEVELS) * len(record_ids)), 0
    pack, resealed = _CONTEXT.pack, []
    for record_id, version, sealed, *keys in zip(record_ids, versions, parts, *old_keys, *new_keys, strict=True):
        decrypt = AESGCM(record_key(keys[0], keys[1], record_id)).decrypt
        encrypt = AESGCM(record_key(keys[2], keys[3], record_id)).encrypt
        moved: list[bytes | None] = [None] * len(LEVELS)
        for place, part in enumerate(sealed):
            if part is None:
                continue
            bound = pack(record_id, place + 1, version)
            try:
                plain = decrypt(part[:_NONCE], part[_NONCE:], bound)
            except (InvalidTag, ValueError):
                raise KeyUnavailable("A sealed part does not open: its key was destroyed, or it was altered.") from None
            nonce = nonces[position : position + _NONCE]
            position += _NONCE
            moved[place] = nonce + encrypt(nonce, plain, bound)
        resealed.append(moved)
    return resealed
