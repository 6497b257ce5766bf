"""THE STORY of a restore: an old backup, the newest keys, and everything that the ledger says happened since.

    backup, snapshot, journal and anchors agree → dump into a database aside → keys and changed rows put back
    → ledger brought forward → destructions replayed → every survivor opened, blind indexes built → evidence verified
    → on record → the database gets its name

Nothing is used before all of it holds: the database that is worked in has another name until then, and whoever runs
the same command again begins anew. Nothing is asked of the key-management provider but to unwrap.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import EvidenceInvalid, KeyUnavailable
from pipelines.evidence import certificate as certificates
from pipelines.evidence import checkpoint, entries, journal, ledger, names
from pipelines.evidence.bundle import Header, write_bundle
from pipelines.evidence.verify import verify_file
from pipelines.policy import Kind
from pipelines.retention import aftermath, backup, derivatives, put_back, replay, snapshot, snapshot_format
from pipelines.retention.derivatives import Copy
from pipelines.store import administration, dump, schema

if TYPE_CHECKING:
    from pipelines.evidence.journal import Since
    from pipelines.retention.aftermath import Aftermath
    from pipelines.retention.backup import Backups, Manifest
    from pipelines.retention.put_back import Slots
    from pipelines.retention.replay import Replayed
    from pipelines.retention.snapshot_format import Snapshot
    from pipelines.retention.survivors import Opened
    from pipelines.store.database import Database, Tx

RESTORING, TRYING = "restoring", "trying"
"""What is added to the database's name until it has its own, and to that of one that is dropped again."""


@dataclass(frozen=True)
class Restorer:
    """What a restore works with."""

    backups: Backups
    anchors: Path
    target: Database
    """By the administrator's login, under its final name."""
    login: str
    """Under which the platform works."""
    open_all: Callable[[Database], Opened] = field(repr=False)
    """Opens every survivor, in as many processes as there are."""
    look: Callable[[Tx, Slots], None] = field(default=lambda _tx, _slots: None, repr=False)
    """Told of the restored rows before those whose key is destroyed are removed: a drill tries to open them."""

    def step(self, name: str) -> None:
        """Pass a point; tests kill the process there."""
        self.backups.step(name)


@dataclass(frozen=True, slots=True)
class Sources:
    """What a restore is made from; it agrees with itself."""

    folder: Path
    manifest: Manifest
    newest: Snapshot
    since: Since
    after: Aftermath


@dataclass(slots=True)
class Restored:
    """What a restore came to."""

    id: str
    sources: Sources
    removed: dict[str, int]
    """What was removed again → how many."""
    opened: Opened
    under_way: str | None
    """A destruction that the next purge ends."""
    lost_jobs: tuple[str, ...]
    """Destructions that were applied for after the snapshot; nothing but the ledger speaks of them."""
    seconds: dict[str, float]


# --- what it is made from ----------------------------------------------------------------------------------------


def gather(tools: Restorer, chosen: str | None = None, snapshot_file: Path | None = None) -> Sources:
    """Find backup, snapshot, journal and anchors, and see that they are whole and of one history. Changes nothing.

    Raises:
        EvidenceInvalid: the backup, the journal or the anchors are missing, cut off, altered, or another installation's.
        KeyUnavailable: the snapshot is; or it is older than the backup or than a destruction; or its root key is gone.
    """
    made = tools.backups
    origin, public_key = made.ledger.origin, made.public_key
    folder = _choose(made, chosen)
    manifest = backup.read(folder, origin, public_key)
    newest = snapshot.newest(made.snapshots, origin) if snapshot_file is None else snapshot_format.read(snapshot_file)
    anchored = checkpoint.read_anchors(tools.anchors)
    since = journal.read_since(
        made.journal, manifest.ledger_size, manifest.ledger_root, origin, public_key, anchored
    )  # fmt: skip
    after = aftermath.read(since, newest.header.ledger_size)
    _require_newest(newest, manifest, after, origin)
    if newest.header.ledger_size > since.head.size:
        raise EvidenceInvalid(
            f"The ledger's journal ends after {since.head.size} entries, the keyring snapshot knows {newest.header.ledger_size}: its end was cut off. Bring it back from its keeper."
        )
    snapshot.verify(newest, made.custodian)
    return Sources(folder, manifest, newest, since, after)


def _choose(made: Backups, chosen: str | None) -> Path:
    if chosen is not None:
        return made.place / chosen if "/" not in chosen else Path(chosen)
    usable = [found for _, found, _ in backup.listed(made.place, made.ledger.origin, made.public_key) if found]
    if not usable:
        raise EvidenceInvalid(f"There is no usable backup in {made.place}; `tutela backup list` says what there is.")
    return made.place / usable[-1].id


def _require_newest(newest: Snapshot, manifest: Manifest, after: Aftermath, origin: str) -> None:
    header, name = newest.header, newest.path.name
    if header.origin != origin:
        raise KeyUnavailable(f"The keyring snapshot {name} is of another installation, or of an earlier format.")
    if header.generation < after.new_generation:
        raise KeyUnavailable(
            f"The keyring snapshot {name} is of root generation {header.generation}, but the journal says that a destruction has put the keyring under {after.new_generation} since; bring the newest snapshot."
        )
    if (header.generation, header.ledger_size) < (manifest.generation, manifest.ledger_size):
        raise KeyUnavailable(
            f"The keyring snapshot {name} is older than the backup {manifest.id}; bring the one that was made with it, or a newer one."
        )


# --- doing it ----------------------------------------------------------------------------------------------------


def bring_back(tools: Restorer, sources: Sources) -> Restored:
    """Restore, and give the database its name.

    Raises:
        KeyUnavailable: a survivor does not open, or a destroyed row is left.
        EvidenceInvalid: the dump or the ledger does not hold.
        DatabaseUnavailable, PlatformError, StorageFull: the server does not do it; the same command begins anew.
    """
    draft = _draft(tools, RESTORING)
    restored = _restore(tools, sources, draft)
    _put_on_record(tools, draft, restored)
    tools.step("on_record")
    administration.rename(draft, str(tools.target.url.database))
    tools.step("renamed")
    return restored


def try_out(tools: Restorer, sources: Sources) -> Restored:
    """Restore into a database that is dropped again: nothing of the installation is changed.

    Raises:
        As `bring_back`.
    """
    draft = _draft(tools, TRYING)
    try:
        return _restore(tools, sources, draft)
    finally:
        administration.drop(draft)


def _draft(tools: Restorer, suffix: str) -> Database:
    return administration.beside(tools.target, f"{tools.target.url.database}_{suffix}")


def _restore(tools: Restorer, sources: Sources, draft: Database) -> Restored:
    at = tools.backups.clock()
    restore = names.restore(at, tools.backups.randomness(4))
    laps = _Laps()
    _fill(tools, draft, sources)
    laps("dump")
    tools.step("filled")
    replayed = _bring_forward(tools, draft, sources, restore, at)
    laps("replay")
    tools.step("replayed")
    opened = _open(tools, draft)
    laps("survivors")
    tools.step("opened")
    _require_evidence(tools, draft, at)
    laps("evidence")
    tools.step("verified")
    with draft.begin(None) as tx:
        under_way = tx.scalar("destruction_under_way")
    lost = tuple(str(entry.body["destruction"]) for entry in replayed.entries)
    return Restored(restore, sources, replayed.removed, opened, under_way, lost, laps.seconds)


def _fill(tools: Restorer, draft: Database, sources: Sources) -> None:
    made = tools.backups
    administration.make_roles(draft)
    administration.make(draft)
    dump.restore(draft, made.programs, backup.open_dump(sources.folder, sources.manifest, made.custodian))
    schema.migrate(draft)
    schema.grant_roles(draft, tools.login)


def _bring_forward(tools: Restorer, draft: Database, sources: Sources, restore: str, at: datetime) -> Replayed:
    custodian = tools.backups.custodian
    with draft.begin(None) as tx:
        tx.run("let_jobs_change")
    with draft.begin(None) as tx:
        put_back.tables(tx, sources.newest, custodian)
        slots = put_back.keyring(tx, sources.newest, custodian)
        ledger.put_back(tx, ((group.bodies, group.head) for group in sources.since.groups))
        tools.look(tx, slots)
        own = max(custodian.own_generations().values(), default=0)
        sources.after.generations = max(sources.after.generations, sources.newest.header.generation, own)
        replayed = replay.replay(tx, slots, sources.since, sources.after, restore, at)
        for row in tx.rows("retiring_generations"):
            if not custodian.kms.exists(row.kms_key):
                tx.run("generation_destroyed", generation=row.generation, at=at)
    with draft.begin(None) as tx:
        tx.run("guard_jobs_again")
    return replayed


def _open(tools: Restorer, draft: Database) -> Opened:
    with draft.begin(None) as tx:
        tx.run("make_rebuilt_index")
        tx.run("analyze_restored")
    opened = tools.open_all(draft)
    if opened.shut:
        raise KeyUnavailable(
            f"{opened.shut} of {opened.records + opened.quarantined + opened.shut} survivors do not open; the restore is not used. Take another backup or snapshot, and call the auditor."
        )
    with draft.begin(None) as tx:
        tx.run("put_rebuilt_index")
        tx.run("drop_rebuilt_index")
        tx.run("analyze_everything")
    return opened


def _require_evidence(tools: Restorer, draft: Database, at: datetime) -> None:
    """Verify the restored ledger as an outsider would: from a bundle, by the public key, against the anchors."""
    made = tools.backups
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=made.home) as folder:
        path = Path(folder) / "evidence.jsonl"
        with draft.begin(None) as tx:
            heads = ledger.heads(tx)
            issued = [certificates.from_bytes(row.certificate.encode()) for row in tx.rows("certificates")]
            header = Header(made.ledger.origin, made.public_key, heads[-1].size, at)
            write_bundle(path, header, ledger.bodies(tx, heads[-1].size), heads, issued)
        report = verify_file(path, made.public_key, tools.anchors)
    if not report.valid:
        wrong = next(check for check in report.checks if not check.ok)
        raise EvidenceInvalid(
            f"The restored ledger does not hold ({wrong.name}: {wrong.detail}); the restore is not used."
        )


def _put_on_record(tools: Restorer, draft: Database, restored: Restored) -> None:
    """Put the restore into the ledger, and the backups that are there into the register."""
    made, sources, at = tools.backups, restored.sources, tools.backups.clock()
    opened = restored.opened
    found = {
        "removed": restored.removed,
        "survivors": {"records": opened.records, "quarantined": opened.quarantined},
        "lost": sources.after.lost(),
    }
    sizes = (sources.manifest.ledger_size, sources.since.head.size)
    lost = [entries.destruction_failed(job, "applied", "database_lost", at) for job in restored.lost_jobs]
    said = entries.backup_restored(
        restored.id, sources.manifest.id, sizes, sources.newest.header.generation, found, at
    )  # fmt: skip
    with draft.begin(None) as tx:
        tx.run("lock_writers")
        made.ledger.append(tx, [*lost, said], at)
        _register(tools, tx, at)


def _register(tools: Restorer, tx: Tx, at: datetime) -> None:
    """The backups made after the one that was restored are not in its register; it must not forget them."""
    made = tools.backups
    known = {row.backup_id for row in tx.rows("registered_backups")}
    plans = [row.plan for row in tx.rows("collected_plans")]
    for name, manifest, _ in backup.listed(made.place, made.ledger.origin, made.public_key):
        if manifest is None:
            continue
        if name not in known:
            place = backup.place_of(made, name)
            copy = Copy(Kind.BACKUP, place, backup.MAKER, manifest.expires_on, manifest.kms_key, plans)
            registered = derivatives.register(made.register, tx, copy, at)
            tx.run("insert_backup", backup_id=name, derivative_id=registered, ledger_size=manifest.ledger_size)
        tx.run("complete_backup", backup_id=name, at=manifest.made_at)


class _Laps:
    """A stopwatch: told a name, it notes the seconds since the last."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.monotonic()

    def __call__(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name], self._last = round(now - self._last, 3), now
