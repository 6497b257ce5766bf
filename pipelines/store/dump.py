"""Dumps of a database by PostgreSQL's own programs, as streams of bytes. Not for what is done with them.

What a dump leaves out: the keyring, which is kept apart, and blind indexes, which are built again. What the programs say
is only compared with known phrases, never shown: it can quote rows.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from pipelines.errors import DatabaseUnavailable, PlatformError, StorageFull, TutelaError
from pipelines.store.database import Database, Role

LEFT_OUT = ("keyring.page", "vault.blind_index")
"""Tables whose rows are in no dump."""
_PIECE = 1 << 20


def dump(database: Database, programs: Path, moment: str) -> Iterator[bytes]:
    """Yield a dump in PostgreSQL's custom format, of the moment that a transaction exported.

    Raises:
        DatabaseUnavailable: the server does not answer.
        PlatformError: the programs are older than the server.
        TutelaError: the dump failed; what was yielded may not be used.
    """
    options = ["--format=custom", "--compress=1", f"--snapshot={moment}", f"--role={Role.BACKUP.value}"]
    options += [f"--exclude-table-data={table}" for table in LEFT_OUT]
    with tempfile.TemporaryFile() as said:
        with _started(database, programs / "pg_dump", options, said, stdout=subprocess.PIPE) as process:
            stdout: IO[bytes] = process.stdout  # type: ignore[assignment]
            while piece := stdout.read(_PIECE):
                yield piece
        if process.returncode:
            raise _explain(said, database, "The dump of the database failed")


def restore(database: Database, programs: Path, pieces: Iterable[bytes]) -> None:
    """Put a dump into an empty database; its objects belong to the login that restores.

    Raises:
        DatabaseUnavailable: the server does not answer.
        StorageFull: the server has no room.
        TutelaError: the dump can't be restored; the database is of no use.
    """
    options = ["--no-owner", "--exit-on-error"]
    with tempfile.TemporaryFile() as said:
        with _started(database, programs / "pg_restore", options, said, stdin=subprocess.PIPE) as process:
            stdin: IO[bytes] = process.stdin  # type: ignore[assignment]
            # When it ends early it says why; what can't be written to it any more does not matter.
            with suppress(BrokenPipeError):
                for piece in pieces:
                    stdin.write(piece)
            with suppress(BrokenPipeError):
                stdin.close()
        if process.returncode:
            raise _explain(said, database, "The dump could not be restored")


def as_text(programs: Path, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the statements and rows of a dump in clear text, without a server: for looking at what is in it.

    Raises:
        TutelaError: it can't be read.
    """
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as said:
        for piece in pieces:
            source.write(piece)
        source.seek(0)
        command = [str(programs / "pg_restore"), "--file=-"]
        with subprocess.Popen(
            command, stdin=source, stdout=subprocess.PIPE, stderr=said, env=_environment("")
        ) as process:
            stdout: IO[bytes] = process.stdout  # type: ignore[assignment]  # piped, so it is there
            while piece := stdout.read(_PIECE):
                yield piece
        if process.returncode:
            raise TutelaError("The dump can't be read.")


def _started(
    database: Database,
    program: Path,
    options: list[str],
    said: IO[bytes],
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    url = database.url.set(drivername="postgresql")
    address = url.set(password=None).render_as_string(hide_password=False)
    command = [str(program), *options, "--no-password", f"--dbname={address}"]
    try:
        return subprocess.Popen(
            command, stdin=stdin, stdout=stdout, stderr=said, env=_environment(str(url.password or ""))
        )
    except OSError:
        raise PlatformError(f"{program} can't be run; check TUTELA_PG_BIN, or install the project again.") from None


def _environment(password: str) -> dict[str, str]:
    # The password by the environment, which no other account can read; arguments anyone can.
    return {"PATH": os.defpath, "LC_ALL": "C", "PGCONNECT_TIMEOUT": "10", "PGPASSWORD": password}


def _explain(said: IO[bytes], database: Database, failed: str) -> TutelaError:
    said.seek(0)
    text = said.read().decode("utf-8", "replace")
    if "No space left on device" in text or "could not extend file" in text:
        return StorageFull(f"{failed}: the disk is full; free some room and run the same command again.")
    if "server version mismatch" in text:
        return PlatformError(
            f"{failed}: PostgreSQL's programs are older than the server; name newer ones by TUTELA_PG_BIN."
        )
    if "connection to server" in text or "server closed the connection" in text:
        where = f"{database.url.host}:{database.url.port}/{database.url.database}"
        return DatabaseUnavailable(f"{failed}: the database at {where} does not answer; run the same command again.")
    if "permission denied" in text:
        return TutelaError(f"{failed}: the login lacks a right; run `tutela init` again, which grants it.")
    return TutelaError(f"{failed}; nothing of it is used.")
