"""No cell crashes detection, hides a value, or takes more than its share of time, whatever stands in it."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import typer
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipelines.classify import Analyzer, entity_labels
from pipelines.classify.folding import encodable, fold
from pipelines.classify.headers import evidence
from pipelines.classify.headless import headings_of_data
from pipelines.cli.scan import scan
from pipelines.errors import SourceError
from pipelines.policy.load import load_words

if TYPE_CHECKING:
    from collections.abc import Callable

FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
VALUES = {
    "11010519491231002X": "CN_ID_CARD",
    "91350100M000100Y43": "CN_USCC",
    "6222026268181260925": "CREDIT_CARD",
    "13812345678": "PHONE_NUMBER",
    "wei.zhang@example.com": "EMAIL_ADDRESS",
}
"""Made-up values that a check digit or a known form makes certain."""
ODD = (
    "\0\x01\x1b\x7f\x85\xa0\xad\u0301\u0e33\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\u3000"
    "\ufeff\ufffd\ufffe\U000e0001\U0001f468\ud800\udfff１Ａ＠．－ﷺßıſK"
)
"""NUL, controls, combining marks, marks of direction, no width, half a character, wide forms, and what folds oddly."""
chars = st.one_of(st.characters(), st.characters(categories=["Cs", "Cf", "Mn", "Cc"]), st.sampled_from(ODD))
runs = st.builds(
    str.__mul__, st.sampled_from([*"19aZ -@.+:/(_张公\n\u200b１", "1-", "a@", "a.", "1.", "张1"]), st.integers(0, 300)
)
pieces = st.one_of(st.text(chars, max_size=20), runs, st.sampled_from(tuple(VALUES)), st.sampled_from(ODD))
cells = st.lists(pieces, max_size=8).map("".join)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(entity_labels(load_words(Path("policy")).taxonomy.items), latest=20261231)


def disjoint(spans: list[tuple[int, int]], length: int) -> bool:
    edges = [0, *(edge for span in spans for edge in span), length]
    return edges == sorted(edges) and all(start < end for start, end in spans)


# --- nothing crashes, and offsets are those of the text --------------------------------------------------------------


@MANY
@given(st.lists(cells, min_size=1, max_size=6))
@example(["\ud800", "\0", "", "\u202e" * 99 + "13812345678", "１" * 500])
def test_spans_lie_in_the_text_in_order_and_apart(analyzer: Analyzer, texts: list[str]) -> None:
    for text, spans in zip(texts, analyzer.spans(texts), strict=True):
        assert disjoint([(span.start, span.end) for span in spans], len(text))
        assert all(0 < span.score <= 1 for span in spans)


@MANY
@given(st.lists(st.one_of(st.none(), cells), max_size=8))
def test_every_column_gets_a_verdict_and_its_findings_lie_in_its_cells(
    analyzer: Analyzer, column: list[str | None]
) -> None:
    frame = pd.DataFrame({"备注": pd.Series(column, dtype=object), "b": pd.Series(column[::-1], dtype=object)})
    for profile in analyzer.columns(frame):
        assert 0 <= profile.found <= profile.cells <= len(column)
        assert 0 <= profile.confidence <= 1
    found = analyzer.free_text(frame["备注"])
    for row, spans in found.groupby("row"):
        text = column[int(str(row))]
        assert text is not None
        assert disjoint(list(zip(spans["start"], spans["end"], strict=True)), len(text))


@FEW
@given(st.lists(cells, min_size=1, max_size=5, unique=True))
def test_any_heading_may_stand_over_a_column(analyzer: Analyzer, names: list[str]) -> None:
    votes = analyzer.votes(pd.DataFrame({encodable(name): ["张三"] for name in names}))
    assert len(headings_of_data(analyzer, votes)) == len(votes)


@MANY
@given(cells)
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert len(encodable(text)) == len(text)
    assert fold(fold(text)) == fold(text)
    encodable(text).encode()


@FEW
@given(st.lists(cells, max_size=5), st.sampled_from(["utf-8", "gb18030", "utf-16", "big5"]))
def test_a_scan_of_anything_ends_in_a_report_or_in_our_own_errors(
    tmp_path_factory: pytest.TempPathFactory, column: list[str], encoding: str
) -> None:
    folder = tmp_path_factory.mktemp("scan")
    (folder / "a.csv").write_bytes(("a,备注\n" + "".join(f"1,{cell}\n" for cell in column)).encode(encoding, "replace"))
    lines = "".join(json.dumps({"text": cell}) + "\n" for cell in column)
    (folder / "a.jsonl").write_text(lines, encoding="utf-8")
    app = typer.Typer()
    app.command()(scan)
    for args in (["a.csv"], ["a.jsonl"], ["a.jsonl", "--spans", "--out", str(folder / "out")]):
        with contextlib.suppress(SourceError):
            result = CliRunner().invoke(app, [str(folder / args[0]), *args[1:], "--json"], catch_exceptions=False)
            assert json.loads(result.stdout)["engine"]
    assert len((folder / "out").read_text("utf-8").splitlines()) == len(column)


# --- nothing hides a value -------------------------------------------------------------------------------------------

beside = st.one_of(st.text(chars, max_size=20), runs).map(lambda text: text.replace("\n", " "))
apart = st.sampled_from("，。；、|\"'<>《》\t\n号码是\u3000\u200b\u202e\u202c\u2066\0\ud800\ufffd\U0001f468")


@MANY
@given(beside, apart, st.sampled_from(tuple(VALUES)), apart, beside)
def test_a_value_between_marks_is_found_whatever_stands_beyond(
    analyzer: Analyzer, before: str, left: str, value: str, right: str, after: str
) -> None:
    text = before + left * 2 + value + right * 2 + after
    at = len(before) + 2
    found = [(span.start, span.end) for span in analyzer.spans([text])[0] if span.label == VALUES[value]]
    if left == "'" and "@" in value:  # which an address may hold: what stands before it may be its beginning
        assert any(start <= at and end >= at + len(value) for start, end in found)
    else:
        assert (at, at + len(value)) in found


# --- nothing takes more than its share of time -----------------------------------------------------------------------

UNITS = (
    "1", "a", "A", " ", "-", "@", ".", "a@", "a@a.", "1.", "1-", "1 ", "00:", "(", "（", '"', "+", "/", "\u200b", "\u202e1",
    "a\u0301", "\ud800", "\0", "１", "张三", "中1", "a-", "a.", "a%@", "www.", "http://a", "+86 ", "13812345678 ", "a@b.com ",
    "1.2.3.4 ", "11010519491231002X,", "6222026268181260925 ", "1990-01-01 ", "cvv 123 ", "密码:abc ", "京A12345 ",
    "John Smith ", "\n13812345678", "有限公司", "北京市朝阳区建国路18号",
)  # fmt: skip
SMALL, TIMES = 30_000, 6
LEAST = 0.03
"""Seconds below which a time says nothing."""
GROWTH = 1.6


def seconds(work: Callable[[str], object], text: str) -> float:
    best = np.inf
    for _ in range(3):
        begun = time.process_time()
        work(text)
        best = min(best, time.process_time() - begun)
        if best < LEAST:
            break
    return float(best)


def is_linear(work: Callable[[str], object], unit: str) -> bool:
    """Tell whether a text six times as long takes about six times as long; other work on the machine may disturb once."""
    small, large = ((unit * (size // len(unit) + 1))[:size] for size in (SMALL, SMALL * TIMES))
    for _ in range(3):
        took = seconds(work, large)
        if took < LEAST * TIMES or took < GROWTH * TIMES * max(seconds(work, small), LEAST / TIMES):
            return True
    return False


@pytest.mark.parametrize("unit", UNITS, ids=ascii)
def test_a_long_cell_takes_time_in_proportion(analyzer: Analyzer, unit: str) -> None:
    def column(text: str) -> object:
        return analyzer.columns(pd.DataFrame({"备注": pd.Series([encodable(text)], dtype="str")}))

    def notes(text: str) -> object:
        return analyzer.free_text(pd.Series([encodable(text)], dtype="str"), names=False)

    assert is_linear(column, unit)
    assert is_linear(notes, unit)


@pytest.mark.parametrize("unit", ["John Smith ", "张三", "1", "13812345678 ", "a@b.com，", "密码:abc "], ids=ascii)
def test_names_in_a_long_text_take_time_in_proportion(analyzer: Analyzer, unit: str) -> None:
    assert is_linear(lambda text: analyzer.spans([text[: len(text) // 12]]), unit)


@FEW
@given(st.lists(st.text(chars, min_size=1, max_size=3) | st.sampled_from(UNITS), min_size=1, max_size=3).map("".join))
def test_any_repetition_takes_time_in_proportion(analyzer: Analyzer, unit: str) -> None:
    assert is_linear(lambda text: analyzer.free_text(pd.Series([encodable(text)], dtype="str"), names=False), unit)


@pytest.mark.parametrize("unit", ["(", "（", "a ", "aA", "1", " ", "姓名(", "1a"], ids=ascii)
def test_a_long_heading_takes_time_in_proportion(analyzer: Analyzer, unit: str) -> None:
    def heading(text: str) -> object:
        evidence(text)
        return headings_of_data(analyzer, analyzer.votes(pd.DataFrame({text[: SMALL // 4]: ["1"]})))

    assert is_linear(heading, unit)


@pytest.mark.parametrize("value", VALUES)
def test_a_value_in_the_midst_of_a_megabyte_is_found(analyzer: Analyzer, value: str) -> None:
    noise = "第三次回访，状况良好；no. 7 (ok) " * 20_000
    cell = f"{noise}，{value}；{noise}"
    found = analyzer.free_text(pd.Series([cell], dtype="str"), names=False)
    at = len(noise) + 1
    assert (at, at + len(value), VALUES[value]) in list(zip(found["start"], found["end"], found["entity"], strict=True))
