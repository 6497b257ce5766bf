"""What headings say, in both languages, and what only looks like a heading's word; how dates in columns are read."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.classify.cells import of_column
from pipelines.classify.context import named
from pipelines.classify.dates import dates_of
from pipelines.classify.headers import evidence, other_date


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("bill_to", "PERSON"),
        ("ship_to", "LOCATION"),
        ("Ship To Address", "LOCATION"),
        ("billing_address", "LOCATION"),
        ("consignee", "PERSON"),
        ("投保人", "PERSON"),
        ("车主", "PERSON"),
        ("车主手机", "PHONE_NUMBER"),
        ("会员类型", None),
        ("传真", "PHONE_NUMBER"),
        ("fax", "PHONE_NUMBER"),
        ("姓", "PERSON"),
        ("名", "PERSON"),
        ("名次", None),
        ("百家姓排名", None),
        ("QQ", "CN_MESSENGER_ACCOUNT"),
        ("客户QQ", "CN_MESSENGER_ACCOUNT"),
        ("QQ号码", "CN_MESSENGER_ACCOUNT"),
        ("Qeqqata", None),
        ("Qeqqata Kommunia", None),
        ("shipping", None),
        ("日用百货、服装鞋帽、医疗器械、健康咨询服务与软件开发的批发零售", None),
        ("the customer asked us to call his phone again after the holidays", None),
    ],
)
def test_a_heading_says_what_it_says_and_no_more(name: str, key: str | None) -> None:
    said = evidence(name)
    assert (said.key if said else None) == key


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("开户日期", True),
        ("下单时间", True),
        ("created_at", True),
        ("signup_date", True),
        ("date", True),
        ("出生日期", False),
        ("date of birth", False),
        ("c1", False),
        ("update", False),
        ("", False),
    ],
)
def test_a_heading_may_speak_of_another_date_than_that_of_birth(name: str, other: bool) -> None:
    assert other_date([name]) == other


@pytest.mark.parametrize(
    ("heading", "word", "heard"),
    [
        ("QQ", "qq", True),
        ("客户qq号", "qq", True),
        ("user_qq", "qq", True),
        ("Qeqqata", "qq", False),
        ("telno", "tel", True),
        ("hotel", "tel", False),
        ("MobilePhone", "phone", True),
        ("手机号", "手机", True),
        ("", "qq", False),
    ],
)
def test_a_short_word_is_heard_where_a_word_begins(heading: str, word: str, heard: bool) -> None:
    assert named([heading], [word]) == heard


FORMS = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%m/%d/%Y", "%d %b %Y", "%B %d, %Y")


@given(st.lists(st.dates(date(1900, 1, 1), date(2030, 12, 31)), min_size=1, max_size=40), st.sampled_from(FORMS))
@settings(max_examples=60, deadline=None)
def test_a_column_of_dates_is_read_in_every_form(days: list[date], form: str) -> None:
    cells, rows = of_column(pd.Series([day.strftime(form) for day in days], dtype="str"))
    read = dates_of(cells)
    assert read is not None
    assert dict(read.years) == {year: sum(day.year == year for day in days) for year in {day.year for day in days}}
    low_high = [tuple(sorted((day.month, day.day))) for day in days]
    assert [divmod(int(each) % 10_000, 100) for each in read.days[rows]] == low_high


@pytest.mark.parametrize(
    "cells",
    [
        ["2024-13-45", "2024-00-10", "1999-12-99"],
        ["20240101-0001", "20240102-0002"],
        ["13812345678", "13900000000"],
        ["1961-04-01 13:45:10", "1970-01-01 08:00:01"],
        ["192.168.1.1", "10.0.0.12"],
        ["1961", "1985"],
        [],
    ],
    ids=["no days", "order numbers", "mobiles", "moments", "machines", "years", "nothing"],
)
def test_what_is_no_day_is_no_column_of_dates(cells: list[str]) -> None:
    assert dates_of(of_column(pd.Series(cells, dtype="str"))[0]) is None


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("電話", "电话"), ("手機號碼", "手机号码"), ("身分證字號", "身份证字号"), ("聯絡地址", "联络地址"), ("銀行帳號", "银行帐号"),
        ("備註", "备注"), ("性別", "性别"), ("學歷", "学历"), ("車牌號碼", "车牌号码"), ("職業", "职业"), ("婚姻狀況", "婚姻状况"),
    ],
)  # fmt: skip
def test_traditional_headings_say_what_simplified_ones_say(traditional: str, simplified: str) -> None:
    assert evidence(simplified) is not None
    assert evidence(traditional) == evidence(simplified)
