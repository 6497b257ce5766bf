"""Pages of the keyring: 1,024 random keys, sealed together under a page key. Bytes in, bytes out; no database.

A page is made full: all its keys are drawn at once, and ids are allotted to its slots later. So a page is written
twice in its life at most for each destruction that touches it, and storing a million subjects costs a thousand pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipelines.errors import KeyUnavailable

SLOTS = 1024
SLOT_BITS = 10
KEY_BYTES = 32
PAGE_BYTES = SLOTS * KEY_BYTES
_NONCE = 12

Randomness = Callable[[int], bytes]
Keys = npt.NDArray[np.uint8]
"""Keys as rows: shape (n, 32)."""


@dataclass(frozen=True, slots=True)
class SealedPage:
    """A page as it is stored, with its page key in clear only in memory."""

    ring: str
    page: int
    sealed: bytes
    page_key: bytes = field(repr=False)


def page_of(ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Tell the page of each id."""
    return ids >> SLOT_BITS


def new_page(ring: str, page: int, randomness: Randomness) -> SealedPage:
    """Draw 1,024 keys and seal them under a fresh page key."""
    return seal_page(ring, page, randomness(PAGE_BYTES), randomness)


def seal_page(ring: str, page: int, keys: bytes, randomness: Randomness) -> SealedPage:
    """Seal a page's keys under a fresh page key."""
    page_key, nonce = randomness(KEY_BYTES), randomness(_NONCE)
    sealed = nonce + AESGCM(page_key).encrypt(nonce, keys, context(ring, page))
    return SealedPage(ring, page, sealed, page_key)


def open_page(ring: str, page: int, sealed: bytes, page_key: bytes) -> bytes:
    """Return a page's 1,024 keys as 32 KiB.

    Raises:
        KeyUnavailable: the page was altered, moved, or its key is another's.
    """
    try:
        return AESGCM(page_key).decrypt(sealed[:_NONCE], sealed[_NONCE:], context(ring, page))
    except (InvalidTag, ValueError):
        message = f"Page {page} of the {ring} ring was altered; restore the newest keyring snapshot."
        raise KeyUnavailable(message) from None


def blank(keys: bytes, slots: Iterable[int]) -> bytes:
    """Return the page's keys with some slots zeroed, which is what destroyed means."""
    changed = bytearray(keys)
    for slot in slots:
        changed[slot * KEY_BYTES : (slot + 1) * KEY_BYTES] = bytes(KEY_BYTES)
    return bytes(changed)


def pick(ids: npt.NDArray[np.int64], pages: dict[int, bytes]) -> Keys:
    """Pick the key of each id out of opened pages.

    Raises:
        KeyUnavailable: a page is missing, or a slot was destroyed: nothing may ever be sealed under a blank key.
    """
    keys = np.zeros((len(ids), KEY_BYTES), dtype=np.uint8)
    owners = page_of(ids)
    for page in np.unique(owners):
        if int(page) not in pages:
            raise KeyUnavailable(f"Page {page} of the keyring is missing; restore the newest keyring snapshot.")
        table = np.frombuffer(pages[int(page)], dtype=np.uint8).reshape(SLOTS, KEY_BYTES)
        chosen = owners == page
        keys[chosen] = table[ids[chosen] & (SLOTS - 1)]
    if len(keys) and not keys.any(axis=1).all():
        raise KeyUnavailable("A key that was destroyed is asked for; its records can't be opened or sealed again.")
    return keys


def context(ring: str, page: int) -> bytes:
    """Bind a page and its key to their place: they open nowhere else."""
    return f"tutela/keyring/1/{ring}/{page}".encode()
