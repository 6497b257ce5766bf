"""One pass over a bundle: what it holds, where it stops making sense, and the roots computed from its entries.

Not for judging: `bundle_checks` does, from what is collected here. Memory does not grow with the number of entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import IO

from pipelines.errors import EvidenceInvalid, FormatUnknown
from pipelines.evidence import bundle, entries, merkle
from pipelines.evidence.bundle import BundleEntry, Header, Item, Trailer
from pipelines.evidence.certificate import Certificate
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.report import Finding

BATCH = 65_536
"""Leaves that are hashed into the frontier at a time."""
_CONFIRMED = f'"kind":"{entries.EntryKind.DESTRUCTION_CONFIRMED.value}"'.encode()
_ORDER: tuple[type[Item], ...] = (Header, Checkpoint, Certificate, BundleEntry, Trailer)
_ENTRIES = _ORDER.index(BundleEntry)


@dataclass(frozen=True, slots=True)
class Fault:
    """Where reading stopped, and why."""

    detail: str
    finding: Finding


@dataclass(slots=True)
class Reading:
    """What has been read so far."""

    anchors: tuple[Checkpoint, ...] = ()
    header: Header | None = None
    checkpoints: list[Checkpoint] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    trailer: Trailer | None = None
    digest: bytes = b""
    """SHA-256 of all that came before the trailer."""
    fault: Fault | None = None
    count: int = 0
    displaced: set[int] = field(default_factory=set)
    """Positions that are missing, or there twice."""
    out_of_place: int | None = None
    """The first entry that stands elsewhere than its number says."""
    roots: dict[int, bytes] = field(default_factory=dict)
    """Size → root computed from the entries, wherever somebody signed one."""
    confirmed: set[str] = field(default_factory=set)
    """Destructions that the entries call confirmed."""
    _stage: int = 0
    _frontier: merkle.Frontier = merkle.EMPTY
    _leaves: list[bytes] = field(default_factory=list)
    _sizes: list[int] = field(default_factory=list)
    """Sizes at which a root is still wanted, largest first."""

    def take(self, item: Item) -> None:
        """Take in what one line holds."""
        match item:
            case BundleEntry():
                if item.seq != self.count:
                    # What is only out of place meets its place again; what is missing or doubled stays over.
                    self.displaced ^= {item.seq, self.count}
                    self.out_of_place = item.seq if self.out_of_place is None else self.out_of_place
                self.add([item.entry.encode()])
            case Header():
                self.header = item
            case Checkpoint():
                self.checkpoints.append(item)
            case Certificate():
                self.certificates.append(item)
            case Trailer():
                self.trailer = item

    def misplaced(self, item: Item) -> bool:
        """Tell whether a line of this type may not stand here; moves on to its stage if it may."""
        stage = _ORDER.index(type(item))
        if stage < self._stage or (stage == 0) is not (self.header is None):
            return True
        if stage >= _ENTRIES > self._stage:
            self._want_roots()
        self._stage = stage
        return False

    @property
    def among_entries(self) -> bool:
        """Tell whether entries have begun and not ended."""
        return self._stage == _ENTRIES

    def add(self, datas: Sequence[bytes]) -> None:
        """Take in the bytes of entries; none of them if one that matters can't be read."""
        ends = [entries.parse(data).body for data in datas if _CONFIRMED in data]
        self.confirmed |= {str(body.get("destruction")) for body in ends}
        leaves, done = merkle.leaf_hashes(datas), 0
        while done < len(leaves):
            # A root that somebody signed is computed at its own size.
            some = leaves[done : done + self._sizes[-1] - self.count if self._sizes else None]
            self._leaves += some
            self.count, done = self.count + len(some), done + len(some)
            if len(self._leaves) >= BATCH or (self._sizes and self.count == self._sizes[-1]):
                self.grow()

    def grow(self) -> None:
        """Hash the waiting leaves into the frontier, and keep its root where somebody signed one."""
        self._frontier = self._frontier.extend(self._leaves)
        self._leaves.clear()
        while self._sizes and self._sizes[-1] <= self.count:
            if self._sizes.pop() == self.count:
                self.roots[self.count] = self._frontier.root()

    def _want_roots(self) -> None:
        signed = (*self.checkpoints, *(item.ledger.checkpoint for item in self.certificates), *self.anchors)
        self._sizes = sorted({item.size for item in signed}, reverse=True)
        self.grow()


def read(file: IO[bytes], anchors: tuple[Checkpoint, ...]) -> Reading:
    """Read a bundle to its end, or to the first line that can't be one of it."""
    reading, hasher, number = Reading(anchors), sha256(), 0
    while reading.fault is None and (lines := _next_lines(file, reading)):
        if _read_block(reading, lines):
            hasher.update(b"".join(lines))
            number += len(lines)
            continue
        for raw in lines:
            number += 1
            reading.fault = _read_line(reading, raw, number)
            if reading.fault is not None:
                break
            if reading.trailer is None:
                hasher.update(raw)
    reading.digest = hasher.digest()
    reading.grow()
    if reading.fault is None and reading.trailer is None:
        reading.fault = Fault(f"the file ends after {reading.count} entries, without its end", Finding.TRUNCATED)
    return reading


def _read_line(reading: Reading, raw: bytes, number: int) -> Fault | None:
    if reading.trailer is not None:
        return Fault(f"line {number}: the file goes on after its end", Finding.TRAILING_BYTES)
    try:
        item = bundle.parse_line(raw)
        if reading.misplaced(item):
            return Fault(f"line {number} is of a type that may not stand there", Finding.REORDERED)
        reading.take(item)
    except FormatUnknown as exc:
        return Fault(f"line {number}: {exc}", Finding.UNKNOWN_FORMAT)
    except EvidenceInvalid as exc:
        finding = Finding.ALTERED if raw.endswith(b"\n") else Finding.TRUNCATED
        return Fault(f"line {number}: {exc}", finding)
    return None


def _next_lines(file: IO[bytes], reading: Reading) -> list[bytes]:
    # One at a time until the entries begin: how the rest is read depends on each.
    return bundle.raw_block(file) if reading.among_entries else [*islice(bundle.raw_lines(file), 1)]


def _read_block(reading: Reading, lines: Sequence[bytes]) -> bool:
    """Take in many entries at once; False, and nothing taken in, where a line needs a closer look."""
    found = bundle.next_entries(lines, reading.count) if reading.among_entries else None
    if found is None:
        return False
    try:
        reading.add(found)
    except EvidenceInvalid:
        return False
    return True
