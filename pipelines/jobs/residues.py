"""The files of a home and of its database, for a residual scan; and the step that lowers what is left in them."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

from pipelines.errors import DatabaseUnavailable, TutelaError
from pipelines.jobs.home import ORIGIN, admin_database, open_home
from pipelines.retention.residual import Store, scan
from pipelines.settings import Settings
from pipelines.store.database import Role

CATALOG_NAME = b"blind_index_by_subject"
"""A name in the catalogue of every vault: what does not have it is not its cluster."""
PATTERN_BYTES = 48
"""Of a ciphertext: enough that chance does not find it, few enough to lie on one page."""
HIDDEN = Path("/nonexistent")
VACUUM: tuple[LiteralString, ...] = (
    "keep_no_statistics",
    "forget_statistics",
    "vacuum_freed",
    "leave_wal_segment",
    "settle_files",
    "settle_files",
)
REWRITE: tuple[LiteralString, ...] = ("rewrite_freed", *VACUUM)


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


class Watch:
    """Remembers some of what a purge destroys, between its keys' end and its rows', to look for it in the files afterwards."""

    def __init__(self, settings: Settings) -> None:
        """Start with nothing."""
        self._settings = settings
        self._ciphertexts: set[bytes] = set()
        self._digests: set[UUID] = set()

    def step(self, name: str) -> None:
        """Be told that a step was passed."""
        if name != "keys_destroyed":
            return
        home = open_home(self._settings)
        with home.database.begin(Role.VERIFY) as tx:
            self._ciphertexts |= {bytes(row.sealed)[:PATTERN_BYTES] for row in tx.rows("all_samples")}
            self._digests |= {row.digest for row in tx.rows("digests_of_samples")}
        home.database.close()

    def look(self) -> dict[str, Any]:
        """Lower what is left, read all files, and say what was found; ciphertext that is found opens with no key any more."""
        home = open_home(self._settings)
        with home.database.begin(Role.VERIFY) as tx:
            # A subject that another record supports has its identifiers still, and rightly.
            standing = {row.digest for row in tx.rows("digests_standing", digests=list(self._digests))}
        home.database.close()
        patterns = {f"ciphertext {number}": text for number, text in enumerate(sorted(self._ciphertexts))}
        patterns |= {f"digest {number}": digest.bytes for number, digest in enumerate(self._digests - standing)}
        if not patterns:
            return {"patterns": 0, "complete": False, "found": {}}
        # On a server whose administrator this is not, what was freed stays for the server's own housekeeping.
        with suppress(TutelaError):
            lower(self._settings)
        hits = scan(stores(self._settings), patterns)
        found = {
            store: dict(sum((Counter({name.split()[0]: count}) for name, count in names.items()), Counter[str]()))
            for store, names in hits.found.items()
        }
        read = {"bytes": sum(hits.bytes.values()), "seconds": round(hits.seconds, 1)}
        return {"patterns": len(patterns), "complete": hits.complete, "found": found, **read}


def lower(settings: Settings, *, rewrite: bool = False) -> None:
    """Lower what is left of removed rows in the cluster's files; what stays is counted by scanning again.

    Statistics that the planner should not have are forgotten. A vacuum gives freed space free to be used again, but
    overwrites nothing. ``rewrite`` writes the small tables anew and drops their old files: keyed hashes, quarantine,
    keyring pages, samples. It locks each while it does.

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
