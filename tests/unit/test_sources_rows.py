"""Headings become the plan's columns; cells that mean the same become the same."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import SourceColumns
from pipelines.policy import load_policy
from pipelines.records import META_COLUMNS
from pipelines.sources import arrange, normalise

POLICY = load_policy(Path(__file__).parents[2] / "policy")
COUNTER, PARTNER, WEB = (
    POLICY.plan(name) for name in ("counter_customers", "partner_enterprises", "web_registrations")
)


def frame(**columns):
    rows = pd.DataFrame(columns, dtype="str")
    rows.index = pd.RangeIndex(1, len(rows) + 1, name="row")
    return rows


def headed(*headings):
    return frame(**{heading: ["x"] for heading in headings})


# --- arrange -------------------------------------------------------------------------------------------------------


def test_columns_come_in_the_plans_order_then_the_shared_ones():
    arranged, outside = arrange(headed("采集时间", "手机号", "身份证号", "姓名"), COUNTER)
    assert tuple(arranged.columns) == (*COUNTER.columns, *META_COLUMNS)
    assert outside == ()
    assert arranged["customer_name"].tolist() == ["x"]
    assert arranged["remark"].isna().all()
    assert {str(kind) for kind in arranged.dtypes} == {"str"}
    assert arranged.index.name == "row"


SPELLINGS = ["手机号", " 手机号 ", "\ufeff手机号", "手机号码", "mobile", "MOBILE", "ｍｏｂｉｌｅ", "Mobile\n"]


@pytest.mark.parametrize("heading", SPELLINGS)
def test_a_heading_is_recognised_however_it_is_spelt(heading):
    arranged, _ = arrange(headed("姓名", "身份证号", heading), COUNTER)
    assert arranged["mobile"].tolist() == ["x"]


def test_a_full_width_bracket_in_a_heading_is_a_bracket():
    arranged, outside = arrange(
        headed("企业名称", "统一社会信用代码", "联系人", "联系电话", "注册资本（万元）"), PARTNER
    )
    assert arranged["registered_capital"].tolist() == ["x"]
    assert outside == ()


def test_columns_outside_the_plan_are_dropped_and_named():
    arranged, outside = arrange(headed("姓名", "身份证号", "手机号", "宗教信仰", "密码"), COUNTER)
    assert outside == ("宗教信仰", "密码")
    assert not {"宗教信仰", "密码"} & set(arranged.columns)


def test_a_missing_required_column_is_named_with_its_headings_and_what_was_found():
    with pytest.raises(
        SourceColumns, match=r"requires the column `mobile` \(手机号 / 手机号码\): the file has 姓名, 身份证号, 电话;"
    ):
        arrange(headed("姓名", "身份证号", "电话"), COUNTER)


def test_a_file_without_headings_does_not_tell_its_first_row():
    with pytest.raises(SourceColumns, match="is the first line the headings") as caught:
        arrange(headed("张三丰", "110101199003070019", "13912345678"), COUNTER)
    assert not any(value in str(caught.value) for value in ("张三丰", "110101199003070019", "13912345678"))


def test_a_heading_that_looks_like_data_is_told_by_its_place():
    _, outside = arrange(headed("姓名", "身份证号", "手机号", "13912345678", "a@b.cn", "很长" * 20), COUNTER)
    assert outside == ("(column 4)", "(column 5)", "(column 6)")


def test_two_columns_for_one_field_are_refused():
    with pytest.raises(SourceColumns, match="Two columns of the file are `mobile`"):
        arrange(headed("姓名", "身份证号", "手机号", "手机号码"), COUNTER)


# --- normalise -----------------------------------------------------------------------------------------------------

CELLS = {
    "trimmed": ("customer_name", " 张三\u3000", "张三"),
    "an inner blank of a name stays": ("customer_name", "Ann  Lee", "Ann  Lee"),
    "a name keeps its characters": ("customer_name", "ＡＢ", "ＡＢ"),
    "N/A is missing": ("email", "N/A", None),
    "null is missing": ("email", " null ", None),
    "无 is missing": ("remark", "无", None),
    "a dash is missing": ("remark", "-", None),
    "a long dash is missing": ("address", "—", None),
    "blanks are missing": ("address", " \u3000 ", None),
    "a sentence with 无 stays": ("remark", "无要求", "无要求"),
    "a small x": ("id_number", "11010519491231002x", "11010519491231002X"),
    "a full-width identity number": ("id_number", "１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
    "blanks in an identity number": ("id_number", "110105 19491231 002X", "11010519491231002X"),
    "a mobile with blanks": ("mobile", "139 1234 5678", "13912345678"),
    "a mobile with dashes": ("mobile", "139-1234-5678", "13912345678"),
    "a mobile of another country code form": ("mobile", "+86 139 1234 5678", "13912345678"),
    "a mobile after 0086": ("mobile", "008613912345678", "13912345678"),
    "a mobile after 86": ("mobile", "8613912345678", "13912345678"),
    "a mobile in brackets": ("mobile", "(+86)13912345678", "13912345678"),
    "a full-width mobile": ("mobile", "１３９１２３４５６７８", "13912345678"),
    "a landline keeps its form": ("mobile", "010-12345678", "010-12345678"),
    "a mobile too short stays as it came": ("mobile", "139 1234 567", "139 1234 567"),
    "a card in groups": ("bank_card", "6222 0200 0000 0000 000", "6222020000000000000"),
    "a card with words stays": ("bank_card", "尾号 1234", "尾号 1234"),
    "an e-mail in capitals": ("email", "Ann.Lee@Example.COM", "ann.lee@example.com"),
    "a full-width at": ("email", "ann＠example.com", "ann@example.com"),
    "a full-width income": ("monthly_income", "１２０００", "12000"),
    "slashes in a date": ("birth_date", "2024/1/5", "2024-01-05"),
    "dots in a date": ("birth_date", "2024.01.05", "2024-01-05"),
    "a date without separators": ("birth_date", "20240105", "2024-01-05"),
    "a date in Chinese": ("birth_date", "2024年1月5日", "2024-01-05"),
    "a full-width date": ("birth_date", "２０２４／１／５", "2024-01-05"),
    "an ISO date stays": ("birth_date", "2024-01-05", "2024-01-05"),
    "an impossible date is shaped, not repaired": ("birth_date", "2024/13/45", "2024-13-45"),
    "a date of another order stays": ("birth_date", "5/1/2024", "5/1/2024"),
    "no date at all stays": ("birth_date", "五月", "五月"),
    "a time with slashes": ("collected_at", "2024/1/5 9:30", "2024-01-05 9:30"),
    "a time in Chinese": ("collected_at", "2024年1月5日 09:30:00", "2024-01-05 09:30:00"),
    "an ISO time stays": ("consent_at", "2024-01-05T10:00:00+08:00", "2024-01-05T10:00:00+08:00"),
    "purposes with Chinese commas": ("consent_purposes", "a、b，c", "a;b;c"),
    "purposes with blanks": ("consent_purposes", "a, b", "a;b"),
    "free text keeps full-width characters": ("remark", "电话１２３，ＯＫ", "电话１２３，ＯＫ"),
}  # fmt: skip


@pytest.mark.parametrize(("column", "given_", "expected"), CELLS.values(), ids=CELLS.keys())
def test_a_cell_gets_its_normal_form(column, given_, expected):
    raw = pd.DataFrame(dict.fromkeys((*COUNTER.columns, *META_COLUMNS), pd.Series([None, "x"], dtype="str")))
    raw.index = pd.RangeIndex(1, 3, name="row")
    raw[column] = pd.Series([given_, None], dtype="str", index=raw.index)
    before = raw.copy()
    cell = normalise(raw, COUNTER)[column].iloc[0]
    assert (None if pd.isna(cell) else cell) == expected
    pd.testing.assert_frame_equal(raw, before)


def test_a_record_without_later_business_was_last_active_when_collected():
    raw, _ = arrange(
        frame(
            姓名=["a", "b"],
            身份证号=["1", "2"],
            手机号=["1", "2"],
            采集时间=["2024/1/5", "2024-01-06"],
            最近业务时间=[None, "2025-01-01"],
        ),
        COUNTER,
    )
    assert normalise(raw, COUNTER)["last_activity_at"].tolist() == ["2024-01-05", "2025-01-01"]


def test_a_credit_code_is_upper_case_and_unspaced():
    raw, _ = arrange(
        frame(企业名称=["a"], 统一社会信用代码=["91350100 m000100y43"], 联系人=["b"], 联系电话=["c"]), PARTNER
    )
    assert normalise(raw, PARTNER)["uscc"].tolist() == ["91350100M000100Y43"]


text = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20))


@given(st.lists(st.tuples(text, text, text, text, text), min_size=1, max_size=5))
def test_normalising_twice_is_normalising_once(rows):
    names = ["name", "mobile", "id_number", "birth_date", "message"]
    raw, _ = arrange(pd.DataFrame(rows, columns=names, dtype="str").rename_axis("row"), WEB)
    once = normalise(raw, WEB)
    pd.testing.assert_frame_equal(normalise(once, WEB), once)
    assert once.index.equals(raw.index)
    assert {str(kind) for kind in once.dtypes} == {"str"}
