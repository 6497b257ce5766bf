"""Embedded PostgreSQL: a real server from the wheel's programs, one for each home. Not for its schemas or its rows.

Only ``initdb`` and ``pg_ctl`` of the wheel are used. Everybody needs a password (SCRAM), nothing but 127.0.0.1 and a
socket in a private folder listens, pages have checksums, and no statement or value reaches the server's log.
"""

from __future__ import annotations

import os
import secrets as randomness
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg import sql

from pipelines.errors import DatabaseUnavailable, PlatformError, StorageFull
from pipelines.platform import cluster_settings
from pipelines.platform.folders import State, home_folder, locked, storage, write_whole
from pipelines.platform.hosting import Account, account_of, passwd_account, place_of, programs, within_reach
from pipelines.platform.ports import LOOPBACK, free_port
from pipelines.platform.secrets import Secrets

SUPERUSER = "postgres"
START_SECONDS = 300  # after a crash the log since the last checkpoint is replayed first
STOP_SECONDS = 60
STARTS = 4
ORPHAN_SECONDS = 3.0
LOG_LIMIT = 8 * 1024 * 1024
NO_SUCH_PROCESS = 2**30
"""A process number beyond what any kernel gives out."""


class EmbeddedPostgres:
    """The PostgreSQL server of one home."""

    def __init__(self, home: Path, *, bin: Path | None = None) -> None:  # noqa: A002  # the setting's name
        """Name the home, and PostgreSQL's programs if not the wheel's; nothing is created or started yet."""
        self.home = home.expanduser().resolve()
        self._chosen = bin
        self._state = State(self.home, "postgres")
        self._secrets = Secrets(self.home)

    @property
    def place(self) -> Path:
        """The folder of all its files; in the home, unless root has to put it elsewhere."""
        return Path(str(self._state.get("place") or self.home / "postgres"))

    @property
    def data_dir(self) -> Path:
        """The cluster."""
        return self.place / "data"

    @property
    def log_path(self) -> Path:
        """The server's log; it holds no statements and no values."""
        return self.place / "server.log"

    @property
    def port(self) -> int:
        """The port on 127.0.0.1.

        Raises:
            DatabaseUnavailable: the server was never started in this home.
        """
        port = self._state.get("port")
        if not port:
            raise DatabaseUnavailable(f"The database of {self.home} was never started; run `tutela init`.")
        return int(port)

    def url(self, database: str, user: str | None = None, password: str | None = None) -> str:
        """Give the address of a database, password included: never log or show it; the superuser's by default.

        Raises:
            DatabaseUnavailable: the server was never started in this home.
            PlatformError: the superuser's password can't be read.
        """
        name = user or SUPERUSER
        word = self._secrets.get(SUPERUSER) if password is None and name == SUPERUSER else password
        login = quote(name, safe="") + (f":{quote(word, safe='')}" if word is not None else "")
        return f"postgresql://{login}@{LOOPBACK}:{self.port}/{quote(database, safe='')}"

    def running(self) -> bool:
        """Tell whether the server of this home runs and takes connections."""
        lines = self._postmaster_lines()
        return self._postmaster(lines) is not None and len(lines) > 7 and lines[7].strip() == "ready"

    @property
    def pid(self) -> int | None:
        """The server's process number, where it runs."""
        process = self._postmaster(self._postmaster_lines())
        return process.pid if process else None

    def ensure_running(self) -> None:
        """Start the server, made first where it does not exist; nothing happens where it runs.

        Raises:
            DatabaseUnavailable: it does not start.
            PlatformError: its account, folder or programs are not usable.
            StorageFull: there is no room.
        """
        if self.running():
            return
        with locked(self.home, "postgres"), storage(self.home):
            if self.running():
                return
            found = programs(self._chosen)
            place = place_of(home_folder(self.home), self._state)
            account = account_of(place / "data", self.home)
            folder = within_reach(found, account)
            self._create(account, folder)
            self._start(account, folder)

    def stop(self) -> None:
        """Stop the server, ending open connections; nothing happens where it does not run.

        Raises:
            PlatformError: it can't be stopped.
        """
        with locked(self.home, "postgres"):
            process = self._postmaster(self._postmaster_lines())
            if process is None:
                return
            # The documented signals of the postmaster: fast shutdown, then immediate (recovers at the next start).
            for number in (signal.SIGINT, signal.SIGQUIT):
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
                if _ended(process, STOP_SECONDS):
                    return
        raise PlatformError(f"PostgreSQL (process {process.pid}) does not stop; look at {self.log_path}.")

    def remove(self) -> None:
        """Stop the server and delete its cluster with everything in it, for good; for tests and `make clean`.

        Raises:
            PlatformError: it can't be stopped or deleted.
        """
        self.stop()
        with storage(self.place):
            if self.place.exists():
                shutil.rmtree(self.place)
        self._state.forget()

    def create_database(self, name: str, owner: str | None = None) -> None:
        """Create a database unless it exists; with an owner, nobody else but the superuser may connect to it.

        Raises:
            DatabaseUnavailable: the server does not answer or refuses.
        """
        with self._superuser() as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                with suppress(psycopg.errors.DuplicateDatabase):
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            if owner:
                words = {"name": sql.Identifier(name), "owner": sql.Identifier(owner)}
                connection.execute(sql.SQL("ALTER DATABASE {name} OWNER TO {owner}").format(**words))
                connection.execute(sql.SQL("REVOKE ALL ON DATABASE {name} FROM PUBLIC").format(**words))

    def create_login(self, name: str, password: str) -> None:
        """Create a role that may log in with this password; where the role exists, set its password.

        Raises:
            DatabaseUnavailable: the server does not answer or refuses.
        """
        with self._superuser() as connection:
            exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
            # Only the SCRAM verifier travels: the password is in no statement.
            verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
            command = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}" if exists else "CREATE ROLE {} LOGIN PASSWORD {}")
            connection.execute(command.format(sql.Identifier(name), sql.Literal(verifier.decode())))

    @contextmanager
    def _superuser(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            # require_auth: a stranger that took our port while we were down is not shown the password.
            options: dict[str, Any] = {"connect_timeout": 10, "require_auth": "scram-sha-256"}
            with psycopg.connect(self.url("postgres"), autocommit=True, **options) as connection:
                yield connection
        except psycopg.Error as exc:
            reason = f" (SQLSTATE {exc.sqlstate})" if exc.sqlstate else ""
            message = f"The database of {self.home} does not answer or refuses{reason}; run `tutela status`."
            raise DatabaseUnavailable(message) from None

    # --- making --------------------------------------------------------------------------------------------------

    def _create(self, account: Account, folder: Path) -> None:
        """Make the cluster aside and move it in place whole: a kill in between leaves nothing half-made."""
        if self.data_dir.exists():
            return
        place = self.place
        place.mkdir(mode=0o700, exist_ok=True)
        place.chmod(0o711 if account.switch else 0o700)
        password = self._secrets.get(SUPERUSER)
        maker = passwd_account(account.gid) if account.switch else account
        draft = place / "data.new"
        note = place / f".password-{randomness.token_hex(8)}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        try:
            descriptor = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(password + "\n")
            if account.switch:
                os.chown(note, maker.uid, maker.gid)
                os.chown(draft, maker.uid, maker.gid)
            self._initdb(maker, folder, draft, note)
        finally:
            note.unlink(missing_ok=True)
        if account.switch:
            _hand_over(draft, account)
        draft.rename(self.data_dir)

    def _initdb(self, maker: Account, folder: Path, draft: Path, note: Path) -> None:
        command = [str(folder / "initdb"), f"--pgdata={draft}", f"--username={SUPERUSER}", f"--pwfile={note}"]
        command += ["--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8", "--locale=C", "--no-instructions"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, **maker.options())
        if done.returncode != 0:
            with self._open_log() as log:
                log.write((done.stdout + done.stderr).encode())
            shutil.rmtree(draft, ignore_errors=True)
            raise self._explain(done.stdout + done.stderr, "could not be created")

    # --- starting ------------------------------------------------------------------------------------------------

    def _start(self, account: Account, folder: Path) -> None:
        self._forget_dead_server()
        deadline = time.monotonic() + ORPHAN_SECONDS
        said = ""
        for _ in range(STARTS):
            port = free_port(self._state.get("port"))
            started, said = self._start_once(account, folder, port)
            if started:
                return
            # After kill -9 of the postmaster its children need a moment to notice and to leave the shared memory.
            if "pre-existing shared memory block" in said and time.monotonic() < deadline:
                time.sleep(ORPHAN_SECONDS / STARTS)
            elif "could not bind" not in said:
                break
        raise self._explain(said, "did not start")

    def _start_once(self, account: Account, folder: Path, port: int) -> tuple[bool, str]:
        configuration = cluster_settings.write(self.place, account, port)
        self._state.set(port=port)
        options = shlex.join(["-c", f"config_file={configuration}"])
        command = [str(folder / "pg_ctl"), "start", "-w", "-s", "-t", str(START_SECONDS)]
        command += ["-D", str(self.data_dir), "-o", options]
        with self._open_log() as log:
            before = log.seek(0, os.SEEK_END)
            run = subprocess.run(command, check=False, stdout=log, stderr=log, **account.options())
            log.seek(before)
            return run.returncode == 0, log.read().decode("utf-8", "replace")

    def _open_log(self) -> Any:
        # Opened by us, not by the server: its account can't replace or read it.
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_LIMIT:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        return os.fdopen(os.open(self.log_path, flags, 0o600), "rb+", buffering=0)

    def _explain(self, said: str, failed: str) -> StorageFull | DatabaseUnavailable:
        # What the programs said is only compared with known phrases, never shown.
        if "No space left on device" in said:
            return StorageFull(f"The disk of {self.place} is full: PostgreSQL {failed}; free some room, run it again.")
        if "Cannot allocate memory" in said or "could not map anonymous shared memory" in said:
            return DatabaseUnavailable(f"PostgreSQL {failed}: too little memory is free; it needs about 400 MB.")
        if "incompatible with server" in said:
            return DatabaseUnavailable(f"PostgreSQL {failed}: {self.data_dir} was made by another version of it.")
        return DatabaseUnavailable(f"PostgreSQL {failed}; the reason is in {self.log_path}.")

    # --- watching ------------------------------------------------------------------------------------------------

    def _postmaster_lines(self) -> list[str]:
        try:
            return (self.data_dir / "postmaster.pid").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        except OSError:
            message = f"The database of {self.home} belongs to another account; use that one."
            raise PlatformError(message) from None

    def _postmaster(self, lines: list[str]) -> psutil.Process | None:
        """Give the process that the pid file names, if it is alive and is the server of this cluster."""
        if not lines or not lines[0].strip().isdecimal():
            return None
        try:
            process = psutil.Process(int(lines[0]))
            ours = process.status() != psutil.STATUS_ZOMBIE and str(self.data_dir) in process.cmdline()
        except psutil.Error:
            return None
        return process if ours else None

    def _forget_dead_server(self) -> None:
        """Let what a killed server left behind, whose process number another program has by now, not bar the way."""
        # Like its .pid file, the socket's lock names a process; nothing but the socket is in this folder.
        for left in (self.place / "run").glob(".s.PGSQL.*"):
            left.unlink()
        lines = self._postmaster_lines()
        if not lines or not lines[0].strip().isdecimal() or not psutil.pid_exists(int(lines[0])):
            return
        # The file stays, for its shared memory key: with it PostgreSQL itself finds children that still live.
        path = self.data_dir / "postmaster.pid"
        lines[0] = str(NO_SUCH_PROCESS)
        owner = path.stat()
        write_whole(path, "\n".join(lines) + "\n")
        os.chown(path, owner.st_uid, owner.st_gid)


def _hand_over(tree: Path, account: Account) -> None:
    for folder, folders, files in os.walk(tree):
        for name in (".", *folders, *files):
            os.chown(Path(folder, name), account.uid, account.gid, follow_symlinks=False)


def _ended(process: psutil.Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(psutil.NoSuchProcess):
            # A dead child that nobody waits for stays as a zombie where process 1 does not reap.
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.02)
                continue
        return True
    return False
