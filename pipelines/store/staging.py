"""Chunks of rows between tasks, as encrypted Parquet; not for keeping anything.

Parquet modular encryption, uniform, AES-GCM: every column and the footer, file facts included, are sealed under keys
that the run's key in the KMS wraps. Destroying that one key makes all staging files of the run unreadable; the files
are removed as well. Names of files say plan, run and chunk, never more.
"""

from __future__ import annotations

import base64
import errno
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

from pipelines.errors import KeyUnavailable, SourceMissing, StorageFull, TutelaError

_FACTS = b"tutela"
_SEALED = b"PARE"
"""First and last bytes of Parquet whose footer is encrypted; in clear it is PAR1 (Parquet Modular Encryption)."""

_CONTEXT = b"tutela/staging/1"

Wrap = Callable[[str, Sequence[bytes], Sequence[bytes]], list[bytes]]


class _RunKeys(pe.KmsClient):  # type: ignore[misc]
    """What Parquet's encryption asks of a KMS: wrap and unwrap under the run's key."""

    def __init__(self, wrap: Wrap, unwrap: Wrap) -> None:
        super().__init__()
        self._wrap, self._unwrap = wrap, unwrap

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> str:
        return base64.b64encode(self._wrap(master_key_identifier, [key_bytes], [_CONTEXT])[0]).decode()

    def unwrap_key(self, wrapped_key: str, master_key_identifier: str) -> bytes:
        return self._unwrap(master_key_identifier, [base64.b64decode(wrapped_key)], [_CONTEXT])[0]


@dataclass(frozen=True)
class Staging:
    """The staging files of one run."""

    folder: Path
    key: str
    """The run key's name in the KMS."""
    wrap: Wrap = field(repr=False)
    unwrap: Wrap = field(repr=False)

    def begin(self) -> None:
        """Make the folder.

        Raises:
            StorageFull: there is no room.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise _translated(exc) from None

    def write(self, name: str, frame: pd.DataFrame, facts: dict[str, Any]) -> None:
        """Write one chunk, whole or not at all; writing it again replaces it.

        Raises:
            StorageFull: there is no room; nothing is left behind.
        """
        table = pa.Table.from_pandas(frame, preserve_index=True)
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), _FACTS: json.dumps(facts).encode()})
        partial = self._path(name).with_suffix(f".{os.getpid()}.partial")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            encryption = self._factory().file_encryption_properties(
                pe.KmsConnectionConfig(),
                pe.EncryptionConfiguration(footer_key=self.key, uniform_encryption=True, double_wrapping=False),
            )
            with pq.ParquetWriter(partial, table.schema, compression="lz4", encryption_properties=encryption) as writer:
                writer.write_table(table)
            partial.replace(self._path(name))
        except OSError as exc:
            partial.unlink(missing_ok=True)
            raise _translated(exc) from None

    def read(self, name: str) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Read one chunk and its facts.

        Raises:
            SourceMissing: the file is gone (the run ended, or was cleaned up); run the ingestion again.
            KeyUnavailable: the run's key was destroyed, or the file was altered.
        """
        path = self._path(name)
        if not path.exists():
            raise SourceMissing(
                f"The staging file {path.name} is gone; run the same ingestion again, it stores nothing twice."
            )
        try:
            decryption = self._factory().file_decryption_properties(
                pe.KmsConnectionConfig(), pe.DecryptionConfiguration()
            )
            with path.open("rb") as file:
                _require_sealed(file)
                table = pq.ParquetFile(file, decryption_properties=decryption).read()
        except (OSError, pa.ArrowException):
            raise KeyUnavailable(
                f"The staging file {path.name} does not open: its run ended, or it was altered."
            ) from None
        facts: dict[str, Any] = json.loads((table.schema.metadata or {})[_FACTS])
        return table.to_pandas(), facts

    def remove(self) -> None:
        """Remove the files; the caller destroys the run's key."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def names(self) -> list[str]:
        """List the chunks that are there."""
        return sorted(path.stem for path in self.folder.glob("*.parquet"))

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def _factory(self) -> pe.CryptoFactory:
        return pe.CryptoFactory(lambda _: _RunKeys(self.wrap, self.unwrap))


def _require_sealed(file: BinaryIO) -> None:
    """Refuse a file in clear: the reader takes one even where it was given keys, and nobody's key vouches for it."""
    head = file.read(len(_SEALED))
    file.seek(-len(_SEALED), os.SEEK_END)
    if head != _SEALED or file.read() != _SEALED:
        raise OSError(errno.EINVAL, "not encrypted")
    file.seek(0)


def _translated(exc: OSError) -> TutelaError:
    if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFull("The disk of the staging folder is full; free some room and run the same command again.")
    return TutelaError(f"A staging file can't be written ({exc.strerror}); check the home folder.")
