"""The files of a home and of its database, for a residual scan; and the step that lowers what is left in them."""

from __future__ import annotations

from pathlib import Path
from typing import LiteralString

from pipelines.errors import DatabaseUnavailable, TutelaError
from pipelines.jobs.home import ORIGIN, admin_database, open_home
from pipelines.retention.residual import Store
from pipelines.settings import Settings

CATALOG_NAME = b"blind_index_by_subject"
"""A name in the catalogue of every vault: what does not have it is not its cluster."""
HIDDEN = Path("/nonexistent")
VACUUM: tuple[LiteralString, ...] = ("vacuum_freed", "leave_wal_segment", "settle_files", "settle_files")
REWRITE: tuple[LiteralString, ...] = (
    "vacuum_freed",
    "rewrite_freed",
    "leave_wal_segment",
    "settle_files",
    "settle_files",
)


def stores(settings: Settings) -> dict[str, Store]:
    """Name the files to be read, after all that is in memory went to them.

    A server on another machine, or whose folder this account may not read, is a store whose control will not be found:
    the scan is then incomplete, and says so.
    """
    home = open_home(settings)
    home.database.close()
    cluster = _cluster(settings)
    origin = (home.folder / "keys" / ORIGIN).read_bytes().strip()
    return {
        "cluster": Store(cluster, CATALOG_NAME),
        "home": Store(home.folder, origin, frozenset({cluster})),
    }


def lower(settings: Settings, *, rewrite: bool = False) -> None:
    """Lower what is left of removed rows in the cluster's files; what stays is counted by scanning again.

    A vacuum gives freed space free to be used again, but overwrites nothing. ``rewrite`` writes the small tables anew
    and drops their old files: keyed hashes, quarantine, keyring pages, samples. It locks each while it does.

    Raises:
        TutelaError: the administrator's login may not do that; nothing was changed.
        DatabaseUnavailable: the server does not answer.
    """
    for name in REWRITE if rewrite else VACUUM:
        _as_administrator(settings, name)


def _cluster(settings: Settings) -> Path:
    try:
        _as_administrator(settings, "settle_files")
        found = Path(_as_administrator(settings, "cluster_folder"))
        return found if found.is_dir() else HIDDEN
    except DatabaseUnavailable:
        raise
    except (TutelaError, OSError):
        return HIDDEN


def _as_administrator(settings: Settings, name: LiteralString) -> str:
    """Do what no transaction may hold; return what it says, if anything."""
    database, _ = admin_database(settings)
    try:
        return database.alone(name)
    finally:
        database.close()
