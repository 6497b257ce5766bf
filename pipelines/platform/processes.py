"""Starts processes that outlive us, recognises them later and ends them with all their children. Knows no Airflow.

A process is remembered by its number *and* its start: a number that another program got meanwhile is never signalled.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from pipelines.platform.folders import storage, write_whole

POLL_SECONDS = 0.05
LOG_LIMIT = 16 * 1024 * 1024

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Kept so that the ones that end while we live are reaped."""


@dataclass(frozen=True, slots=True)
class Service:
    """One program that runs in the background, with its note of who it is and its log."""

    name: str
    note: Path
    log: Path

    def process(self) -> psutil.Process | None:
        """Give the running process, or None where it does not run (any more)."""
        noted = self._noted()
        return _alive(*noted) if noted else None

    def family(self) -> list[psutil.Process]:
        """Give all living processes of its session: itself and what it started, even where it has died itself."""
        noted = self._noted()
        if noted is None or not _session_is_ours(*noted):
            return []
        return [process for process in psutil.process_iter() if _session(process) == noted[0] and _lives(process)]

    def _noted(self) -> tuple[int, str] | None:
        try:
            content = json.loads(self.note.read_text("utf-8"))
            return int(content["pid"]), str(content["birth"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> psutil.Process:
        """Start it in a session of its own, everything it writes going to its log.

        Raises:
            StorageFull: its log or note can't be written.
            PlatformError: it can't be started.
        """
        with storage(self.log):
            if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
                self.log.replace(self.log.with_suffix(".log.1"))
            descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "ab") as log:
                child = subprocess.Popen(
                    command,
                    env=dict(environment),
                    cwd=self.log.parent,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    umask=0o077,
                )
            _children[child.pid] = child
            write_whole(self.note, json.dumps({"pid": child.pid, "birth": _birth(child.pid)}) + "\n")
        return psutil.Process(child.pid)


def stop(services: Iterable[Service], seconds: float) -> None:
    """Ask all to end, wait, then kill what is left of their sessions, also of those that died before."""
    chosen = list(services)
    for service in chosen:
        if process := service.process():
            with suppress(psutil.NoSuchProcess):
                process.terminate()
    deadline = time.monotonic() + seconds
    while any(service.process() for service in chosen) and time.monotonic() < deadline:
        _reap()
        time.sleep(POLL_SECONDS)
    for service in chosen:
        if not kill(service.family()):
            service.note.unlink(missing_ok=True)


def marked(name: str, values: Iterable[str], also: Mapping[str, str]) -> list[psutil.Process]:
    """Find the living processes whose environment holds the mark and the other values."""
    wanted = set(values)
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            alive = process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, OSError):
            continue
        if alive and environment.get(name) in wanted and also.items() <= environment.items():
            found.append(process)
    return found


def kill(processes: Iterable[psutil.Process], seconds: float = 5.0) -> list[psutil.Process]:
    """Kill what should have ended; give what even so lives."""
    victims = list(processes)
    for process in victims:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and (victims := [process for process in victims if _lives(process)]):
        time.sleep(POLL_SECONDS)
    _reap()
    return victims


def _reap() -> None:
    for number, child in list(_children.items()):
        if child.poll() is not None:
            del _children[number]


def _alive(number: int, birth: str) -> psutil.Process | None:
    try:
        process = psutil.Process(number)
        if not _lives(process) or _birth(number) != birth:
            return None
    except (psutil.Error, OSError):
        return None
    return process


def _session(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except OSError:
        return None


def _session_is_ours(number: int, birth: str) -> bool:
    """Tell whether a session of this number is the noted one: no number is given anew while a session bears it."""
    if sys.platform == "linux" and birth.partition(":")[0] != _boot():
        return False
    try:
        return _birth(number) == birth
    except (psutil.Error, OSError):
        return True  # its leader has gone; who still bears the number was started by it


def _lives(process: psutil.Process) -> bool:
    try:
        # Where process 1 does not reap, the dead stay as zombies.
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def _birth(number: int) -> str:
    """Say when a process was started, in a way that neither a changed clock nor a restart of the machine blurs."""
    if sys.platform == "linux":
        # Field 22 is the start in clock ticks since boot; the name in field 2 may hold blanks and brackets.
        fields = Path(f"/proc/{number}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return f"{_boot()}:{fields[19]}"
    return f"{psutil.Process(number).create_time():.2f}"
