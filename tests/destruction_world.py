"""What a test believes of a home: which records must open, which must go, and which may. Plain dicts beside the real thing.

Belief is two-sided where the platform is free to choose: a record *may* go from `low` on and *must* go from `high` on.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from pipelines.custody import COHORT, SUBJECT
from pipelines.errors import KeyUnavailable
from pipelines.jobs.home import open_home
from pipelines.seal import envelope
from pipelines.seal import keyring as ring
from pipelines.store.keyring import StoredPage
from tests.homes import Home

KEY = ring.KEY_BYTES


@dataclass
class Kept:
    """A record that was collected and not destroyed."""

    person: int
    values: dict[str, Any]
    low: date
    high: date
    base: date
    """The day on which it is due if a withdrawal is forgotten."""


@dataclass
class Belief:
    """All that a test believes."""

    alive: dict[str, Kept] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    doomed: set[str] = field(default_factory=set)
    """Alive no more, by a destruction that is not done."""
    pending: set[str] = field(default_factory=set)
    """Listed by a purge that did not end."""
    held: dict[int, str] = field(default_factory=dict)
    withdrawn: set[int] = field(default_factory=set)
    jobs: dict[str, tuple[set[int], frozenset[str] | None]] = field(default_factory=dict)
    """Destruction on request → whom it names, and what they had when it was applied for (None: not known any more)."""
    approved: set[str] = field(default_factory=set)

    def of(self, people: set[int]) -> set[str]:
        return {name for name, kept in self.alive.items() if kept.person in people}

    def may_go(self, day: date) -> set[str]:
        free = {name for name, kept in self.alive.items() if kept.person not in self.held}
        due = {name for name in free if self.alive[name].low <= day}
        asked = set().union(*(self.of(self.jobs[job][0]) for job in self.approved if job in self.jobs), set())
        return self.doomed | (free & (due | self.pending | asked))

    def must_go(self, day: date) -> set[str]:
        due = {name for name, kept in self.alive.items() if kept.high <= day and kept.person not in self.held}
        return self.doomed | due | self._asked_for_sure()

    def _asked_for_sure(self) -> set[str]:
        if self.doomed or self.pending:
            return set()
        sure: set[str] = set()
        for job in self.approved & set(self.jobs):
            people, then = self.jobs[job]
            if then == self.of(people) and not people & set(self.held):
                sure |= then
        return sure


@dataclass
class Copies:
    """What somebody who keeps everything has: every page of the keyring and every ciphertext that ever was."""

    pages: dict[str, set[tuple[str, int, bytes, bytes]]] = field(default_factory=lambda: defaultdict(set))
    """Root key → ring, page, sealed, wrapped."""
    sealed: dict[str, set[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(set))
    """Record → subject, cohort, schema version, parts."""

    def take(self, home: Home) -> None:
        for name, page, sealed, wrapped, root in home.rows(
            "SELECT p.ring, p.page, p.sealed, p.wrapped, g.kms_key FROM keyring.page p JOIN keyring.generation g "
            "USING (generation)"
        ):
            self.pages[root].add((name, page, bytes(sealed), bytes(wrapped)))
        for row in _rows(home):
            parts = tuple(None if part is None else bytes(part) for part in row[4:])
            self.sealed[str(row[0])].add((row[0].bytes, *row[1:4], parts))

    def opens(self, home: Home, records: set[str]) -> set[str]:
        """Try everything kept with every root key that still exists; say which of some records open."""
        custodian = open_home(home.settings).custodian
        keys: dict[tuple[str, int], set[bytes]] = defaultdict(set)
        for root in set(self.pages) & set(home.root_keys()):
            for name, page, sealed, wrapped in self.pages[root]:
                opened = custodian.open([StoredPage(name, page, sealed, wrapped, root)])[page]
                for slot in range(64):  # tests use no more
                    keys[name, (page << ring.SLOT_BITS) + slot].add(opened[slot * KEY : (slot + 1) * KEY])
        return {name for name in records if any(self._opens(keys, copy) for copy in self.sealed[name])}

    @staticmethod
    def _opens(keys: dict[tuple[str, int], set[bytes]], copy: tuple[Any, ...]) -> bool:
        record_id, subject, cohort, version, parts = copy
        return any(
            _open(record_id, one, other, parts, version) is not None
            for one in keys[SUBJECT, subject]
            for other in keys[COHORT, cohort]
        )


def readable(home: Home) -> dict[str, dict[str, Any]]:
    """Open every record that opens: id → fields. One with a blank key is left out."""
    subjects, cohorts = home.keys(SUBJECT), home.keys(COHORT)
    found = {}
    for record, subject, cohort, version, *parts in _rows(home):
        keys = [_slot(subjects, subject), _slot(cohorts, cohort)]
        if all(any(key) for key in keys):
            opened = _open(record.bytes, *keys, parts, version)
            assert opened is not None, f"{record} has its keys and does not open"
            found[str(record)] = opened
    return found


def people_of(home: Home) -> dict[str, int]:
    """Say which subject each record is about."""
    return {str(record): subject for record, subject in home.rows("SELECT record_id, subject_id FROM vault.record")}


def _rows(home: Home) -> list[tuple[Any, ...]]:
    return home.rows(
        "SELECT record_id, subject_id, cohort_id, schema_version, part_1, part_2, part_3, part_4, part_5 FROM vault.record"
    )


def _slot(opened: dict[int, bytes], number: int) -> bytes:
    return ring.pick(np.array([number], dtype=np.int64), opened).tobytes() if _filled(opened, number) else b""


def _filled(opened: dict[int, bytes], number: int) -> bool:
    start = (number & (ring.SLOTS - 1)) * KEY
    return any(opened[number >> ring.SLOT_BITS][start : start + KEY])


def _open(record: bytes, subject: bytes, cohort: bytes, parts: Any, version: int) -> dict[str, Any] | None:
    try:
        return envelope.open_record(record, subject, cohort, list(parts), version)
    except KeyUnavailable:
        return None


LYING = """
SELECT n.cohort_id, b.plan, sum(n.records)::bigint, sum(n.quarantined)::bigint
  FROM (SELECT cohort_id, batch_id, count(*) AS records, 0 AS quarantined FROM vault.record GROUP BY 1, 2
        UNION ALL SELECT cohort_id, batch_id, 0, count(*) FROM quality.quarantine GROUP BY 1, 2) n
  JOIN vault.batch b USING (batch_id) GROUP BY 1, 2 ORDER BY 1, 2
"""
KEPT_OF_COHORTS = "SELECT * FROM destruction.lying WHERE records <> 0 OR quarantined <> 0 ORDER BY 1, 2"


def require_sizes_of_cohorts(home: Home) -> None:
    """Compare what is kept of each cohort's size with a count of everything."""
    assert home.rows(KEPT_OF_COHORTS) == home.rows(LYING)
