"""Remove files that hold information in clear: overwritten once, then removed, the folder synchronised.

What that guarantees: the file system no longer leads to the content, and where it writes in place (ext4, XFS on a disk
that does) the old blocks are overwritten. On copy-on-write file systems, flash storage, snapshots and in journals the
old blocks may stay until they are used again; removing alone never promises more. So what can be encrypted is, and goes
by its key: this is for what arrives in clear.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from pipelines.errors import TutelaError
from pipelines.evidence.checkpoint import sync_folder

_BITE = 1 << 20


def wipe(path: Path) -> None:
    """Overwrite and remove a file, or all that lies in a folder; what is gone already is no error.

    Raises:
        TutelaError: it can't be written or removed; what was done so far stays done.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            for folder, _, names in os.walk(path):
                for name in names:
                    _wipe_file(Path(folder) / name)
            shutil.rmtree(path)
        elif os.path.lexists(path):
            _wipe_file(path)
        if path.parent.is_dir():
            sync_folder(path.parent)
    except OSError as exc:
        raise _refused(path, exc) from None


def remove(path: Path) -> None:
    """Remove a file or folder that holds nothing in clear.

    Raises:
        TutelaError: as :func:`wipe`.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as exc:
        raise _refused(path, exc) from None


def _wipe_file(path: Path) -> None:
    found = path.lstat()
    # Another name for the same content is somebody else's file: it must not be overwritten through this one.
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
        with path.open("r+b", buffering=0) as file:
            for start in range(0, found.st_size, _BITE):
                file.write(os.urandom(min(_BITE, found.st_size - start)))
            os.fsync(file.fileno())
    path.unlink()


def _refused(path: Path, exc: OSError) -> TutelaError:
    return TutelaError(
        f"{path.name} can't be removed ({exc.strerror}); let the platform write its folder and run the same command again."
    )
