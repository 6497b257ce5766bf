"""Put back what a backup does not have, or has in an earlier state: from the keyring's newest snapshot and the journal.

All in the transaction of a restore, by the administrator's login, before anything is replayed. Not for removing what
was destroyed since: `replay`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, LiteralString

import numpy as np

from pipelines.custody import COHORT, SUBJECT
from pipelines.errors import KeyUnavailable
from pipelines.retention import snapshot
from pipelines.seal import keyring as pages

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.retention.snapshot_format import Snapshot
    from pipelines.store.database import Tx

BACK: dict[str, LiteralString] = {
    "keyring.generation": "copy_back_generation",
    "keyring.cohort": "copy_back_cohort",
    "vault.record": "copy_back_record",
    "quality.quarantine": "copy_back_quarantine",
    "vault.changed": "copy_back_changed",
    "destruction.request": "copy_back_request",
    "destruction.wanted": "copy_back_wanted",
    "destruction.job": "copy_back_job",
    "destruction.target": "copy_back_target",
    "destruction.approval": "copy_back_approval",
    "destruction.sample": "copy_back_sample",
    "destruction.hold": "copy_back_hold",
    "destruction.lost_hold": "copy_back_lost_hold",
    "destruction.event": "copy_back_event",
    "destruction.schedule_in_force": "copy_back_schedule",
}
"""Table → the statement that takes its rows in."""


@dataclass(slots=True)
class Slots:
    """What the keyring's pages show."""

    blank: dict[str, list[int]] = field(default_factory=lambda: {SUBJECT: [], COHORT: []})
    """Ring → ids whose key is destroyed."""
    next_page: dict[str, int] = field(default_factory=lambda: {SUBJECT: 0, COHORT: 0})
    """Ring → the page after its last."""

    def add(self, ring: str, page: int, keys: bytes) -> None:
        """Take in one opened page."""
        table = np.frombuffer(keys, dtype=np.uint8).reshape(pages.SLOTS, pages.KEY_BYTES)
        empty = np.flatnonzero(~table.any(axis=1))
        self.blank[ring] += ((page << pages.SLOT_BITS) + empty).tolist()
        self.next_page[ring] = max(self.next_page[ring], page + 1)


def keyring(tx: Tx, newest: Snapshot, custodian: Custodian) -> Slots:
    """Put the keyring back, every page opened on the way; `tables` comes first, for the generation it hangs on.

    Raises:
        KeyUnavailable: the snapshot was cut off or altered, or a page does not open.
    """
    slots = Slots()
    tx.copy_rows("copy_back_pages", ["text", "int4", "bytea", "bytea", "int4"], _pages(newest, custodian, slots))
    return slots


def _pages(newest: Snapshot, custodian: Custodian, slots: Slots) -> Iterator[tuple[Any, ...]]:
    for page, keys in snapshot.opened(newest, custodian):
        slots.add(page.ring, page.page, keys)
        yield page.ring, page.page, page.sealed, page.wrapped, newest.header.generation


def tables(tx: Tx, newest: Snapshot, custodian: Custodian) -> None:
    """Put back root generations, cohorts, changed rows, and the destructions that are under way.

    Raises:
        KeyUnavailable: the snapshot was cut off or altered, or another version of the platform wrote it.
    """
    _require_columns(tx, newest)
    tx.run("make_back")
    for name, rows in snapshot.tables(newest, custodian):
        tx.copy_binary(BACK[name], rows)
    tx.run("put_back_generations")
    tx.run("put_back_new_generations")
    tx.run("put_back_cohorts")
    tx.run("put_back_new_cohorts")
    _changed_rows(tx)
    _destructions(tx)


def _require_columns(tx: Tx, newest: Snapshot) -> None:
    found: dict[str, list[str]] = {}
    for row in tx.rows("columns_of", tables=list(BACK)):
        found.setdefault(row.name, []).append(row.attribute)
    if found != newest.header.columns:
        raise KeyUnavailable(
            f"Another version of the platform wrote the keyring snapshot {newest.path.name}; restore with that version, then upgrade."
        )


def _changed_rows(tx: Tx) -> None:
    """Records that were changed since the backup: as they are now, or not at all where they were destroyed since."""
    tx.run("forget_back_records")
    tx.run("drop_changed_records")
    for row in tx.rows("back_months"):
        tx.run("ensure_partition", month=row.month)
    tx.run("put_back_records")
    tx.run("forget_back_quarantine")
    tx.run("drop_changed_quarantine")
    tx.run("put_back_quarantine")
    tx.run("put_back_changed")


def _destructions(tx: Tx) -> None:
    tx.run("put_back_requests")
    tx.run("put_back_new_requests")
    tx.run("put_back_wanted")
    tx.run("put_back_jobs")
    tx.run("put_back_new_jobs")
    tx.run("forget_named_roots")
    tx.run("put_back_targets")
    tx.run("put_back_decisions")
    tx.run("put_back_samples")
    tx.run("put_back_holds")
    tx.run("put_back_lost_holds")
    tx.run("put_back_events")
    tx.run("put_back_schedule")
