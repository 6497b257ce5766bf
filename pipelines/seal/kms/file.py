"""The ``file:`` provider: each key a file of 32 bytes, mode 0600, in a folder of mode 0700.

For one machine. Whoever reads the folder holds the keys, so keep it apart from the database and its backups; for more,
use a provider whose keys can't be copied.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipelines.errors import KeyUnavailable, StorageFull
from pipelines.seal.kms.address import key_name

KEY_BYTES = 32
NONCE_BYTES = 12


class FileKms:
    """Keys as files; see the module."""

    scheme = "file"
    guarantee = (
        "file: the key file is overwritten once, removed, and its folder synchronised; on copy-on-write or flash storage, "
        "and in copies of the folder made by others, remnants can't be excluded."
    )

    def __init__(self, folder: Path) -> None:
        """Use a folder; it is made when the first key is."""
        self.folder = folder

    @classmethod
    def from_uri(cls, rest: str, home: Path) -> FileKms:
        """Open ``file:`` (``home/kms``) or ``file:/some/folder``."""
        return cls(Path(rest) if rest else home / "kms")

    def create(self, name: str) -> None:
        """Make a key file that is whole and synchronised before it gets its name.

        Raises:
            KeyUnavailable: the folder can't be written.
            StorageFull: the disk is full.
        """
        path = self._path(name)
        if path.exists():
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial = path.with_suffix(f".{secrets.token_hex(4)}.partial")
            try:
                descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(secrets.token_bytes(KEY_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                # link() refuses to replace: of two creators one wins and both go on with its key.
                with suppress(FileExistsError):
                    os.link(partial, path)
            finally:
                partial.unlink(missing_ok=True)
            self._synchronise()
        except OSError as exc:
            raise self._error(exc, name) from None

    def exists(self, name: str) -> bool:
        """Tell whether the key file is there.

        Raises:
            KeyUnavailable: the folder is not there (a disk that is not mounted?), which is not the same as no.
        """
        path = self._path(name)
        self._require_folder()
        return path.exists()

    def destroy(self, name: str) -> None:
        """Overwrite the key file, remove it, and synchronise the folder.

        Raises:
            KeyUnavailable: the file can't be written or removed, or the folder is not there.
        """
        path = self._path(name)
        self._require_folder()
        try:
            with path.open("r+b") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            self._synchronise()
        except FileNotFoundError:
            return
        except OSError as exc:
            raise self._error(exc, name) from None

    def wrap(self, name: str, keys: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
        """Wrap keys by AES-256-GCM: nonce || ciphertext || tag."""
        cipher = AESGCM(self._key(name))
        wrapped = []
        for key, context in zip(keys, contexts, strict=True):
            nonce = secrets.token_bytes(NONCE_BYTES)
            wrapped.append(nonce + cipher.encrypt(nonce, key, context))
        return wrapped

    def unwrap(self, name: str, wrapped: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
        """Unwrap keys.

        Raises:
            KeyUnavailable: the key is gone, or what was wrapped is not what it was.
        """
        cipher = AESGCM(self._key(name))
        pairs = zip(map(bytes, wrapped), contexts, strict=True)
        try:
            return [cipher.decrypt(item[:NONCE_BYTES], item[NONCE_BYTES:], context) for item, context in pairs]
        except (InvalidTag, ValueError):
            message = (
                f"A key wrapped by {name} was altered or belongs to another installation; restore the keyring snapshot."
            )
            raise KeyUnavailable(message) from None

    def names(self) -> Sequence[str]:
        """List the keys, and forget creations that a kill cut short."""
        return sorted(path.stem for path in self.folder.glob("*.key"))

    def _path(self, name: str) -> Path:
        return self.folder / f"{key_name(name)}.key"

    def _require_folder(self) -> None:
        if not self.folder.is_dir():
            raise KeyUnavailable(f"The key folder {self.folder} is not there; put it back. Nothing was changed.")

    def _key(self, name: str) -> bytes:
        try:
            key = self._path(name).read_bytes()
        except OSError as exc:
            raise self._error(exc, name) from None
        if len(key) != KEY_BYTES:
            raise KeyUnavailable(
                f"The key file {self._path(name)} is damaged ({len(key)} bytes); restore it from its keeper."
            )
        return key

    def _error(self, exc: OSError, name: str) -> KeyUnavailable | StorageFull:
        if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
            return StorageFull("The disk of the key folder is full; free some room and run the same command again.")
        what = "is missing" if exc.errno == errno.ENOENT else f"can't be used ({exc.strerror})"
        return KeyUnavailable(
            f"The key file {self._path(name)} {what}; restore it from its keeper. Nothing was changed."
        )

    def _synchronise(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
