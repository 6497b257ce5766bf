"""More rules behind our own expectations: tables with near misses, simple oracles, and input meant to hurt."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import numdb

from pipelines.quality.check import check
from pipelines.quality.expectations.age import ColumnPairValuesAgeOfBirth, ColumnValuesOfAge
from pipelines.quality.expectations.area_code import ColumnValuesCnArea
from pipelines.quality.expectations.areas import NO_PROVINCE, is_city, province_of
from pipelines.quality.expectations.email import ColumnValuesEmail
from pipelines.quality.expectations.entered import ColumnValuesEnteredInTime
from pipelines.quality.expectations.filler import ColumnValuesFiller
from pipelines.quality.expectations.ip_address import ColumnValuesIpAddress
from pipelines.quality.expectations.order import ColumnPairValuesNotBefore
from pipelines.quality.expectations.phone import ColumnValuesCnPhone
from pipelines.quality.expectations.place import ColumnPairValuesSameProvince, area_codes
from pipelines.quality.expectations.readable import ColumnValuesReadable
from pipelines.quality.suite import load_suite

AT = "2026-03-02T12:00:00+08:00"
SUITES = sorted((Path(__file__).parents[2] / "expectations").glob("*.yaml"))


def passes(metric: Any, *values: str | None, **arguments: object) -> list[bool]:
    """Call a metric's rule itself on one row."""
    columns = [pd.Series([value], dtype="str") for value in values]
    passed: pd.Series[bool] = inspect.unwrap(metric._pandas)(metric, *columns, **arguments)
    return passed.tolist()


@pytest.mark.parametrize(
    ("metric", "value", "sound"),
    [
        (ColumnValuesCnPhone, "13800000000", True),
        (ColumnValuesCnPhone, "8613800000000", True),
        (ColumnValuesCnPhone, "010-60000000", True),
        (ColumnValuesCnPhone, "+86-21-60000000", True),
        (ColumnValuesCnPhone, "0591-80000000-123", True),
        (ColumnValuesCnPhone, "800-800-0000", True),
        (ColumnValuesCnPhone, "60000000", False),
        (ColumnValuesCnPhone, "010-10000000", False),
        (ColumnValuesCnPhone, "0591-800000", False),
        (ColumnValuesCnPhone, "500-600-0000", False),
        (ColumnValuesCnPhone, "13800000000\n", False),
        (ColumnValuesEmail, "first.last+tag@mail.example.com", True),
        (ColumnValuesEmail, "a@xn--fiqs8s.example", True),
        (ColumnValuesEmail, "a@localhost", False),
        (ColumnValuesEmail, ".a@example.com", False),
        (ColumnValuesEmail, "a@-example.com", False),
        (ColumnValuesEmail, "a@b@example.com", False),
        (ColumnValuesEmail, "a" * 65 + "@example.com", False),
        (ColumnValuesFiller, "吴用", True),
        (ColumnValuesFiller, "无名氏有限公司", True),
        (ColumnValuesFiller, "Testa", True),
        (ColumnValuesFiller, "无", False),
        (ColumnValuesFiller, "（未知）", False),
        (ColumnValuesFiller, "TEST 01", False),
        (ColumnValuesFiller, "测试用户2", False),
        (ColumnValuesFiller, "——", False),
        (ColumnValuesFiller, "", False),
        (ColumnValuesReadable, "李\U00020bb7", True),
        (ColumnValuesReadable, "a\tb\n", True),
        (ColumnValuesReadable, "李\ue863", False),
        (ColumnValuesReadable, "王锟斤拷", False),
        (ColumnValuesReadable, "王\u200b", False),
        (ColumnValuesReadable, "a\x00", False),
        (ColumnValuesCnArea, "110105194912310021", True),
        (ColumnValuesCnArea, "110999199001010014", False),
        (ColumnValuesCnArea, "１１０９９９", True),
        (ColumnValuesCnArea, "11099", True),
        (ColumnValuesIpAddress, "::ffff:192.0.2.1", True),
        (ColumnValuesIpAddress, "192.0.2.01", False),
        (ColumnValuesIpAddress, "192.0.2.1.", False),
        (ColumnValuesIpAddress, "fe80::1%eth0", False),
    ],
)
def test_a_value_is_taken_or_not(metric: Any, value: str, sound: bool) -> None:
    assert passes(metric, value) == [sound]
    assert passes(metric, None) == [True], "a missing value is another expectation's business"


@pytest.mark.parametrize(
    ("text", "province"),
    [
        ("杭州", 33), ("杭州市", 33), ("浙江省杭州市西湖区", 33), ("中国 江苏省 苏州市", 32), ("内蒙古呼和浩特", 15),
        ("海南省三亚", 46), ("海南藏族自治州", 63), ("海南区某路", NO_PROVINCE), ("朝阳区某路", NO_PROVINCE),
        ("朝阳市双塔区", 21), ("某路一号", NO_PROVINCE), ("", NO_PROVINCE), ("香港", 81),
    ],
)  # fmt: skip
def test_an_address_tells_its_province_or_nothing(text: str, province: int) -> None:
    assert province_of(text) == province


def test_cities_are_known_with_and_without_their_last_word() -> None:
    assert all(map(is_city, ["上海", "上海市", "恩施土家族苗族自治州", "大兴安岭", "辛集"]))
    assert not any(map(is_city, ["市辖区", "县", "亚特兰蒂斯", "朝阳区", "", "市"]))


@given(st.integers(0, 999_999))
def test_area_codes_are_those_of_the_table(code: int) -> None:
    found = numdb.get("cn/loc").info(f"{code:06d}")
    known = any("county" in properties for _, properties in found) or code in {810_000, 820_000, 830_000}
    assert passes(ColumnValuesCnArea, f"{code:06d}") == [known or (code % 10_000 == 0 and len(found[0][1]) > 0)]


@pytest.mark.parametrize(
    ("number", "kind", "agrees"),
    [
        ("91350100M000100Y43", "uscc", True), ("91310100M000100Y43", "uscc", False),
        ("91000000M000100Y43", "uscc", True), ("350100", "uscc", True),
        ("0591-80000000", "landline", True), ("021-60000000", "landline", False), ("13800000000", "landline", True),
        ("350102199001010000", "resident_id", True), ("110101199001010000", "resident_id", False),
    ],
)  # fmt: skip
def test_a_place_is_held_against_numbers_only_where_both_are_plain(number: str, kind: str, agrees: bool) -> None:
    assert passes(ColumnPairValuesSameProvince, "福建省福州市", number, number=kind) == [agrees]
    assert passes(ColumnPairValuesSameProvince, "某路", number, number=kind) == [True]


def test_every_province_of_the_mainland_is_reached_by_some_area_code() -> None:
    assert len(set(area_codes().values()) - {NO_PROVINCE}) == 31


@given(st.dates(date(1900, 1, 1), date(2026, 3, 2)), st.integers(0, 120), st.integers(0, 120))
def test_ages_count_birthdays(born: date, low: int, high: int) -> None:
    today = date(2026, 3, 2)
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    limits = {"min_value": low, "max_value": high, "at": AT}
    for value in (born.isoformat(), f"110101{born:%Y%m%d}0010"):
        assert passes(ColumnValuesOfAge, value, **limits) == [low <= age <= high]
        assert passes(ColumnPairValuesAgeOfBirth, f"{low}岁", value, at=AT) == [abs(low - age) <= 1]


@pytest.mark.parametrize("value", ["2026-03-03", "1990-02-30", "soon", "110999900101001", "１９９０-０１-０１", None])
def test_no_age_is_judged_without_a_birth(value: str | None) -> None:
    assert passes(ColumnValuesOfAge, value, at=AT, min_value=200) == [True]


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)), st.integers(-3, 3))
def test_events_are_compared_by_the_day_in_china(first: datetime, days: int) -> None:
    later = first + timedelta(days=days)
    assert passes(ColumnPairValuesNotBefore, later.date().isoformat(), first.isoformat(timespec="seconds")) == [
        days >= 0
    ]


@given(st.integers(0, 100), st.integers(0, 100))
def test_a_delivery_is_entered_in_time_or_not(hours: int, limit: int) -> None:
    received = datetime.fromisoformat(AT) - timedelta(hours=hours)
    told = {"at": AT, "received": received.isoformat(), "hours": limit}
    assert passes(ColumnValuesEnteredInTime, "x", **told) == [hours <= limit]


@given(st.one_of(st.ip_addresses().map(str), st.text("0123456789.:abcf", max_size=20)))
def test_addresses_are_those_of_the_standard_library(text: str) -> None:
    try:
        ip_address(text)
        known = True
    except ValueError:
        known = False
    assert passes(ColumnValuesIpAddress, text) == [known]


@given(st.text(max_size=30))
def test_no_text_breaks_a_rule_and_strange_characters_are_found(text: str) -> None:
    found = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]", text) is not None
    assert not (found and passes(ColumnValuesReadable, text)[0])
    for metric in (ColumnValuesFiller, ColumnValuesEmail, ColumnValuesCnPhone, ColumnValuesCnArea):
        assert len(passes(metric, text)) == 1
    province_of(text)


HOSTILE: list[str | None] = [
    None, "", " ", "\x00", "１３８００００００００", "9999-99-99", "0000-00-00", "99999-01-01", "-1", "1e308", "9" * 400,
    "110999900101001", "2026-03-02T12:00:00+99:00", "NaN", "inf", "\ud7ff", "👩‍👩‍👧", "'; --", "=1+1", "市", "0" * 18,
]  # fmt: skip


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "values",
    [[], [None], [None] * 5, HOSTILE, *([each] for each in HOSTILE)],
    ids=["no row", "one row, all missing", "all missing", "all that hurts", *map(str, range(len(HOSTILE)))],
)
def test_a_suite_says_something_of_any_input(path: Path, values: list[str | None]) -> None:
    suite = load_suite(path)
    frame = pd.DataFrame({column: pd.Series(values, dtype="str") for column in suite.columns})
    frame.index = pd.RangeIndex(1, len(values) + 1, name="row").astype("int64")
    marks = {name: np.zeros(len(values), dtype=np.bool_) for name in suite.marks}
    verdict = check(frame, suite, at=datetime(2026, 3, 2, tzinfo=UTC), marks=marks)
    missing = [place for place, value in enumerate(values, start=1) if value is None]
    for rule in suite.rules:
        failed = verdict.failed[rule.id].tolist()
        assert set(failed) <= set(frame.index)
        assert (set(missing) <= set(failed)) if rule.expect == "present" else not set(missing) & set(failed)
