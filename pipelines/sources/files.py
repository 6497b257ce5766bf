"""Open a file of any accepted format as a stream of chunks.

Not for partner deliveries, which are verified first: see `pipelines.sources.delivery`.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from pipelines.errors import SourceEmpty, SourceError, SourceMalformed, SourceMissing
from pipelines.sources.chunks import Chunk, Limits, Skipped
from pipelines.sources.csv_files import read_csv
from pipelines.sources.excel import read_excel
from pipelines.sources.json_lines import read_json_lines
from pipelines.sources.parquet import read_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pipelines.encodings import EncodingName

READERS: Mapping[str, Callable[[Path, int, Limits, Skipped | None, EncodingName | None], Iterator[Chunk]]] = {
    "csv": read_csv,
    "xlsx": lambda path, rows, limits, *_: read_excel(path, rows, limits),
    "jsonl": read_json_lines,
    "parquet": lambda path, rows, limits, *_: read_parquet(path, rows, limits),
}
"""A workbook's and a Parquet file's rows are all of one width: there is nothing to step over."""
SUFFIXES = {".tsv": "csv", ".txt": "csv", ".ndjson": "jsonl", ".xlsm": "xlsx", ".pq": "parquet"}
"""Other names for a format; a format's own name needs no entry."""
DEFAULT_LIMITS = Limits()


def read_chunks(
    path: Path,
    *,
    chunk_rows: int,
    format: str | None = None,  # noqa: A002 - the word
    limits: Limits = DEFAULT_LIMITS,
    skipped: Skipped | None = None,
    encoding: EncodingName | None = None,
) -> Iterator[Chunk]:
    """Yield the file's rows in chunks of ``chunk_rows``; memory does not grow with the file.

    Args:
        path: The file.
        chunk_rows: Rows of each chunk; the last may have fewer.
        format: csv, xlsx, jsonl or parquet; by default told from the file's name.
        limits: How large its parts may be.
        skipped: Given, rows with a wrong number of columns and broken JSON lines are stepped over and counted in it;
            without it (as ingestion reads, which may lose no row) the first of them stops the file.
        encoding: The encoding of its text ; by default told from its bytes.

    Raises:
        SourceMissing: there is no such file, or it may not be read.
        SourceEmpty: it holds no rows.
        SourceMalformed: no row of it can be read.
        SourceError: another of its kind, naming file and row; the values are never in the message.
    """
    reader = READERS[_format(path, format)]
    check_readable(path)
    chunks = 0
    for chunk in reader(path, chunk_rows, limits, skipped, encoding):
        chunks += 1
        yield chunk
    if not chunks and skipped is not None and skipped.count:
        msg = (
            f'{path.name}: none of its {skipped.count:,} row(s) can be read; look for a quote (") that is never closed, '
            "or for another format than the name says."
        )
        raise SourceMalformed(msg)
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
