"""Free text: what people's information in it does to a row."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.classify import Analyzer, notes

LEVELS = {"PERSON": 3, "PHONE_NUMBER": 3, "CN_ID_CARD": 4, "LOCATION": 3, "ORGANIZATION": 1, "CN_POSTAL_CODE": 2}
TEXTS = (
    "客户来电，无其他事项",
    "联系13812345678，证件11010519491231002X",
    "公司统一代码已核",
    "电话１３８１２３４５６７８已停用",
)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer({}, latest=20261231)


@pytest.fixture
def column() -> pd.Series[str]:
    return pd.Series([*TEXTS, None], index=[7, 3, 9, 1, 5], dtype="str")


def test_a_cells_level_is_that_of_the_most_sensitive_thing_in_it(analyzer: Analyzer, column: pd.Series[str]) -> None:
    found = analyzer.free_text(column, names=False)
    assert notes.raised(column, found, 2, LEVELS).tolist() == [2, 4, 2, 3, 2]
    assert notes.raised(column, found, 4, LEVELS).tolist() == [4, 4, 4, 4, 4]


def test_a_kind_that_the_taxonomy_does_not_know_is_as_sensitive_as_can_be(
    analyzer: Analyzer, column: pd.Series[str]
) -> None:
    found = analyzer.free_text(column, names=False)
    assert notes.raised(column, found, 3, {}).tolist() == [3, 5, 3, 5, 3]
    assert len(notes.personal(found, {})) == 3


def test_what_is_masked_is_replaced_by_its_kind_and_the_rest_stays(analyzer: Analyzer, column: pd.Series[str]) -> None:
    masked = notes.masked(column, notes.personal(analyzer.free_text(column, names=False), LEVELS))
    assert masked.index.tolist() == column.index.tolist()
    assert masked.tolist()[:4] == [
        TEXTS[0],
        "联系[PHONE_NUMBER]，证件[CN_ID_CARD]",
        TEXTS[2],
        "电话[PHONE_NUMBER]已停用",
    ]
    assert masked.isna().tolist() == column.isna().tolist()
    assert analyzer.free_text(masked, names=False).empty


def test_a_row_is_set_apart_for_each_kind_once(analyzer: Analyzer) -> None:
    column = pd.Series(["13812345678或13912345678，证件11010519491231002X", "无"], index=[4, 5], dtype="str")
    found = notes.personal(analyzer.free_text(column, names=False), LEVELS)
    assert notes.reasons(found) == {4: ("free_text.cn_id_card", "free_text.phone_number")}


def test_companies_and_postal_codes_are_nobodys(analyzer: Analyzer) -> None:
    found = analyzer.free_text(pd.Series(["海口美东钢结构制造有限公司，邮编570100"], dtype="str"))
    assert set(found["entity"]) == {"ORGANIZATION", "CN_POSTAL_CODE"}
    assert notes.personal(found, LEVELS).empty


def test_talk_of_a_password_that_was_let_in_is_no_finding(analyzer: Analyzer) -> None:
    found = analyzer.free_text(pd.Series(["password: reset", "证件11010519491231002X"], dtype="str"), names=False)
    assert set(found["entity"]) == {"PAYMENT_AUTH", "CN_ID_CARD"}
    assert set(notes.told(found)["entity"]) == {"CN_ID_CARD"}


def test_cells_are_counted_by_what_is_found_in_them(analyzer: Analyzer) -> None:
    column = pd.Series(["13812345678或13912345678", "证件11010519491231002X，13812345678", "无"], dtype="str")
    counts = notes.cells_by_kind(analyzer.free_text(column, names=False))
    assert list(counts.items()) == [("PHONE_NUMBER", 2), ("CN_ID_CARD", 1)]
    assert notes.cells_by_kind(analyzer.free_text(column[2:], names=False)) == {}


PIECES = st.lists(
    st.tuples(st.text(max_size=8), st.sampled_from(("PERSON", "CN_ID_CARD")), st.text("x𠮷é", min_size=1))
)


@given(PIECES)
def test_each_finding_is_replaced_in_its_place_and_nothing_else_is(pieces: list[tuple[str, str, str]]) -> None:
    text, spans, wanted = "", [], ""
    for before, kind, value in pieces:
        start = len(text) + len(before)
        spans.append((3, kind, start, start + len(value), 1.0))
        text, wanted = text + before + value, wanted + before + f"[{kind}]"
    found = pd.DataFrame(spans, columns=["row", "entity", "start", "end", "score"])
    masked = notes.masked(pd.Series([text, "as it was"], index=[3, 4], dtype="str"), found)
    assert masked.tolist() == [wanted, "as it was"]
