"""Delimited text as odd programs write it: read as it is meant, or refused in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.errors import SourceColumns, SourceEmpty, SourceError, SourceTooLarge
from pipelines.sources import Limits, read_chunks

if TYPE_CHECKING:
    from pathlib import Path

WIDE = ",".join(f"{'h' * 300}{n}" for n in range(400))
READ = {
    "bars": ("a|b\n1|2\n", ["a", "b"], [["1", "2"]]),
    "carriage returns": ("a,b\r1,2\r3,4\r", ["a", "b"], [["1", "2"], ["3", "4"]]),
    "all ends of lines": ("a,b\r1,2\n3,4\r\n5,6", ["a", "b"], [["1", "2"], ["3", "4"], ["5", "6"]]),
    "empty headings": (",,\n1,2,3\n", ["(column 1)", "(column 2)", "(column 3)"], [["1", "2", "3"]]),
    "a line separator in a heading": ("a\u2028b,c\x85\x0b\x1cd\n1,2\n", ["a\u2028b", "c\x85\x0b\x1cd"], [["1", "2"]]),
    "a heading line of 120 kB": (f"{WIDE}\n{WIDE}\n", WIDE.split(","), [WIDE.split(",")]),
    "a delimiter in a quoted heading": ('"a,b,c";d\n1;2\n', ["a,b,c", "d"], [["1", "2"]]),
}


@pytest.mark.parametrize(("text", "names", "rows"), READ.values(), ids=READ.keys())
def test_odd_text_is_read_as_it_is_meant(tmp_path: Path, text: str, names: list[str], rows: list[list[str]]) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode())
    (chunk,) = read_chunks(tmp_path / "a.csv", chunk_rows=100)
    assert chunk.frame.columns.tolist() == names
    assert chunk.frame.to_numpy().tolist() == rows


REFUSED = {
    "only a mark": ("\ufeff", SourceEmpty, "no heading line"),
    "10,000 columns": (",".join(map(str, range(10_000))) + "\n", SourceColumns, "more than 500"),
    "a quote opened before a megabyte": ('a,b\n1,"' + "x\n" * (1 << 20), SourceTooLarge, "never closed"),
    "a quote opened in the heading line": ('"a,b\n1,2\n', SourceError, "never closed"),
}


@pytest.mark.parametrize(("text", "kind", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_can_not_be_meant_is_refused(tmp_path: Path, text: str, kind: type[Exception], message: str) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode())
    with pytest.raises(kind, match=message):
        list(read_chunks(tmp_path / "a.csv", chunk_rows=100))


def test_chunks_of_huge_cells_have_fewer_rows_where_that_is_asked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + f"1,{'x' * 1_000_000}\n" * 24, encoding="ascii")
    limits = Limits(cell_bytes=2 << 20, row_bytes=4 << 20, chunk_bytes=8 << 20)
    chunks = list(read_chunks(tmp_path / "a.csv", chunk_rows=1000, limits=limits))
    assert sum(map(len, chunks)) == 24
    assert max(map(len, chunks)) <= 12
    assert [row for chunk in chunks for row in chunk.frame.index] == list(range(1, 25))
