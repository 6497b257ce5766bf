"""Destroy keys and rotate the root: the order that keeps survivors safe (DESIGN §4).

    new generation created and durable → one transaction (blank, re-seal, re-wrap, ledger) → keyring snapshot under the
    new generation written, read back and opened → only then the old generation destroyed

A crash between any two steps is resumed, and at no moment is there just one copy of what survivors need.
"""

from __future__ import annotations

import os
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from pipelines.errors import KeyUnavailable, StorageFull
from pipelines.evidence.checkpoint import FULL, sync_folder
from pipelines.seal import keyring as pages
from pipelines.store import keyring
from pipelines.store.keyring import StoredPage

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.store.database import Tx
    from pipelines.store.keyring import Generation

_LENGTH = struct.Struct(">I")
_MAGIC = b"tutela-keyring-snapshot/1\n"
_BATCH = 256
"""Pages opened at a time: 8 MiB of keys in memory, and one call to the provider."""
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Blanked:
    """How many keys were blanked, in how many pages."""

    keys: int
    pages: int


def blank(tx: Tx, custodian: Custodian, ring: str, ids: Sequence[int], new: Generation) -> Blanked:
    """Blank some slots and seal their pages again under fresh page keys, wrapped by the new generation."""
    slots: dict[int, list[int]] = defaultdict(list)
    for number in ids:
        slots[number >> pages.SLOT_BITS].append(number & (pages.SLOTS - 1))
    for batch in _batches(slots):
        opened = custodian.open(keyring.pages(tx, ring, batch))
        blanked = {page: pages.blank(keys, slots[page]) for page, keys in opened.items()}
        for fresh in custodian.seal(ring, blanked, new.kms_key):
            tx.run(
                "replace_page",
                ring=ring,
                page=fresh.page,
                sealed=fresh.sealed,
                wrapped=fresh.wrapped,
                generation=new.number,
            )
    return Blanked(len(ids), len(slots))


def rewrap(tx: Tx, custodian: Custodian, new: Generation) -> int:
    """Wrap all page keys that hang on another generation by the new one; return how many."""
    hanging = defaultdict(list)
    for row in tx.rows("all_wraps"):
        if row.kms_key != new.kms_key:
            hanging[row.kms_key].append(row)
    moved: list[tuple[str, int, bytes]] = []
    for kms_key, rows in hanging.items():
        bound = [pages.context(row.ring, row.page) for row in rows]
        page_keys = custodian.kms.unwrap(kms_key, [bytes(row.wrapped) for row in rows], bound)
        wrapped = custodian.kms.wrap(new.kms_key, page_keys, bound)
        moved += [(row.ring, row.page, wrap) for row, wrap in zip(rows, wrapped, strict=True)]
    tx.run("make_rewrapped")
    tx.copy_rows("copy_rewrapped", ["text", "int4", "bytea"], moved)
    tx.run("rewrap_pages", generation=new.number)
    return len(moved)


def write_snapshot(path: Path, stored: Iterable[StoredPage], custodian: Custodian) -> int:
    """Write the keyring to the backup place, read it back and open every page; return how many.

    Raises:
        StorageFull: there is no room; no snapshot is left half-written.
        KeyUnavailable: what was read back does not open.
    """
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with partial.open("wb") as file:
            partial.chmod(0o600)
            file.write(_MAGIC)
            count = 0
            for page in stored:
                line = msgspec.msgpack.encode([page.ring, page.page, page.sealed, page.wrapped, page.kms_key])
                file.write(_LENGTH.pack(len(line)) + line)
                count += 1
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as exc:
        partial.unlink(missing_ok=True)
        if exc.errno in FULL:
            raise StorageFull(
                "There is no room for the keyring snapshot; free some and run the same command again. The old root key still stands."
            ) from None
        raise KeyUnavailable(
            f"The keyring snapshot can't be written ({exc.strerror}); the old root key still stands."
        ) from None
    if sum(len(custodian.open_each(batch)) for batch in _batches(read_snapshot(path))) != count:
        raise KeyUnavailable(f"The keyring snapshot {path.name} lost pages; run the same command again.")
    return count


def read_snapshot(path: Path) -> Iterator[StoredPage]:
    """Yield the pages of a snapshot.

    Raises:
        KeyUnavailable: it is damaged or cut off.
    """
    decode = msgspec.msgpack.Decoder(tuple[str, int, bytes, bytes, str]).decode
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise KeyUnavailable(f"{path.name} is no keyring snapshot.")
            while head := file.read(_LENGTH.size):
                size = _LENGTH.unpack(head)[0]
                line = file.read(size)
                if len(line) != size:
                    raise KeyUnavailable(
                        f"The keyring snapshot {path.name} is cut off; take an older one of the same generation."
                    )
                yield StoredPage(*decode(line))
    except (OSError, struct.error, msgspec.DecodeError):
        raise KeyUnavailable(f"The keyring snapshot {path.name} is damaged.") from None


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    left = iter(items)
    while batch := list(islice(left, _BATCH)):
        yield batch
