"""Airflow on one machine: four components under an own supervisor, its database beside ours. Not for DAGs.

`airflow standalone` is not used: it forces its own accounts and leaves processes behind when it ends. Each component
here leads a session of its own, is known by number and start, and is ended with everything it started.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from pipelines.errors import DatabaseUnavailable, PlatformError
from pipelines.platform import processes, roles
from pipelines.platform.airflow_environment import COMPONENT, CONSOLE, airflow_home, environment, prepare_folders
from pipelines.platform.folders import State, locked
from pipelines.platform.ports import LOOPBACK, free_port
from pipelines.platform.postgres import EmbeddedPostgres
from pipelines.platform.processes import Service
from pipelines.platform.rest import AirflowClient
from pipelines.platform.secrets import Secrets
from pipelines.settings import Settings

# serve-logs would listen on all interfaces; on one machine the api-server reads the files itself.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "api-server": ("api-server", "--host", LOOPBACK),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
HEALTH = {"scheduler": "scheduler", "dag-processor": "dag_processor", "triggerer": "triggerer"}
"""Component → its name in the health answer."""
START_SECONDS = 180.0
STOP_SECONDS = 25.0
SERVER_STOP_SECONDS = 2.0
BOOTSTRAP_SECONDS = 300.0
POLL_SECONDS = 0.2
DATABASE = "airflow"
FAB = "apache-airflow-providers-fab"


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """How one component is."""

    name: str
    state: Literal["running", "unhealthy", "stopped"]
    pid: int | None
    detail: str
    """An address or a log file."""


class AirflowPlatform:
    """Airflow of one home."""

    def __init__(self, settings: Settings, postgres: EmbeddedPostgres) -> None:
        """Name the settings and the PostgreSQL to use where none is configured; nothing is started yet."""
        self._settings = settings
        self._postgres = postgres
        self._home = settings.resolved_home
        self._state = State(self._home, "airflow")
        self._secrets = Secrets(self._home)
        folder = airflow_home(settings)
        self.log_folder = folder / "logs" / "platform"
        self._services = {
            name: Service(name, folder / "run" / f"{name}.json", self.log_folder / f"{name}.log") for name in COMPONENTS
        }

    @property
    def base_url(self) -> str:
        """The address of Airflow's pages and API.

        Raises:
            PlatformError: Airflow was never started in this home.
        """
        port = self._state.get("port")
        if not port:
            raise PlatformError(f"Airflow was never started in {self._home}; run `tutela up`.")
        return f"http://{LOOPBACK}:{port}"

    @property
    def console_url(self) -> str:
        """The address of the console.

        Raises:
            PlatformError: Airflow was never started in this home.
        """
        return f"{self.base_url}{CONSOLE}/"

    def password_path(self, user: str = roles.ADMIN) -> Path:
        """Tell in which file a user's password lies."""
        return self._secrets.path(f"airflow_user_{user}")

    def client(self, user: str = roles.ADMIN) -> AirflowClient:
        """Give a client of the API, as the administrator or one of the example users.

        Raises:
            PlatformError: Airflow was never started in this home.
        """
        return AirflowClient(self.base_url, user, self._secrets.get(f"airflow_user_{user}"))

    # --- up ------------------------------------------------------------------------------------------------------

    def up(self, progress: Callable[[str], None] = lambda _: None) -> None:
        """Start what does not run and wait until all of it works; running it again changes nothing.

        Raises:
            PlatformError: a component does not start; its log is named.
            DatabaseUnavailable: the metadata database does not answer.
            StorageFull: there is no room.
        """
        with locked(self._home, "airflow"):
            prepare_folders(self._settings)
            if not self._settings.airflow_database_url and not self._postgres.running():
                progress("starting PostgreSQL")
                self._postgres.ensure_running()
            database = self._database()
            values = environment(self._settings, database, self._choose_port())
            self._bootstrap(values, database, progress)
            began = datetime.now(UTC)
            started = self._start_missing(values, progress)
            self._wait_until_healthy(started, began, progress)

    def _choose_port(self) -> int:
        known = self._state.get("port")
        if known and self._services["api-server"].process():
            return int(known)
        port = free_port(self._settings.airflow_port or known)
        if port != known:
            # The others were told the old address.
            self._stop_all()
            self._state.set(port=port)
        return port

    def _database(self) -> str:
        configured = self._settings.airflow_database_url
        if configured:
            # Without a named driver Airflow would take another one than it is tested with.
            url = make_url(configured.get_secret_value()).set(drivername="postgresql+psycopg2")
            return url.render_as_string(hide_password=False)
        password = self._secrets.get("airflow_database")
        with locked(self._home, "airflow_database"):
            if not self._state.get("database") or not self._answers(password):
                self._postgres.create_login(DATABASE, password)
                self._postgres.create_database(DATABASE, owner=DATABASE)
                self._state.set(database=DATABASE)
        plain = self._postgres.url(DATABASE, DATABASE, password)
        return plain.replace("postgresql://", "postgresql+psycopg2://", 1)

    def _answers(self, password: str) -> bool:
        try:
            psycopg.connect(self._postgres.url(DATABASE, DATABASE, password), connect_timeout=10).close()
        except psycopg.Error:
            return False
        return True

    def _bootstrap(self, values: dict[str, str], database: str, progress: Callable[[str], None]) -> None:
        mark = _bootstrap_mark()
        with _connection(database) as connection:
            if _comment(connection) == mark:
                return
            progress("preparing Airflow's database, roles and users")
            self._run_bootstrap(values)
            command = sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(connection.info.dbname), sql.Literal(mark)
            )
            # On a server the role may own the tables but not the database: then each start prepares anew.
            with suppress(psycopg.errors.InsufficientPrivilege):
                connection.execute(command)

    def _run_bootstrap(self, values: dict[str, str]) -> None:
        passwords = {name: self._secrets.get(f"airflow_user_{name}") for name in roles.USERS}
        log = self.log_folder / "bootstrap.log"
        log.touch(mode=0o600)
        command = [sys.executable, "-m", "pipelines.platform.airflow_bootstrap"]
        try:
            with log.open("ab") as output:
                done = subprocess.run(
                    command,
                    input=json.dumps(passwords).encode(),
                    stdout=output,
                    stderr=output,
                    # Hundreds of small commits, all of which a second run would make again.
                    env=values | {"AIRFLOW__FAB__UPDATE_FAB_PERMS": "True", "PGOPTIONS": "-c synchronous_commit=off"},
                    check=False,
                    timeout=BOOTSTRAP_SECONDS,
                    umask=0o077,
                )
        except subprocess.TimeoutExpired:
            raise PlatformError(f"Airflow's database was not ready in time; the reason is in {log}.") from None
        if done.returncode != 0:
            raise PlatformError(f"Airflow's database could not be prepared; the reason is in {log}.")

    def _start_missing(self, values: dict[str, str], progress: Callable[[str], None]) -> list[str]:
        missing = [name for name, service in self._services.items() if not service.process()]
        # Children of a component that was killed would hold its port or run its tasks twice.
        processes.stop([self._services[name] for name in missing], 0.0)
        processes.kill(self._leftovers(missing))
        if missing:
            progress(f"starting {', '.join(missing)}")
        for name in missing:
            command = [sys.executable, "-m", "airflow", *COMPONENTS[name]]
            self._services[name].start(command, values | {COMPONENT: name})
        return missing

    def _wait_until_healthy(self, started: list[str], began: datetime, progress: Callable[[str], None]) -> None:
        if started:
            progress("waiting until all components answer")
        deadline = time.monotonic() + START_SECONDS
        with AirflowClient(self.base_url, "", "") as client:
            while waiting := _not_yet(_health(client), started, began):
                for name, service in self._services.items():
                    if not service.process():
                        raise PlatformError(f"Airflow's {name} ended at its start; the reason is in {service.log}.")
                if time.monotonic() > deadline:
                    message = f"Airflow's {', '.join(waiting)} did not become healthy within {START_SECONDS:.0f} s"
                    raise PlatformError(f"{message}; the reason is in {self.log_folder}.")
                time.sleep(POLL_SECONDS)
            client.warm_up()

    # --- down ----------------------------------------------------------------------------------------------------

    def down(self) -> None:
        """End all components with everything they started, then PostgreSQL; what does not run is passed over.

        Raises:
            PlatformError: a process can't be ended.
        """
        with locked(self._home, "airflow"):
            self._stop_all()
            self._postgres.stop()

    def _stop_all(self) -> None:
        # The api-server last: the others still report through it. It has nothing of its own to finish.
        server = self._services["api-server"]
        processes.stop([service for service in self._services.values() if service is not server], STOP_SECONDS)
        processes.stop([server], SERVER_STOP_SECONDS)
        left = processes.kill(self._leftovers(list(COMPONENTS)))
        if left:
            numbers = ", ".join(str(process.pid) for process in left)
            raise PlatformError(f"These processes of Airflow do not end: {numbers}.")

    def _leftovers(self, names: list[str]) -> list[Any]:
        return processes.marked(COMPONENT, names, {"AIRFLOW_HOME": str(airflow_home(self._settings))}) if names else []

    # --- status --------------------------------------------------------------------------------------------------

    def status(self) -> list[ComponentStatus]:
        """Tell how each component is, PostgreSQL first."""
        health: dict[str, Any] = {}
        if self._services["api-server"].process():
            with AirflowClient(self.base_url, "", "") as client:
                health = _health(client)
        return [self._database_status(), *(self._component_status(name, health) for name in COMPONENTS)]

    def _database_status(self) -> ComponentStatus:
        if self._postgres.running():
            address = f"{LOOPBACK}:{self._postgres.port}"
            return ComponentStatus("postgresql", "running", self._postgres.pid, address)
        return ComponentStatus("postgresql", "stopped", None, str(self._postgres.log_path))

    def _component_status(self, name: str, health: dict[str, Any]) -> ComponentStatus:
        service = self._services[name]
        process = service.process()
        if process is None:
            return ComponentStatus(name, "stopped", None, str(service.log))
        healthy = bool(health) if name == "api-server" else _part(health, name).get("status") == "healthy"
        detail = self.base_url if name == "api-server" else str(service.log)
        return ComponentStatus(name, "running" if healthy else "unhealthy", process.pid, detail)


def _health(client: AirflowClient) -> dict[str, Any]:
    try:
        return client.health()
    except PlatformError:
        return {}


def _part(health: dict[str, Any], name: str) -> dict[str, Any]:
    return health.get(HEALTH[name]) or {}


def _not_yet(health: dict[str, Any], started: list[str], began: datetime) -> list[str]:
    """List the components that are not healthy, or only by a heartbeat of before they were started."""
    if not health:
        return ["api-server"]
    waiting = []
    for name, key in HEALTH.items():
        part = _part(health, name)
        beat = part.get(f"latest_{key}_heartbeat")
        stale = name in started and (not beat or datetime.fromisoformat(beat) < began)
        if part.get("status") != "healthy" or stale:
            waiting.append(name)
    return waiting


def _bootstrap_mark() -> str:
    table = {name: sorted(permissions) for name, permissions in roles.ROLES.items()}
    content = json.dumps([version("apache-airflow-core"), version(FAB), table, roles.USERS], sort_keys=True)
    return f"prepared by Tutela {hashlib.sha256(content.encode()).hexdigest()[:16]}"


def _connection(database: str) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(database.replace("+psycopg2", "", 1), autocommit=True, connect_timeout=10)
    except psycopg.Error:
        message = (
            "Airflow's metadata database does not answer; check TUTELA_AIRFLOW_DATABASE_URL or run `tutela status`."
        )
        raise DatabaseUnavailable(message) from None


def _comment(connection: psycopg.Connection[Any]) -> str | None:
    row = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    return row[0] if row else None
