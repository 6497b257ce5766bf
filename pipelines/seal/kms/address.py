"""Reads what the URI of a provider says: options, the files that secrets are in, and names of keys.

A secret never stands in the URI, which is seen in process lists, settings and logs: the URI names a file of mode 0600.
What is refused is not repeated in the message, since it may be a secret that somebody put in the wrong place.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection
from pathlib import Path
from urllib.parse import unquote

from pipelines.errors import KeyUnavailable, PolicyError

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,126}[A-Za-z0-9_])?")
"""What every provider takes: a file name, a label, a part of a web address."""
_LARGEST = 64 * 1024


def key_name(name: str) -> str:
    """Return a key's name if every provider can take it.

    Raises:
        KeyUnavailable: it can't be.
    """
    if not _NAME.fullmatch(name):
        raise KeyUnavailable("A key name may hold 1 to 128 ASCII letters, digits, - and _ only, no - at an end.")
    return name


def options(scheme: str, text: str, separator: str, known: Collection[str]) -> dict[str, str]:
    """Read ``name=value`` pairs, percent-encoded.

    Raises:
        PolicyError: a pair is malformed, unknown, or stands there twice.
    """
    found: dict[str, str] = {}
    for pair in text.split(separator) if text else []:
        name, _, value = pair.partition("=")
        if name not in known or not value or name in found:
            raise PolicyError(
                f"TUTELA_KMS has an option that {scheme}: does not take, or takes once and with a value; "
                f"known there: {', '.join(sorted(known))}. Secrets stand in files, never in the URI."
            )
        found[name] = unquote(value)
    return found


def file_path(scheme: str, option: str, value: str) -> Path:
    """Return the file that an option names: ``file:/some/path`` or ``/some/path``.

    Raises:
        PolicyError: it is no absolute path.
    """
    path = Path(value.removeprefix("file:").replace("///", "/", 1))
    if not path.is_absolute():
        raise PolicyError(f"TUTELA_KMS: {option} of {scheme}: must name a file by its absolute path, file:/some/path.")
    return path


def secret_of(path: Path, what: str) -> str:
    """Read a secret that its owner alone can read; read anew at each use, so that it can be replaced at any time.

    Raises:
        KeyUnavailable: the file is missing, empty, or open to others.
    """
    try:
        # Not blocking: somebody may have put a pipe there.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LARGEST)
    except OSError as exc:
        raise KeyUnavailable(
            f"The {what} file {path} can't be read ({exc.strerror}); put it back, mode 0600. Nothing was changed."
        ) from None
    if not stat.S_ISREG(mode) or mode & 0o077:
        raise KeyUnavailable(f"The {what} file {path} is open to others; run `chmod 600` on it. Nothing was changed.")
    try:
        secret = content.decode().strip()
    except UnicodeDecodeError:
        secret = ""
    if not secret:
        raise KeyUnavailable(f"The {what} file {path} holds no {what}; write it anew. Nothing was changed.")
    return secret
