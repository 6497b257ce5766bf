"""Custody of keys: the keyring's pages in the database, opened with the key-management provider.

Joins `seal` (bytes) and `store` (rows), which do not know each other; ingestion, destruction and its verification
stand on it. Keys are in memory only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
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
    origin: str = ""
    """The installation's name: part of its root generations' names, so that homes may share a provider."""

    def begin(self, tx: Tx, at: datetime) -> Generation:
        """Make the first root generation, or return the active one."""
        active = keyring.active_generation(tx)
        if active:
            return active
        number = keyring.next_generation_number(tx)
        generation = Generation(number, self.name_generation(number))
        self.kms.create(generation.kms_key)
        keyring.add_generation(tx, generation, at)
        return generation

    def name_generation(self, number: int) -> str:
        """Name a root generation in the KMS: nobody else's, and no other of ours that had this number."""
        return f"generation-{number:06d}-{self._tag}-{self.randomness(6).hex()}"

    def own_generations(self) -> dict[str, int]:
        """List the root generations of this installation that the KMS has: name → number."""
        found = (name.split("-") for name in self.kms.names() if name.startswith("generation-"))
        return {"-".join(parts): int(parts[1]) for parts in found if len(parts) == 4 and parts[2] == self._tag}

    @property
    def _tag(self) -> str:
        return self.origin.rpartition("-")[2] or "0"

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
        wanted = list(stored)
        return {page.page: keys for page, keys in zip(wanted, self.open_each(wanted), strict=True)}

    def open_each(self, stored: Sequence[StoredPage]) -> list[bytes]:
        """Open pages of any ring, in their order, by one call to the provider for each generation they hang on."""
        places = defaultdict(list)
        for place, page in enumerate(stored):
            places[page.kms_key].append(place)
        opened = [b""] * len(stored)
        for kms_key, chosen in places.items():
            wrapped = [stored[place].wrapped for place in chosen]
            bound = [pages.context(stored[place].ring, stored[place].page) for place in chosen]
            for place, page_key in zip(chosen, self.kms.unwrap(kms_key, wrapped, bound), strict=True):
                page = stored[place]
                opened[place] = pages.open_page(page.ring, page.page, page.sealed, page_key)
        return opened

    def seal(self, ring: str, keys: Mapping[int, bytes], kms_key: str) -> list[StoredPage]:
        """Seal pages (number → keys) under fresh page keys, wrapped by a root generation in one call."""
        sealed = [pages.seal_page(ring, page, content, self.randomness) for page, content in keys.items()]
        bound = [pages.context(ring, page) for page in keys]
        wrapped = self.kms.wrap(kms_key, [page.page_key for page in sealed], bound)
        return [
            StoredPage(ring, page.page, page.sealed, wrap, kms_key) for page, wrap in zip(sealed, wrapped, strict=True)
        ]

    def _make(self, tx: Tx, ring: str, numbers: list[int]) -> dict[int, bytes]:
        generation = keyring.active_generation(tx)
        if generation is None:
            raise NotInitialised
        made = {number: self.randomness(pages.PAGE_BYTES) for number in numbers}
        for page in self.seal(ring, made, generation.kms_key):
            keyring.add_page(tx, page, generation.number)
        return made
