"""The sealed records of a batch as columns, opened for whoever looks at them again. Values are in memory only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pandas as pd

from pipelines.custody import COHORT, SUBJECT
from pipelines.seal import envelope
from pipelines.store import vault
from pipelines.store.database import Role

if TYPE_CHECKING:
    from pipelines.jobs.home import Home
    from pipelines.policy import Plan


@dataclass(frozen=True, slots=True)
class Opened:
    """Records of one batch as columns. Holds customer information."""

    frame: pd.DataFrame = field(repr=False)
    """The plan's fields; a cell that is not there is missing."""
    levels: dict[str, np.ndarray[Any, np.dtype[np.int8]]] = field(repr=False)
    """Field → the level that each of its cells was sealed under; 0 where there is none."""

    def lowest(self, name: str) -> int | None:
        """Return the lowest level that a cell of a field was sealed under; None where the field has no cell."""
        there = self.levels[name][self.levels[name] > 0]
        return int(there.min()) if len(there) else None


def open_batch(home: Home, plan: Plan, batch: Any) -> Opened:
    """Open the records of a batch that may be used: neither restricted nor destroyed.

    Keys are fetched under the writers' lock, so that no destruction rotates them meanwhile; opening needs no lock.

    Raises:
        KeyUnavailable: a record does not open: its key was destroyed, or it was altered.
    """
    first, last = vault.ids_of_chunk(batch.delivery_id, batch.chunk, batch.chunk_rows)
    with home.database.begin(Role.CLASSIFY) as tx:
        tx.run("lock_writers")
        bounds = {"first": UUID(bytes=first), "last": UUID(bytes=last)}
        rows = tx.rows("usable_records_of_batch", batch_id=batch.batch_id, **bounds)
        subjects, cohorts = (
            [key.tobytes() for key in home.custodian.keys(tx, ring, np.array(ids, dtype=np.int64))] if rows else []
            for ring, ids in ((SUBJECT, [row.subject_id for row in rows]), (COHORT, [row.cohort_id for row in rows]))
        )
    return _columns(plan.columns, rows, subjects, cohorts)


def _columns(names: Sequence[str], rows: Sequence[Any], subjects: Sequence[bytes], cohorts: Sequence[bytes]) -> Opened:
    cells: dict[str, list[Any]] = {name: [None] * len(rows) for name in names}
    levels = {name: np.zeros(len(rows), dtype=np.int8) for name in names}
    for place, (row, subject, cohort) in enumerate(zip(rows, subjects, cohorts, strict=True)):
        parts = (row.part_1, row.part_2, row.part_3, row.part_4, row.part_5)
        opened = envelope.open_levels(row.record_id.bytes, subject, cohort, parts, row.schema_version)
        for level, values in opened.items():
            for name, value in values.items():
                # A field that the plan no longer has is not looked at: nobody says any more what it should be.
                if value is not None and name in cells:
                    cells[name][place] = value
                    levels[name][place] = level
    frame = pd.DataFrame({name: pd.Series(column, dtype="str") for name, column in cells.items()})
    return Opened(frame, levels)
