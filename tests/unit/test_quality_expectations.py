"""The rules behind our own expectations, against independent implementations and tables of cases."""

from __future__ import annotations

import inspect
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn as reference_luhn
from stdnum.cn import ric as reference_id
from stdnum.cn import uscc as reference_uscc

from pipelines.quality.expectations.agreement import (
    ColumnPairValuesBirthDateOfResidentId,
    ColumnPairValuesSexOfResidentId,
)
from pipelines.quality.expectations.amount import ColumnValuesAmount
from pipelines.quality.expectations.days import MISSING, NO_DAY, days_of, is_day, latest_day
from pipelines.quality.expectations.luhn import WIDTHS, passes_luhn
from pipelines.quality.expectations.mobile import ColumnValuesCnMobile
from pipelines.quality.expectations.recent import ColumnValuesRecent, moments_of
from pipelines.quality.expectations.resident_id import is_resident_id
from pipelines.quality.expectations.texts import Texts, judge
from pipelines.quality.expectations.uscc import is_uscc

TODAY = 2026_03_02


def text(*values: str | None) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def resident_ids(*values: str | None) -> list[bool]:
    return judge(text(*values), {18: lambda matrix: is_resident_id(matrix, TODAY)}).tolist()


def rule(metric: Any, *columns: pd.Series, **arguments: object) -> list[bool]:
    """Call a metric's rule itself, beneath the decorator that needs an execution engine."""
    passed: pd.Series[bool] = inspect.unwrap(metric._pandas)(metric, *columns, **arguments)
    return passed.tolist()


@pytest.mark.parametrize(
    ("value", "sound"),
    [
        pytest.param("11010519491231002X", True, id="the example of the standard"),
        pytest.param("11010519491231002x", True, id="a small x"),
        pytest.param("110999199001010014", True, id="an unassigned county, which is not checked"),
        pytest.param("810000199001010019", True, id="a residence permit of Hong Kong"),
        pytest.param("110105194912310021", False, id="a wrong check digit"),
        pytest.param("999999199001010016", False, id="an unknown province with a right check digit"),
        pytest.param("110999199002300015", False, id="the thirtieth of February"),
        pytest.param("1109992099010100", False, id="too short"),
        pytest.param("110999900101001", False, id="fifteen digits, out of use"),
        pytest.param("１１０９９９１９９００１０１００１４", False, id="full-width digits"),
        pytest.param("11099919900101001 ", False, id="a space instead of the check character"),
        pytest.param("", False, id="empty"),
        pytest.param(None, True, id="missing"),
    ],
)
def test_a_resident_id_is_judged_to_its_last_character(value: str | None, sound: bool) -> None:
    assert resident_ids(value) == [sound]


def _with_check(body: str) -> str:
    return body + reference_id.calc_check_digit(body + "0")


@given(
    province=st.sampled_from(["11", "31", "44", "65"]),
    county=st.integers(0, 9999),
    birth=st.dates(date(1850, 1, 1), date(2026, 3, 2)),
    sequence=st.integers(0, 999),
)
def test_every_number_made_by_the_rule_passes_and_any_other_check_character_fails(
    province: str, county: int, birth: date, sequence: int
) -> None:
    good = _with_check(f"{province}{county:04d}{birth:%Y%m%d}{sequence:03d}")
    others = [good[:-1] + check for check in "0123456789X" if check != good[-1]]
    assert resident_ids(good, *others) == [True] + [False] * 10


def test_nobody_is_born_after_the_time_of_the_check() -> None:
    assert resident_ids(_with_check("11099920260302001"), _with_check("11099920260303001")) == [True, False]


@pytest.mark.parametrize(
    ("value", "sound"),
    [
        pytest.param("91350100M000100Y43", True, id="the example of the standard"),
        pytest.param("91230184MA1BUFLT44", True, id="letters in the inner code"),
        pytest.param("91350100M000100Y44", False, id="a wrong check character"),
        pytest.param("91350100M000100I43", False, id="a letter that is not used"),
        pytest.param("91350100m000100y43", False, id="small letters"),
        pytest.param("9135010OM000100Y43", False, id="a letter O for a zero"),
        pytest.param(None, True, id="missing"),
    ],
)
def test_a_social_credit_code_is_judged_by_both_check_characters(value: str | None, sound: bool) -> None:
    assert judge(text(value), {18: is_uscc}).tolist() == [sound]


def test_a_code_with_a_right_outer_but_wrong_inner_check_character_fails() -> None:
    body = "91350100M000100X4"  # the inner check character of M000100Y is not X… so the code can't be right
    code = body + reference_uscc.calc_check_digit(body)
    assert judge(text(code), {18: is_uscc}).tolist() == [False]


@given(st.text(alphabet="0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8), st.integers(0, 999_999))
def test_codes_made_by_the_rule_agree_with_an_independent_implementation(inner: str, area: int) -> None:
    total = sum(int(c, 36) * w for c, w in zip(inner, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    body = f"91{area:06d}{inner}{'0X987654321'[total % 11]}"
    code = body + reference_uscc.calc_check_digit(body)
    assert reference_uscc.is_valid(code)
    assert judge(text(code), {18: is_uscc}).tolist() == [True]


@given(st.text(alphabet="0123456789", min_size=10, max_size=21))
def test_card_numbers_agree_with_an_independent_implementation(number: str) -> None:
    expected = len(number) in WIDTHS and reference_luhn.is_valid(number) and int(number) > 0
    assert judge(text(number), dict.fromkeys(WIDTHS, passes_luhn)).tolist() == [expected]


@pytest.mark.parametrize(
    ("value", "loose", "issued"),
    [
        pytest.param("13800000000", True, True, id="plain"),
        pytest.param("8613800000000", True, True, id="with the country code"),
        pytest.param("+8619200000000", True, True, id="with a plus"),
        pytest.param("15400000000", True, False, id="a segment that was never issued"),
        pytest.param("14200000000", True, False, id="another one"),
        pytest.param("12800000000", False, False, id="no mobile segment"),
        pytest.param("1380000000", False, False, id="ten digits"),
        pytest.param("1440000000000", False, False, id="the number of a machine"),
        pytest.param("1380000000a", False, False, id="a letter"),
        pytest.param("138 0000 000", False, False, id="spaces"),
        pytest.param(None, True, True, id="missing"),
    ],
)
def test_mobile_numbers_are_accepted_loosely_and_scored_strictly(value: str | None, loose: bool, issued: bool) -> None:
    assert rule(ColumnValuesCnMobile, text(value)) == [loose]
    assert rule(ColumnValuesCnMobile, text(value), issued=True) == [issued]


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("1990-01-31", 1990_01_31),
        ("1990/01/31", 1990_01_31),
        ("1990.01.31", 1990_01_31),
        ("19900131", 1990_01_31),
        ("1990-1-3", 1990_01_03),
        ("1990/1/31", 1990_01_31),
        ("1990年1月31日", 1990_01_31),
        ("1990年01月31日", 1990_01_31),
        ("1990-01-31 00:00:00", 1990_01_31),
        ("1990-01-31T00:00:00", 1990_01_31),
        ("2000-02-29", 2000_02_29),
        ("1900-02-29", NO_DAY),
        ("1990-01/31", NO_DAY),
        ("1990-13-01", NO_DAY),
        ("31.01.1990", NO_DAY),
        ("1990013x", NO_DAY),
        ("", NO_DAY),
        (None, MISSING),
    ],
)
def test_dates_are_read_in_the_layouts_people_use(value: str | None, day: int) -> None:
    assert days_of(text(value, "1990-01-31")).tolist() == [day, 1990_01_31]


@given(st.integers(0, 9999_99_99))
def test_the_calendar_agrees_with_pythons(number: int) -> None:
    try:
        expected = bool(date(number // 10_000, number // 100 % 100, number % 100))
    except ValueError:
        expected = False
    assert is_day(np.array([number])).tolist() == [expected]


def test_the_latest_day_is_the_day_it_is_in_china() -> None:
    assert latest_day("2026-03-01T17:00:00+00:00") == 2026_03_02


@pytest.mark.parametrize(
    ("value", "passes"),
    [
        pytest.param("2026-03-01T09:00:00+08:00", True, id="yesterday"),
        pytest.param("2026-03-02T08:04:00+08:00", True, id="a clock a little ahead"),
        pytest.param("2026-03-02T08:10:00+08:00", False, id="the future"),
        pytest.param("2026-03-02 08:00:00", True, id="without a zone, Beijing time"),
        pytest.param("2026-03-02 09:00:00", False, id="without a zone, still the future"),
        pytest.param("2026-03-02T00:00:00Z", True, id="UTC"),
        pytest.param("2026-02-22T00:00:00Z", False, id="too old"),
        pytest.param("2026-03-01", True, id="a bare day"),
        pytest.param("yesterday", False, id="no moment"),
        pytest.param(None, True, id="missing"),
    ],
)
def test_moments_are_neither_in_the_future_nor_too_old(value: str | None, passes: bool) -> None:
    column = text(value, "2026-03-01T00:00:00+08:00")
    assert rule(ColumnValuesRecent, column, at="2026-03-02T00:00:00+00:00", days=7) == [passes, True]


def test_a_bare_day_begins_at_midnight_in_beijing() -> None:
    assert moments_of(text("2026-03-01")).iloc[0] == pd.Timestamp("2026-02-28T16:00Z")


@pytest.mark.parametrize(
    ("value", "passes"),
    [
        ("0", True),
        ("12000.50", True),
        ("1,234,567", True),
        ("1,23", False),
        ("-1", False),
        ("12000元", False),
        ("1e3", False),
        ("inf", False),
        ("nan", False),
        ("1234567.01", False),
        ("", False),
        (None, True),
    ],
)
def test_amounts_are_plain_numbers_within_limits(value: str | None, passes: bool) -> None:
    assert rule(ColumnValuesAmount, text(value, "1"), min_value=0, max_value=1_234_567) == [passes, True]


ID_OF_A_MAN = "110999199001010014"  # …001: odd
ID_OF_A_WOMAN = _with_check("11099919900101002")


@pytest.mark.parametrize(
    ("birth", "number", "agrees"),
    [
        ("1990-01-01", ID_OF_A_MAN, True),
        ("1990年1月1日", ID_OF_A_MAN, True),
        ("1990-01-02", ID_OF_A_MAN, False),
        ("no date", ID_OF_A_MAN, True),
        ("1990-01-02", "not a number", True),
        (None, ID_OF_A_MAN, True),
        ("1990-01-02", None, True),
    ],
)
def test_a_birth_date_is_compared_where_both_can_be_read(birth: str | None, number: str | None, agrees: bool) -> None:
    assert rule(ColumnPairValuesBirthDateOfResidentId, text(birth), text(number)) == [agrees]


@pytest.mark.parametrize(
    ("sex", "number", "agrees"),
    [
        ("男", ID_OF_A_MAN, True),
        ("女", ID_OF_A_MAN, False),
        ("F", ID_OF_A_WOMAN, True),
        ("1", ID_OF_A_WOMAN, False),
        ("未说明", ID_OF_A_MAN, True),
        ("男", "not a number", True),
        (None, ID_OF_A_MAN, True),
    ],
)
def test_sex_is_compared_where_both_can_be_read(sex: str | None, number: str | None, agrees: bool) -> None:
    assert rule(ColumnPairValuesSexOfResidentId, text(sex), text(number)) == [agrees]


@given(st.lists(st.one_of(st.none(), st.text(max_size=6)), max_size=30), st.integers(0, 5))
def test_byte_matrices_hold_exactly_the_bytes_of_the_values(values: list[str | None], skip: int) -> None:
    values = [None if value is None else value.encode("utf-8", "ignore").decode() for value in values]
    column = text(*values).iloc[skip:]
    texts = Texts.of(column)
    for width in set(texts.widths.tolist()) - {-1, 0}:
        rows = np.flatnonzero(texts.widths == width)
        assert [bytes(row).decode() for row in texts.matrix(rows, width)] == column.iloc[rows].tolist()


@pytest.mark.parametrize("dtype", ["str", "object", "string", "category", "int64"])
def test_columns_of_other_projects_types_are_understood(dtype: Any) -> None:
    column = pd.Series(["4111111111111111", "4111111111111112"]).astype(dtype)
    assert judge(column, dict.fromkeys(WIDTHS, passes_luhn)).tolist() == [True, False]


def test_a_million_rows_are_a_normal_batch() -> None:
    column = text("11010519491231002X", "110105194912310021").repeat(50_000).reset_index(drop=True)
    passed = judge(column, {18: lambda matrix: is_resident_id(matrix, TODAY)})
    assert passed.sum() == 50_000


def test_days_do_not_depend_on_the_rows_around_them() -> None:
    days = [date(1900, 1, 1) + timedelta(days=step) for step in range(0, 46_000, 97)]
    column = text(*[f"{day:%Y-%m-%d}" for day in days])
    assert days_of(column).tolist() == [day.year * 10_000 + day.month * 100 + day.day for day in days]
