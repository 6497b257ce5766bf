"""Connections, transactions under a role, statements by name. The only file that names the driver.

A transaction is opened for one role (``SET LOCAL ROLE``), so a mistake in a query can do no more than that role may.
Errors of the driver never leave this module: their texts can hold values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from pipelines.errors import DatabaseUnavailable, StorageFull, TutelaError
from pipelines.store import queries

_DISK_FULL = {"53100", "53000", "58030"}
_GONE = {"57P01", "57P02", "57P03", "08000", "08003", "08006", "08001"}
_COPY_BYTES = 1 << 20


class Role(StrEnum):
    """What a transaction may do; see sql/schema/00_roles.sql."""

    INGEST = "tutela_ingest"
    DESTROY = "tutela_destroy"
    VERIFY = "tutela_verify"
    CONSENT = "tutela_consent"
    AUDIT = "tutela_audit"
    BACKUP = "tutela_backup"
    CLASSIFY = "tutela_classify"
    STEWARD = "tutela_steward"
    REVIEW = "tutela_review"


class Tx:
    """One open transaction; statements by name only."""

    def __init__(self, connection: Connection, statements: dict[str, str]) -> None:
        """Wrap an open connection."""
        self._connection = connection
        self._statements = statements

    def become(self, role: Role) -> None:
        """Go on under another role: where two offices have a part in one transaction, each has its own rights."""
        self._connection.exec_driver_sql(f"SET LOCAL ROLE {role.value}")

    def run(self, name: LiteralString, **parameters: object) -> int:
        """Execute a statement and return how many rows it touched."""
        return self._connection.execute(text(self._statements[name]), parameters).rowcount

    def run_many(self, name: LiteralString, parameters: Sequence[dict[str, object]]) -> None:
        """Execute a statement once for each of a few parameter sets."""
        if parameters:
            self._connection.execute(text(self._statements[name]), parameters)

    def rows(self, name: LiteralString, **parameters: object) -> list[Any]:
        """Return all rows as named tuples."""
        return list(self._connection.execute(text(self._statements[name]), parameters))

    def one(self, name: LiteralString, **parameters: object) -> Any:
        """Return the first row, or None."""
        return self._connection.execute(text(self._statements[name]), parameters).first()

    def scalar(self, name: LiteralString, **parameters: object) -> Any:
        """Return the first column of the first row, or None."""
        return self._connection.execute(text(self._statements[name]), parameters).scalar()

    def stream(self, name: LiteralString, fetch: int = 10_000, **parameters: object) -> Iterator[Any]:
        """Yield rows with memory flat in their number."""
        options = {"yield_per": fetch}
        yield from self._connection.execute(text(self._statements[name]), parameters, execution_options=options)

    def copy_binary(self, name: LiteralString, pieces: Iterable[bytes]) -> None:
        """Feed a binary COPY (name of a ``COPY … FROM STDIN (FORMAT binary)`` statement) from ready-made bytes."""
        with self._cursor() as cursor, cursor.copy(self._statements[name].encode()) as copy:
            for piece in pieces:
                for start in range(0, len(piece), _COPY_BYTES):
                    copy.write(piece[start : start + _COPY_BYTES])

    def copy_rows(self, name: LiteralString, types: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Feed a binary COPY from tuples whose column types are named."""
        with self._cursor() as cursor, cursor.copy(self._statements[name].encode()) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)

    def copy_out(self, name: LiteralString) -> Iterator[bytes]:
        """Yield the blocks of a binary COPY (name of a ``COPY … TO STDOUT (FORMAT binary)`` statement)."""
        with self._cursor() as cursor, cursor.copy(self._statements[name].encode()) as copy:
            for block in copy:
                yield bytes(block)

    def _cursor(self) -> psycopg.Cursor[Any]:
        cursor: psycopg.Cursor[Any] = self._connection.connection.cursor()  # type: ignore[assignment]
        return cursor


class Database:
    """A PostgreSQL database, opened lazily; cheap to make, safe to make again after a fork."""

    def __init__(self, url: str, sql: Path) -> None:
        """Name the database by URL and the folder of the SQL files."""
        self.url: URL = make_url(url).set(drivername="postgresql+psycopg")
        self.sql = sql
        self._engine: Engine = create_engine(
            self.url, hide_parameters=True, pool_size=2, pool_pre_ping=True, connect_args={"connect_timeout": 10}
        )

    @contextmanager
    def begin(self, role: Role | None) -> Iterator[Tx]:
        """Open a transaction under a role (None: the login itself, for schema work); commit at the end or nothing.

        Raises:
            DatabaseUnavailable: the server does not answer or went away; the transaction did not happen.
            StorageFull: the server's disk is full; the transaction did not happen.
            TutelaError: the server refused a statement (its SQLSTATE is given, never its values).
        """
        try:
            with self._engine.begin() as connection:
                if role is not None:
                    connection.exec_driver_sql(f"SET LOCAL ROLE {role.value}")
                yield Tx(connection, queries.load(self.sql / "queries"))
        except (SQLAlchemyError, psycopg.Error) as exc:
            raise self._translate(exc) from None

    @contextmanager
    def driver(self) -> Iterator[psycopg.Connection[Any]]:
        """Give the driver's own autocommit connection, for schema scripts of many statements."""
        url = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
                yield connection
        except psycopg.Error as exc:
            raise self._translate(exc) from None

    def alone(self, name: LiteralString) -> str:
        """Run one statement that no transaction may hold, by its name; return the first column of its answer, if any.

        Raises:
            DatabaseUnavailable, StorageFull, TutelaError: as :meth:`begin`.
        """
        with self.driver() as connection:
            cursor = connection.execute(queries.load(self.sql / "queries")[name].encode())
            row = cursor.fetchone() if cursor.description else None
        return str(row[0]) if row else ""

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _translate(self, exc: Exception) -> TutelaError:
        original = exc.orig if isinstance(exc, DBAPIError) else exc
        state = getattr(original, "sqlstate", None) or ""
        where = f"{self.url.host}:{self.url.port}/{self.url.database}"
        if state in _DISK_FULL:
            return StorageFull(
                "The disk of the database is full; free some room and run the same command again. Nothing was half-written."
            )
        if state in _GONE or (not state and isinstance(exc, (OperationalError, psycopg.OperationalError))):
            return DatabaseUnavailable(
                f"The database at {where} does not answer; `tutela status` tells whether it runs. The same command can be run again."
            )
        if state.startswith("28"):
            return DatabaseUnavailable(
                f"The database at {where} refused the login; check the password in the secrets folder or TUTELA_DATABASE_URL."
            )
        message = f"The database refused a statement (SQLSTATE {state or 'unknown'}, {type(original).__name__}); nothing of it was stored."
        return TutelaError(message)
