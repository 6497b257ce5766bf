"""Files of every format become the same chunks; what can't be read is told by file, row and remedy, never by value."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import json
import os
import zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import (
    SourceColumns,
    SourceEmpty,
    SourceEncoding,
    SourceError,
    SourceMalformed,
    SourceMissing,
    SourceTooLarge,
)
from pipelines.sources import Limits, Skipped, fingerprint, read_chunks
from pipelines.sources import csv_files as csv_module

VALUE = "Zq13912345678"
"""Stands for a personal value: no message may hold it."""


def read(path, chunk_rows=1000, **options):
    return pd.concat([chunk.frame for chunk in read_chunks(path, chunk_rows=chunk_rows, **options)])


def write(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(path, *sheets, hidden=()):
    with xlsxwriter.Workbook(str(path)) as book:
        for place, rows in enumerate(sheets):
            sheet = book.add_worksheet()
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
            if place in hidden:
                sheet.hide()
    return path


# --- what is read --------------------------------------------------------------------------------------------------

TABLE = "姓名,手机\n张三,1\n李四,\n"
ENCODINGS = {
    "UTF-8": TABLE.encode(),
    "UTF-8 with a mark": TABLE.encode("utf-8-sig"),
    "GB18030": TABLE.encode("gb18030"),
    "UTF-16 with a mark": TABLE.encode("utf-16"),
    "Windows new lines": TABLE.replace("\n", "\r\n").encode(),
    "no new line at the end": TABLE.rstrip("\n").encode(),
    "semicolons": TABLE.replace(",", ";").encode(),
    "tabs": TABLE.replace(",", "\t").encode(),
    "everything quoted": b'"\xe5\xa7\x93\xe5\x90\x8d","\xe6\x89\x8b\xe6\x9c\xba"\n"\xe5\xbc\xa0\xe4\xb8\x89","1"\n'
    b'"\xe6\x9d\x8e\xe5\x9b\x9b",""\n',
    "blank lines": TABLE.replace("\n", "\n\n").encode(),
}


@pytest.mark.parametrize("content", ENCODINGS.values(), ids=ENCODINGS.keys())
def test_delimited_text_is_read_whatever_wrote_it(tmp_path, content):
    frame = read(write(tmp_path, "a.csv", content))
    assert frame.columns.tolist() == ["姓名", "手机"]
    assert frame["姓名"].tolist() == ["张三", "李四"]
    assert frame["手机"].isna().tolist() == [False, True]


def test_all_columns_are_text_indexed_by_row_number(tmp_path):
    frame = read(write(tmp_path, "a.csv", "a,b\n01,2026-01-05\n1e5,true\n"))
    assert {str(kind) for kind in frame.dtypes} == {"str"}
    assert frame.to_numpy().tolist() == [["01", "2026-01-05"], ["1e5", "true"]]
    assert (frame.index.name, frame.index.dtype, frame.index.tolist()) == ("row", "int64", [1, 2])


def test_a_quoted_new_line_belongs_to_its_cell(tmp_path):
    frame = read(write(tmp_path, "a.csv", '"a\nx",b\n"1\n2",3\n4,"5"\n'))
    assert frame.iloc[0].tolist() == ["1\n2", "3"]
    assert frame.index.tolist() == [1, 2]


def test_a_lone_quote_inside_a_word_is_no_quote(tmp_path):
    assert read(write(tmp_path, "a.csv", 'a,b\n5" pipe,x\n6,y\n'))["a"].tolist() == ['5" pipe', "6"]


@pytest.mark.parametrize("rows", [1, 6, 7, 8, 14, 15])
def test_chunks_have_exactly_the_asked_rows(tmp_path, rows):
    path = write(tmp_path, "a.csv", "a\n" + "".join(f"{n}\n" for n in range(1, rows + 1)))
    chunks = list(read_chunks(path, chunk_rows=7))
    assert [len(chunk) for chunk in chunks] == [7] * (rows // 7) + ([rows % 7] if rows % 7 else [])
    assert [chunk.first_row for chunk in chunks] == [chunk.frame.index[0] for chunk in chunks]
    assert [int(cell) for chunk in chunks for cell in chunk.frame["a"]] == list(range(1, rows + 1))
    assert [row for chunk in chunks for row in chunk.frame.index] == list(range(1, rows + 1))


def test_a_chunk_shows_no_values():
    chunk = next(iter([csv_module.Chunk(1, pd.DataFrame({"a": [VALUE]}))]))
    assert VALUE not in repr(chunk)


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.writelines([b"a,b\n", *[b"x" * 90 + b",y\n"] * 1_500_000])
    before = pa.total_allocated_bytes()
    peak = max(pa.total_allocated_bytes() - before for _ in read_chunks(path, chunk_rows=10_000))
    assert peak < path.stat().st_size / 2


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).filter(lambda t: t != "\ufeff")


@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=8))
def test_what_a_csv_writer_wrote_comes_back(tmp_path_factory, rows):
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b", "c"), *rows])
    path = write(tmp_path_factory.mktemp("csv"), "a.csv", buffer.getvalue().encode("utf-8-sig"))
    frame = read(path)
    assert frame.fillna("").to_numpy().tolist() == [list(row) for row in rows]


@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.jsonl", "a.xlsx", "a.parquet"]))
def test_no_bytes_raise_anything_but_our_own_errors(tmp_path_factory, content, name):
    path = write(tmp_path_factory.mktemp("any"), name, content)
    with contextlib.suppress(SourceError):
        read(path)


FORM = {
    "form": "web-3",
    "submitted_at": "2026-01-05T10:00:00+08:00",
    "consent": {"notice": "N-WEB-2", "given_at": "2026-01-05", "until": "2029-01-05", "method": "checkbox",
                "purposes": ["membership", "marketing"]},
    "fields": {"name": "张三", "age": 30, "money": 1.50, "member": True, "city": None, "tags": ["a", "b"]},
}  # fmt: skip


def lines(*records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def test_rows_of_a_wrong_width_are_stepped_over_only_where_asked(tmp_path):
    path = write(
        tmp_path, "a.csv", "a,b\n" + "".join(f"{n},x\n" if n % 7 else f"{n},{VALUE},y\n" for n in range(1, 50))
    )
    skipped = Skipped()
    assert [int(cell) for cell in read(path, skipped=skipped)["a"]] == [n for n in range(1, 50) if n % 7]
    assert (skipped.count, skipped.rows) == (7, [7, 14, 21, 28, 35, 42, 49])
    with pytest.raises(SourceMalformed, match="row 7:"):
        read(path)


def test_broken_json_lines_are_stepped_over_only_where_asked(tmp_path):
    path = write(tmp_path, "a.jsonl", '{"a":"1"}\n{broken\n\n[1]\n{"a":"2"}\n')
    skipped = Skipped()
    assert read(path, skipped=skipped)["a"].tolist() == ["1", "2"]
    assert (skipped.count, skipped.rows) == (2, [2, 4])


def test_a_file_of_nothing_but_unreadable_rows_is_refused_all_the_same(tmp_path):
    with pytest.raises(SourceMalformed, match="none of its 2 row"):
        read(write(tmp_path, "a.csv", "a,b\n1\n2\n"), skipped=Skipped())
    with pytest.raises(SourceMalformed, match="none of its 2 row"):
        read(write(tmp_path, "a.jsonl", "{\n}\n"), skipped=Skipped())


def test_the_web_forms_envelope_becomes_columns(tmp_path):
    row = read(write(tmp_path, "a.jsonl", lines(FORM))).iloc[0].dropna().to_dict()
    assert row == {
        "name": "张三", "age": "30", "money": "1.5", "member": "true", "tags": "a;b",
        "consent_notice": "N-WEB-2", "consent_at": "2026-01-05", "consent_until": "2029-01-05",
        "consent_method": "checkbox", "consent_purposes": "membership;marketing",
        "collected_at": "2026-01-05T10:00:00+08:00",
    }  # fmt: skip


def test_the_fast_and_the_slow_way_agree(tmp_path):
    text = {**FORM, "fields": {"name": "张三", "city": None, "tags": ["a", "b"], "late": "2026-01-05 10:00:00"}}
    number = {**FORM, "fields": {"name": 7}}
    fast = read(write(tmp_path, "fast.jsonl", lines(*[text] * 60)))
    slow = read(write(tmp_path, "slow.jsonl", lines(*[text] * 60, number)))
    pd.testing.assert_frame_equal(fast, slow.iloc[:60], check_like=True)
    assert slow["name"].iloc[60] == "7"


def test_a_form_field_can_not_pass_for_consent(tmp_path):
    forged = {"submitted_at": "2026-01-05", "consent": None, "fields": {"name": "x", "consent_notice": "N-WEB-2"}}
    frame = read(write(tmp_path, "a.jsonl", lines(forged)))
    assert "consent_notice" not in frame.columns
    assert "fields.consent_notice" in frame.columns


def test_flat_objects_are_read_as_they_are(tmp_path):
    frame = read(write(tmp_path, "a.jsonl", lines({"a": "1", "b": "x"}, {"a": "2"})))
    assert frame["a"].tolist() == ["1", "2"]
    assert frame["b"].isna().tolist() == [False, True]


def test_a_key_met_late_is_a_column_all_the_same(tmp_path):
    rows = [{"a": str(n)} for n in range(100)] + [{"a": "x", "b": "2026-01-05 10:00:00"}]
    assert read(write(tmp_path, "a.jsonl", lines(*rows)))["b"].iloc[-1] == "2026-01-05 10:00:00"


def test_numbers_keep_their_digits(tmp_path):
    path = write(tmp_path, "a.jsonl", '{"a": 110101199003074514, "b": 007}\n'.replace("007", "1.10"))
    assert read(path).iloc[0].tolist() == ["110101199003074514", "1.10"]


def test_a_workbook_is_read_as_text(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx", [["姓名", "数"], ["张三", 12], ["", ""], ["李四", 1.5]], [["hidden"]], hidden=(1,)
    )
    frame = read(path)
    assert frame["姓名"].tolist() == ["张三", "李四"]
    assert frame["数"].tolist() == ["12", "1.5"]
    assert frame.index.tolist() == [1, 2]


def test_a_date_in_a_workbook_is_iso(tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx"), {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_datetime(1, 0, pd.Timestamp("2026-01-05"))
        sheet.write_datetime(1, 1, pd.Timestamp("2026-01-05 10:30"))
    assert read(tmp_path / "a.xlsx").iloc[0].tolist() == ["2026-01-05", "2026-01-05 10:30:00"]


def test_parquet_is_read_as_text(tmp_path):
    table = pa.table({"a": ["x", None], "n": pa.array([3.0, None]), "d": [dt.date(2026, 1, 5), None],
                      "k": pa.array(["p", "q"]).dictionary_encode(), "e": ["", "y"]})  # fmt: skip
    pq.write_table(table, tmp_path / "a.parquet")
    frame = read(tmp_path / "a.parquet")
    assert frame.iloc[0].dropna().to_dict() == {"a": "x", "n": "3", "d": "2026-01-05", "k": "p"}
    assert frame.iloc[1].dropna().to_dict() == {"k": "q", "e": "y"}


# --- what is not ---------------------------------------------------------------------------------------------------

ROWS = f"a,b\n1,{VALUE}\n2,x\n"
BAD_TEXT = {
    "a missing cell": ("a.csv", ROWS + f"{VALUE}\n4,5\n", SourceMalformed, "row 3: it has 1 columns"),
    "a cell too many": ("a.csv", ROWS + f"{VALUE},2,3\n", SourceMalformed, "row 3: it has 3 columns"),
    "a quote never closed": ("a.csv", ROWS + f'3,"{VALUE}\n4,5\n', SourceMalformed, "never closed"),
    "two headings alike": ("a.csv", f"{VALUE},x,{VALUE.lower()}\n1,2,3\n", SourceColumns, "columns 1 and 3"),
    "headings only": ("a.csv", f"{VALUE},b\n", SourceEmpty, "no rows"),
    "blank lines only": ("a.csv", "\n\n  \n", SourceEmpty, "no heading line"),
    "nothing": ("a.csv", "", SourceEmpty, "the file is empty"),
    "a NUL character": ("a.csv", f"a,b\n{VALUE}\0,2\n", SourceMalformed, "line 2: there is a NUL"),
    "a broken encoding": ("a.csv", ROWS.encode() + b"\xff\xff,\x80\n", SourceEncoding, "save the file as UTF-8"),
    "a cell too large": ("a.csv", ROWS + f"3,{VALUE * 6000}\n", SourceTooLarge, "row 3, column 2"),
    "a row too large": ("a.csv", ROWS + '3,"' + VALUE * 200_000, SourceTooLarge, "larger than 1024 KiB"),
    "too many columns": ("a.csv", f"{VALUE}," * 501 + "\n", SourceColumns, "more than 500"),
    "a broken line": ("a.jsonl", f'{{"a": "1"}}\n{{"a": "{VALUE}"\n', SourceMalformed, "line 2"),
    "a list for an object": ("a.jsonl", f'["{VALUE}"]\n', SourceMalformed, "line 1"),
    "two objects on a line": ("a.jsonl", f'{{"a": "1"}}\n{{"a": "{VALUE}"}}{{"a": "2"}}\n', SourceMalformed, "line 2"),
    "two equal keys": ("a.jsonl", f'{{"a": "{VALUE}", "a": "2"}}\n', SourceMalformed, "line 1"),
    "two equal keys, later": (
        "a.jsonl", '{"a": "1"}\n' * 80 + f'{{"a": "{VALUE}", "a": "2"}}\n', SourceMalformed, "line 81"),
    "not a number": ("a.jsonl", f'{{"a": NaN, "b": "{VALUE}"}}\n', SourceMalformed, "line 1"),
    "half a character": ("a.jsonl", f'{{"a": "{VALUE}\\ud800"}}\n', SourceMalformed, "line 1"),
    "an object in a field": ("a.jsonl", f'{{"a": {{"b": "{VALUE}"}}}}\n', SourceMalformed, "line 1"),
    "an object in a later field": (
        "a.jsonl", '{"a": "1"}\n' * 80 + f'{{"b": {{"c": "{VALUE}"}}}}\n', SourceMalformed, "line 1"),
    "deep nesting": ("a.jsonl", '{"a": "1"}\n' * 60 + '{"b":' * 100_000 + "\n", SourceMalformed, "line 61"),
    "deep and closed, later": (
        "a.jsonl", '{"a": "1"}\n' * 60 + '{"b":' * 80_000 + "1" + "}" * 80_000 + "\n", SourceMalformed, "line 61"),
    "deep lists, later": (
        "a.jsonl", '{"a": "1"}\n' * 60 + '{"a":' + "[" * 90_000 + "]" * 90_000 + "}\n", SourceMalformed, "line 61"),
    "deep lists": ("a.jsonl", '{"a": ' + "[" * 500 + "]" * 500 + "}\n", SourceMalformed, "line 1"),
    "an escaped NUL": ("a.jsonl", f'{{"a": "1"}}\n{{"a": "{VALUE}\\u0000"}}\n', SourceMalformed, "row 2, column 1"),
    "a real NUL": ("a.jsonl", f'{{"a": "{VALUE}\0"}}\n', SourceMalformed, "line 1: there is a NUL"),
    "another encoding": ("a.jsonl", '{"a": "1"}\n{"a": "张"}\n'.encode("gb18030"), SourceEncoding, "line 2"),
    "a line too long": ("a.jsonl", '{"a": "1"}\n{"a": "' + VALUE * 300_000, SourceTooLarge, "line 2"),
    "no objects": ("a.jsonl", "\n\n", SourceEmpty, "no rows"),
    "too many keys": (
        "a.jsonl", json.dumps({f"k{n}": "1" for n in range(501)}) + "\n", SourceColumns, "more than 500"),
    "no workbook": ("a.xlsx", VALUE, SourceMalformed, "not an Excel workbook"),
    "an old workbook or a password": (
        "a.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + VALUE.encode(), SourceMalformed, "has a password or is an old"),
    "no Parquet": ("a.parquet", VALUE, SourceMalformed, "not a Parquet file"),
    "an unknown format": ("a.doc", VALUE, SourceError, "the format can't be told"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "kind", "message"), BAD_TEXT.values(), ids=BAD_TEXT.keys())
def test_what_can_not_be_read_is_told_without_its_values(tmp_path, name, content, kind, message):
    path = write(tmp_path, name, content)
    with pytest.raises(kind) as caught:
        read(path)
    told = str(caught.value)
    assert message in told
    assert name in told
    assert VALUE.lower() not in told.lower()
    assert caught.value.__cause__ is None
    assert caught.value.exit_code == 11


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(SourceMissing, match="no such file"):
        read(tmp_path / "a.csv")
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(SourceMissing, match="this is a folder"):
        read(tmp_path / "b.csv")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(SourceMissing, match="not an ordinary file"):
        read(tmp_path / "a.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path):
    path = write(tmp_path, "a.csv", ROWS)
    path.chmod(0)
    with pytest.raises(SourceMissing, match="may not read"):
        read(path)


def test_a_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    with pytest.raises(SourceTooLarge, match="would unpack"):
        read(path)


def test_a_workbook_larger_than_the_limit_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["a"], ["b"]])
    with pytest.raises(SourceTooLarge, match="would unpack"):
        read(path, limits=Limits(workbook_bytes=100))


def test_a_zip_that_is_no_workbook_is_broken(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.txt", VALUE)
    with pytest.raises(SourceMalformed, match="broken"):
        read(path)


WORKBOOKS = {
    "two sheets with rows": ([[["a"], ["1"]], [["b"], ["2"]]], SourceMalformed, "2 sheets hold rows"),
    "an empty sheet": ([[]], SourceEmpty, "no visible sheet holds rows"),
    "headings only": ([[["a", "b"]]], SourceEmpty, "no rows"),
    "two headings alike": ([[["a", "A "], ["1", "2"]]], SourceColumns, "columns 1 and 2"),
}


@pytest.mark.parametrize(("sheets", "kind", "message"), WORKBOOKS.values(), ids=WORKBOOKS.keys())
def test_a_workbook_that_can_not_be_read_is_told(tmp_path, sheets, kind, message):
    with pytest.raises(kind, match=message):
        read(workbook(tmp_path / "a.xlsx", *sheets))


def test_a_nested_column_of_parquet_is_refused(tmp_path):
    pq.write_table(pa.table({"a": [["x"]]}), tmp_path / "a.parquet")
    with pytest.raises(SourceMalformed, match="column 1: a nested or binary"):
        read(tmp_path / "a.parquet")


def test_a_row_group_that_can_not_be_held_is_refused(tmp_path):
    pq.write_table(pa.table({"a": ["x" * 1000]}), tmp_path / "a.parquet")
    with pytest.raises(SourceTooLarge, match="row group"):
        read(tmp_path / "a.parquet", limits=Limits(row_group_bytes=100))


# --- the name of a delivery ----------------------------------------------------------------------------------------


def test_a_fingerprint_depends_on_every_byte_and_on_the_key(tmp_path):
    first, same, other = (write(tmp_path, name, text) for name, text in (("a", "x"), ("b", "x"), ("c", "y")))
    key = b"k" * 32
    assert fingerprint(first, key) == fingerprint(same, key)
    assert len({fingerprint(first, key), fingerprint(other, key), fingerprint(first, b"l" * 32)}) == 3
    assert fingerprint(first, key).version == 8


def test_a_fingerprint_needs_a_real_key_and_a_file(tmp_path):
    with pytest.raises(ValueError, match="32 bytes"):
        fingerprint(write(tmp_path, "a", "x"), b"short")
    with pytest.raises(SourceMissing):
        fingerprint(tmp_path / "none", b"k" * 32)
