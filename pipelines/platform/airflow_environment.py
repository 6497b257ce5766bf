"""Airflow's configuration as environment variables: its files in the home hold none of it. Starts nothing.

The settings were measured, not guessed: with the default heartbeat interval each short task waits up to five seconds,
and with the default idle sleep a chain of three tasks takes four seconds instead of one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pydantic import SecretStr

from pipelines.platform.folders import private_folder, storage, write_whole
from pipelines.platform.ports import LOOPBACK
from pipelines.platform.secrets import Secrets, new_fernet_key, new_signing_key
from pipelines.settings import Settings

COMPONENT = "TUTELA_COMPONENT"
"""Marks each process of the platform, so that one that outlives its parent is found."""
FORBIDDEN = ("AIRFLOW", "TUTELA_", "PYTHON")  # PYTHONDONTWRITEBYTECODE costs seconds at each start
QUIET = "airflow.jobs=WARNING,airflow.models=WARNING,airflow.serialization=WARNING"
PRELOAD = '''"""Written by Tutela at each start: loads the heavy libraries once, before tasks are forked."""

from pipelines.platform.preload import preload_if_worthwhile

preload_if_worthwhile()
'''
CONSOLE = "/console"
"""Where the api-server mounts the console."""
PLUGIN = '''"""Written by Tutela at each start: the console, in the api-server alone; the others would load it for nothing."""

import sys

if "api-server" in sys.argv[1:2]:
    from pipelines.console.airflow_plugin import TutelaConsole  # noqa: F401
'''


def airflow_home(settings: Settings) -> Path:
    """Give the folder that Airflow keeps its files in."""
    return settings.resolved_home / "airflow"


def prepare_folders(settings: Settings) -> None:
    """Make Airflow's folders, closed to other accounts, and the file that preloads libraries.

    Raises:
        StorageFull: there is no room.
        PlatformError: the folders can't be made.
    """
    home = airflow_home(settings)
    with storage(home):
        for folder in (
            home,
            home / "config",
            home / "plugins",
            home / "run",
            home / "logs",
            home / "logs" / "platform",
        ):
            private_folder(folder)
        write_whole(home / "config" / "airflow_local_settings.py", PRELOAD)
        write_whole(home / "plugins" / "tutela_console.py", PLUGIN)


def environment(settings: Settings, database: str, port: int) -> dict[str, str]:
    """Give the whole environment of Airflow's components; it holds secrets: never log it.

    Raises:
        PlatformError: a secret can't be read.
        StorageFull: a secret can't be written.
    """
    surroundings = os.environ  # noqa: TID251 - handed on, not read
    inherited = {name: value for name, value in surroundings.items() if not name.startswith(FORBIDDEN)}
    # Tasks may call programs of this environment by name.
    inherited["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)])
    airflow = {
        f"AIRFLOW__{name.upper()}": str(value)
        for name, value in (_sections(settings, port) | _secrets(settings, database)).items()
    }
    # SPT_NOENV: a process that changes its title keeps its environment, by which it is found (COMPONENT).
    return inherited | _own(settings) | airflow | {"AIRFLOW_HOME": str(airflow_home(settings)), "SPT_NOENV": "1"}


def _own(settings: Settings) -> dict[str, str]:
    """Give every setting under the name it is read by, so that tasks see what we see."""
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    values["home"] = settings.resolved_home
    return {
        f"TUTELA_{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
        if value is not None
    }


def _sections(settings: Settings, port: int) -> dict[str, object]:
    home = airflow_home(settings)
    address = f"http://{LOOPBACK}:{port}"
    return {
        "core__dags_folder": settings.dags.resolve(),
        "core__plugins_folder": home / "plugins",
        "core__executor": "LocalExecutor",
        "core__parallelism": settings.workers,
        "core__auth_manager": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "core__load_examples": False,
        "core__dags_are_paused_at_creation": False,
        "core__execution_api_server_url": f"{address}/execution/",
        # The default asks DNS for a full name, which on an ill-configured machine takes seconds.
        "core__hostname_callable": "socket.gethostname",
        "database__load_default_connections": False,
        "api__host": LOOPBACK,
        "api__port": port,
        "api__base_url": address,
        "api__workers": 1,
        "api__expose_config": False,
        # The bootstrap has done this: at each start of the api-server it would cost seconds.
        "fab__update_fab_perms": False,
        "scheduler__scheduler_idle_sleep_time": 0.1,
        "scheduler__enable_health_check": False,
        "workers__min_heartbeat_interval": 1,
        "dag_processor__refresh_interval": 30,
        "dag_processor__parsing_processes": 1,
        "logging__base_log_folder": home / "logs",
        "logging__dag_processor_child_process_log_directory": home / "logs" / "dag_processor",
        "logging__file_task_handler_new_folder_permissions": "0o700",
        "logging__file_task_handler_new_file_permissions": "0o600",
        "logging__namespace_levels": QUIET,
        "logging__colored_console_log": False,
    }


def _secrets(settings: Settings, database: str) -> dict[str, object]:
    secrets = Secrets(settings.resolved_home)
    return {
        "database__sql_alchemy_conn": database,
        "core__fernet_key": secrets.get("airflow_fernet", new_fernet_key),
        "api__secret_key": secrets.get("airflow_api", new_signing_key),
        "api_auth__jwt_secret": secrets.get("airflow_jwt", new_signing_key),
    }
