"""What every reader gives: chunks of raw text columns, within limits.

Not for what the columns mean: `pipelines.sources.arrange` maps them to a plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import SourceColumns, SourceMalformed, SourceTooLarge
from pipelines.policy import heading_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelines.sources.encoding import Text

TEXT = pa.large_string()
"""The Arrow type behind pandas' ``str``: reading straight into it saves a copy."""
Column: TypeAlias = Any
"""An Arrow array, chunked or not; Arrow has no type hints."""
MOST_SKIPPED_ROWS = 1_000
"""More numbers of rows than this are of no use to anybody, only their count is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large the parts of a file may be; beyond, it is refused rather than read."""

    cell_bytes: int = 64 * 1024
    columns: int = 500
    row_bytes: int = 1024 * 1024
    """Also the size of the blocks that delimited text is read in; a reader keeps some 32 of them ahead."""
    workbook_bytes: int = 512 * 1024 * 1024
    """Uncompressed size of all parts of a workbook; it is held in memory."""
    workbook_ratio: int = 200
    """Uncompressed size of a workbook's part over its compressed size; a bomb's is in the thousands."""
    chunk_bytes: int | None = None
    """Bytes from which on a chunk has fewer rows than asked. Not for ingestion, whose chunks are counted in rows."""
    row_group_bytes: int = 1024 * 1024 * 1024
    """Uncompressed size of one row group of a Parquet file; it is held in memory."""
    alike_headings: bool = False
    """Columns may have the same heading; all but the first are named by their place. Not for ingestion."""


@dataclass(slots=True)
class Skipped:
    """Collects the rows that a reader stepped over. Not for ingestion, which may lose no row.

    The rows that are read are numbered as though those stepped over were not there.
    """

    count: int = 0
    rows: list[int] = field(default_factory=list)
    """The first of them: row numbers in the file; of JSON lines, numbers of lines."""

    def note(self, row: int | None) -> None:
        """Count one row."""
        self.count += 1
        if row is not None and len(self.rows) < MOST_SKIPPED_ROWS:
            self.rows.append(row)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows of one file: text columns as headed in the file, indexed by row number."""

    first_row: int
    """1 for the first data row of the file."""
    frame: pd.DataFrame = field(repr=False)
    text: Text | None = None
    """What a pass over a text file found: its encoding; None for workbooks and Parquet files."""

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.frame)


def check_headings(headings: Sequence[str], name: str, limits: Limits) -> list[str]:
    """Return the headings as column names: blank ones get a placeholder, repeated ones too where they may be alike.

    Raises:
        SourceColumns: there are too many, or two are alike that may not be.
    """
    if len(headings) > limits.columns:
        msg = f"{name}: {len(headings)} columns are more than {limits.columns}; check the delimiter or split the file."
        raise SourceColumns(msg)
    seen: dict[str, int] = {}
    names = []
    for place, heading in enumerate(headings, start=1):
        other = seen.setdefault(heading_key(heading) or f"({place})", place)
        if other != place and not limits.alike_headings:
            # Positions only: without a heading line these would be somebody's data.
            msg = f"{name}: columns {other} and {place} have the same heading; rename or remove one."
            raise SourceColumns(msg)
        names.append(heading.strip() if heading.strip() and other == place else f"(column {place})")
    return names


def chunks_of(
    tables: Iterable[pa.Table], *, chunk_rows: int, name: str, limits: Limits, text: Text | None = None
) -> Iterator[Chunk]:
    """Cut a stream of tables of any size into chunks of exactly ``chunk_rows`` rows.

    The last may be shorter, and so may be those that reach ``limits.chunk_bytes``.

    A table may have columns that the ones before had not; they are missing there.

    Raises:
        SourceTooLarge: a cell exceeds the limit.
        SourceMalformed: a cell holds a NUL character.
    """
    row, waiting, held = 1, list[pa.Table](), 0
    for table in tables:
        _check_cells(table, row + held, name, limits)
        waiting.append(table)
        held += table.num_rows
        while held >= chunk_rows:
            joined = _join(waiting)
            yield _chunk(joined.slice(0, chunk_rows), row, text)
            rest = joined.slice(chunk_rows)
            waiting, held, row = [rest], rest.num_rows, row + chunk_rows
        if held and limits.chunk_bytes is not None and sum(part.nbytes for part in waiting) >= limits.chunk_bytes:
            yield _chunk(_join(waiting), row, text)
            waiting, held, row = [], 0, row + held
    if held:
        yield _chunk(_join(waiting), row, text)


def _join(tables: list[pa.Table]) -> pa.Table:
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="default")


def _chunk(table: pa.Table, first_row: int, text: Text | None) -> Chunk:
    frame = table.combine_chunks().to_pandas()
    frame.index = pd.RangeIndex(first_row, first_row + len(frame), name="row")
    return Chunk(first_row, frame, text)


def _check_cells(table: pa.Table, first_row: int, name: str, limits: Limits) -> None:
    for place, column in enumerate(table.columns, start=1):
        lengths = pc.binary_length(column)
        longest = pc.max(lengths).as_py()
        if longest is not None and longest > limits.cell_bytes:
            row = first_row + pc.index(pc.greater(lengths, limits.cell_bytes), True).as_py()
            msg = (
                f"{name}, row {row}, column {place}: the cell is larger than {limits.cell_bytes // 1024} KiB; "
                "look for a missing quote there, or deliver long texts as files of their own."
            )
            raise SourceTooLarge(msg)


def refuse_nul(table: pa.Table, first_row: int, name: str) -> pa.Table:
    """Return the table if no cell holds a NUL character, which PostgreSQL could not store.

    Raises:
        SourceMalformed: a cell holds one.
    """
    for place, column in enumerate(table.columns, start=1):
        found = pc.index(pc.match_substring(column, "\0"), True).as_py()
        if found >= 0:
            msg = f"{name}, row {first_row + found}, column {place}: there is a NUL character; export the file again."
            raise SourceMalformed(msg)
    return table


def text_table(columns: Sequence[Sequence[str | None]], names: Sequence[str]) -> pa.Table:
    """Make a table of text columns from lists; the empty string is missing."""
    return pa.Table.from_arrays([blank_to_null(pa.array(column, TEXT)) for column in columns], names=list(names))


def blank_to_null(column: Column) -> Column:
    """Return the column with empty strings missing."""
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, TEXT), column)
