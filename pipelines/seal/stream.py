"""Seal a stream of any length in frames of a megabyte: AES-256-GCM under a key that seals nothing else.

    4 bytes length || ciphertext with tag, frame by frame; the last one says that it is the last

A frame's nonce is its number, and its associated data are the context, its number and whether it is the last. So
frames that were moved, left out, or cut off do not open (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
Vizár, CRYPTO 2015). Bytes in, bytes out; memory is that of one frame.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipelines.errors import KeyUnavailable

FRAME = 1 << 20
TAG_BYTES = 16
_LENGTH = struct.Struct(">I")
_NUMBER = struct.Struct(">4xQ")
_PLACE = struct.Struct(">Q?")


def seal_frames(pieces: Iterable[bytes], key: bytes, context: bytes) -> Iterator[bytes]:
    """Seal pieces of any size into frames; the key may seal this one stream only."""
    cipher, number, waiting = AESGCM(key), 0, bytearray()
    for piece in pieces:
        waiting += piece
        # A whole frame is kept back until more comes: the last one is not empty unless the stream is.
        while len(waiting) > FRAME:
            yield _seal(cipher, bytes(waiting[:FRAME]), number, context, last=False)
            del waiting[:FRAME]
            number += 1
    yield _seal(cipher, bytes(waiting), number, context, last=True)


def open_frames(frames: Iterable[bytes], key: bytes, context: bytes) -> Iterator[bytes]:
    """Open frames, to the one that says that it is the last.

    Raises:
        KeyUnavailable: one was altered, or some are missing, or the key is another's. Nothing that was yielded before
            may be used.
    """
    cipher, number, waiting = AESGCM(key), 0, None
    for frame in frames:
        if waiting is not None:
            yield _open(cipher, waiting, number, context, last=False)
            number += 1
        waiting = frame
    if waiting is None:
        raise KeyUnavailable("A sealed file is empty.")
    yield _open(cipher, waiting, number, context, last=True)


def seal_stream(pieces: Iterable[bytes], key: bytes, context: bytes) -> Iterator[bytes]:
    """Seal pieces into the bytes of a file; see `seal_frames`."""
    for frame in seal_frames(pieces, key, context):
        yield _LENGTH.pack(len(frame)) + frame


def open_stream(file: IO[bytes], key: bytes, context: bytes) -> Iterator[bytes]:
    """Open a file that `seal_stream` wrote; see `open_frames`."""
    yield from open_frames(_frames(file), key, context)


def _frames(file: IO[bytes]) -> Iterator[bytes]:
    while head := file.read(_LENGTH.size):
        size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
        sealed = file.read(size) if TAG_BYTES <= size <= FRAME + TAG_BYTES else b""
        if len(sealed) != size or not size:
            raise KeyUnavailable("A sealed file is cut off or was altered.")
        yield sealed


def _seal(cipher: AESGCM, plain: bytes, number: int, context: bytes, *, last: bool) -> bytes:
    return cipher.encrypt(_NUMBER.pack(number), plain, context + _PLACE.pack(number, last))


def _open(cipher: AESGCM, sealed: bytes, number: int, context: bytes, *, last: bool) -> bytes:
    try:
        return cipher.decrypt(_NUMBER.pack(number), sealed, context + _PLACE.pack(number, last))
    except InvalidTag:
        raise KeyUnavailable("A sealed file does not open: it was altered or cut off, or it is another's.") from None
