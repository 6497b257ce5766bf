"""Identity resolution: which rows are about the same data subject, in this chunk and in the vault.

A strong identifier (resident ID number, USCC) names one subject. A weak one (mobile number together with the name)
links a row to a subject only where no strong identifier speaks against it, and never where it is ambiguous: two people
taken for one would be shown each other's data, one taken for two costs a look-up.

Works on keyed hashes only and as sets; call it under the writers' lock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.moments import Days, postgres_micro
from pipelines.store import binary_copy
from pipelines.store.database import Tx

Ids = npt.NDArray[np.int64]
Digests = npt.NDArray[np.uint8]
UNKNOWN = -1
_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", dtype=np.uint8)
"""GB 32100's 31 characters: none that can be misread."""
_RANDOM_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class Identifier:
    """One kind of identifier of some rows, hashed."""

    kind: str
    strong: bool
    present: npt.NDArray[np.bool_]
    """Which rows have one: shape (rows,)."""
    digests: Digests = field(repr=False)
    """Of those rows only, in order: shape (present.sum(), 16)."""


def resolve(
    tx: Tx,
    identifiers: Sequence[Identifier],
    rows: int,
    kind: str,
    channel: int,
    expires: Days,
    at: datetime,
    randomness: Callable[[int], bytes],
) -> Ids:
    """Give every row its subject, old or new, and index the identifiers under it.

    Args:
        tx: a transaction that holds the writers' lock.
        identifiers: at most one strong and one weak kind.
        rows: how many rows.
        kind: P or E.
        channel: two-digit number of the collection channel, part of a new subject's code.
        expires: the day on which each row's record is due; the index lives as long.
        at: creation time of new subjects.
        randomness: gives n random bytes.

    Returns:
        Subject ids, shape (rows,).
    """
    known = find(tx, identifiers)
    groups = _Linker(identifiers, known, rows).link()
    fresh = groups < 0
    new_groups, position = np.unique(groups[fresh], return_inverse=True)
    new_ids = allot(tx, len(new_groups))
    subjects = groups.copy()
    subjects[fresh] = new_ids[position]
    last = pd.Series(expires).groupby(subjects).max()
    _insert_subjects(tx, new_ids, last, kind, channel, at, randomness)
    _extend_subjects(tx, last.drop(new_ids))
    _index(tx, identifiers, known, subjects, expires)
    return subjects


def find(tx: Tx, identifiers: Sequence[Identifier]) -> pd.DataFrame:
    """Look identifiers up: columns position (row), kind (index into identifiers), subject_id, expires_on, has_strong."""
    stage_wanted(tx, identifiers)
    found = tx.rows("known_index", kinds=[identifier.kind for identifier in identifiers])
    columns = ["position", "kind", "subject_id", "expires_on", "has_strong"]
    return pd.DataFrame.from_records([tuple(row) for row in found], columns=columns)


def stage_wanted(tx: Tx, identifiers: Sequence[Identifier]) -> None:
    """Put identifiers into the temporary table ``wanted_index``."""
    tx.run("make_wanted_index")
    tx.run("probe_by_index")
    tx.run("probe_without_merge")
    for number, identifier in enumerate(identifiers):
        positions = np.flatnonzero(identifier.present).astype(np.int32)
        kinds = np.full(len(positions), number, dtype=np.int16)
        tx.copy_binary("copy_wanted_index", binary_copy.fixed_rows([positions, kinds, identifier.digests]))


def allot(tx: Tx, count: int) -> Ids:
    """Allot ids of the subject ring, under the writers' lock; a number is never given twice, so a destroyed slot is never used again."""
    if not count:
        return np.zeros(0, dtype=np.int64)
    first = int(tx.scalar("next_subject_ids", count=count))
    return np.arange(first, first + count, dtype=np.int64)


class _Linker:
    """Groups rows: a known subject's id, or a negative number shared by the rows of one new subject."""

    def __init__(self, identifiers: Sequence[Identifier], known: pd.DataFrame, rows: int) -> None:
        self.rows = rows
        self.known = known
        self.strong = self._labels(identifiers, strong=True)
        self.weak = self._labels(identifiers, strong=False)
        self.kinds = [identifier.strong for identifier in identifiers]

    def _labels(self, identifiers: Sequence[Identifier], *, strong: bool) -> Ids:
        labels = np.full(self.rows, UNKNOWN, dtype=np.int64)
        for identifier in identifiers:
            if identifier.strong == strong:
                labels[identifier.present] = group(identifier.digests)
        return labels

    def link(self) -> Ids:
        subjects = np.full(self.rows, UNKNOWN, dtype=np.int64)
        self._by_strong(subjects)
        self._by_weak(subjects)
        return self._within_chunk(subjects)

    def _hits(self, *, strong: bool) -> pd.DataFrame:
        wanted = [number for number, is_strong in enumerate(self.kinds) if is_strong == strong]
        return self.known[self.known["kind"].isin(wanted)]

    def _by_strong(self, subjects: Ids) -> None:
        hits = self._hits(strong=True)
        subjects[hits["position"].to_numpy(dtype=np.int64)] = hits["subject_id"].to_numpy(dtype=np.int64)

    def _by_weak(self, subjects: Ids) -> None:
        hits = self._hits(strong=False)
        hits = hits[subjects[hits["position"].to_numpy(dtype=np.int64)] == UNKNOWN]
        if hits.empty:
            return
        hits = hits.assign(strong=self.strong[hits["position"].to_numpy(dtype=np.int64)])
        unambiguous = hits.groupby("position")["subject_id"].transform("nunique") == 1
        # A row that has a strong identifier may not join a subject that has another one.
        no_conflict = (hits["strong"] == UNKNOWN) | ~hits["has_strong"].astype(bool)
        claims = hits["strong"].where(hits["strong"] != UNKNOWN).groupby(hits["subject_id"]).transform("nunique")
        hits = hits[unambiguous & no_conflict & ((hits["strong"] == UNKNOWN) | (claims <= 1))]
        weak_only = hits[hits["strong"] == UNKNOWN]
        subjects[weak_only["position"].to_numpy(dtype=np.int64)] = weak_only["subject_id"].to_numpy(dtype=np.int64)
        self._join_together(subjects, hits[hits["strong"] != UNKNOWN])

    def _join_together(self, subjects: Ids, hits: pd.DataFrame) -> None:
        # All rows of one strong identifier go to the one subject that their weak ones lead to; if to several, to none.
        led = hits.groupby("strong")["subject_id"].agg(["nunique", "first"])
        single = led.loc[led["nunique"] == 1, "first"]
        place = single.index.get_indexer(pd.Index(self.strong))
        joining = (subjects == UNKNOWN) & (place >= 0)
        subjects[joining] = single.to_numpy(dtype=np.int64)[place[joining]]

    def _within_chunk(self, subjects: Ids) -> Ids:
        # New rows: those with the same strong identifier are one group; the others go by the weak one, else alone.
        offset = self.rows + 1
        alone = -(np.arange(self.rows, dtype=np.int64) + 2 * offset + 1)
        group_of = np.where(
            self.strong >= 0, -(self.strong + 1), np.where(self.weak >= 0, -(self.weak + offset + 1), alone)
        )
        group_of = np.where(subjects >= 0, subjects, group_of)
        # A row with a weak identifier only joins the one group that shows the same weak one beside a strong one.
        anchors = pd.DataFrame({"weak": self.weak, "group": group_of})[(self.strong >= 0) & (self.weak >= 0)]
        seen = anchors.groupby("weak")["group"].agg(["nunique", "first"])
        single = seen[seen["nunique"] == 1]
        weak_only = (self.strong < 0) & (self.weak >= 0) & (subjects < 0)
        place = single.index.get_indexer(pd.Index(self.weak[weak_only]))
        targets = single["first"].to_numpy(dtype=np.int64)
        if len(targets):
            group_of[weak_only] = np.where(place >= 0, targets[place], group_of[weak_only])
        return group_of


def group(digests: Digests) -> Ids:
    """Number equal digests equally, from 0."""
    if not len(digests):
        return np.zeros(0, dtype=np.int64)
    halves = np.ascontiguousarray(digests).view(np.uint64)
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    ordered = halves[order]
    numbers = np.concatenate([[0], np.cumsum((ordered[1:] != ordered[:-1]).any(axis=1))])
    labels = np.empty(len(digests), dtype=np.int64)
    labels[order] = numbers
    return labels


def _insert_subjects(
    tx: Tx, ids: Ids, last: pd.Series[Any], kind: str, channel: int, at: datetime, randomness: Callable[[int], bytes]
) -> None:
    if not len(ids):
        return
    codes = new_codes(len(ids), kind, channel, randomness)
    kinds = np.full((len(ids), 1), ord(kind), dtype=np.uint8)
    created = np.full(len(ids), postgres_micro(at), dtype=np.int64)
    expires = last.reindex(pd.Index(ids)).to_numpy().astype("datetime64[D]")
    tx.copy_binary("copy_subjects", binary_copy.fixed_rows([ids, codes, kinds, created, expires]))


def _extend_subjects(tx: Tx, last: pd.Series[Any]) -> None:
    if last.empty:
        return
    tx.run("make_extended_subject")
    columns = [last.index.to_numpy(dtype=np.int64), last.to_numpy().astype("datetime64[D]")]
    tx.copy_binary("copy_extended_subject", binary_copy.fixed_rows(columns))
    tx.run("extend_subjects")


def new_codes(count: int, kind: str, channel: int, randomness: Callable[[int], bytes]) -> npt.NDArray[np.uint8]:
    """Draw subject codes: ``C``, kind, channel, 12 random characters, check character modulo 31 (as in GB 32100).

    Returns:
        ASCII, shape (count, 17).
    """
    numbers = np.zeros(0, dtype=np.uint8)
    while len(numbers) < count * _RANDOM_CHARACTERS:
        drawn = np.frombuffer(randomness(count * _RANDOM_CHARACTERS + 64), dtype=np.uint8)
        numbers = np.concatenate([numbers, drawn[drawn < 248] % 31])  # 248 = 8 × 31: no character is likelier
    body = numbers[: count * _RANDOM_CHARACTERS].reshape(count, _RANDOM_CHARACTERS)
    weights = np.array([pow(3, power, 31) for power in range(_RANDOM_CHARACTERS)])
    check = (31 - (body.astype(np.int64) @ weights) % 31) % 31
    prefix = np.frombuffer(f"C{kind}{channel:02d}".encode(), dtype=np.uint8)
    return np.hstack([np.tile(prefix, (count, 1)), _ALPHABET[body], _ALPHABET[check][:, None]])


def _index(tx: Tx, identifiers: Sequence[Identifier], known: pd.DataFrame, subjects: Ids, expires: Days) -> None:
    extended = False
    for number, identifier in enumerate(identifiers):
        rows = np.flatnonzero(identifier.present)
        entries = pd.DataFrame(
            {
                "label": group(identifier.digests),
                "subject": subjects[rows],
                "expires": expires[rows],
                "at": np.arange(len(rows)),
            }
        )
        entries = entries.groupby(["label", "subject"], sort=False).agg(expires=("expires", "max"), at=("at", "first"))
        entries = entries.reset_index()
        owners = known.loc[known["kind"] == number, ["position", "subject_id"]].to_numpy(dtype=np.int64)
        seen = pd.MultiIndex.from_arrays([owners[:, 0], owners[:, 1]])
        is_known = pd.MultiIndex.from_arrays([rows[entries["at"]], entries["subject"]]).isin(seen)
        _copy_index(tx, identifier, entries[~is_known])
        later = entries[is_known]
        if later.empty:
            continue
        if not extended:
            tx.run("make_extended_index")
            extended = True
        _copy_extended(tx, identifier, later, number)
    if extended:
        tx.run("extend_index", kinds=[identifier.kind for identifier in identifiers])


def _copy_index(tx: Tx, identifier: Identifier, entries: pd.DataFrame) -> None:
    if entries.empty:
        return
    kind = np.tile(np.frombuffer(identifier.kind.encode(), dtype=np.uint8), (len(entries), 1))
    columns = [
        kind,
        identifier.digests[entries["at"].to_numpy()],
        entries["subject"].to_numpy(dtype=np.int64),
        np.full(len(entries), identifier.strong),
        entries["expires"].to_numpy().astype("datetime64[D]"),
    ]
    tx.copy_binary("copy_blind_index", binary_copy.fixed_rows(columns))


def _copy_extended(tx: Tx, identifier: Identifier, entries: pd.DataFrame, number: int) -> None:
    columns = [
        np.full(len(entries), number, dtype=np.int16),
        identifier.digests[entries["at"].to_numpy()],
        entries["subject"].to_numpy(dtype=np.int64),
        entries["expires"].to_numpy().astype("datetime64[D]"),
    ]
    tx.copy_binary("copy_extended_index", binary_copy.fixed_rows(columns))
