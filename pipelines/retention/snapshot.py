"""The keyring's snapshot: all that survivors need and a backup of the rows does not have, in one file of its own.

Beside the keyring's pages it has what a backup may have in an earlier state than the keys: records that were sealed
again under another key, and destructions that are under way with what was asked for, decided and held. So the newest
snapshot and any backup make a whole. It is written before an old root generation is destroyed, read back and opened;
the newest alone is useful. Each page's key and each table's key is wrapped by the root generation that the header names.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import chain, groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, LiteralString

from pipelines.errors import KeyUnavailable, StorageFull
from pipelines.evidence import journal, ledger
from pipelines.evidence.checkpoint import FULL, sync_folder
from pipelines.retention.snapshot_format import Header, Rows, Snapshot, Writer, contents, private, read
from pipelines.seal.stream import open_frames, seal_frames
from pipelines.store import keyring
from pipelines.store.keyring import Generation, StoredPage

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.store.database import Tx

TABLES: dict[str, LiteralString] = {
    "keyring.generation": "snapshot_generations",
    "keyring.cohort": "snapshot_cohorts",
    "vault.record": "snapshot_records",
    "quality.quarantine": "snapshot_quarantine",
    "vault.changed": "snapshot_changed",
    "destruction.request": "snapshot_requests",
    "destruction.wanted": "snapshot_wanted",
    "destruction.job": "snapshot_jobs",
    "destruction.target": "snapshot_targets",
    "destruction.approval": "snapshot_decisions",
    "destruction.sample": "snapshot_samples",
    "destruction.hold": "snapshot_holds",
    "destruction.lost_hold": "snapshot_lost_holds",
    "destruction.event": "snapshot_events",
    "destruction.schedule_in_force": "snapshot_schedule",
}
"""Table → the query that copies what the snapshot has of it; those that others refer to come first."""
_BATCH = 256
"""Pages that are opened by one call to the key-management provider."""
_KEY_BYTES = 32
_HOUR = 3600


# --- writing -----------------------------------------------------------------------------------------------------


def write(tx: Tx, folder: Path, custodian: Custodian, kept: Path, origin: str, at: datetime) -> Snapshot:
    """Write the keyring to the backup place, read it back and open everything; only then it takes its place.

    Call it in a transaction that has read nothing yet, or that reads everything of one moment already.

    Args:
        tx: the transaction.
        folder: the backup place.
        custodian: opens pages.
        kept: the ledger's journal; it gets every entry that the snapshot's tables speak of, first.
        origin: the installation.
        at: now.

    Returns:
        The snapshot that is to be kept: this one, or a newer one that another process wrote meanwhile.

    Raises:
        StorageFull: there is no room; what was there is as it was.
        KeyUnavailable: it can't be written, or what was read back does not open.
    """
    tx.run("repeatable_read")
    generation, head = keyring.active_generation(tx), ledger.latest(tx)
    if generation is None or head is None:
        raise RuntimeError("a snapshot of a home without keyring or ledger")
    journal.extend(kept, tx, head, past=True)
    header, keys = _header(tx, custodian, generation, head.size, origin, at)
    path = folder / f"keyring-{header.generation:06d}.snapshot"
    partial = folder / f".{path.name}.{custodian.randomness(4).hex()}.partial"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with private(partial) as file:
            _write(Writer(file), header, tx, keys)
        try:
            verify(Snapshot(partial, header), custodian)
        except KeyUnavailable:
            # A destruction may have destroyed this root meanwhile: then its own snapshot is there, and has all of this.
            if (newer := _newer(folder, header)) is None:
                raise
            return newer
        return _put_in_place(partial, path, header)
    except OSError as exc:
        if exc.errno in FULL:
            raise StorageFull(
                "There is no room for the keyring snapshot; free some and run the same command again. The old root key still stands."
            ) from None
        raise KeyUnavailable(
            f"The keyring snapshot can't be written ({exc.strerror}); the old root key still stands."
        ) from None
    finally:
        partial.unlink(missing_ok=True)


def remove_older(kept: Snapshot) -> int:
    """Remove the snapshots that a newer one replaces, and what a kill left half-written; return how many."""
    folder, removed = kept.path.parent, 0
    with _locked(folder):
        for path in folder.glob("keyring-*.snapshot"):
            if path != kept.path and path.name < kept.path.name:
                path.unlink()
                removed += 1
        for path in folder.glob(".keyring-*.partial"):
            if path.stat().st_mtime < kept.path.stat().st_mtime - _HOUR:
                path.unlink()
        sync_folder(folder)
    return removed


def _header(
    tx: Tx, custodian: Custodian, generation: Generation, size: int, origin: str, at: datetime
) -> tuple[Header, dict[str, bytes]]:
    columns: dict[str, list[str]] = {name: [] for name in TABLES}
    for row in tx.rows("columns_of", tables=list(TABLES)):
        columns[row.name].append(row.attribute)
    keys = {name: custodian.randomness(_KEY_BYTES) for name in TABLES}
    wrapped = custodian.kms.wrap(generation.kms_key, list(keys.values()), [_context(name) for name in keys])
    counts = {row.ring: row.pages for row in tx.rows("page_counts")}
    header = Header(
        origin, generation.number, generation.kms_key, size, at, counts, columns, dict(zip(keys, wrapped, strict=True))
    )  # fmt: skip
    return header, keys


def _write(writer: Writer, header: Header, tx: Tx, keys: dict[str, bytes]) -> None:
    writer.header(header)
    for page in keyring.all_pages(tx):
        if page.kms_key != header.kms_key:
            raise KeyUnavailable(
                "A page of the keyring does not hang on the root key in force; run the same command again."
            )
        writer.page(page)
    for name, query in TABLES.items():
        for frame in seal_frames(tx.copy_out(query), keys[name], _context(name)):
            writer.rows(name, frame)
    writer.end()


def _put_in_place(partial: Path, path: Path, header: Header) -> Snapshot:
    """Give it its name, unless another process wrote a newer one meanwhile: within a generation pages only come."""
    with _locked(path.parent):
        newer = _newer(path.parent, header)
        if newer is not None:
            return newer
        partial.replace(path)
        sync_folder(path.parent)
    return Snapshot(path, header)


def _newer(folder: Path, header: Header) -> Snapshot | None:
    mine = (header.generation, header.ledger_size)
    found = [item for item in _all(folder) if item.header.origin == header.origin and item.age > mine]
    return max(found, key=lambda item: item.age, default=None)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


# --- reading -----------------------------------------------------------------------------------------------------


def newest(folder: Path, origin: str) -> Snapshot:
    """Find the newest snapshot of an installation.

    Raises:
        KeyUnavailable: there is none; or all there are, are another installation's or can't be read.
    """
    found = _all(folder)
    own = [item for item in found if item.header.origin in {origin, ""}]
    if own:
        return max(own, key=lambda item: item.age)
    if found:
        raise KeyUnavailable(f"The keyring snapshots in {folder} are of another installation; bring this one's.")
    if left := sorted(folder.glob("keyring-*.snapshot")):
        read(left[-1])  # says what is wrong with it
    raise KeyUnavailable(f"There is no keyring snapshot in {folder}; bring the newest from its keeper.")


def opened(snapshot: Snapshot, custodian: Custodian) -> Iterator[tuple[StoredPage, bytes]]:
    """Yield every page with its keys, the provider asked for a batch at a time.

    Raises:
        KeyUnavailable: it was cut off or altered, or its root generation is gone.
    """
    require_root(snapshot, custodian)
    yield from _opened(snapshot.pages(), custodian)


def verify(snapshot: Snapshot, custodian: Custodian) -> None:
    """Open everything in a snapshot, reading it once.

    Raises:
        KeyUnavailable: as for `opened`.
    """
    require_root(snapshot, custodian)
    items, first = contents(snapshot), list[Rows]()
    try:
        for _ in _opened(_pages_before(items, first), custodian):
            pass
        for _, rows in _tables(chain(first, items), snapshot, custodian):
            for _ in rows:
                pass
    except KeyUnavailable:
        # Its checksum tells what was cut off or altered; a key that does not open tells less.
        for _ in contents(snapshot):
            pass
        raise


def _opened(pages: Iterator[StoredPage], custodian: Custodian) -> Iterator[tuple[StoredPage, bytes]]:
    while batch := list(islice(pages, _BATCH)):
        yield from zip(batch, custodian.open_each(batch), strict=True)


def _pages_before(items: Iterator[StoredPage | Rows], first: list[Rows]) -> Iterator[StoredPage]:
    """Yield the pages, which come first; what ends them is put aside."""
    for item in items:
        if isinstance(item, Rows):
            first.append(item)
            return
        yield item


def require_root(snapshot: Snapshot, custodian: Custodian) -> None:
    """Refuse a snapshot whose root generation the provider does not have.

    Raises:
        KeyUnavailable: it hangs on a generation that was destroyed, or on another provider's.
    """
    header = snapshot.header
    if header.kms_key and not custodian.kms.exists(header.kms_key):
        raise KeyUnavailable(
            f"The keyring snapshot {snapshot.path.name} hangs on root generation {header.generation}, which the key-management provider does not have: it was replaced by a newer snapshot, or TUTELA_KMS names another provider."
        )


def _all(folder: Path) -> list[Snapshot]:
    found = []
    for path in sorted(folder.glob("keyring-*.snapshot")):
        with suppress(KeyUnavailable):
            found.append(read(path))
    return found


def tables(snapshot: Snapshot, custodian: Custodian) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield each table's name and its rows as a binary COPY stream; take each stream to its end.

    Raises:
        KeyUnavailable: the file was cut off or altered, or its root generation is gone.
    """
    yield from _tables(contents(snapshot), snapshot, custodian)


def _tables(
    items: Iterable[StoredPage | Rows], snapshot: Snapshot, custodian: Custodian
) -> Iterator[tuple[str, Iterator[bytes]]]:
    header = snapshot.header
    bound = [_context(name) for name in header.keys]
    keys = custodian.kms.unwrap(header.kms_key, list(header.keys.values()), bound) if bound else []
    pieces = groupby((item for item in items if isinstance(item, Rows)), lambda item: item.table)
    for wanted, key, (name, found) in zip(header.keys, keys, pieces, strict=True):
        if name != wanted:
            raise KeyUnavailable(f"The keyring snapshot {snapshot.path.name} has its tables in another order.")
        yield name, open_frames((item.frame for item in found), key, _context(name))


def _context(table: str) -> bytes:
    return f"tutela/snapshot/2/{table}".encode()
