"""Read Parquet files as text columns. Not for the encrypted staging files between stages.

Values of other types become the text that a person would write: dates as ISO, numbers as digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.errors import SourceMalformed, SourceTooLarge
from pipelines.sources.chunks import TEXT, Chunk, Column, Limits, blank_to_null, check_headings, chunks_of, refuse_nul

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read_parquet(path: Path, chunk_rows: int, limits: Limits) -> Iterator[Chunk]:
    """Yield the rows of a Parquet file.

    Raises:
        SourceMalformed: the file is broken, encrypted, or a column is nested.
        SourceTooLarge: a row group or cell exceeds the limit.
        SourceColumns: the headings are too many or alike.
    """
    try:
        file = pq.ParquetFile(path, pre_buffer=False)
    except (pa.ArrowException, OSError):
        msg = f"{path.name}: this is not a Parquet file, or it is damaged or encrypted; write it again."
        raise SourceMalformed(msg) from None
    groups = (file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
    if max(groups, default=0) > limits.row_group_bytes:
        msg = f"{path.name}: a row group is too large to hold; write the file with smaller row groups."
        raise SourceTooLarge(msg)
    check_headings(file.schema_arrow.names, path.name, limits)
    return chunks_of(_tables(file, path.name, chunk_rows), chunk_rows=chunk_rows, name=path.name, limits=limits)


def _tables(file: pq.ParquetFile, name: str, chunk_rows: int) -> Iterator[pa.Table]:
    first = 1
    with file:
        try:
            for batch in file.iter_batches(batch_size=chunk_rows, use_threads=False):
                columns = [blank_to_null(_text(column, place, name)) for place, column in enumerate(batch.columns, 1)]
                table = pa.Table.from_arrays(columns, names=_headings(file))
                yield refuse_nul(table, first, name)
                first += table.num_rows
        except (pa.ArrowException, OSError):
            msg = f"{name}, at or after row {first}: the file is damaged; write it again."
            raise SourceMalformed(msg) from None


def _headings(file: pq.ParquetFile) -> list[str]:
    return [heading.strip() or f"(column {place})" for place, heading in enumerate(file.schema_arrow.names, start=1)]


def _text(column: pa.Array, place: int, name: str) -> Column:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_floating(column.type):  # 3.0 is how tables with gaps store 3
        whole = pc.all(pc.equal(pc.trunc(column), column)).as_py()
        column = column.cast(pa.int64(), safe=False) if whole is not False else column
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        msg = f"{name}, column {place}: a nested or binary column can't be read; flatten it to text."
        raise SourceMalformed(msg)
    return column.cast(TEXT)
