"""Bring a backup back, for the CLI and the drill: into the database that the settings name, or into another one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from pipelines.custody import Custodian
from pipelines.errors import PlatformError, TutelaError
from pipelines.jobs.backups import Step, backups_of, describe
from pipelines.jobs.home import INDEX_KEY, Home, admin_database, open_home
from pipelines.jobs.workers import end_with_parent
from pipelines.policy import load_policy
from pipelines.retention import restore as story
from pipelines.retention.put_back import Slots
from pipelines.retention.restore import Restored, Restorer
from pipelines.retention.survivors import Opened, Opener
from pipelines.seal.kms import open_kms
from pipelines.settings import Settings
from pipelines.store import administration
from pipelines.store.database import Database, Tx

Look = Callable[[Tx, Slots], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What a restore came to."""

    restored: Restored

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        found, sources = self.restored, self.restored.sources
        return {
            "restore": found.id,
            "backup": describe(sources.manifest),
            "entries": sources.since.head.size,
            "removed": found.removed,
            "survivors": found.opened.records,
            "quarantined": found.opened.quarantined,
            "indexed": found.opened.indexed,
            "not_indexed": dict(found.opened.unplanned),
            "under_way": found.under_way,
            "lost": sources.after.lost(),
            "lost_holds": sorted(sources.after.holds),
            "lost_destructions": list(found.lost_jobs),
            "deliver_again": [
                {"plan": plan, "delivery": delivery, "records": records}
                for (plan, delivery), records in sorted(sources.after.deliveries.items())
            ],
            "seconds": found.seconds,
        }


def restore(
    settings: Settings,
    clock: Callable[[], datetime],
    chosen: str | None = None,
    *,
    snapshot: Path | None = None,
    database_url: str | None = None,
    abandon: bool = False,
    step: Step = lambda _: None,
) -> Result:
    """Bring a backup back and go on with it.

    Args:
        settings: the home's, where keys, journal and anchors are, and which name backups, snapshots and database.
        clock: tells the time.
        chosen: a backup's name, or its folder; None: the newest.
        snapshot: a keyring snapshot from elsewhere; None: the newest of the settings' folder.
        database_url: another database than the settings name.
        abandon: the home's present database answers and is given up all the same.
        step: told the name of each point passed.

    Raises:
        PlatformError: the database to restore into is not empty, or the present one is alive.
        EvidenceInvalid, KeyUnavailable, StorageFull, DatabaseUnavailable: as `pipelines.retention.restore`.
    """
    home = open_home(settings)
    goal = settings
    if database_url is not None:
        goal = settings.model_copy(update={"database_url": SecretStr(database_url)})
    target, login = admin_database(goal)
    _require_empty(target)
    if goal is not settings:
        _require_given_up(home, abandon=abandon)
    tools = restorer(home, goal, target, login, clock, step)
    done = story.bring_back(tools, story.gather(tools, chosen, snapshot))
    home.database.close()
    opened = open_home(goal)
    opened.anchor()
    opened.database.close()
    return Result(done)


def restorer(
    home: Home,
    goal: Settings,
    target: Database,
    login: str,
    clock: Callable[[], datetime],
    step: Step = lambda _: None,
    *,
    sample: int = 0,
    look: Look = lambda _tx, _slots: None,
) -> Restorer:
    """Put together what a restore works with; ``sample``: open one record in so many, and build no indexes."""
    return Restorer(
        backups=backups_of(home, clock, step),
        anchors=home.anchors,
        target=target,
        login=login,
        open_all=lambda database: open_all(goal, database, sample),
        look=look,
    )


def open_all(settings: Settings, database: Database, sample: int = 0) -> Opened:
    """Open every survivor, in as many processes as the settings allow."""
    url = database.url.render_as_string(hide_password=False)
    shares = max(1, settings.workers)
    if shares == 1:
        return open_share(settings, url, 0, 1, sample)
    with ProcessPoolExecutor(shares, get_context("fork"), end_with_parent) as pool:
        futures = [pool.submit(open_share, settings, url, share, shares, sample) for share in range(shares)]
        return sum((future.result() for future in futures), Opened())


def open_share(settings: Settings, url: str, share: int, shares: int, sample: int) -> Opened:
    """Open one share; each process has its own connections to database and key-management provider."""
    home = settings.resolved_home
    custodian = Custodian(open_kms(settings.kms, home), secrets.token_bytes)
    opener = Opener(custodian, load_policy(settings.policy), (home / "keys" / INDEX_KEY).read_bytes())
    database = Database(url, settings.sql)
    try:
        with database.begin(None) as tx:
            return opener.share(tx, share, shares, sample)
    finally:
        database.close()


# --- where to ----------------------------------------------------------------------------------------------------


def _require_empty(target: Database) -> None:
    if not administration.is_empty(target):
        raise PlatformError(
            f"The database {target.url.database} holds something; a restore replaces nothing. Rename or drop it, or restore into another one (--database-url)."
        )


def _require_given_up(home: Home, *, abandon: bool) -> None:
    """Two databases that go on under one name would be two ledgers; whoever has both could show either."""
    if abandon:
        return
    try:
        alive = not administration.is_empty(home.database)
    except TutelaError:
        return
    if alive:
        raise PlatformError(
            "The home's present database answers; a second one would make two ledgers under one name. Stop it, or say --abandon; to try a backup out, use `tutela backup drill --live`."
        )
