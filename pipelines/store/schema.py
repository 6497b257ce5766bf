"""Make the database from ``sql/schema`` and bring an older one up by ``sql/migrations``.

``schema/`` is the truth about a new database; ``migrations/`` leads an older one to the same place, and a test proves
that both give the same database. Names: ``00.01.00_01_pre_what.sql`` (version, serial, pre or post deployment).
"""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import DatabaseUnavailable, PlatformError, TutelaError
from pipelines.store.database import Database, Role


def create(database: Database) -> bool:
    """Create the schema in an empty database, in one transaction; False when it is there already.

    Raises:
        DatabaseUnavailable: the server does not answer.
    """
    with database.begin(None) as tx:
        if tx.scalar("schema_exists"):
            return False
    scripts = [path.read_text(encoding="utf-8") for path in sorted((database.sql / "schema").glob("*.sql"))]
    with database.driver() as connection, connection.transaction():
        for script in scripts:
            connection.execute(script.encode())
        for path in migrations(database.sql):
            connection.execute(b"INSERT INTO tutela.migration VALUES (%s, now())", [path.stem])
    return True


def migrate(database: Database) -> list[str]:
    """Apply the migrations that this database has not seen, each in its own transaction; return their names."""
    done: list[str] = []
    with database.begin(None) as tx:
        seen = {row.name for row in tx.rows("migrations_seen")} if tx.scalar("schema_exists") else set()
    for path in migrations(database.sql):
        if path.stem in seen:
            continue
        with database.driver() as connection, connection.transaction():
            connection.execute(path.read_bytes())
            connection.execute(b"INSERT INTO tutela.migration VALUES (%s, now())", [path.stem])
        done.append(path.stem)
    return done


def migrations(sql: Path) -> list[Path]:
    """List the migration scripts in order."""
    return sorted((sql / "migrations").glob("*.sql"))


def grant_roles(database: Database, login: str) -> None:
    """Let the platform's login take each role, without inheriting any.

    Raises:
        PlatformError: the administrator's login may not grant roles.
    """
    try:
        with database.driver() as connection:
            for role in Role:
                connection.execute(f'GRANT {role.value} TO "{login}" WITH INHERIT FALSE, SET TRUE'.encode())
    except DatabaseUnavailable:
        raise
    except TutelaError:
        raise PlatformError(
            f"The database login may not grant roles to {login}; run `tutela init` with TUTELA_DATABASE_ADMIN_URL."
        ) from None
