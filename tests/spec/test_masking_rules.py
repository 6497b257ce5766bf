"""What a steward sees of a value that may not be seen: enough to tell what is wrong, never whose it is."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.policy.masking import masked
from pipelines.policy.taxonomy import Mask
from tests.homes import mobile, resident_id

WAYS = get_args(Mask)
ID, PHONE = resident_id(7), mobile(12_345_678)
CASES = [
    ("name", "甄无名", "甄**"),
    ("name", "欧阳无名氏某", "欧***"),
    ("name", "Nemo Nobody", "N***"),
    ("name", ID, "*** [18]"),
    ("name", f"甄{PHONE}", "*** [12]"),
    ("name", "甄", "*** [1]"),
    ("phone", PHONE, "138****5678"),
    ("phone", f"+86 {PHONE}", "138****5678"),
    ("phone", "010-12345678", "****5678"),
    ("phone", "12", "*** [2]"),
    ("phone", ID, "*** [18]"),
    ("phone", PHONE + "9", "*** [12]"),
    ("email", "nemo@example.com", "n***@…com"),
    ("email", "nemo.example.com", "*** [16]"),
    ("id_number", ID, f"{ID[:4]}***********{ID[-3:]}"),
    ("id_number", ID[:-1] + "?", "*** [18]"),
    ("id_number", PHONE, "*** [11]"),
    ("id_number", "E12345678", "E********"),
    ("card", "4111111111111111", "4111****1111"),
    ("card", "4111 1111", "*** [9]"),
    ("birth_date", "1980-01-02", "1980-**-**"),
    ("birth_date", "19800102", "1980-**-**"),
    ("birth_date", "80-1-2", "*** [6]"),
    ("region", "浙江省杭州市西湖区某路 1 号", "浙江省杭州市***"),
    ("region", "某路 1 号", "*** [6]"),
    ("ip", "10.1.2.3", "10.1.*.*"),
    ("ip", "10.1.2", "*** [6]"),
    ("band", "12500.00", "*****"),
    ("band", "about 12500", "*** [11]"),
    ("partial", "wx_nobody", "wx***"),
    ("partial", "wx", "*** [2]"),
    ("text", "anything at all", "*** [15]"),
    ("hidden", "anything", "*** [8]"),
    ("none", "男", "男"),
    ("none", "310000", "310000"),
    ("none", PHONE, "*** [11]"),
    ("none", "nobody@example.com", "*** [18]"),
    ("none", ID, "*** [18]"),
    ("none", "1980-01-02", "*** [10]"),
    ("none", "91110000MA01ABCDEX", "91110000MA01ABCDEX"),
    ("none", "51110000500000000X", "*** [18]"),
]


@pytest.mark.parametrize(
    ("way", "value", "shown"), CASES, ids=[f"{way} {number}" for number, (way, *_) in enumerate(CASES)]
)
def test_a_value_is_shown_as_its_kind_allows(way: Mask, value: str, shown: str) -> None:
    assert masked(way, value) == shown


SHOWN = {
    "name": 1,
    "phone": 7,
    "email": 21,
    "id_number": 7,
    "card": 8,
    "birth_date": 4,
    "ip": 6,
    "band": 1,
    "partial": 2,
}
"""How many signs of a value may be told by its mask at most."""
VALUES = st.one_of(
    st.text(min_size=1, max_size=60),
    st.from_regex(r"[0-9]{1,20}[Xx]?", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9._-]{1,20}@[a-z0-9-]{1,20}\.[a-z]{2,6}", fullmatch=True),
    st.from_regex(r"[\u4e00-\u9fff]{1,20}", fullmatch=True),
    st.dates().map(str),
)


def _told(shown: str) -> int:
    return sum(sign.isalnum() for sign in shown)


@given(st.sampled_from(sorted(SHOWN)), VALUES)
def test_no_mask_tells_more_than_its_kind_allows(way: Mask, value: str) -> None:
    shown = masked(way, value)
    hidden = shown == f"*** [{len(value)}]"
    assert hidden or _told(shown) <= SHOWN[way]


@given(st.sampled_from(["text", "hidden"]), VALUES)
def test_free_text_and_what_is_hidden_tell_only_how_long_they_are(way: Mask, value: str) -> None:
    assert masked(way, value) == f"*** [{len(value)}]"


@given(st.sampled_from(WAYS), st.integers(0, 99_999_999))
def test_no_mask_shows_a_whole_mobile_number_in_whatever_column_it_stands(way: Mask, number: int) -> None:
    assert mobile(number) not in masked(way, mobile(number))


@given(st.sampled_from(WAYS), st.integers(0, 999))
def test_no_mask_shows_a_whole_id_number_in_whatever_column_it_stands(way: Mask, number: int) -> None:
    assert resident_id(number)[4:15] not in masked(way, resident_id(number))


@given(st.sampled_from(WAYS), VALUES)
def test_a_mask_never_fails(way: Mask, value: str) -> None:
    assert masked(way, value)
