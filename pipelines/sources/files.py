"""Open a file of any accepted format as a stream of chunks.

Not for partner deliveries, which are verified first: see `pipelines.sources.delivery`.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from pipelines.errors import SourceEmpty, SourceError, SourceMissing
from pipelines.sources.chunks import Chunk, Limits
from pipelines.sources.csv_files import read_csv
from pipelines.sources.excel import read_excel
from pipelines.sources.json_lines import read_json_lines
from pipelines.sources.parquet import read_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

READERS: Mapping[str, Callable[[Path, int, Limits], Iterator[Chunk]]] = {
    "csv": read_csv,
    "xlsx": read_excel,
    "jsonl": read_json_lines,
    "parquet": read_parquet,
}
SUFFIXES = {".tsv": "csv", ".txt": "csv", ".ndjson": "jsonl", ".xlsm": "xlsx", ".pq": "parquet"}
"""Other names for a format; a format's own name needs no entry."""
DEFAULT_LIMITS = Limits()


def read_chunks(
    path: Path, *, chunk_rows: int, format: str | None = None, limits: Limits = DEFAULT_LIMITS  # noqa: A002 - the word
) -> Iterator[Chunk]:  # fmt: skip
    """Yield the file's rows in chunks of ``chunk_rows``; memory does not grow with the file.

    Args:
        path: The file.
        chunk_rows: Rows of each chunk; the last may have fewer.
        format: csv, xlsx, jsonl or parquet; by default told from the file's name.
        limits: How large its parts may be.

    Raises:
        SourceMissing: there is no such file, or it may not be read.
        SourceEmpty: it holds no rows.
        SourceError: another of its kind, naming file and row; the values are never in the message.
    """
    reader = READERS[_format(path, format)]
    check_readable(path)
    chunks = 0
    for chunk in reader(path, chunk_rows, limits):
        chunks += 1
        yield chunk
    if not chunks:
        msg = f"{path.name}: the file has a heading line but no rows; was the export cut short?"
        raise SourceEmpty(msg)


def check_readable(path: Path) -> None:
    """Check that the path is a file that may be read and is not empty.

    Raises:
        SourceMissing: it is not.
        SourceEmpty: it has no bytes.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        msg = f"{path.name}: there is no such file; check the name and the folder."
        raise SourceMissing(msg) from None
    except OSError:
        msg = f"{path.name}: the file can't be reached; check the name and the rights on its folder."
        raise SourceMissing(msg) from None
    if stat.S_ISDIR(status.st_mode):
        msg = f"{path.name}: this is a folder; name the files in it (a partner's delivery is opened with its manifest)."
        raise SourceMissing(msg)
    if not stat.S_ISREG(status.st_mode):
        msg = f"{path.name}: this is not an ordinary file; copy its content to one."
        raise SourceMissing(msg)
    if not os.access(path, os.R_OK):
        msg = f"{path.name}: you may not read this file; ask its owner for the right to."
        raise SourceMissing(msg)
    if not status.st_size:
        msg = f"{path.name}: the file is empty; was the export cut short?"
        raise SourceEmpty(msg)


def _format(path: Path, named: str | None) -> str:
    suffix = path.suffix.lower()
    found = named or SUFFIXES.get(suffix, suffix.removeprefix("."))
    if found not in READERS:
        msg = (
            f"{path.name}: the format can't be told; name the file .csv, .xlsx, .jsonl or .parquet, or say which it is."
        )
        raise SourceError(msg)
    return found
