"""Secrets of the platform's own components, made once for each home. Not for keys of records: those are the KMS's.

Each lies in ``<home>/secrets/<name>``: the folder 0700, the file 0600 from its first moment and complete from its first
moment, whoever else creates it at the same time.
"""

from __future__ import annotations

import base64
import os
import secrets as randomness
from collections.abc import Callable
from pathlib import Path

from pipelines.errors import PlatformError
from pipelines.platform.folders import private_folder, storage

PASSWORD_BYTES = 24
SIGNING_BYTES = 64  # HS512 asks for a key as long as its hash
FERNET_BYTES = 32


def new_password() -> str:
    """Make a password of 192 random bits, made of letters, digits, ``-`` and ``_``."""
    return randomness.token_urlsafe(PASSWORD_BYTES)


def new_signing_key() -> str:
    """Make a key of 512 random bits for signing tokens and cookies."""
    return randomness.token_urlsafe(SIGNING_BYTES)


def new_fernet_key() -> str:
    """Make a Fernet key: 256 random bits in URL-safe base64."""
    return base64.urlsafe_b64encode(randomness.token_bytes(FERNET_BYTES)).decode("ascii")


class Secrets:
    """The secrets of one home."""

    def __init__(self, home: Path) -> None:
        """Name the home; nothing is created before the first secret is asked for."""
        self.folder = home / "secrets"

    def path(self, name: str) -> Path:
        """Tell where a secret lies, for people who have to look one up."""
        return self.folder / name

    def get(self, name: str, make: Callable[[], str] = new_password) -> str:
        """Give the secret, made on first use; of two makers at the same moment one wins and both get its secret.

        Raises:
            PlatformError: the file is empty or not readable by this account.
            StorageFull: there is no room for it.
        """
        path = self.path(name)
        if not path.exists():
            self._create(path, make())
        try:
            value = path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            message = f"The secret {path} can't be read by this account; use the account that owns the home folder."
            raise PlatformError(message) from None
        if not value:
            raise PlatformError(f"The secret {path} is empty; restore it from a backup of the home folder.")
        return value

    def _create(self, path: Path, value: str) -> None:
        with storage(self.folder):
            private_folder(self.folder)
            draft = path.with_name(f".{path.name}.{randomness.token_hex(8)}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            try:
                with os.fdopen(descriptor, "w", encoding="ascii") as file:
                    file.write(value + "\n")
                    file.flush()
                    os.fsync(file.fileno())
                # A link, unlike a rename, fails where the name exists: the first maker wins.
                path.hardlink_to(draft)
            except FileExistsError:
                pass
            finally:
                draft.unlink(missing_ok=True)
