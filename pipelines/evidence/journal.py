"""The journal: the ledger once more, in an append-only file outside the database.

    {"at":…,"body":…,"kind":…,"v":1}     an entry, as it is hashed; in order, from the first
    {"certificate":{…}}                  of a destruction that one of the entries before it confirms
    {"checkpoint":{…}}                   the signed head over all entries before it; without it they do not count yet

It is brought up to every head before that head is anchored. So whatever a signature of this installation speaks of
outlives the database, and a backup's ledger can be brought forward. What a kill cut off is under no head: the next call
drops it and writes it again. Not for anchors: those are for another keeper (`checkpoint`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import EvidenceInvalid, StorageFull, TutelaError
from pipelines.evidence import certificate, checkpoint, entries, merkle
from pipelines.evidence.checkpoint import ANCHOR_MODE, FULL, Checkpoint, sync_folder

if TYPE_CHECKING:
    from pipelines.evidence.certificate import Certificate
    from pipelines.store.database import Tx

FILE = "ledger.jsonl"
"""Its name in the home folder."""
_ENTRY, _CERTIFICATE, _HEAD = b'{"at":', b'{"certificate":', b'{"checkpoint":'
_CONFIRMED = f'"kind":"{entries.EntryKind.DESTRUCTION_CONFIRMED.value}"'.encode()
_BLOCK = 1 << 16
_BUFFER = 1 << 20
_LONGEST_LINE = 16 << 20
_BATCH = 65_536


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that came under one signed head together."""

    bodies: tuple[bytes, ...]
    head: Checkpoint


@dataclass(frozen=True, slots=True)
class Since:
    """What the journal says since a size of the ledger."""

    size: int
    groups: tuple[Group, ...]
    certificates: tuple[Certificate, ...]
    head: Checkpoint
    """The newest, whether or not anything came since."""


# --- writing -----------------------------------------------------------------------------------------------------


def extend(path: Path, tx: Tx, head: Checkpoint, *, past: bool = False) -> int:
    """Bring the journal up to a head of the database's ledger, durably; the cost follows the entries since its last one.

    Args:
        path: the journal.
        tx: a transaction.
        head: the newest that it sees.
        past: it sees one moment only, and others may have gone on since; a journal that is ahead of it proves nothing.

    Returns:
        How many entries were added.

    Raises:
        EvidenceInvalid: the journal is not of this ledger, or is ahead of it: the database was put back or exchanged.
        StorageFull: there is no room; the journal is as it was.
        TutelaError: the file can't be written for another reason.
    """
    new = not path.exists()
    try:
        with _locked(path) as file:
            heads = _heads(file)
            last, end = next(heads, (None, 0))
            if last is not None and past:
                seen = next((found for found, _ in chain([(last, end)], heads) if found.size <= head.size), None)
                _require_same_ledger(tx, seen, path)
            else:
                _require_same_ledger(tx, last, path)
            if last is not None and last.size >= head.size:
                return 0
            start = last.size if last else 0
            _write(file, end, _lines(tx, start, head))
        if new:
            sync_folder(path.parent)
    except OSError as exc:
        if exc.errno in FULL:
            raise StorageFull(
                f"There is no room for the ledger's journal {path.name}; it is as it was. Free some and run the same command again."
            ) from None
        raise TutelaError(f"The ledger's journal {path.name} can't be written: {exc.strerror}.") from None
    return head.size - start


def _require_same_ledger(tx: Tx, last: Checkpoint | None, path: Path) -> None:
    if last is None:
        return
    found = tx.scalar("root_at", size=last.size)
    if found is None or bytes(found) != last.root:
        raise EvidenceInvalid(
            f"The journal {path.name} has {last.size} entries that are not the database's: the database was put back or exchanged. Restore it with `tutela backup restore`, or call the auditor."
        )


def _lines(tx: Tx, start: int, head: Checkpoint) -> Iterator[bytes]:
    confirmed = []
    for row in tx.stream("entries_between", start=start, size=head.size):
        body = row.body.encode()
        if _CONFIRMED in body:
            confirmed.append(str(entries.parse(body).body["destruction"]))
        yield body + b"\n"
    for row in tx.rows("certificates_of", jobs=confirmed) if confirmed else ():
        yield _CERTIFICATE + row.certificate.encode().rstrip(b"\n") + b"}\n"
    yield _HEAD + checkpoint.to_bytes(head) + b"}\n"


def _write(file: int, end: int, lines: Iterator[bytes]) -> None:
    # Entries under no head never counted: they are written again.
    os.ftruncate(file, end)
    waiting = bytearray()
    try:
        for line in lines:
            waiting += line
            if len(waiting) >= _BUFFER:
                _write_all(file, waiting)
                waiting.clear()
        _write_all(file, waiting)
        os.fsync(file)
    except BaseException:
        os.ftruncate(file, end)
        raise


def _write_all(file: int, data: bytearray) -> None:
    view = memoryview(bytes(data))
    while view:
        view = view[os.write(file, view) :]


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, ANCHOR_MODE)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _heads(file: int) -> Iterator[tuple[Checkpoint, int]]:
    """Find the heads from the end of the file backwards, and where the line of each ends."""
    size = end = os.fstat(file).st_size
    mark = b"\n" + _HEAD
    while end > 0:
        start = max(0, end - _BLOCK)
        # A mark may lie across the blocks' border.
        block = os.pread(file, min(size, end + len(mark) - 1) - start, start)
        found = block.rfind(mark)
        while found >= 0:
            line = _line_at(file, start + found + 1)
            if line.endswith(b"\n"):
                yield _parse_head(line), start + found + 1 + len(line)
            found = block.rfind(mark, 0, found)
        end = start


def _line_at(file: int, place: int) -> bytes:
    line = os.pread(file, _BLOCK, place)
    return line[: line.index(b"\n") + 1] if b"\n" in line else line


def _parse_head(line: bytes) -> Checkpoint:
    if not line.startswith(_HEAD) or not line.endswith(b"}\n"):
        raise EvidenceInvalid("A head in the ledger's journal is damaged.")
    return checkpoint.from_bytes(line[len(_HEAD) : -2])


# --- reading -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reader:
    """One pass over the journal; memory follows what came since the size that is asked for."""

    origin: str
    public_key: bytes
    since: int
    wanted: list[int]
    """Sizes at which a root is asked for, largest first."""
    roots: dict[int, bytes] = field(default_factory=dict)
    count: int = 0
    head: Checkpoint | None = None
    groups: list[Group] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    _frontier: merkle.Frontier = merkle.EMPTY
    _leaves: list[bytes] = field(default_factory=list)
    _bodies: list[bytes] = field(default_factory=list)

    def entry(self, body: bytes) -> None:
        self._leaves.append(merkle.leaf_hash(body))
        self.count += 1
        if self.count > self.since:
            self._bodies.append(body)
        if len(self._leaves) >= _BATCH or (self.wanted and self.wanted[-1] == self.count):
            self._grow()

    def take_head(self, line: bytes) -> None:
        head = _parse_head(line)
        self._grow()
        if head.origin != self.origin:
            raise EvidenceInvalid("The ledger's journal is of another installation.")
        checkpoint.verify(head, self.public_key)
        if head.size != self.count or head.root != self._frontier.root():
            before = self.head.size if self.head else 0
            raise EvidenceInvalid(
                f"The ledger's journal was altered: its entries {before} to {head.size - 1} are not the ones that were signed."
            )
        if self._bodies:
            self.groups.append(Group(tuple(self._bodies), head))
            self._bodies.clear()
        self.head = head

    def _grow(self) -> None:
        self._frontier = self._frontier.extend(self._leaves)
        self._leaves.clear()
        while self.wanted and self.wanted[-1] <= self.count:
            self.roots[self.wanted.pop()] = self._frontier.root()


def read_since(
    path: Path, size: int, root: bytes, origin: str, public_key: bytes, anchors: tuple[Checkpoint, ...]
) -> Since:
    """Verify the whole journal against its heads, the anchors and a backup's head; return what came since that one.

    Args:
        path: the journal.
        size: entries in the backup's ledger.
        root: its root.
        origin: the installation.
        public_key: the one that signs its evidence.
        anchors: heads from the anchor file, of another keeper.

    Raises:
        EvidenceInvalid: it is missing, cut off, altered, of another installation, or of another history.
    """
    reader = _Reader(origin, public_key, size, sorted({size, *(item.size for item in anchors)}, reverse=True))
    try:
        with path.open("rb", _BUFFER) as file:
            for line in iter(lambda: file.readline(_LONGEST_LINE), b""):
                _take(reader, line)
    except OSError as exc:
        raise EvidenceInvalid(
            f"The ledger's journal {path.name} can't be read ({exc.strerror}); bring it back from its keeper."
        ) from None
    head = _whole(reader, path)
    _match(reader, head, size, root, anchors)
    return Since(size, tuple(reader.groups), tuple(reader.certificates), head)


def _take(reader: _Reader, line: bytes) -> None:
    if not line.endswith(b"\n"):
        return  # cut off by a kill; it is under no head
    if line.startswith(_ENTRY):
        reader.entry(line[:-1])
    elif line.startswith(_HEAD):
        reader.take_head(line)
    elif line.startswith(_CERTIFICATE):
        if reader.count > reader.since:
            reader.certificates.append(certificate.from_bytes(line[len(_CERTIFICATE) : -2] + b"\n"))
    else:
        raise EvidenceInvalid(f"The ledger's journal was altered: what follows entry {reader.count} is none.")


def _whole(reader: _Reader, path: Path) -> Checkpoint:
    if reader.head is None:
        raise EvidenceInvalid(f"The ledger's journal {path.name} holds no signed head; bring it back from its keeper.")
    confirmed = {item.case.id for item in reader.certificates}
    # What comes after the last head was cut off by a kill, and with it any certificate that nothing confirms.
    known = {str(_confirmed(body)) for group in reader.groups for body in group.bodies if _CONFIRMED in body}
    reader.certificates = [item for item in reader.certificates if item.case.id in known]
    if known - confirmed:
        raise EvidenceInvalid(
            f"The ledger's journal was altered: the certificate of {min(known - confirmed)} is missing."
        )
    return reader.head


def _confirmed(body: bytes) -> Any:
    return entries.parse(body).body["destruction"]


def _match(reader: _Reader, head: Checkpoint, size: int, root: bytes, anchors: tuple[Checkpoint, ...]) -> None:
    if not anchors:
        raise EvidenceInvalid(
            "The anchor file holds no head to compare the journal with; bring it back from its keeper."
        )
    newest = max(item.size for item in anchors)
    if head.size < max(newest, size):
        says = "an anchor" if newest >= size else "the backup"
        raise EvidenceInvalid(
            f"The ledger's journal ends after {head.size} entries, {says} has {max(newest, size)}: its end was cut off. Bring it back from its keeper."
        )
    if reader.roots.get(size) != root:
        raise EvidenceInvalid(f"The backup's ledger is not the journal's: their first {size} entries differ.")
    for item in anchors:
        if item.origin != reader.origin:
            raise EvidenceInvalid("The anchor file is of another installation.")
        checkpoint.verify(item, reader.public_key)
        if reader.roots.get(item.size) != item.root:
            raise EvidenceInvalid(
                f"The ledger's journal is not the one that was anchored: their first {item.size} entries differ."
            )
