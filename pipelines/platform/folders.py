"""Folders, locks and the small state file of a home. Not for data: only ports and places are remembered here."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.errors import PlatformError, StorageFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
STATE = "platform.json"


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turn the operating system's errors about files into ours.

    Raises:
        StorageFull: no room is left.
        PlatformError: anything else, e.g. a folder of another account.
    """
    try:
        yield
    except OSError as exc:
        # shutil gathers several errors into one that has no number of its own.
        if exc.errno in FULL or os.strerror(errno.ENOSPC) in str(exc):
            message = f"The disk below {path} is full; free some room and run the same command again."
            raise StorageFull(message) from None
        reason = os.strerror(exc.errno) if exc.errno else "it can't be used"
        message = f"{path} can't be used ({reason}); check who owns it, or name another home with TUTELA_HOME."
        raise PlatformError(message) from None


def home_folder(home: Path) -> Path:
    """Make the home folder, closed to other accounts; one that exists stays as it is."""
    if not home.exists():
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
    return home


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner may enter; one that was opened to others is closed again."""
    home_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def write_whole(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file so that nobody ever sees half of it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), mode)  # whatever the umask says
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def locked(home: Path, name: str) -> Iterator[None]:
    """Let one process at a time do what ``name`` says in this home; the others wait."""
    with storage(home):
        descriptor = os.open(home_folder(home) / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class State:
    """What one component remembers in ``<home>/platform.json``."""

    def __init__(self, home: Path, component: str) -> None:
        """Name the home and the component."""
        self._home = home
        self._component = component

    def get(self, name: str) -> Any:
        """Give a remembered value, or None."""
        return self._read().get(self._component, {}).get(name)

    def set(self, **values: str | int) -> None:
        """Remember values, leaving the other components' alone.

        Raises:
            StorageFull: there is no room.
            PlatformError: the file can't be written.
        """
        with locked(self._home, "state"), storage(self._home):
            content = self._read()
            content.setdefault(self._component, {}).update(values)
            write_whole(self._home / STATE, json.dumps(content, indent=2) + "\n")

    def forget(self) -> None:
        """Forget everything the component remembered.

        Raises:
            PlatformError: the file can't be written.
        """
        with locked(self._home, "state"), storage(self._home):
            content = self._read()
            if content.pop(self._component, None) is not None:
                write_whole(self._home / STATE, json.dumps(content, indent=2) + "\n")

    def _read(self) -> dict[str, dict[str, Any]]:
        path = self._home / STATE
        try:
            content = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            message = f"{path} can't be read; if it is damaged, delete it and run `tutela up` again."
            raise PlatformError(message) from None
        return content if isinstance(content, dict) else {}
