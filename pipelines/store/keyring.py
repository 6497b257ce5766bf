"""Pages, cohorts and generations in PostgreSQL. Handles sealed bytes only; `pipelines.seal.keyring` opens them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
import numpy.typing as npt

from pipelines.moments import Days
from pipelines.store import binary_copy
from pipelines.store.database import Tx


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page as it lies in the database."""

    ring: str
    page: int
    sealed: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)
    kms_key: str
    """The root generation's name in the KMS."""


@dataclass(frozen=True, slots=True)
class Generation:
    """A root generation."""

    number: int
    kms_key: str


def active_generation(tx: Tx) -> Generation | None:
    """Return the generation that wraps new pages, if the keyring was begun."""
    row = tx.one("active_generation")
    return Generation(row.generation, row.kms_key) if row else None


def generations(tx: Tx, state: str) -> list[Generation]:
    """List the generations in a state."""
    return [Generation(row.generation, row.kms_key) for row in tx.rows("generations", state=state)]


def add_generation(tx: Tx, generation: Generation, at: datetime) -> None:
    """Record a generation that exists in the KMS as the active one."""
    tx.run("insert_generation", generation=generation.number, kms_key=generation.kms_key, at=at)


def next_generation_number(tx: Tx) -> int:
    """Allot the number of a new generation."""
    return int(tx.scalar("next_generation"))


def pages(tx: Tx, ring: str, numbers: Iterable[int]) -> list[StoredPage]:
    """Fetch some pages of a ring; those that don't exist are left out."""
    wanted = sorted(set(numbers))
    rows = tx.rows("pages", ring=ring, pages=wanted) if wanted else []
    return [StoredPage(ring, row.page, bytes(row.sealed), bytes(row.wrapped), row.kms_key) for row in rows]


def all_pages(tx: Tx) -> Iterable[StoredPage]:
    """Yield the whole keyring."""
    for ring, page, sealed, wrapped, kms_key in binary_copy.read_rows(tx.copy_out("all_pages")):
        yield StoredPage(ring.decode(), int.from_bytes(page, "big"), sealed, wrapped, kms_key.decode())


def add_page(tx: Tx, page: StoredPage, generation: int) -> None:
    """Store a new page."""
    values = {"ring": page.ring, "page": page.page, "sealed": page.sealed, "wrapped": page.wrapped}
    tx.run("insert_page", **values, generation=generation)


def ensure_cohorts(
    tx: Tx, retention_class: str, expires: Days, action: str = "destroy", *, restricted: bool = False
) -> npt.NDArray[np.int32]:
    """Give each record its cohort: shape as ``expires``; new cohorts are opened where there are none.

    Args:
        tx: a transaction that holds the writers' lock.
        retention_class: the class of all of them.
        expires: the day of each.
        action: what is done with them on their day: destroy, restrict or review.
        restricted: whether they may only be stored and secured until then.
    """
    distinct, position = np.unique(expires, return_inverse=True)
    wanted: Sequence[date] = [day.astype(object) for day in distinct]
    kind = {"retention_class": retention_class, "action": action, "restricted": restricted}
    found = {row.expires_on: row.cohort_id for row in tx.rows("open_cohorts", days=list(wanted), **kind)}
    missing = [day for day in wanted if day not in found]
    for day in missing:
        found[day] = int(tx.scalar("next_cohort_id"))
    tx.run_many(
        "insert_cohort",
        [{"cohort_id": found[day], "expires_on": day, **kind} for day in missing],
    )
    return np.array([found[day] for day in wanted], dtype=np.int32)[position]
