"""Custody of keys: the keyring's pages in the database, opened with the key-management provider.

Joins `seal` (bytes) and `store` (rows), which do not know each other; ingestion, destruction and its verification
stand on it. Keys are in memory only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt

from pipelines.errors import NotInitialised
from pipelines.seal import keyring as pages
from pipelines.seal.keyring import Keys
from pipelines.seal.kms import Kms
from pipelines.store import keyring
from pipelines.store.database import Tx
from pipelines.store.keyring import Generation, StoredPage

SUBJECT, COHORT = "subject", "cohort"


@dataclass(frozen=True, slots=True)
class Custodian:
    """Hands out keys by id."""

    kms: Kms
    randomness: Callable[[int], bytes] = field(repr=False)

    def begin(self, tx: Tx, at: datetime) -> Generation:
        """Make the first root generation, or return the active one."""
        active = keyring.active_generation(tx)
        if active:
            return active
        number = keyring.next_generation_number(tx)
        generation = Generation(number, generation_name(number, self.randomness))
        self.kms.create(generation.kms_key)
        keyring.add_generation(tx, generation, at)
        return generation

    def keys(self, tx: Tx, ring: str, ids: npt.NDArray[np.int64]) -> Keys:
        """Return the key of each id, making the pages of new ids; call it under the writers' lock.

        Raises:
            KeyUnavailable: a key was destroyed, or a page or root generation is damaged or missing.
            NotInitialised: the keyring was not begun.
        """
        wanted = [int(page) for page in np.unique(pages.page_of(ids))]
        opened = self.open(keyring.pages(tx, ring, wanted))
        missing = [page for page in wanted if page not in opened]
        if missing:
            opened |= self._make(tx, ring, missing)
        return pages.pick(ids, opened)

    def open(self, stored: Iterable[StoredPage]) -> dict[int, bytes]:
        """Open pages of one ring: page number → 32 KiB of keys."""
        opened = {}
        for page in stored:
            bound = pages.context(page.ring, page.page)
            page_key = self.kms.unwrap(page.kms_key, [page.wrapped], bound)[0]
            opened[page.page] = pages.open_page(page.ring, page.page, page.sealed, page_key)
        return opened

    def seal(self, ring: str, page: int, keys: bytes, kms_key: str) -> StoredPage:
        """Seal a page's keys under a fresh page key, wrapped by a root generation."""
        sealed = pages.seal_page(ring, page, keys, self.randomness)
        wrapped = self.kms.wrap(kms_key, [sealed.page_key], pages.context(ring, page))[0]
        return StoredPage(ring, page, sealed.sealed, wrapped, kms_key)

    def _make(self, tx: Tx, ring: str, numbers: list[int]) -> dict[int, bytes]:
        generation = keyring.active_generation(tx)
        if generation is None:
            raise NotInitialised
        made = {}
        for number in numbers:
            made[number] = self.randomness(pages.PAGE_BYTES)
            keyring.add_page(tx, self.seal(ring, number, made[number], generation.kms_key), generation.number)
        return made


def generation_name(number: int, randomness: Callable[[int], bytes]) -> str:
    """Name a root generation in the KMS; random, so that two homes may share a provider."""
    return f"generation-{number:06d}-{randomness(6).hex()}"
