"""Read delimited text: comma, semicolon, tab or bar; quoted new lines; memory flat in the file's size.

Not for repairing: a row with a wrong number of columns stops the file, because what follows can't be trusted. Only who
asks for it (`Skipped`) steps over such rows, and learns how many there were.
"""

from __future__ import annotations

import csv
import io
import itertools
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pacsv

from pipelines.errors import SourceEmpty, SourceMalformed, SourceTooLarge
from pipelines.sources.chunks import TEXT, Chunk, Limits, Skipped, check_headings, chunks_of
from pipelines.sources.encoding import Text, detect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.encodings import EncodingName

DELIMITERS = ",;\t|"


def read_csv(
    path: Path, chunk_rows: int, limits: Limits, skipped: Skipped | None = None, encoding: EncodingName | None = None
) -> Iterator[Chunk]:
    """Yield the rows of a delimited text file, in the encoding named or told from its bytes.

    Raises:
        SourceEncoding: the encoding can't be told.
        SourceColumns: the headings are too many or alike.
        SourceMalformed: a row has a wrong number of columns (without ``skipped``), or a quote is never closed.
        SourceTooLarge: a cell or row exceeds the limit.
    """
    text = detect(path, encoding)
    delimiter, headings = _heading_line(path, text.encoding, limits)
    names = check_headings(headings, path.name, limits)
    tables = _tables(path, text, delimiter, names, limits, skipped)
    return chunks_of(tables, chunk_rows=chunk_rows, name=path.name, limits=limits, text=text)


def _heading_line(path: Path, encoding: str, limits: Limits) -> tuple[str, list[str]]:
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(limits.row_bytes)
    # Not splitlines(), for which lines end at more than new lines and carriage returns.
    first = next((line for line in io.StringIO(sample, newline="") if line.strip()), "")
    outside_quotes = "".join(first.split('"')[::2])
    delimiter = max(DELIMITERS, key=outside_quotes.count)
    rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        headings = next(filter(None, rows), None)  # the line that the reader below steps over, even of blank cells
    except csv.Error:
        headings = None
    if headings is None or not (len(headings) > 1 or headings[0].strip()):
        msg = f"{path.name}: there is no heading line; the first line must name the columns."
        raise SourceEmpty(msg)
    return delimiter, headings


def _tables(
    path: Path, text: Text, delimiter: str, names: list[str], limits: Limits, skipped: Skipped | None
) -> Iterator[pa.Table]:
    wrong: list[tuple[int, int | None]] = []

    def note(row: pacsv.InvalidRow) -> str:
        if skipped is not None:
            skipped.note(_number(row.number))
            return "skip"
        wrong.append((row.actual_columns, row.number))
        return "error"

    last: pa.Table | None = None
    try:
        with _open(path, text.encoding, delimiter, names, limits, note) as reader:
            for batch in reader:
                if last is not None:
                    yield last
                last = pa.Table.from_batches([batch])
    except pa.ArrowInvalid as error:
        raise _refusal(path.name, len(names), wrong, str(error), limits) from None
    if last is not None:
        if text.quotes % 2 and _ends_in_open_quote(last):
            msg = f"{path.name}: a quote (\") is opened and never closed; the rows after it can't be told apart."
            raise SourceMalformed(msg)
        yield last


def _open(
    path: Path, encoding: str, delimiter: str, names: list[str], limits: Limits, note: object
) -> pacsv.CSVStreamingReader:
    return pacsv.open_csv(
        path,
        read_options=pacsv.ReadOptions(
            column_names=names,
            skip_rows_after_names=1,  # the heading line, which may hold quoted new lines
            use_threads=False,  # one core a task; and row numbers are only known when read in order
            block_size=limits.row_bytes,
            encoding="utf8" if encoding.startswith("utf-8") else encoding,
        ),
        parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, TEXT),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )


def _number(counted: int | None) -> int | None:
    return None if counted is None else counted - 1  # the reader counts the heading line


def _ends_in_open_quote(table: pa.Table) -> bool:
    cells = itertools.chain.from_iterable(column.slice(len(column) - 1).to_pylist() for column in table.columns)
    return any(cell is not None and "\n" in cell for cell in cells)


def _refusal(
    name: str, width: int, wrong: list[tuple[int, int | None]], reason: str, limits: Limits
) -> SourceMalformed | SourceTooLarge:
    if wrong:
        found, number = wrong[0]
        row = "a row" if number is None else f"row {_number(number)}"
        return SourceMalformed(
            f"{name}, {row}: it has {found} columns, the heading line {width}; "
            'look for a delimiter or quote (") too many or too few in that row.'
        )
    if "straddling" in reason:
        return SourceTooLarge(
            f'{name}: a row is larger than {limits.row_bytes // 1024} KiB; look for a quote (") that is never closed.'
        )
    return SourceMalformed(f"{name}: the file can't be parsed as delimited text; export it again as CSV.")
