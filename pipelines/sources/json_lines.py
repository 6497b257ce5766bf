"""Read JSON lines: one object a line, flat or as the web form writes it (`pipelines.sources.json_shape`).

Whole blocks go through Arrow's parser; a block that it does not take (a number where text was, two equal keys, a broken
line) is read again line by line, which either succeeds or names the line. Numbers keep their digits as written.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pajson

from pipelines.errors import SourceMalformed, SourceTooLarge
from pipelines.sources.chunks import (
    TEXT,
    Chunk,
    Column,
    Limits,
    Skipped,
    blank_to_null,
    check_headings,
    chunks_of,
    refuse_nul,
)
from pipelines.sources.encoding import Text, detect, utf8_blocks
from pipelines.sources.json_shape import CONSENT, FIELDS, LIST_SEPARATOR, Record, Shape, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.encodings import EncodingName

LEARN_LINES = 50
MOST_BRACKETS = 100
"""Opening brackets of a line that goes through Arrow; the form writes four."""


def read_json_lines(
    path: Path, chunk_rows: int, limits: Limits, skipped: Skipped | None = None, encoding: EncodingName | None = None
) -> Iterator[Chunk]:
    """Yield the rows of a JSON lines file. Later chunks may have columns that earlier ones had no key for.

    JSON should be UTF-8; other encodings are read as those of delimited text are.

    Raises:
        SourceEncoding: the encoding can't be told.
        SourceMalformed: a line is not one JSON object (without ``skipped``), or nested deeper than the form nests.
        SourceColumns: there are too many different keys, or two alike.
        SourceTooLarge: a line or cell exceeds the limit.
    """
    text = detect(path, encoding)
    tables = _tables(path, text, limits, skipped)
    return chunks_of(tables, chunk_rows=chunk_rows, name=path.name, limits=limits, text=text)


def _tables(path: Path, text: Text, limits: Limits, skipped: Skipped | None) -> Iterator[pa.Table]:
    shape: Shape | None = None
    row = 1
    for line, block in _blocks(path, text, limits):
        if shape is None:
            head = block.split(b"\n", LEARN_LINES)[:LEARN_LINES]
            shape = Shape.of(_records(head, line, path.name, None if skipped is None else Skipped()))
        table = _fast(block, shape) if _is_shallow(block) else None
        if table is None:
            table = _slow(_records(block.split(b"\n"), line, path.name, skipped), shape, line, path.name)
        check_headings(table.column_names, path.name, limits)
        yield refuse_nul(table, row, path.name) if b"\\u0000" in block else table
        row += table.num_rows


def _blocks(path: Path, text: Text, limits: Limits) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines in blocks, each with the number of its first line; nothing for blank stretches."""
    line, rest = 1, b""
    for read in utf8_blocks(path, text.encoding):
        whole, newline, tail = (rest + read).rpartition(b"\n")
        if len(tail) > limits.row_bytes:
            number = line + (whole + newline).count(b"\n")
            msg = f"{path.name}, line {number}: longer than {limits.row_bytes // 1024} KiB; is it one object a line?"
            raise SourceTooLarge(msg)
        rest = tail
        if newline:
            if whole.strip():
                yield line, whole + newline
            line += whole.count(b"\n") + 1
    if rest.strip():
        yield line, rest


# --- the fast way ------------------------------------------------------------------------------------------------


def _is_shallow(block: bytes) -> bool:
    """Tell whether no line can nest deeply: Arrow's parser recurses by depth and would take the process down."""
    characters = np.frombuffer(block, np.uint8)
    opening = np.flatnonzero((characters == ord("[")) | (characters == ord("{")))
    ends = np.append(np.flatnonzero(characters == ord("\n")), len(block))
    opened = np.diff(np.searchsorted(opening, ends), prepend=0)
    return bool(opened.max() <= MOST_BRACKETS)


def _fast(block: bytes, shape: Shape) -> pa.Table | None:
    """Parse a block with Arrow; None where only reading line by line can tell what is in it."""
    try:
        parsed = _parse(block, shape)
        met = set(_paths(parsed.schema, shape))
        if not met <= shape.lists.keys():  # keys not met before: learn them as text, so that Arrow does not type them
            shape.lists.update(dict.fromkeys(sorted(met - shape.lists.keys()), False))
            parsed = _parse(block, shape)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return None
    if parsed.num_rows != sum(1 for line in block.split(b"\n") if line.strip()):
        return None  # an object over two lines, or two on one
    columns: dict[str, Column] = {}
    for path, is_list in shape.lists.items():
        columns[shape.column(path)] = _leaf(parsed, path, is_list=is_list)
    return pa.Table.from_pydict(columns)


def _parse(block: bytes, shape: Shape) -> pa.Table:
    inner: dict[str, list[pa.Field]] = {}
    top: list[pa.Field] = []
    for path, is_list in shape.lists.items():
        kind = pa.list_(TEXT) if is_list else TEXT
        (top if len(path) == 1 else inner.setdefault(path[0], [])).append(pa.field(path[-1], kind))
    top += [pa.field(name, pa.struct(fields)) for name, fields in inner.items()]
    return pajson.read_json(
        pa.BufferReader(block),
        read_options=pajson.ReadOptions(use_threads=False, block_size=len(block) + 1),
        parse_options=pajson.ParseOptions(explicit_schema=pa.schema(top), unexpected_field_behavior="infer"),
    )


def _paths(schema: pa.Schema, shape: Shape) -> Iterator[tuple[str, ...]]:
    for part in schema:
        if shape.envelope and part.name in {FIELDS, CONSENT} and pa.types.is_struct(part.type):
            yield from ((part.name, inner.name) for inner in part.type)
        elif not (shape.envelope and part.name in {"form", FIELDS, CONSENT}):
            yield (part.name,)


def _leaf(parsed: pa.Table, path: tuple[str, ...], *, is_list: bool) -> Column:
    column = parsed.column(path[0])
    if len(path) > 1:
        column = pc.struct_field(column, path[1])
    if is_list:
        column = pc.binary_join(column, pa.scalar(LIST_SEPARATOR, TEXT))
    return blank_to_null(column)


# --- the slow way, which names the line --------------------------------------------------------------------------


def _no_twins(pairs: list[tuple[str, Any]]) -> Record:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError
    return record


def _no_constant(_: str) -> None:
    raise ValueError


_DECODER = json.JSONDecoder(
    parse_int=str, parse_float=str, parse_constant=_no_constant, object_pairs_hook=_no_twins, strict=True
)


def _records(lines: list[bytes], first: int, name: str, skipped: Skipped | None) -> list[Record]:
    """Parse line by line; blank lines give nothing, nor do broken ones where they may be stepped over."""
    records = []
    for number, line in enumerate(lines, start=first):
        if not line.strip():
            continue
        try:
            record = _DECODER.decode(line.decode("utf-8"))
            "".join(str(value) for value in record.values() if isinstance(value, str)).encode()
        except (ValueError, RecursionError, AttributeError):
            if skipped is not None:
                skipped.note(number)
                continue
            msg = f"{name}, line {number}: this is not one JSON object with distinct keys; correct or remove the line."
            raise SourceMalformed(msg) from None
        records.append(record)
    return records


def _slow(records: list[Record], shape: Shape, line: int, name: str) -> pa.Table:
    rows: list[dict[str, str | None]] = []
    for place, record in enumerate(records):
        row: dict[str, str | None] = {}
        for path, value in shape.leaves(record):
            shape.lists.setdefault(path, False)
            try:
                row[shape.column(path)] = text_of(value)
            except TypeError:
                msg = f"{name}, object {place + 1} from line {line}: a key holds an object; flatten it in the form."
                raise SourceMalformed(msg) from None
        rows.append(row)
    try:
        return pa.Table.from_pydict(
            {column: blank_to_null(pa.array([row.get(column) for row in rows], TEXT)) for column in shape.columns}
        )
    except UnicodeEncodeError:
        msg = f"{name}, at or after line {line}: a text holds half of a character (a lone surrogate); export it again."
        raise SourceMalformed(msg) from None
