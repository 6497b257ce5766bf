"""The restore drill: made-up people are backed up, some are destroyed, the database is lost, and the old backup comes back.

It lives in a home of its own below the real one, with its own database server, keys and ledger, and is removed at the
end. What holds there holds by the same code here; the real backups are tried with `try_newest`, which changes nothing.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.evidence import entries
from pipelines.evidence.verify import verify_file
from pipelines.jobs import approvals, backups, destruction, erasure, evidence, restores
from pipelines.jobs.drill_rows import LEADER, Ground, People, ground, long_ago, make_up, store
from pipelines.jobs.home import DATABASE, LOGIN, Home, admin_database, init, open_home
from pipelines.moments import day_of
from pipelines.platform.postgres import EmbeddedPostgres
from pipelines.retention import backup, decision, probe, residual, snapshot_format
from pipelines.retention import restore as story
from pipelines.retention.decision import Decision
from pipelines.retention.probe import Probe
from pipelines.retention.residual import Hits, Store
from pipelines.retention.survivors import Opened, Opener
from pipelines.store import administration, dump
from pipelines.store.database import Database, Role

if TYPE_CHECKING:
    from pipelines.retention.put_back import Slots
    from pipelines.retention.restore import Restored
    from pipelines.settings import Settings
    from pipelines.store.database import Tx

STAYING, DUE, ERASED = 8, 5, 2
"""How many people stay, are past their retention, and ask to be erased."""
TRIED = 64
"""Destroyed records of a real backup that are tried with every key in the place of theirs."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a drill looked at."""

    name: str
    ok: bool
    detail: str


@dataclass(slots=True)
class Drill:
    """What a drill came to."""

    backup: str
    checks: list[Check] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether all of it holds."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs and XCom."""
        checks = [{"check": check.name, "ok": check.ok, "detail": check.detail} for check in self.checks]
        return {
            "verdict": "PASS" if self.ok else "FAILED",
            "backup": self.backup,
            "checks": checks,
            "seconds": self.seconds,
        }


def drill(settings: Settings, clock: Callable[[], datetime]) -> Drill:
    """Run the whole drill in a home of its own, and put its outcome into the real home's ledger.

    Raises:
        TutelaError: a step could not be done at all.
    """
    with _aside(settings, clock()) as (folder, _):
        done = _Play(ground(settings, folder, clock()), clock).play()
    _put_on_record(settings, done, clock())
    return done


def try_newest(settings: Settings, clock: Callable[[], datetime], sample: int = 0) -> Drill:
    """Bring the newest real backup back on a server of its own, removed at the end; the home is only read.

    Args:
        settings: the home's.
        clock: tells the time.
        sample: open one record in so many; 0: all.

    Raises:
        TutelaError: it can't be brought back; the sentence says what is wrong.
    """
    home, started, tried = open_home(settings), time.monotonic(), Probe()

    def look(tx: Tx, slots: Slots) -> None:
        nonlocal tried
        tried = probe.rows(tx, slots, home.custodian, TRIED)

    with _aside(settings, clock()) as (_, server):
        server.ensure_running()
        server.create_login(LOGIN, secrets.token_urlsafe())
        target = Database(server.url(DATABASE), settings.sql)
        tools = restores.restorer(home, settings, target, LOGIN, clock, sample=sample, look=look)
        restored = story.try_out(tools, story.gather(tools))
    done = Drill(restored.sources.manifest.id, seconds={**restored.seconds, "restore": _since(started)})
    opened, said = restored.opened, restored.sources.since
    done.checks = [
        Check("survivors_readable", opened.shut == 0, f"{opened.records} records, {opened.quarantined} quarantined"),
        Check("destroyed_unreadable", tried.opened == 0, f"{tried.targets} records, {tried.tries} keys tried"),
        Check("rows_removed", ok=True, detail=", ".join(f"{count} {what}" for what, count in restored.removed.items())),
        Check("ledger_consistent", ok=True, detail=f"{said.head.size} entries, against the anchors"),
    ]
    home.database.close()
    _put_on_record(settings, done, clock())
    return done


@contextmanager
def _aside(settings: Settings, at: datetime) -> Iterator[tuple[Path, EmbeddedPostgres]]:
    """Lend a folder below the home and a database server in it; both are removed at the end."""
    folder = settings.resolved_home / "drill" / f"{at:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    server = EmbeddedPostgres(folder, bin=settings.pg_bin)
    try:
        yield folder, server
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)


def _put_on_record(settings: Settings, done: Drill, at: datetime) -> None:
    home = open_home(settings)
    checks = {check.name: "PASS" if check.ok else "FAILED" for check in done.checks}
    with home.database.begin(Role.BACKUP) as tx:
        tx.run("lock_writers")
        said = entries.restore_drilled(done.backup, checks, round(done.seconds["restore"] * 1000), at)
        home.ledger.append(tx, [said], at)
    home.anchor()
    home.database.close()


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


class _Play:
    """One drill, act by act."""

    def __init__(self, where: Ground, clock: Callable[[], datetime]) -> None:
        self.where, self.clock, self.settings = where, clock, where.settings
        self.staying, self.due, self.erased = make_up(STAYING), make_up(DUE), make_up(ERASED)
        self.done = Drill("")
        self.kept = self.settings.resolved_home / "kept"
        """What somebody copied before the destruction."""
        self._last = time.monotonic()

    def play(self) -> Drill:
        codes = self._stock()
        self._lap("stock")
        made = backups.create(self.settings, self.clock)
        self.done.backup = made.manifest.id
        shutil.copytree(self._home().snapshots, self.kept)
        self._lap("backup")
        self._destroy(codes)
        self._lap("destroy")
        restored, tried = self._lose_and_restore(made.manifest.id)
        self._lap("restore")
        self._look_at_people(restored, tried)
        self._look_at_evidence()
        self._lap("look")
        self._look_into_files(made)
        self._lap("scan")
        return self.done

    def _home(self) -> Home:
        return open_home(self.settings)

    def _lap(self, name: str) -> None:
        self.done.seconds[name], self._last = _since(self._last), time.monotonic()

    def _check(self, name: str, ok: bool, detail: str) -> None:
        self.done.checks.append(Check(name, ok, detail))

    def _stock(self) -> list[str]:
        at = self.clock()
        init(self.settings, at)
        admin, _ = admin_database(self.settings)
        for name in ("plain_log", "reload_settings"):
            admin.alone(name)
        admin.close()
        home, today = self._home(), day_of(at)
        store(home, self.where, self.staying, today, at)
        store(home, self.where, self.due, long_ago(at), at)
        codes = store(home, self.where, self.erased, today, at)
        home.anchor()
        home.database.close()
        return codes

    def _destroy(self, codes: list[str]) -> None:
        erasure.erase(self.settings, codes, "drill", "drill_steward", self.clock)
        for job in approvals.waiting(self.settings):
            draft = Decision(
                job["job_id"], decision.APPROVED, decision.COMMAND, LEADER, decision.LEADER, job["manifest_hash"],
                self.clock(),
            )  # fmt: skip
            signed = replace(draft, signature=decision.sign(self.where.leader, draft))
            approvals.decide(self.settings, signed, self.clock())
        purged = destruction.purge(self.settings, day_of(self.clock()), self.clock)
        wanted = len(self.due) + len(self.erased)
        ok = (purged.destroyed, purged.verdict) == (wanted, "PASS")
        self._check("destroyed", ok, f"{purged.destroyed} of {wanted} records, verdict {purged.verdict}")

    def _lose_and_restore(self, name: str) -> tuple[Restored, Probe]:
        admin, _ = admin_database(self.settings)
        administration.drop(admin)
        home, tried = self._home(), Probe()

        def look(tx: Tx, slots: Slots) -> None:
            nonlocal tried
            tried = probe.rows(tx, slots, home.custodian, TRIED)

        target, login = admin_database(self.settings)
        tools = restores.restorer(home, self.settings, target, login, self.clock, look=look)
        restored = story.bring_back(tools, story.gather(tools, name))
        home.database.close()
        self._home().anchor()
        return restored, tried

    def _look_at_people(self, restored: Restored, tried: Probe) -> None:
        home, wanted = self._home(), len(self.due) + len(self.erased)
        names = self._names(home)
        put_in = sorted(row["customer_name"] for row in self.staying.rows)
        self._check("survivors_readable", names == put_in, f"{len(names)} of {len(put_in)}, as they were put in")
        shut = tried.targets == wanted and tried.tries > 0 and tried.opened == 0
        self._check(
            "destroyed_unreadable", shut, f"{tried.targets} records, {tried.tries} keys tried, {tried.opened} open"
        )
        (old,) = [snapshot_format.read(path) for path in self.kept.glob("keyring-*.snapshot")]
        copies = probe.old_keyring(old, home.custodian)
        useless = copies.targets > 0 and copies.tries > 0 and copies.opened == 0
        detail = f"{copies.targets} pages kept from before, {copies.tries} keys tried, {copies.opened} open"
        self._check("old_keyring_useless", useless, detail)
        with home.database.begin(Role.VERIFY) as tx:
            left = tx.one("count_restored")
        removed, whole = restored.removed["records"], (STAYING, STAYING, 2 * STAYING)
        ok = removed == wanted and tuple(left) == whole
        self._check(
            "rows_removed", ok, f"{removed} of {wanted}; {left.records} records, {left.indexes} identifiers left"
        )
        home.database.close()

    def _names(self, home: Home) -> list[str]:
        opener, found = Opener(home.custodian, home.policy, home.index_key), Opened()
        with home.database.begin(Role.VERIFY) as tx:
            rows = list(tx.stream("surviving_records", share=0, shares=1, sample=0))
            read = [values["customer_name"] for _, each, _ in opener.opened(tx, rows, found) for values in each]
        return sorted(read)

    def _look_at_evidence(self) -> None:
        home = self._home()
        path = home.folder / "drill-evidence.jsonl"
        size = evidence.export(self.settings, path, "service:drill", self.clock())
        report = verify_file(path, home.public_key, home.anchors)
        self._check("ledger_consistent", report.valid, f"{size} entries, {report.finding.value}")
        issued = sorted((home.folder / "certificates").glob("*.json"))
        valid = [verify_file(found, home.public_key).valid for found in issued]
        self._check("certificates_hold", bool(valid) and all(valid), f"{len(valid)} certificates")
        home.database.close()

    def _look_into_files(self, made: backups.Made) -> None:
        """Read every byte that there is, past the platform: nobody's values may be in it, and the run's name must be."""
        home, folder = self._home(), self.settings.resolved_home
        admin, _ = admin_database(self.settings)
        admin.alone("settle_files")
        admin.close()
        text = folder / "dump.sql"
        pieces = backup.open_dump(made.folder, made.manifest, home.custodian)
        with text.open("wb") as file:
            file.writelines(dump.as_text(backups.backups_of(home, self.clock).programs, pieces))
        home.database.close()
        hits = residual.scan(self._stores(folder, text), _patterns(self.staying, self.due, self.erased))
        self._check("nothing_in_clear", _clean(hits), _told(hits))

    def _stores(self, folder: Path, text: Path) -> dict[str, Store]:
        cluster, run = EmbeddedPostgres(folder, bin=self.settings.pg_bin).data_dir, self.where.run.encode()
        return {
            "dump": Store(text, run),
            "journal": Store(folder / "ledger.jsonl", run),
            "snapshots": Store(self._home().snapshots, self._home().ledger.origin.encode()),
            "wal": Store(cluster / "pg_wal", run),
            "cluster": Store(cluster, run, frozenset({cluster / "pg_wal"})),
            "home": Store(folder, run, frozenset({cluster})),
        }


def _patterns(*people: People) -> dict[str, bytes]:
    patterns: dict[str, bytes] = {}
    for group in people:
        for row in group.rows:
            for name, value in row.items():
                patterns |= residual.spellings(f"{name} {len(patterns)}", value)
                patterns[f"{name} {len(patterns)} (hex)"] = value.encode().hex().encode()
    return patterns


def _clean(hits: Hits) -> bool:
    return hits.complete and hits.total == 0


def _told(hits: Hits) -> str:
    read = sum(hits.bytes.values()) / 1e6
    if hits.unproven or any(hits.unread.values()):
        return f"{hits.total} hits, but {', '.join(hits.unproven) or 'some files'} could not be read"
    return f"{hits.total} hits in {read:.0f} MB: {', '.join(hits.bytes)}; what must be there was found in each"
