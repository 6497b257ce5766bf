"""Seal records again under other keys, as a set: whoever moves records fills the table ``moving`` and runs it.

A record moves because its day changes (a hold, an event, another schedule) or because its neighbours are destroyed and it
is not. It is opened and sealed again at once, under the key of its new cohort and, where one is given, of another
subject; what it says is not looked at. Its old ciphertext lies on in backups and in the log of the database, under the
key of the cohort that it left. So that key has to go no later than the record itself: `note_passages` remembers it, and
`settle` sees to it. Call everything here under the writers' lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, LiteralString

import numpy as np
import numpy.typing as npt

from pipelines.custody import COHORT, SUBJECT
from pipelines.retention.weigh import chunks
from pipelines.seal import envelope
from pipelines.store import vault

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.store.database import Tx

CHUNK_ROWS = 5_000
Keys = tuple[list[bytes], list[bytes]]
"""Subject keys and cohort keys."""


def begin(tx: Tx) -> None:
    """Make the temporary table ``moving`` (record_id, old_expires_on, cohort_id, expires_on, subject_id or NULL), empty."""
    tx.run("make_moving")
    tx.run("empty_moving")
    tx.run("make_moving_quarantined")
    tx.run("empty_moving_quarantined")


def run(tx: Tx, custodian: Custodian) -> int:
    """Seal everything in ``moving`` again, keep subjects and identifiers as long as their records, and say how many moved.

    Raises:
        KeyUnavailable: a key was destroyed, or a record was altered.
        RuntimeError: ``moving`` names a record that is not there, or twice (the programmer is wrong, not the world).
    """
    tx.run("analyze_moving")
    wanted = tx.one("count_moving")
    if not wanted.records:
        return 0
    vault.ensure_partitions(tx, np.array(wanted.days, dtype="datetime64[D]"))
    tx.run("make_moved")
    tx.run("empty_moved")
    _seal(tx, custodian, chunks(tx.stream("moving_records", fetch=CHUNK_ROWS, days=wanted.old_days), CHUNK_ROWS))
    tx.run("analyze_moved")
    moved = tx.run("move_records", days=wanted.old_days)
    if moved != wanted.records:
        raise RuntimeError(f"{wanted.records} records were to move, {moved} did")
    tx.run("keep_moved_subjects")
    tx.run("keep_moved_indexes")
    note_passages(tx, "passages_of_moved")
    tx.run("empty_moving")
    return moved


def note_passages(tx: Tx, found: LiteralString, **parameters: object) -> None:
    """Remember which cohorts' keys what moves was ever sealed under: they go with it, however far their own day is.

    Args:
        tx: a transaction that holds the writers' lock.
        found: the query that finds the passages, from which cohort to which.
        parameters: what the query takes.
    """
    tx.run("make_passages")
    tx.run("empty_passages")
    if tx.run(found, **parameters):
        tx.run("note_left_cohorts")
        tx.run("note_guests")


def renew(tx: Tx, cohorts: Sequence[int]) -> dict[int, int]:
    """Close some cohorts and open one like each, for those of its records that stay; nothing is moved yet.

    A closed cohort takes no more records, and its key goes with the next destruction.

    Returns:
        Old cohort → new one.
    """
    return {row.cohort_id: row.fresh_id for row in tx.rows("renew_cohorts", cohorts=list(cohorts))}


def _seal(tx: Tx, custodian: Custodian, chunks: Iterator[list[Any]]) -> None:
    """Seal chunk by chunk; while one is sealed in a thread of its own, the database already reads the next."""
    with ThreadPoolExecutor(1) as thread:
        waiting: tuple[list[Any], Future[list[list[bytes | None]]]] | None = None
        for rows in chunks:
            keys = _keys_of(tx, custodian, rows)
            begun = thread.submit(_reseal, rows, *keys, custodian.randomness)
            if waiting is not None:
                _put(tx, *waiting)
            waiting = rows, begun
        if waiting is not None:
            _put(tx, *waiting)


def _keys_of(tx: Tx, custodian: Custodian, rows: Sequence[Any]) -> tuple[Keys, Keys]:
    """Return subject and cohort keys of some records: those that they lie under, and those that they are to."""
    subjects, new_subjects = _column(rows, "subject_id"), _column(rows, "new_subject")
    subject_keys = _keys(tx, custodian, SUBJECT, subjects)
    same = np.array_equal(subjects, new_subjects)
    old = subject_keys, _keys(tx, custodian, COHORT, _column(rows, "old_cohort"))
    new_subject_keys = subject_keys if same else _keys(tx, custodian, SUBJECT, new_subjects)
    return old, (new_subject_keys, _keys(tx, custodian, COHORT, _column(rows, "cohort_id")))


def _reseal(rows: Sequence[Any], old: Keys, new: Keys, randomness: Callable[[int], bytes]) -> list[list[bytes | None]]:
    parts = [(row.part_1, row.part_2, row.part_3, row.part_4, row.part_5) for row in rows]
    ids, versions = [row.record_id.bytes for row in rows], [row.schema_version for row in rows]
    return envelope.reseal_records(ids, old, new, parts, versions, randomness)


def _put(tx: Tx, rows: Sequence[Any], sealed: Future[list[list[bytes | None]]]) -> None:
    ids = np.frombuffer(b"".join(row.record_id.bytes for row in rows), dtype=np.uint8).reshape(-1, 16)
    days = (
        np.array([getattr(row, name) for row in rows], dtype="datetime64[D]")
        for name in ("old_expires_on", "expires_on")
    )
    numbers = (_column(rows, name).astype(np.int32) for name in ("old_cohort", "cohort_id"))
    vault.put_moved(tx, [ids, *days, *numbers, _column(rows, "new_subject")], sealed.result())


def _keys(tx: Tx, custodian: Custodian, ring: str, ids: npt.NDArray[np.int64]) -> list[bytes]:
    return [key.tobytes() for key in custodian.keys(tx, ring, ids)]


def _column(rows: Sequence[Any], name: str) -> npt.NDArray[np.int64]:
    return np.array([getattr(row, name) for row in rows], dtype=np.int64)
