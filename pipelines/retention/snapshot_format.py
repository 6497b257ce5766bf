"""The format of the keyring's snapshot: frames with a length each, in one file. Not for what is put into it: `snapshot`.

    magic · header · pages of the keyring · pieces of sealed tables · end (counts and SHA-256 of all before it)

So a file that was cut off is told from one that was altered. Format 1 had pages only; it is still read.
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO

import msgspec

from pipelines.errors import KeyUnavailable
from pipelines.store.keyring import StoredPage

_MAGIC, _MAGIC_1 = b"tutela-keyring-snapshot/2\n", b"tutela-keyring-snapshot/1\n"
_LENGTH = struct.Struct(">I")
_LARGEST = 4 << 20
_BUFFER = 1 << 20


class Header(msgspec.Struct, frozen=True, tag="header", array_like=True):
    """What a snapshot is of."""

    origin: str
    """The installation; empty in a snapshot of format 1."""
    generation: int
    kms_key: str
    ledger_size: int
    """It has everything that the first so many entries of the ledger speak of."""
    created_at: datetime | None
    pages: dict[str, int]
    """Ring → pages."""
    columns: dict[str, list[str]] = {}
    keys: dict[str, bytes] = {}
    """Table → its key, wrapped."""


class _Page(msgspec.Struct, frozen=True, tag="page", array_like=True):
    ring: str
    page: int
    sealed: bytes
    wrapped: bytes


class Rows(msgspec.Struct, frozen=True, tag="rows", array_like=True):
    """A sealed piece of a table."""

    table: str
    frame: bytes


class _End(msgspec.Struct, frozen=True, tag="end", array_like=True):
    pages: dict[str, int]
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot, read as far as its header."""

    path: Path
    header: Header

    @property
    def age(self) -> tuple[int, int]:
        """What orders snapshots of one installation."""
        return self.header.generation, self.header.ledger_size

    def pages(self) -> Iterator[StoredPage]:
        """Yield the keyring's pages.

        Raises:
            KeyUnavailable: the file was cut off or altered.
        """
        return (found for found in contents(self) if isinstance(found, StoredPage))


class Writer:
    """Writes frames, and remembers what the end has to say of them."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin a file."""
        self._file, self._hasher, self._pages = file, sha256(_MAGIC), Counter[str]()
        self._encode = msgspec.msgpack.Encoder().encode
        file.write(_MAGIC)

    def header(self, header: Header) -> None:
        """Say what the snapshot is of."""
        self._put(header)

    def page(self, page: StoredPage) -> None:
        """Add a page."""
        self._put(_Page(page.ring, page.page, page.sealed, page.wrapped))
        self._pages[page.ring] += 1

    def rows(self, table: str, frame: bytes) -> None:
        """Add a sealed piece of a table."""
        self._put(Rows(table, frame))

    def end(self) -> None:
        """End the file, durably."""
        self._put(_End(dict(self._pages), self._hasher.digest()))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _put(self, item: msgspec.Struct) -> None:
        frame = self._encode(item)
        for piece in (_LENGTH.pack(len(frame)), frame):
            self._hasher.update(piece)
            self._file.write(piece)


@contextmanager
def private(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file that nobody else may read, from its first moment."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", _BUFFER) as file:
        yield file


def read(path: Path) -> Snapshot:
    """Read a snapshot's header; what comes after it is read and checked as it is used.

    Raises:
        KeyUnavailable: it can't be read, or is no snapshot.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
            if magic == _MAGIC_1:
                return _read_format_1(path)
            if magic != _MAGIC:
                raise KeyUnavailable(f"{path.name} is no keyring snapshot.")
            first = next(_frames(file, path), None)
            header = None if first is None else _decode(first, path)
    except OSError as exc:
        raise KeyUnavailable(f"The keyring snapshot {path.name} can't be read ({exc.strerror}).") from None
    if not isinstance(header, Header):
        raise _altered(path) if header else _cut(path)
    return Snapshot(path, header)


def _read_format_1(path: Path) -> Snapshot:
    """Format 1 had pages only, each with the name of its root generation."""
    bare = Snapshot(path, Header("", _number_of(path), "", 0, None, {}))
    first = next(bare.pages(), None)
    return bare if first is None else Snapshot(path, msgspec.structs.replace(bare.header, kms_key=first.kms_key))


def _number_of(path: Path) -> int:
    digits = path.stem.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0


def contents(snapshot: Snapshot) -> Iterator[StoredPage | Rows]:
    """Yield all that a snapshot holds; whoever takes it to its end knows that it is whole.

    Raises:
        KeyUnavailable: the file was cut off or altered.
    """
    path = snapshot.path
    try:
        with path.open("rb", _BUFFER) as file:
            magic = file.read(len(_MAGIC))
            yield from _contents_1(file, path) if magic == _MAGIC_1 else _contents_2(file, snapshot)
    except OSError as exc:
        raise KeyUnavailable(f"The keyring snapshot {path.name} can't be read ({exc.strerror}).") from None


def _contents_1(file: IO[bytes], path: Path) -> Iterator[StoredPage]:
    decode = msgspec.msgpack.Decoder(tuple[str, int, bytes, bytes, str]).decode
    for frame in _frames(file, path):
        try:
            yield StoredPage(*decode(frame))
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise _altered(path) from None


def _contents_2(file: IO[bytes], snapshot: Snapshot) -> Iterator[StoredPage | Rows]:
    path, header = snapshot.path, snapshot.header
    hasher, counted, ended = sha256(_MAGIC), Counter[str](), False
    for frame in _frames(file, path):
        item = _decode(frame, path)
        if ended or (isinstance(item, _End) and (item.sha256 != hasher.digest() or item.pages != counted)):
            raise _altered(path)
        hasher.update(_LENGTH.pack(len(frame)) + frame)
        if isinstance(item, _Page):
            counted[item.ring] += 1
            yield StoredPage(item.ring, item.page, item.sealed, item.wrapped, header.kms_key)
        elif isinstance(item, Rows):
            yield item
        ended = isinstance(item, _End)
    if not ended:
        raise _cut(path)
    if counted != header.pages:
        raise _altered(path)


def _frames(file: IO[bytes], path: Path) -> Iterator[bytes]:
    while head := file.read(_LENGTH.size):
        if len(head) < _LENGTH.size:
            raise _cut(path)
        size = _LENGTH.unpack(head)[0]
        if size > _LARGEST:
            raise _altered(path)
        frame = file.read(size)
        if len(frame) < size:
            raise _cut(path)
        yield frame


def _decode(frame: bytes, path: Path) -> Header | _Page | Rows | _End:
    try:
        item: Header | _Page | Rows | _End = _DECODER.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _altered(path) from None
    return item


def _cut(path: Path) -> KeyUnavailable:
    return KeyUnavailable(f"The keyring snapshot {path.name} is cut off; bring a whole copy of it from its keeper.")


def _altered(path: Path) -> KeyUnavailable:
    return KeyUnavailable(f"The keyring snapshot {path.name} was altered; bring an unaltered copy from its keeper.")


_DECODER = msgspec.msgpack.Decoder(Header | _Page | Rows | _End)
