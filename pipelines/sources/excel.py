"""Read Excel workbooks (.xlsx): values only, no formulas run, no links followed.

A workbook is held in memory by its reader, so its size is checked before it is opened. Not for .xls.
"""

from __future__ import annotations

import datetime as dt
import itertools
import zipfile
from typing import TYPE_CHECKING, Any

import python_calamine as calamine

from pipelines.errors import SourceEmpty, SourceMalformed, SourceTooLarge
from pipelines.sources.chunks import Chunk, Limits, check_headings, chunks_of, refuse_nul, text_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

OLE_HEADER = bytes.fromhex("d0cf11e0a1b11ae1")
"""Begins old .xls files and workbooks with a password."""
SMALL_PART = 1 << 20
"""A part up to this size is no bomb, whatever its ratio: repeated styles compress well."""
ROWS_AT_ONCE = 5_000


def read_excel(path: Path, chunk_rows: int, limits: Limits) -> Iterator[Chunk]:
    """Yield the rows of the workbook's one visible sheet that holds any.

    Raises:
        SourceMalformed: the workbook is broken, has a password, or several sheets with rows.
        SourceTooLarge: it would unpack to more than the limit.
        SourceEmpty: no visible sheet holds rows.
        SourceColumns: the headings are too many or alike.
    """
    _check_parts(path, limits)
    try:
        rows = _rows(path)
    except (calamine.CalamineError, OSError, ValueError):
        msg = f"{path.name}: the workbook is broken; open it in Excel, save it again and deliver that."
        raise SourceMalformed(msg) from None
    headings = next((row for row in rows if any(_text(cell) for cell in row)), None)
    if headings is None:
        msg = f"{path.name}: the sheet is empty."
        raise SourceEmpty(msg)
    names = check_headings([_text(cell) or "" for cell in headings], path.name, limits)
    tables = _tables(rows, names, path.name)
    return chunks_of(tables, chunk_rows=chunk_rows, name=path.name, limits=limits)


def _check_parts(path: Path, limits: Limits) -> None:
    with path.open("rb") as file:
        if file.read(len(OLE_HEADER)) == OLE_HEADER:
            msg = f"{path.name}: the workbook has a password or is an old .xls; save it as .xlsx without a password."
            raise SourceMalformed(msg)
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        msg = f"{path.name}: this is not an Excel workbook (.xlsx); save it as one, or as CSV."
        raise SourceMalformed(msg) from None
    bomb = any(p.file_size > max(SMALL_PART, p.compress_size * limits.workbook_ratio) for p in parts)
    if bomb or sum(part.file_size for part in parts) > limits.workbook_bytes:
        msg = f"{path.name}: the workbook would unpack to more than is allowed; deliver it as CSV or in parts."
        raise SourceTooLarge(msg)


def _rows(path: Path) -> Iterator[list[Any]]:
    workbook = calamine.CalamineWorkbook.from_path(path)
    shown = [s.name for s in workbook.sheets_metadata if s.visible is calamine.SheetVisibleEnum.Visible]
    filled = [sheet for sheet in map(workbook.get_sheet_by_name, shown) if sheet.height]
    if not filled:
        msg = f"{path.name}: no visible sheet holds rows."
        raise SourceEmpty(msg)
    if len(filled) > 1:
        msg = f"{path.name}: {len(filled)} sheets hold rows, so it can't be told which is meant; keep one visible."
        raise SourceMalformed(msg)
    return iter(filled[0].iter_rows())


def _tables(rows: Iterable[list[Any]], names: list[str], name: str) -> Iterator[pa.Table]:
    first, filled = 1, (row for row in rows if any(cell != "" for cell in row))
    while some := list(itertools.islice(filled, ROWS_AT_ONCE)):
        table = text_table([[_text(cell) for cell in column] for column in zip(*some, strict=True)], names)
        yield refuse_nul(table, first, name)
        first += table.num_rows


def _text(cell: object) -> str | None:  # noqa: PLR0911 - a table
    match cell:
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return f"{cell:.0f}"  # Excel keeps 15 digits: an identity number typed as a number is caught by its check
        case dt.datetime() if cell.time() == dt.time():
            return cell.date().isoformat()
        case dt.datetime():
            return cell.isoformat(sep=" ")
        case dt.date() | dt.time():
            return cell.isoformat()
        case None:
            return None
        case _:
            return str(cell)
