"""Backups: a dump of the rows under a key of its own, its signed manifest, and apart from both the keyring's snapshot.

    registered → key made → snapshot and dump, of one moment → manifest signed, in its place → on record

A backup that a kill cut short is found by its register row: it is finished where it is whole, else destroyed. When its
time is up its key is destroyed first, so that copies of it elsewhere end with it. Not for bringing one back: `restore`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import DestructionUnderWay, EvidenceInvalid, KeyUnavailable, StorageFull, TutelaError
from pipelines.evidence import canonical, entries, ledger, names, signature
from pipelines.evidence.checkpoint import FULL, sync_folder
from pipelines.evidence.shapes import from_json, to_json
from pipelines.moments import day_of
from pipelines.policy import Kind
from pipelines.retention import derivatives, snapshot
from pipelines.retention.derivatives import Copy, Register
from pipelines.retention.snapshot_format import private
from pipelines.seal.stream import open_stream, seal_stream
from pipelines.store import dump
from pipelines.store.database import Role

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.evidence.ledger import Ledger
    from pipelines.policy import Policy
    from pipelines.store.database import Database, Tx

FORMAT, PURPOSE = "tutela-backup/1", "tutela-backup/1"
DUMP, MANIFEST = "data.dump.sealed", "manifest.json"
MAKER = "service:backup"
_LONGEST_MANIFEST = 1 << 16
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is; signed by the installation."""

    id: str
    origin: str
    made_at: datetime
    expires_on: date
    dump_bytes: int
    dump_sha256: bytes
    """Of the file as it lies there."""
    ledger_size: int
    ledger_root: bytes
    generation: int
    """The root generation that was in force."""
    schema: str
    """The newest migration of the database."""
    kms_key: str
    wrapped: bytes
    """The dump's key, wrapped by the backup's own in the KMS."""
    key_id: str
    format: str = FORMAT
    signature: bytes = b""

    def message(self) -> bytes:
        """Return the bytes that are signed."""
        return canonical.encode(to_json(replace(self, signature=b"")))


@dataclass(frozen=True)
class Backups:
    """What backups are made with."""

    database: Database
    custodian: Custodian
    ledger: Ledger
    policy: Policy
    home: Path
    place: Path
    """The folder of all backups."""
    snapshots: Path
    journal: Path
    """The ledger's, outside the database."""
    days: int
    programs: Path
    """The folder of PostgreSQL's programs."""
    clock: Callable[[], datetime]
    randomness: Callable[[int], bytes] = field(repr=False)
    step: Callable[[str], None] = field(default=lambda _: None, repr=False)
    """Told the name of each point passed; tests kill the process there."""

    @property
    def register(self) -> Register:
        """The register of derivatives, where backups are."""
        return Register(self.home, self.custodian.kms, self.ledger, self.policy, self.randomness)

    @property
    def public_key(self) -> bytes:
        """The public half of the key that signs manifests."""
        return signature.public_bytes(self.ledger.private_key)


# --- making ------------------------------------------------------------------------------------------------------


def create(tools: Backups) -> Manifest:
    """Make a backup; one that a kill cut short is finished or destroyed first.

    Raises:
        DestructionUnderWay: a destruction has begun and is not done; the next `tutela purge` ends it.
        StorageFull: there is no room; nothing is left half-written.
        TutelaError: another backup is being made, or the dump failed.
    """
    with _turn(tools.place):
        settle(tools)
        at = tools.clock()
        backup = names.backup(at, tools.randomness(4))
        key = f"backup-{backup}"
        expires_on = _register(tools, backup, key, at)
        tools.step("registered")
        tools.custodian.kms.create(key)
        tools.step("key_created")
        try:
            manifest = _write(tools, backup, key, expires_on, at)
        except BaseException:
            shutil.rmtree(_partial(tools, backup), ignore_errors=True)
            raise
        tools.step("in_place")
        _complete(tools, manifest)
    tools.step("completed")
    return manifest


def _register(tools: Backups, backup: str, key: str, at: datetime) -> date:
    """Put the backup on the register before there is anything of it: what is not there can't be forgotten."""
    expires_on = day_of(at) + timedelta(days=tools.days)
    with tools.database.begin(Role.BACKUP) as tx:
        tx.run("lock_writers")
        head = ledger.latest(tx)
        plans = [row.plan for row in tx.rows("collected_plans")]
        copy = Copy(Kind.BACKUP, place_of(tools, backup), MAKER, expires_on, key, plans)
        registered = derivatives.register(tools.register, tx, copy, at)
        tx.run("insert_backup", backup_id=backup, derivative_id=registered, ledger_size=head.size if head else 0)
    return expires_on


def _write(tools: Backups, backup: str, key: str, expires_on: date, at: datetime) -> Manifest:
    folder, data_key = _partial(tools, backup), tools.randomness(32)
    wrapped = tools.custodian.kms.wrap(key, [data_key], [_context(backup)])[0]
    with tools.database.begin(Role.BACKUP) as tx:
        tx.run("repeatable_read")
        moment = str(tx.scalar("export_moment"))
        if (under_way := tx.scalar("destruction_under_way")) is not None:
            raise DestructionUnderWay(f"The destruction {under_way} is not done; run `tutela purge`, then this again.")
        head, schema = ledger.latest(tx), str(tx.scalar("schema_version"))
        if head is None:
            raise RuntimeError("a backup of a home without a ledger")
        kept = snapshot.write(tx, tools.snapshots, tools.custodian, tools.journal, tools.ledger.origin, at)
        tools.step("snapshot_written")
        pieces = seal_stream(dump.dump(tools.database, tools.programs, moment), data_key, _context(backup))
        size, digest = _write_file(folder / DUMP, pieces)
    tools.step("dumped")
    draft = Manifest(
        backup, tools.ledger.origin, at, expires_on, size, digest, head.size, head.root, kept.header.generation, schema,
        key, wrapped, signature.key_id(tools.public_key),
    )  # fmt: skip
    signed = replace(draft, signature=signature.sign(tools.ledger.private_key, PURPOSE, draft.message()))
    _write_file(folder / MANIFEST, [canonical.encode(to_json(signed))])
    with _told(folder):
        folder.rename(tools.place / backup)
        sync_folder(tools.place)
    snapshot.remove_older(kept)
    return signed


def _complete(tools: Backups, manifest: Manifest) -> None:
    at = tools.clock()
    with tools.database.begin(Role.BACKUP) as tx:
        tx.run("lock_writers")
        if tx.run("complete_backup", backup_id=manifest.id, at=at):
            size = -(-manifest.dump_bytes // 1024)
            entry = entries.backup_created(
                manifest.id, size, manifest.dump_sha256, manifest.ledger_size, manifest.generation, manifest.kms_key,
                manifest.expires_on, MAKER, at,
            )  # fmt: skip
            tools.ledger.append(tx, [entry], at)


def settle(tools: Backups) -> tuple[int, int]:
    """Finish the backups that a kill cut short after they were whole, and destroy those that it cut short before.

    Returns:
        How many were finished, and how many destroyed.
    """
    with tools.database.begin(Role.BACKUP) as tx:
        left = tx.rows("incomplete_backups")
    finished = 0
    for row in left:
        try:
            manifest = read(tools.place / row.backup_id, tools.ledger.origin, tools.public_key)
        except TutelaError:
            shutil.rmtree(_partial(tools, row.backup_id), ignore_errors=True)
            _destroy(tools, [row], "not_completed")
        else:
            _complete(tools, manifest)
            finished += 1
    return finished, len(left) - finished


def remove_expired(tools: Backups, today: date) -> int:
    """Destroy the backups whose time is up, key first; return how many.

    Raises:
        TutelaError: a key or file can't be destroyed; the same command goes on.
    """
    with _turn(tools.place):
        with tools.database.begin(Role.BACKUP) as tx:
            rows = [
                row for row in tx.rows("registered_backups") if row.state != "destroyed" and row.expires_on <= today
            ]
        if rows:
            _destroy(tools, rows, "expired")
        with tools.database.begin(Role.BACKUP) as tx:
            tx.run("lock_writers")
            tx.run("forget_changed")
    return len(rows)


def _destroy(tools: Backups, rows: list[Any], reason: str) -> None:
    at = tools.clock()
    with tools.database.begin(Role.BACKUP) as tx:
        tx.run("lock_writers")
        derivatives.destroy(tools.register, tx, rows, MAKER, at)
        tools.ledger.append(tx, [entries.backup_removed(row.backup_id, reason, at) for row in rows], at)


# --- looking -----------------------------------------------------------------------------------------------------


def latest_expiry(tx: Tx) -> date | None:
    """Say until when there are backups; None: there are none."""
    found: date | None = tx.scalar("latest_backup_expiry")
    return found


def listed(place: Path, origin: str, public_key: bytes) -> list[tuple[str, Manifest | None, str]]:
    """List the backups that lie in a folder, oldest first: id, manifest, and what is wrong with it. Needs no database."""
    found: list[tuple[str, Manifest | None, str]] = []
    for folder in sorted(path for path in place.glob("BK-*") if path.is_dir()):
        try:
            manifest = read(folder, origin, public_key)
        except TutelaError as exc:
            found.append((folder.name, None, str(exc)))
        else:
            found.append((folder.name, manifest, ""))
    # By the ledger, which only grows: a clock may have been put back.
    return sorted(found, key=lambda item: item[1].ledger_size if item[1] else 0)


def read(folder: Path, origin: str, public_key: bytes) -> Manifest:
    """Read a backup's manifest and see that its dump is there whole; the dump's content is checked as it is opened.

    Raises:
        EvidenceInvalid: there is none, or it is not this installation's, or was altered, or the dump is cut off.
    """
    try:
        with (folder / MANIFEST).open("rb") as file:
            manifest = from_json(Manifest, canonical.decode(file.read(_LONGEST_MANIFEST)))
        size = (folder / DUMP).stat().st_size
    except OSError as exc:
        raise EvidenceInvalid(f"The backup {folder.name} is not whole: {exc.strerror}.") from None
    if manifest.format != FORMAT:
        raise EvidenceInvalid(f"The backup {folder.name} is of a format that this version does not know.")
    if manifest.origin != origin:
        raise EvidenceInvalid(f"The backup {folder.name} is of another installation.")
    if not signature.holds(public_key, PURPOSE, manifest.message(), manifest.signature):
        raise EvidenceInvalid(f"The manifest of the backup {folder.name} was altered, or another key signed it.")
    if size != manifest.dump_bytes:
        raise EvidenceInvalid(f"The dump of the backup {folder.name} is cut off or has something added to it.")
    return manifest


def open_dump(folder: Path, manifest: Manifest, custodian: Custodian) -> Iterator[bytes]:
    """Yield the dump.

    Raises:
        EvidenceInvalid: it was altered.
        KeyUnavailable: the backup's key is gone.
    """
    if not custodian.kms.exists(manifest.kms_key):
        raise KeyUnavailable(
            f"The key of the backup {manifest.id} is gone: its time was up on {manifest.expires_on}, or TUTELA_KMS names another provider. Take a newer backup."
        )
    hasher = hashlib.sha256()
    with (folder / DUMP).open("rb") as file:
        while piece := file.read(_PIECE):
            hasher.update(piece)
        if hasher.digest() != manifest.dump_sha256:
            raise EvidenceInvalid(f"The dump of the backup {manifest.id} was altered; take another backup.")
        file.seek(0)
        key = custodian.kms.unwrap(manifest.kms_key, [manifest.wrapped], [_context(manifest.id)])[0]
        yield from open_stream(file, key, _context(manifest.id))


# --- files -------------------------------------------------------------------------------------------------------


def place_of(tools: Backups, backup: str) -> str:
    """Name a backup's folder as the register does: within the home, relative to it."""
    path = tools.place / backup
    return str(path.relative_to(tools.home) if path.is_relative_to(tools.home) else path)


def _partial(tools: Backups, backup: str) -> Path:
    return tools.place / f".{backup}.partial"


def _context(backup: str) -> bytes:
    return f"{FORMAT}/{backup}".encode()


def _write_file(path: Path, pieces: Iterable[bytes]) -> tuple[int, bytes]:
    hasher, size = hashlib.sha256(), 0
    with _told(path.parent):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with private(path) as file:
            for piece in pieces:
                hasher.update(piece)
                size += file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
    return size, hasher.digest()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        if exc.errno in FULL:
            raise StorageFull(
                f"There is no room for the backup in {path.parent}; free some and run the same command again. Nothing of it is left."
            ) from None
        raise TutelaError(f"The backup can't be written to {path.parent} ({exc.strerror}).") from None


@contextmanager
def _turn(place: Path) -> Iterator[None]:
    """Let one process at a time make or remove backups.

    Raises:
        TutelaError: another one is at it.
    """
    with _told(place / ".lock"):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(place / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TutelaError("Another process is making or removing backups; wait for it.") from None
        yield
    finally:
        os.close(descriptor)
