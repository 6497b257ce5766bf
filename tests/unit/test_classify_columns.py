"""What a column holds is decided from all its cells, its name, and what a plan declares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from stdnum import luhn
from stdnum.cn import ric

from pipelines.classify import Analyzer, EntityLabel
from pipelines.classify.headers import evidence

KINDS = {
    "PERSON": ("PERSON", "I01", 3),
    "SEX": ("SEX", "I01", 2),
    "DATE_OF_BIRTH": ("DATE_OF_BIRTH", "I01", 3),
    "PHONE_NUMBER": ("PHONE_NUMBER", "I02", 3),
    "EMAIL_ADDRESS": ("EMAIL_ADDRESS", "I02", 3),
    "LOCATION": ("LOCATION", "I02", 3),
    "CITY": ("LOCATION", "I02", 2),
    "CN_ID_CARD": ("CN_ID_CARD", "I03", 4),
    "CREDIT_CARD": ("CREDIT_CARD", "I05", 4),
    "INCOME": ("INCOME", "I05", 4),
    "SERVICE_NOTE": (None, "I16", 3),
    "ORGANIZATION": ("ORGANIZATION", "I20", 1),
    "CN_USCC": ("CN_USCC", "I20", 1),
    "ENTERPRISE_ADDRESS": ("LOCATION", "I20", 1),
    "ENTERPRISE_CONTACT_NAME": ("PERSON", "I22", 3),
}
LABELS = {
    key: EntityLabel(entity, category, level, f"CI-P-{category[1:]}-{number:03}-{level}")
    for number, (key, (entity, category, level)) in enumerate(KINDS.items(), 1)
}
ROWS = 60


def identity(number: int) -> str:
    body = f"110999{1950 + number % 50}0{number % 9 + 1}{number % 18 + 10}{number % 1000:03}"
    return body + ric.calc_check_digit(body + "0")


def card(number: int) -> str:
    body = f"6210{number:014}"
    return body + luhn.calc_check_digit(body)


NAMES = [s + g for s in "王李张刘陈杨赵黄周吴" for g in ("伟", "芳芳", "建国", "秀英", "志强", "丽华")]
VALUES = {
    "names": NAMES[:ROWS],
    "identity": [identity(n) for n in range(ROWS)],
    "broken identity": [identity(n)[:17] + ("1" if identity(n)[17] != "1" else "2") for n in range(ROWS)],
    "mobiles": [f"138{n:08}" for n in range(ROWS)],
    "mails": [f"user{n}@example.com" for n in range(ROWS)],
    "addresses": [f"北京市海淀区中关村大街{n}号院{n}号楼" for n in range(1, ROWS + 1)],
    "companies": [f"海口{a}{b}商贸有限公司" for a in "美东华信嘉禾" for b in "鑫源盛达恒泰丰润安康"],
    "cards": [card(n) for n in range(ROWS)],
    "dates": [f"19{50 + n % 50}-0{n % 9 + 1}-{n % 18 + 10}" for n in range(ROWS)],
    "sexes": ["男", "女"] * (ROWS // 2),
    "amounts": [str(3000 + 7 * n) for n in range(ROWS)],
    "orders": [f"SO2024{n:06}" for n in range(ROWS)],
    "notes": [f"客户反映排队时间过长，第{n}次" if n % 3 else f"请致电138{n:08}" for n in range(ROWS)],
    "products": [f"茶具套装{n}型" for n in range(ROWS)],
}
CASES = [
    ("客户姓名", "names", "PERSON", 3),
    ("a1", "names", "PERSON", 3),
    ("身份证号", "identity", "CN_ID_CARD", 4),
    ("a2", "identity", "CN_ID_CARD", 4),
    ("手机号码", "mobiles", "PHONE_NUMBER", 3),
    ("备用", "mobiles", "PHONE_NUMBER", 3),
    ("a3", "mails", "EMAIL_ADDRESS", 3),
    ("联系地址", "addresses", "LOCATION", 3),
    ("a4", "addresses", "LOCATION", 3),
    ("注册地址", "addresses", "LOCATION", 1),
    ("企业名称", "companies", "ORGANIZATION", 1),
    ("a5", "companies", "ORGANIZATION", 1),
    ("bank_card", "cards", "CREDIT_CARD", 4),
    ("a6", "cards", "CREDIT_CARD", 4),
    ("出生日期", "dates", "DATE_OF_BIRTH", 3),
    ("下单日期", "dates", None, 1),
    ("性别", "sexes", "SEX", 2),
    ("月收入", "amounts", "INCOME", 4),
    ("金额", "amounts", None, 1),
    ("订单号", "orders", None, 1),
    ("product_name", "products", None, 1),
    ("姓名", "mobiles", "PHONE_NUMBER", 3),
    ("手机型号", "products", None, 1),
    ("手机", "products", None, 1),
]


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(LABELS, latest=20261123)


@pytest.mark.parametrize(("name", "values", "entity", "level"), CASES, ids=[f"{n}: {v}" for n, v, _, _ in CASES])
def test_a_column_is_what_its_cells_and_its_name_say(
    analyzer: Analyzer, name: str, values: str, entity: str | None, level: int
) -> None:
    [profile] = analyzer.columns(pd.DataFrame({name: VALUES[values]}, dtype="str"), ner_cells=40)
    assert (profile.entity, profile.level, profile.cells) == (entity, level, len(VALUES[values]))
    assert (profile.category is None) == (entity is None)


def test_numbers_that_fail_their_check_digit_are_never_counted(analyzer: Analyzer) -> None:
    [profile] = analyzer.columns(pd.DataFrame({"身份证号": VALUES["broken identity"]}, dtype="str"))
    assert profile.found == 0
    assert profile.confidence < 0.5


def test_a_note_is_a_note_and_what_is_in_it_is_said_beside_it(analyzer: Analyzer) -> None:
    [profile] = analyzer.columns(pd.DataFrame({"备注": VALUES["notes"]}, dtype="str"), ner_cells=0)
    assert (profile.entity, profile.category, profile.level) == (None, "I16", 3)
    assert profile.also == {"PHONE_NUMBER": ROWS // 3}


def test_an_identity_number_in_a_note_raises_the_columns_level(analyzer: Analyzer) -> None:
    notes = [*VALUES["notes"], f"证件{identity(7)}已核"]
    [profile] = analyzer.columns(pd.DataFrame({"备注": notes}, dtype="str"), ner_cells=0)
    assert profile.level == 4
    assert profile.also["CN_ID_CARD"] == 1


def test_every_cell_counts_however_often_it_is_repeated(analyzer: Analyzer) -> None:
    column = ["13812345678"] * 70 + ["无"] * 20 + [None, ""] * 5
    [profile] = analyzer.columns(pd.DataFrame({"电话": pd.Series(column, dtype="str")}))
    assert (profile.cells, profile.found) == (70, 70)


def test_votes_of_chunks_add_up_to_those_of_the_whole(analyzer: Analyzer) -> None:
    frame = pd.DataFrame(
        {name: VALUES[name] for name in ("identity", "mobiles", "dates", "mails", "orders")}, dtype="str"
    )
    parts = [analyzer.votes(frame.iloc[:17]), analyzer.votes(frame.iloc[17:])]
    added = [replace(left + right, read=0) for left, right in zip(*parts, strict=True)]
    assert added == [replace(whole, read=0) for whole in analyzer.votes(frame)]


def test_a_plans_word_stands_unless_the_cells_are_more_sensitive(analyzer: Analyzer) -> None:
    frame = pd.DataFrame(
        {"who": VALUES["names"], "city": VALUES["identity"], "where": VALUES["addresses"]}, dtype="str"
    )
    hints = {"who": "ENTERPRISE_CONTACT_NAME", "city": "CITY", "where": "ENTERPRISE_ADDRESS"}
    who, city, where = analyzer.columns(frame, hints=hints, ner_cells=40)
    assert (who.entity, who.category) == ("PERSON", "I22")
    assert (city.entity, city.level) == ("CN_ID_CARD", 4)
    assert (where.entity, where.category, where.level) == ("LOCATION", "I20", 1)


def test_other_names_of_a_column_are_heard_too(analyzer: Analyzer) -> None:
    frame = pd.DataFrame({"f3": VALUES["dates"]}, dtype="str")
    assert analyzer.columns(frame)[0].entity is None
    assert analyzer.columns(frame, names={"f3": ["出生日期"]})[0].entity == "DATE_OF_BIRTH"


def test_empty_frames_and_odd_columns_are_no_problem(analyzer: Analyzer) -> None:
    assert analyzer.columns(pd.DataFrame()) == ()
    frame = pd.DataFrame({"x": [None, None], "n": [13812345678, 2], "f": [1.5, np.nan]})
    x, number, fraction = analyzer.columns(frame)
    assert (x.entity, x.cells) == (None, 0)
    assert number.also == {} or number.entity == "PHONE_NUMBER"
    assert fraction.entity is None


def test_no_profile_holds_a_value(analyzer: Analyzer) -> None:
    frame = pd.DataFrame({"identity": VALUES["identity"], "备注": VALUES["notes"]}, dtype="str")
    shown = repr((analyzer.columns(frame), analyzer.votes(frame)))
    assert not any(value in shown for value in (*VALUES["identity"], "138000"))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("customerName", "PERSON"),
        ("法定代表人", "PERSON"),
        ("client_ip", "IP_ADDRESS"),
        ("IP地址", "IP_ADDRESS"),
        ("邮箱地址", "EMAIL_ADDRESS"),
        ("注册资本(万元)", "REGISTERED_CAPITAL"),
        ("ID Number", "CN_ID_CARD"),
        ("身份证照片", None),
        ("产品名称", None),
        ("shipping", None),
        ("", None),
        ("统一社会信用代码", "CN_USCC"),
        ("户籍地址", "LOCATION"),
        ("remark", "SERVICE_NOTE"),
    ],
)
def test_a_columns_name_is_understood_in_both_languages(name: str, key: str | None) -> None:
    said = evidence(name)
    assert (said.key if said else None) == key


def test_names_in_notes_are_counted_as_often_as_their_notes_are_repeated(analyzer: Analyzer) -> None:
    notes = ["联系王小明先生"] * 20 + ["已回访"] * 30 + [f"改打138{number:08}" for number in range(7)]
    [profile] = analyzer.columns(pd.DataFrame({"备注": notes}, dtype="str"))
    assert profile.also == {"PERSON": 20, "PHONE_NUMBER": 7}


def test_numbers_that_became_floats_on_the_way_are_read(analyzer: Analyzer) -> None:
    frame = pd.DataFrame({"a": [f"138{number:08}.0" for number in range(40)], "b": ["12.0"] * 40}, dtype="str")
    phones, other = analyzer.columns(frame)
    assert (phones.entity, phones.found, other.entity) == ("PHONE_NUMBER", 40, None)
    [[span]] = analyzer.spans(["13812345678.0"])
    assert (span.start, span.end) == (0, 11)
