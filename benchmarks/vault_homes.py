"""Keep filled vaults for benchmarks: each is filled once, and every run gets a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from pydantic import SecretStr

from benchmarks.vault_filler import AT, Layout, fill, write_policy
from pipelines import jobs
from pipelines.platform.postgres import EmbeddedPostgres
from pipelines.settings import CHECKOUT, Settings

LOGIN, PASSWORD = "bench", "of-a-throw-away-database"
STAMP = "schema.sha256"


class VaultHomes:
    """One server and the homes whose databases are in it."""

    def __init__(self, folder: Path, workers: int) -> None:
        """Start the server, made first where it does not exist."""
        self.folder, self._workers = folder, workers
        self.server = EmbeddedPostgres(folder / "server")
        self.server.ensure_running()
        self.server.create_login(LOGIN, PASSWORD)

    def template(self, layout: Layout, tick: Callable[[int], None] = lambda _: None) -> bool:
        """Fill a vault unless it is there; tell whether it was filled now.

        One that was filled under another schema is filled anew: a migrated one is no measure, its rows lie there twice.
        """
        stamp = _schema_stamp()
        if self._exists(layout.name, stamp):
            return False
        self._forget(layout.name)
        draft = f"draft_{layout.name}"
        self._forget(draft)
        settings = self._settings(draft, layout)
        self._admin("CREATE DATABASE {}", draft)
        jobs.init(settings, AT)
        fill(settings, layout, tick)
        with self.connect(draft) as connection:
            # As nightly upkeep leaves it: visibility known, statistics there, nothing left to write.
            connection.execute("VACUUM (ANALYZE)")
        (self.folder / draft / STAMP).write_text(stamp, "ascii")
        (self.folder / draft).rename(self.folder / layout.name)
        self._end_sessions(draft)
        self._admin("ALTER DATABASE {} RENAME TO {}", draft, layout.name)
        self._admin("CHECKPOINT")
        return True

    @contextmanager
    def copy(self, layout: Layout) -> Iterator[Settings]:
        """Give a run a home of its own, under the policy of today."""
        name = f"run_{layout.name}"
        self._forget(name)
        self._end_sessions(layout.name)
        self._admin("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, layout.name)
        shutil.copytree(self.folder / layout.name, self.folder / name)
        settings = self._settings(name, layout)
        jobs.init(settings, AT)
        self._admin("CHECKPOINT")
        try:
            yield settings
        finally:
            self._forget(name)

    def lose(self, settings: Settings) -> None:
        """Lose the database of a run, for good."""
        self._admin("DROP DATABASE {} WITH (FORCE)", settings.home.name)

    @contextmanager
    def connect(self, name: str) -> Iterator[psycopg.Connection[Any]]:
        """Open the superuser's connection to a database."""
        with psycopg.connect(self.server.url(name), autocommit=True) as connection:
            yield connection

    def remove(self) -> None:
        """Stop the server and delete what was made here, and nothing else that may lie in the folder."""
        with self.connect("postgres") as connection:
            names = [name for (name,) in connection.execute("SELECT datname FROM pg_database")]
        self.server.remove()
        for name in (*names, "policy", "server"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        with suppress(OSError):
            self.folder.rmdir()

    def _settings(self, name: str, layout: Layout) -> Settings:
        return Settings(
            home=self.folder / name,
            policy=write_policy(self.folder / "policy" / name, layout.plans),
            database_url=SecretStr(self.server.url(name, LOGIN, PASSWORD)),
            database_admin_url=SecretStr(self.server.url(name)),
            workers=self._workers,
        )

    def _exists(self, name: str, stamp: str) -> bool:
        with self.connect("postgres") as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            path = self.folder / name / STAMP
            return bool(found.rowcount) and path.exists() and path.read_text("ascii") == stamp

    def _forget(self, name: str) -> None:
        self._admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def _end_sessions(self, name: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

    def _admin(self, statement: LiteralString, *names: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _schema_stamp() -> str:
    scripts = sorted((CHECKOUT / "sql" / "schema").glob("*.sql"))
    return sha256(b"".join(path.read_bytes() for path in scripts)).hexdigest()
