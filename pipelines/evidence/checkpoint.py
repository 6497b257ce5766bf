"""Signed tree heads, and the anchor file that leaves the administrators' reach.

A checkpoint says: at this time the log of this installation had this many entries and this root. Whoever holds one
can prove later that nothing below it was changed or cut off. So each is also written to an anchor file, which
belongs on storage that the database's administrators can't write (controls §6.2: tail cut).
Not for computing roots: see `merkle`.
"""

from __future__ import annotations

import base64
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from pipelines.errors import EvidenceInvalid, StorageFull, TutelaError
from pipelines.evidence import canonical, signature
from pipelines.evidence.guard import is_token
from pipelines.evidence.merkle import HASH_BYTES
from pipelines.evidence.shapes import from_json, to_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

T = TypeVar("T")

PURPOSE = "tutela-checkpoint/1"
ANCHOR_MODE = 0o600
FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says when there is no room."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed tree head."""

    origin: str
    """The installation's name; two installations never share one."""
    size: int
    root: bytes
    at: datetime
    key_id: str
    signature: bytes = b""

    def __post_init__(self) -> None:
        """Refuse what can't be a tree head.

        Raises:
            EvidenceInvalid: A field can't be what it should be.
        """
        if not is_token(self.origin) or self.size < 0 or len(self.root) != HASH_BYTES:
            raise EvidenceInvalid("A checkpoint is damaged: its origin, size or root can't be one.")

    def text(self) -> bytes:
        """Write what is signed: one fact a line, as people compare it by eye (a note, as transparency logs use)."""
        root = base64.b64encode(self.root).decode()
        facts = (self.origin, str(self.size), root, f"at {canonical.moment(self.at)}", f"key {self.key_id}")
        return "".join(f"{fact}\n" for fact in facts).encode("ascii")


def sign(private_key: Ed25519PrivateKey, origin: str, size: int, root: bytes, at: datetime) -> Checkpoint:
    """Sign a tree head.

    Raises:
        EvidenceInvalid: The origin, size or root can't be one.
    """
    key_id = signature.key_id(signature.public_bytes(private_key))
    bare = Checkpoint(origin, size, root, at, key_id)
    return replace(bare, signature=signature.sign(private_key, PURPOSE, bare.text()))


def verify(checkpoint: Checkpoint, public_key: bytes) -> None:
    """Accept a checkpoint that this key signed, and no other.

    Raises:
        EvidenceInvalid: Another key is named, or the signature doesn't hold.
    """
    if checkpoint.key_id != signature.key_id(public_key):
        raise EvidenceInvalid(f"The checkpoint of {checkpoint.size} entries is signed by another key.")
    if not signature.holds(public_key, PURPOSE, checkpoint.text(), checkpoint.signature):
        raise EvidenceInvalid(f"The signature of the checkpoint of {checkpoint.size} entries does not hold.")


def to_bytes(checkpoint: Checkpoint) -> bytes:
    """Write a checkpoint with its signature as canonical JSON, for the database and the anchor file."""
    return canonical.encode(to_json(checkpoint))


def from_bytes(data: bytes) -> Checkpoint:
    """Read what `to_bytes` wrote; its signature is for `verify` to check.

    Raises:
        EvidenceInvalid: It is no checkpoint.
    """
    return from_json(Checkpoint, canonical.decode(data))


def append_anchor(path: Path, checkpoint: Checkpoint) -> None:
    """Add a checkpoint to the anchor file, durably; the file is made if there is none.

    Raises:
        StorageFull: There is no room; the file is as it was.
        TutelaError: The file can't be written for another reason.
    """
    append_line(path, to_bytes(checkpoint))


def append_line(path: Path, line: bytes) -> None:
    """Add a line to a file of anchors or time stamps, durably; the file is made if there is none.

    Raises:
        StorageFull: There is no room; the file is as it was.
        TutelaError: The file can't be written for another reason.
    """
    try:
        new = not path.exists()
        with _appending(path) as file:
            _append(path, file, line + b"\n")
        if new:
            sync_folder(path.parent)
    except OSError as exc:
        if exc.errno in FULL:
            raise StorageFull(f"There is no room for the file {path.name}; it is as it was.") from exc
        raise TutelaError(f"The file {path.name} can't be written: {exc.strerror}.") from exc


def read_anchors(path: Path) -> tuple[Checkpoint, ...]:
    """Read the anchor file; signatures are for `verify` to check.

    Raises:
        EvidenceInvalid: The file can't be read, or a line of it is damaged.
    """
    return read_lines(path, from_bytes)


def read_lines(path: Path, parse: Callable[[bytes], T]) -> tuple[T, ...]:
    """Read a file of anchors or time stamps, line by line.

    Raises:
        EvidenceInvalid: The file can't be read, or a line of it is damaged.
    """
    try:
        content = path.read_bytes()
    except OSError:
        raise EvidenceInvalid(f"The file {path.name} can't be read.") from None
    return parse_lines(content, parse, path.name)


def parse_lines(content: bytes, parse: Callable[[bytes], T], name: str) -> tuple[T, ...]:
    """Read what such a file holds; the name is for the message.

    Raises:
        EvidenceInvalid: A line is damaged.
    """
    lines = content.split(b"\n")
    read = []
    for number, line in enumerate(lines[:-1], 1):
        try:
            read.append(parse(line))
        except EvidenceInvalid:
            raise EvidenceInvalid(f"Line {number} of the file {name} is damaged.") from None
    if lines[-1]:
        raise EvidenceInvalid(f"The last line of the file {name} is cut off.")
    return tuple(read)


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@contextmanager
def _appending(path: Path) -> Iterator[int]:
    import fcntl

    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, ANCHOR_MODE)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _append(path: Path, file: int, line: bytes) -> None:
    content = path.read_bytes()
    # A line that a power cut left half-written never counted, and would swallow the next one.
    whole = content.rfind(b"\n") + 1
    os.ftruncate(file, whole)
    try:
        if os.write(file, line) < len(line):
            _no_room()
        os.fsync(file)
    except OSError:
        os.ftruncate(file, whole)
        raise


def _no_room() -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
