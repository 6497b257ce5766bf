"""A residual scan: read every file of some stores for byte patterns that should not be there, and say what was read.

Past the database and every other part of the platform: the files themselves, whole, with all freed pages and WAL. Many
patterns are looked for at once (Hyperscan, streaming, so that a pattern across two reads is found too).

What it can't see: what is compressed or encrypted, a value that PostgreSQL cuts in two (at a page of the WAL, or a TOAST
chunk of some 2,000 bytes), disk blocks that belong to no file any more, and files that this account may not read. What
could not be read is counted, and a store in which its control was not found was not really read: neither is a clean
result.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import hyperscan

SHORTEST = 8
"""Bytes; anything shorter is found by chance in a few gigabytes."""
_BITE = 1 << 20


@dataclass(frozen=True, slots=True)
class Store:
    """Files to be read."""

    folder: Path
    control: bytes | None = None
    """What must be found in it, or it was not really read."""
    without: frozenset[Path] = frozenset()
    """Folders within that are another store's."""


@dataclass(slots=True)
class Hits:
    """What a scan found."""

    found: dict[str, dict[str, int]] = field(default_factory=dict)
    """Store → pattern's name → how often."""
    bytes: dict[str, int] = field(default_factory=dict)
    """Store → bytes read."""
    unread: dict[str, int] = field(default_factory=dict)
    """Store → files that could not be read."""
    unproven: list[str] = field(default_factory=list)
    """Stores of which nothing was read, or in which the control was not found."""
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """How often any pattern was found."""
        return sum(sum(names.values()) for names in self.found.values())

    @property
    def complete(self) -> bool:
        """Whether every store was read, all of it: only then does finding nothing mean anything."""
        return bool(self.bytes) and not any(self.unread.values()) and not self.unproven

    def of(self, name: str) -> int:
        """How often one pattern was found."""
        return sum(names.get(name, 0) for names in self.found.values())


def scan(stores: Mapping[str, Store], patterns: Mapping[str, bytes]) -> Hits:
    """Look for all patterns in all files of some stores; memory is flat in the number of bytes.

    Args:
        stores: name → files.
        patterns: name → bytes; at least SHORTEST of them.

    Raises:
        ValueError: a pattern is too short to mean anything.
    """
    short = [name for name, pattern in patterns.items() if len(pattern) < SHORTEST]
    if short:
        raise ValueError(f"the pattern {short[0]} is shorter than {SHORTEST} bytes")
    started, hits = time.perf_counter(), Hits()
    for name, store in stores.items():
        _scan_store(name, store, patterns, hits)
    hits.seconds = time.perf_counter() - started
    return hits


def spellings(name: str, value: str) -> dict[str, bytes]:
    """Write a value as it may lie in files: in the encodings that deliveries and logs use."""
    forms = {"utf-8": value.encode(), "gb18030": value.encode("gb18030"), "utf-16": value.encode("utf-16-le")}
    escaped = value.encode("unicode_escape")
    return {f"{name} ({form})": text for form, text in {**forms, "escaped": escaped}.items() if len(text) >= SHORTEST}


def _scan_store(name: str, store: Store, patterns: Mapping[str, bytes], hits: Hits) -> None:
    names, wanted = list(patterns), list(patterns.values())
    if store.control is not None:
        wanted.append(store.control)
    counts = [0] * len(wanted)

    def found(number: int, *_: object) -> None:
        counts[number] += 1

    read = unread = 0
    refused: list[OSError] = []
    if wanted:
        database = _compiled(wanted)
        for path in _files(store, refused.append):
            try:
                read += _scan_file(path, database, found)
            except FileNotFoundError:
                continue  # a running server removes files
            except OSError:
                unread += 1
    hits.found[name] = {label: count for label, count in zip(names, counts, strict=False) if count}
    hits.bytes[name], hits.unread[name] = read, unread + len(refused)
    if not read or (store.control is not None and not counts[-1]):
        hits.unproven.append(name)


def _compiled(patterns: list[bytes]) -> hyperscan.Database:
    import hyperscan

    database = hyperscan.Database(mode=hyperscan.HS_MODE_STREAM)
    # Written as escapes: the library's mode for literals takes a zero byte for the end.
    expressions = [b"".join(b"\\x%02x" % byte for byte in pattern) for pattern in patterns]
    database.compile(expressions=expressions, ids=list(range(len(patterns))), elements=len(patterns), flags=0)
    return database


def _scan_file(path: Path, database: hyperscan.Database, found: Callable[..., None]) -> int:
    read = 0
    if not stat.S_ISREG(path.stat().st_mode):
        return 0  # sockets and pipes hold nothing
    with path.open("rb", buffering=0) as file, database.stream(match_event_handler=found) as stream:
        while bite := file.read(_BITE):
            stream.scan(bite)
            read += len(bite)
    return read


def _files(store: Store, refuse: Callable[[OSError], None]) -> Iterator[Path]:
    """Yield files, through symbolic links to folders (tablespaces, a WAL elsewhere), each folder once."""
    if not store.folder.is_dir():
        yield store.folder
        return
    seen: set[tuple[int, int]] = set()
    for folder, inner, names in os.walk(store.folder, followlinks=True, onerror=refuse):
        here = Path(folder)
        inner[:] = [name for name in sorted(inner) if here / name not in store.without]
        found = here.stat()
        if (found.st_dev, found.st_ino) in seen:
            inner.clear()
            continue
        seen.add((found.st_dev, found.st_ino))
        yield from (here / name for name in sorted(names))
