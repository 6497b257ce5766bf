"""A run's beginning and end: its staging folder, its key in the KMS, and what lies in the landing folder.

All of it is in the register of derivatives before it is made. Whatever a kill leaves behind, the sweep ends: it finds a
run by its row, its folder, or both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pipelines.errors import DatabaseUnavailable
from pipelines.jobs.home import Home, open_home
from pipelines.jobs.register import landing_places, register_of
from pipelines.policy import Kind
from pipelines.retention import derivatives, wiping
from pipelines.retention.derivatives import Copy
from pipelines.settings import Settings
from pipelines.store.database import Role
from pipelines.store.staging import Staging

ORPHAN_SECONDS = 48 * 3600
"""A staging folder this old belongs to no run that still goes on."""


def begin(home: Home, plan: str, run: str, files: Sequence[Path], at: datetime) -> Staging:
    """Register what a run makes and what it finds in the landing folder; then make its folder and its key.

    Raises:
        StorageFull, KeyUnavailable, DatabaseUnavailable: it can't begin; the sweep removes what there is of it.
    """
    staging, tools = staging_of(home, run), register_of(home)
    copies = [Copy(Kind.STAGING, _place(run), run, kms_key=run_key(run), plans=[plan])]
    copies += [Copy(Kind.LANDING_FILE, place, run, plans=[plan]) for place in landing_places(home, plan, files)]
    with home.database.begin(Role.INGEST) as tx:
        for copy in copies:
            derivatives.register(tools, tx, copy, at)
    # The folder before its key: by the folder the sweep finds what a kill left behind.
    staging.begin()
    home.kms.create(run_key(run))
    return staging


def end(settings: Settings, run: str, at: datetime) -> None:
    """Destroy the run's key and remove its staging files; for every end of a run, also a failed one."""
    home = open_home(settings)
    home.kms.destroy(run_key(run))
    staging_of(home, run).remove()
    # A database that went away must not hide why the run failed; the sweep notes it later.
    with suppress(DatabaseUnavailable), home.database.begin(Role.INGEST) as tx:
        derivatives.removed(tx, Kind.STAGING, [_place(run)], run, at)
    home.database.close()


def sweep(settings: Settings, now: Callable[[], float] = time.time) -> int:
    """End the runs that a kill left behind; return how many."""
    folder, home = settings.resolved_home / "staging", open_home(settings)
    since = {path.name: path.stat().st_mtime for path in folder.glob("*")}
    with home.database.begin(Role.INGEST) as tx:
        for row in tx.rows("present_of_kind", kind=Kind.STAGING):
            since.setdefault(Path(row.place).name, row.made_at.timestamp())
    home.database.close()
    orphans = [name for name, began in since.items() if _orphaned(name, began, now())]
    for run in orphans:
        end(settings, run, datetime.fromtimestamp(now(), UTC))
    return len(orphans)


def remove_landed(settings: Settings, plan: str, names: Iterable[str], run: str, at: datetime) -> None:
    """Overwrite and remove what lay in a plan's landing folder and is in the vault now.

    Raises:
        TutelaError: a file can't be removed.
    """
    home = open_home(settings)
    places = [f"landing/{plan}/{name}" for name in names]
    for place in places:
        wiping.wipe(home.folder / place)
    if places:
        with home.database.begin(Role.INGEST) as tx:
            derivatives.removed(tx, Kind.LANDING_FILE, places, run, at)
    home.database.close()


def run_key(run: str) -> str:
    """Name the run's key in the KMS."""
    return "run-" + "".join(letter if letter.isalnum() else "_" for letter in run)


def staging_of(home: Home, run: str) -> Staging:
    """Open the staging folder of a run."""
    return Staging(home.folder / _place(run), run_key(run), home.kms.wrap, home.kms.unwrap)


def _place(run: str) -> str:
    return "staging/" + run_key(run).removeprefix("run-")


def _orphaned(name: str, since: float, now: float) -> bool:
    parts = name.split("_")
    if parts[0] == "cli" and len(parts) == 4 and not Path(f"/proc/{parts[2].removeprefix('p')}").exists():
        return True
    return now - since > ORPHAN_SECONDS
