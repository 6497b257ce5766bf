"""Destroy keys and rotate the root: the order that keeps survivors safe (DESIGN §4).

    new generation created and durable → one transaction (blank, re-seal, re-wrap, ledger) → keyring snapshot under the
    new generation written, read back and opened → only then the old generation destroyed

A crash between any two steps is resumed, and at no moment is there just one copy of what survivors need.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from pipelines.errors import KeyUnavailable
from pipelines.seal import keyring as pages
from pipelines.store import keyring

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.store.database import Tx
    from pipelines.store.keyring import Generation

_BATCH = 256
"""Pages opened at a time: 8 MiB of keys in memory, and one call to the provider."""
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Blanked:
    """How many keys were blanked, in how many pages."""

    keys: int
    pages: int


def blank(tx: Tx, custodian: Custodian, ring: str, ids: Sequence[int], new: Generation) -> Blanked:
    """Blank some slots and seal their pages again under fresh page keys, wrapped by the new generation.

    Raises:
        KeyUnavailable: a page is missing or does not open; the transaction must not commit.
    """
    slots: dict[int, list[int]] = defaultdict(list)
    for number in ids:
        slots[number >> pages.SLOT_BITS].append(number & (pages.SLOTS - 1))
    for batch in _batches(slots):
        opened = custodian.open(keyring.pages(tx, ring, batch))
        if missing := sorted(set(batch) - set(opened)):
            # Without the page nobody can show that the key is gone; with it restored the same command goes on.
            raise KeyUnavailable(
                f"Page {missing[0]} of the {ring} ring is missing; restore the newest keyring snapshot. Nothing was destroyed."
            )
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


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    left = iter(items)
    while batch := list(islice(left, _BATCH)):
        yield batch
