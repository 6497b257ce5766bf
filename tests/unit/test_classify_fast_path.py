"""The fast path finds exactly what Presidio finds with the same recognizers, and never falls over."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric

from pipelines.classify import Analyzer
from pipelines.classify.cells import of_texts
from pipelines.classify.engine import KINDS
from pipelines.classify.finder import Hits, find, hits_of, joined, resolved
from pipelines.classify.recognizers import RECOGNIZERS, registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from presidio_analyzer import AnalyzerEngine

TODAY = 20261123


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer({}, latest=TODAY)


@pytest.fixture(scope="module")
def presidio(analyzer: Analyzer) -> AnalyzerEngine:
    return analyzer.presidio


def _values(rng: random.Random) -> list[str]:
    def digits(count: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(count))

    body = f"110999{rng.randint(1950, 2020)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}{digits(3)}"
    card = "62" + digits(rng.choice([13, 14, 16]))
    mobile = "1" + rng.choice("3456789") + digits(9)
    return [
        body + ric.calc_check_digit(body + "0"),
        body + digits(1),
        f"{body[:6]} {body[6:14]} {body[14:]}{ric.calc_check_digit(body + '0')}",
        card + luhn.calc_check_digit(card),
        card + digits(1),
        mobile,
        f"+86 {mobile}",
        f"{mobile[:3]}-{mobile[3:7]}-{mobile[7:]}",
        f"0{rng.randint(10, 999)}-{digits(8)}",
        "91350100M000100Y43",
        "91350100M000100Y34",
        f"E{digits(8)}",
        f"G{digits(8)}",
        f"京A{digits(5)}",
        f"u{digits(4)}@example{digits(1)}.com",
        f"{mobile}@qq.com",
        f"{rng.randint(0, 300)}.{rng.randint(0, 300)}.1.{rng.randint(0, 255)}",
        f"19{digits(2)}-0{rng.randint(1, 9)}-{rng.randint(10, 31)}",
        f"19{digits(2)}0{rng.randint(1, 9)}{rng.randint(10, 31)}",
        f"CVV{digits(3)}",
        *_rarer(rng, digits),
        digits(rng.randint(1, 24)),
    ]


def _rarer(rng: random.Random, digits: Callable[[int], str]) -> list[str]:
    def signed(body: str) -> str:
        return body + ric.calc_check_digit(body + "0")

    birth = f"{rng.randint(1950, 2020)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}{digits(3)}"
    resident, card, imei = signed("110999" + birth), "62" + digits(13), "35" + digits(12)
    cut = rng.randint(3, 14)
    return [
        signed(rng.choice(["810000", "820000", "830000", "840000"]) + birth),
        signed(rng.choice(["911248", "999248"]) + birth),
        f"CAN3100{birth[2:8]}{digits(2)}",
        rng.choice("HMCWLT") + digits(rng.choice([8, 10])),
        digits(8),
        f"A{digits(6)}({digits(1)})",
        f"A{digits(7)}",
        f"1{digits(6)}({digits(1)})",
        f"{rng.choice('ABC')}{rng.choice('123')}{digits(8)}",
        f"{digits(8)}-{rng.choice('0123456789X')}",
        f"M000100Y-{digits(1)}",
        ":".join(digits(2) for _ in range(6)),
        f"https://example.com/{digits(3)}",
        f"www.example{digits(1)}.cn/a",
        f"user_{digits(4)}",
        f"10{digits(4)}",
        imei + luhn.calc_check_digit(imei),
        "DE89370400440532013000",
        f"%B{card}^DOE/J^{digits(7)}?",
        f"+44 20 {digits(4)} {digits(4)}",
        resident[:cut] + rng.choice(["\n", "\r\n", " \n", "\n\n"]) + resident[cut:],
        (card + luhn.calc_check_digit(card))[:cut] + "\n" + (card + luhn.calc_check_digit(card))[cut:],
        "91350100M\r\n000100Y43",
        f"13{digits(5)}\n{digits(4)}",
        f"a{digits(3)}\x1e{digits(3)}",
    ]


def _cells() -> list[str]:
    rng = random.Random(20261123)
    wraps = [
        "{}",
        "身份证{}。",
        "出生日期：{}",
        "护照{}已过期",
        "电话{0}或{1}",
        "{0}{1}",
        "no{}",
        "{} {}",
        "卡号{}，备用{}",
        "生日{}",
        "台胞证{}，邮编{}",
        "微信号：{}",
        "QQ {}",
        "IMEI:{}",
        "澳门居民{}",
        "mac {}\n{}",
        "组织机构代码{}",
        "永久居留证 {}",
    ]
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    cells = []
    for _ in range(12):
        for value in _values(rng):
            text = rng.choice(wraps).format(value, rng.choice(_values(rng)))
            cells.append(text.translate(wide) if rng.random() < 0.15 else text)
    return cells


def _presidio_hits(engine: AnalyzerEngine, cells: list[str], context: list[str]) -> set[tuple[str, int, int, str]]:
    kinds = [each.ENTITY for each in RECOGNIZERS]
    spans, numbers = [], []
    for number, cell in enumerate(cells):
        for result in engine.analyze(cell, "zh", entities=kinds, context=context):
            spans.append((number, result.start, result.end, float(result.score)))
            numbers.append(KINDS.index(result.entity_type))
    return _named(resolved(joined([hits_of(spans, numbers)])), cells)


def _named(hits: Hits, cells: list[str]) -> set[tuple[str, int, int, str]]:
    rows = zip(hits.cell.tolist(), hits.start.tolist(), hits.end.tolist(), hits.kind.tolist(), strict=True)
    return {(cells[cell], start, end, KINDS[kind]) for cell, start, end, kind in rows}


@pytest.mark.parametrize(
    "context",
    [[], ["出生日期"], ["护照号码"], ["微信或QQ", "通行证", "邮编"]],
    ids=["no header", "birth date", "passport", "mixed"],
)
def test_the_fast_path_finds_what_presidio_finds(presidio: AnalyzerEngine, context: list[str]) -> None:
    texts = sorted(set(_cells()))
    cells, places = of_texts(texts)
    assert places.tolist() == list(range(len(texts)))
    fast = _named(resolved(find(cells, registry(latest=TODAY), context)), texts)
    assert fast == _presidio_hits(presidio, texts, context)
    assert len(fast) > 100


def test_names_are_found_as_presidio_finds_them(analyzer: Analyzer, presidio: AnalyzerEngine) -> None:
    texts = [
        "张三在北京市海淀区工作",
        "请联系李建国，电话13812345678",
        "海口美东钢结构制造有限公司",
        "王芳的卡号6210000000000000009",
    ]
    for text, spans in zip(texts, analyzer.spans(texts), strict=True):
        named = {(s.start, s.end, s.label) for s in spans if s.label in {"PERSON", "ORGANIZATION", "LOCATION"}}
        wanted = presidio.analyze(text, "zh", entities=["PERSON", "ORGANIZATION", "LOCATION"])
        assert named == {(r.start, r.end, r.entity_type) for r in wanted}


def test_the_more_specific_of_two_valid_readings_wins(analyzer: Analyzer) -> None:
    bodies = (f"110999{year}0101{serial:03}" for year in range(1950, 2000) for serial in range(20))
    number = next(
        n
        for n in (b + ric.calc_check_digit(b + "0") for b in bodies)
        if luhn.is_valid(n.replace("X", "0")) and "X" not in n
    )
    assert [s.label for s in analyzer.spans([f"号码{number}"])[0]] == ["CN_ID_CARD"]


def test_equal_cells_are_each_reported_in_their_row(analyzer: Analyzer) -> None:
    column = pd.Series(
        ["电话13812345678", None, "无", "电话13812345678"], index=pd.Index([3, 4, 5, 9], name="row"), dtype="str"
    )
    found = analyzer.free_text(column)
    assert list(found.columns) == ["row", "entity", "start", "end", "score"]
    assert found["row"].tolist() == [3, 9]
    assert found["entity"].tolist() == ["PHONE_NUMBER"] * 2
    assert found[["start", "end"]].to_numpy().tolist() == [[2, 13]] * 2


def test_nothing_found_gives_an_empty_table(analyzer: Analyzer) -> None:
    assert analyzer.free_text(pd.Series([], dtype="str")).empty
    assert analyzer.free_text(pd.Series(["一切正常"], dtype="str")).empty
    assert analyzer.spans([]) == []


ODD = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    [
        "\x00",
        "\ud800",
        "\u200b" * 5,
        "１" * 18,
        "京" * 9,
        "@" * 50,
        "1." * 40,
        ":" * 30,
        "1" * 500,
        "\n\n",
        "a" * 3000,
        "(" * 40,
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ODD, max_size=8))
def test_no_text_is_too_odd(analyzer: Analyzer, texts: list[str]) -> None:
    for text, spans in zip(texts, analyzer.spans(texts), strict=True):
        assert all(0 <= span.start < span.end <= len(text) for span in spans)
    frame = pd.DataFrame({"备注": pd.Series(texts, dtype=object)})
    assert analyzer.columns(frame, ner_cells=10)[0].cells <= len(texts)


@pytest.mark.parametrize("unit", ["1 ", "1.", "a@", "１", "张三", "13812345678，", "::", "京A1", "\x00\ud800", "1990-"])
def test_a_huge_cell_is_read_in_reasonable_time(analyzer: Analyzer, unit: str) -> None:
    text = unit * (50_000 // len(unit))
    spans = analyzer.spans([text], language="en")[0]
    assert all(span.end <= len(text) for span in spans)
