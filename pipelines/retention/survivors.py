"""Open every record of a restored database, and build its blind indexes again on the way. Not for what is destroyed.

A restore that was not opened to its last record is a hope. Values stay in memory; what leaves is counts and keyed hashes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipelines.custody import COHORT, SUBJECT
from pipelines.errors import KeyUnavailable
from pipelines.seal import envelope
from pipelines.seal import keyring as pages
from pipelines.sealing import NAMING_ITEMS, identify
from pipelines.store import binary_copy, keyring

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.policy import Plan, Policy
    from pipelines.seal.keyring import Keys
    from pipelines.store.database import Tx

CHUNK = 10_000
"""Rows that are opened together."""
_CACHE = 1_024
"""Opened pages of the keyring that are kept: 32 MiB."""


@dataclass(slots=True)
class Opened:
    """What opening came to."""

    records: int = 0
    quarantined: int = 0
    shut: int = 0
    """Rows that do not open."""
    indexed: int = 0
    unplanned: Counter[str] = field(default_factory=Counter)
    """Plan that the policy no longer has → records; they open, and are not found by their identifiers."""

    def __add__(self, other: Opened) -> Opened:
        """Join what two processes found."""
        return Opened(
            self.records + other.records,
            self.quarantined + other.quarantined,
            self.shut + other.shut,
            self.indexed + other.indexed,
            self.unplanned + other.unplanned,
        )


@dataclass(slots=True)
class Opener:
    """Opens rows of one database; a process has its own."""

    custodian: Custodian
    policy: Policy
    index_key: bytes = field(repr=False)
    _pages: dict[tuple[str, int], bytes] = field(default_factory=dict, repr=False)

    def share(self, tx: Tx, share: int, shares: int, sample: int) -> Opened:
        """Open one of several shares of all rows; index them unless only a sample of records (one in ``sample``) is opened."""
        found = Opened()
        records = tx.stream("surviving_records", fetch=CHUNK, share=share, shares=shares, sample=sample)
        while rows := list(islice(records, CHUNK)):
            for plan, values, chosen in self.opened(tx, rows, found):
                found.records += len(values)
                if not sample:
                    found.indexed += self._index(tx, plan, values, chosen, found)
        waiting = tx.stream("surviving_quarantine", fetch=CHUNK, share=share, shares=shares)
        while rows := list(islice(waiting, CHUNK)):
            found.quarantined += self._open_quarantined(tx, rows, found)
        return found

    def opened(
        self, tx: Tx, rows: Sequence[Any], found: Opened
    ) -> Iterator[tuple[str, list[dict[str, Any]], list[Any]]]:
        """Yield what records say, plan by plan: values, and their rows in the same order; count those that stay shut."""
        subjects = self._keys(tx, SUBJECT, [row.subject_id for row in rows])
        cohorts = self._keys(tx, COHORT, [row.cohort_id for row in rows])
        by_plan: dict[str, tuple[list[dict[str, Any]], list[Any]]] = defaultdict(lambda: ([], []))
        for row, subject, cohort in zip(rows, subjects, cohorts, strict=True):
            parts = (row.part_1, row.part_2, row.part_3, row.part_4, row.part_5)
            try:
                opened = envelope.open_record(
                    row.record_id.bytes, subject.tobytes(), cohort.tobytes(), parts, row.schema_version
                )
            except KeyUnavailable:
                found.shut += 1
                continue
            values, chosen = by_plan[row.plan]
            values.append(opened)
            chosen.append(row)
        for plan, (values, chosen) in by_plan.items():
            yield plan, values, chosen

    def _open_quarantined(self, tx: Tx, rows: Sequence[Any], found: Opened) -> int:
        holders = self._keys(tx, SUBJECT, [row.holder_id for row in rows])
        cohorts = self._keys(tx, COHORT, [row.cohort_id for row in rows])
        opened = 0
        for row, holder, cohort in zip(rows, holders, cohorts, strict=True):
            parts = [None] * (len(envelope.LEVELS) - 1) + [row.sealed]
            try:
                envelope.open_record(row.record_id.bytes, holder.tobytes(), cohort.tobytes(), parts, row.schema_version)
                opened += 1
            except KeyUnavailable:
                found.shut += 1
        return opened

    def _keys(self, tx: Tx, ring: str, ids: Sequence[int]) -> Keys:
        numbers = np.array(ids, dtype=np.int64)
        wanted = {int(page) for page in np.unique(pages.page_of(numbers))}
        if len(self._pages) > _CACHE:
            self._pages.clear()
        missing = [page for page in wanted if (ring, page) not in self._pages]
        for page, keys in self.custodian.open(keyring.pages(tx, ring, missing)).items():
            self._pages[ring, page] = keys
        return pages.pick(numbers, {page: self._pages[ring, page] for page in wanted if (ring, page) in self._pages})

    def _index(
        self, tx: Tx, plan_name: str, values: Sequence[dict[str, Any]], rows: Sequence[Any], found: Opened
    ) -> int:
        plan = self.policy.plans.get(plan_name)
        if plan is None:
            found.unplanned[plan_name] += len(rows)
            return 0
        subjects = np.array([row.subject_id for row in rows], dtype=np.int64)
        expires = np.array([row.expires_on for row in rows], dtype="datetime64[D]")
        indexed = 0
        for identifier in identify(_frame(plan, values), plan, self.index_key):
            count = int(identifier.present.sum())
            kind = np.tile(np.frombuffer(identifier.kind.encode(), dtype=np.uint8), (count, 1))
            strong = np.full(count, identifier.strong)
            here = identifier.present
            columns: list[Any] = [kind, identifier.digests, subjects[here], strong, expires[here]]
            if count:
                tx.copy_binary("copy_rebuilt_index", binary_copy.fixed_rows(columns))
            indexed += count
        return indexed


def _frame(plan: Plan, values: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Put the identifying fields side by side, as they were when they were stored."""
    wanted = [item.name for item in plan.fields if item.identifies != "none" or item.item in NAMING_ITEMS]
    return pd.DataFrame({name: pd.Series([row.get(name) for row in values], dtype="str") for name in wanted})
