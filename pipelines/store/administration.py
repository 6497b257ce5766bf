"""Databases of a server: made, renamed, dropped, by an administrator's login. Not for what is in them.

A restore works in a database of another name and renames it when it is whole, so that nobody meets a half-restored one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from pipelines.errors import PlatformError
from pipelines.store.database import Database, Role

MAINTENANCE = "postgres"
"""The database that every server has, to connect to while another is made."""


def beside(database: Database, name: str) -> Database:
    """Name another database of the same server."""
    return Database(database.url.set(database=name).render_as_string(hide_password=False), database.sql)


def is_empty(database: Database) -> bool:
    """Tell whether a database does not exist, or has nothing in it.

    Raises:
        DatabaseUnavailable: the server does not answer.
    """
    if not exists(database):
        return True
    with database.driver() as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
        ).fetchone()
    return found is not None and found[0] == 0


def exists(database: Database) -> bool:
    """Tell whether the server has this database.

    Raises:
        DatabaseUnavailable: the server does not answer.
    """
    with _server(database) as connection:
        name = database.url.database
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def make(database: Database) -> None:
    """Make an empty database; one of this name that a killed restore left is dropped first.

    Raises:
        PlatformError: the login may not make databases.
    """
    drop(database)
    with _server(database) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0")
        try:
            connection.execute(statement.format(sql.Identifier(str(database.url.database))))
        except psycopg.errors.InsufficientPrivilege:
            raise PlatformError(
                "The administrator's login may not make databases; name one that may by TUTELA_DATABASE_ADMIN_URL."
            ) from None


def drop(database: Database) -> None:
    """Drop a database, with whoever is connected to it; one that does not exist is no error."""
    database.close()
    with _server(database) as connection:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(statement.format(sql.Identifier(str(database.url.database))))


def rename(database: Database, name: str) -> None:
    """Give a database its final name; an empty one of that name makes room.

    Raises:
        PlatformError: there is one that is not empty.
    """
    final = beside(database, name)
    if not is_empty(final):
        raise PlatformError(f"The database {name} is not empty; what is in it is not replaced.")
    drop(final)
    database.close()
    with _server(database) as connection:
        words = {"old": sql.Identifier(str(database.url.database)), "new": sql.Identifier(name)}
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database.url.database]
        )
        connection.execute(sql.SQL("ALTER DATABASE {old} RENAME TO {new}").format(**words))


def make_roles(database: Database) -> None:
    """Make the platform's roles where the server does not have them: a dump grants to them and does not hold them."""
    with _server(database) as connection:
        for role in Role:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role.value]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOINHERIT").format(sql.Identifier(role.value)))


@contextmanager
def _server(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with beside(database, MAINTENANCE).driver() as connection:
        yield connection
