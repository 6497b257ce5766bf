"""What a column holds where its heading says nothing: told from the form of its cells, closed sets, and its neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
import pytest
from stdnum import luhn
from stdnum.cn import ric

from pipelines.classify import Analyzer, entity_labels
from pipelines.policy.load import load_words

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS: Final = 60
LATEST: Final = 20261123


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(entity_labels(load_words(Path(__file__).parents[2] / "policy").taxonomy.items), latest=LATEST)


def told(analyzer: Analyzer, **columns: Sequence[str]) -> dict[str, str | None]:
    frame = pd.DataFrame(columns, dtype="str")
    return {each.name: each.entity for each in analyzer.columns(frame)}


def identity(number: int) -> str:
    body = f"110999{born(number)}{number % 1000:03}"
    return body + ric.calc_check_digit(body + "0")


def luhned(body: str) -> str:
    return body + luhn.calc_check_digit(body)


def born(number: int) -> str:
    return f"{1945 + number * 7 % 60}{number % 12 + 1:02}{number % 28 + 1:02}"


def written(day: str, form: str) -> str:
    return form.format(y=day[:4], m=day[4:6], d=day[6:], month=int(day[4:6]), day=int(day[6:]))


def cycled(*words: str) -> list[str]:
    return [words[number % len(words)] for number in range(ROWS)]


FORMS = {
    "landlines, some without a mark": (
        "PHONE_NUMBER",
        [f"010-6{n:07}" if n % 3 == 0 else f"(010)6{n:07}" if n % 3 == 1 else f"0106{n:07}" for n in range(ROWS)],
    ),
    "telephones of many countries": (
        "PHONE_NUMBER",
        [f"+44 20 7946 0{n:03}" if n % 8 == 0 else f"{n + 10} {n + 100} {n + 2000}" for n in range(ROWS)],
    ),
    "telephones with extensions": (
        "PHONE_NUMBER",
        [f"631-555-{n:04}" if n % 3 else f"001-514-555-{n:04}x5{n:02}" for n in range(ROWS)],
    ),
    "passports, old and new": ("CN_PASSPORT", [f"{'EG'[n % 2]}{n * 1_234_567 % 10**8:08}" for n in range(ROWS)]),
    "device numbers": ("IMEI", [luhned(f"35{n * 7_654_321:012}") for n in range(ROWS)]),
    "fifteen digits": (None, [f"36{n * 7_654_321:013}" for n in range(ROWS)]),
    "code with a letter": (None, [f"{'ABCEFJNQTU'[n % 10]}{n * 1_234_567 % 10**8:08}" for n in range(ROWS)]),
    "day and running number": (None, [f"2024010{n % 9 + 1}-{n:04}" for n in range(ROWS)]),
    "amounts": (None, [f"{n * 137}.{n % 100:02}" for n in range(ROWS)]),
    "book numbers": (None, [f"978-7-115-{n + 20000}-{n % 10}" for n in range(ROWS)]),
    "running numbers and one name": (None, ["王伟", *(str(n) for n in range(ROWS - 1))]),
    "time zones of capitals": (None, cycled("GMT", "CET", "EST", "PST", "UTC")),
}
NAMES = {
    "small surnames": (
        "PERSON",
        ["miller", "schmidt", "johnson", "garcia", "taylor", "nguyen", "robinson", "kowalski", "anderson", "thompson"],
    ),
    "capital full names": ("PERSON", ["JOHN MILLER", "MARY JOHNSON", "PETER SCHMIDT", "ANNA GARCIA", "DAVID ROBINSON"]),
    "names with titles": ("PERSON", ["何成女士", "韦欣女士", "王伟先生", "李秀英女士", "张建国先生"]),
    "towns": ("LOCATION", ["Sydney", "Newcastle", "Canberra", "Perth", "Brisbane", "Hobart", "Geelong", "Wollongong"]),
    "small streets": (
        "LOCATION",
        [f"{w} street" for w in ["giblin", "wild", "dolling", "irvine", "kavel", "antill", "boolee"]],
    ),
    "companies": (
        "ORGANIZATION",
        [
            "Hoffman Foods",
            "Bell Markets",
            "Miller & Sons",
            "Standard Paint Company",
            "Harbour Logistics Ltd",
            "Green Valley Farms Inc",
            "Nelson Brothers",
            "Pacific Trading Group",
            "Summit Insurance LLC",
            "Northern Steel Corp",
            "Oak Hill Partners",
        ],
    ),
    "job titles": (
        None,
        ["Regional planner", "First responder", "Leather worker", "Sales manager", "Nurse", "Art teacher"],
    ),
    "goods": (
        None,
        ["Desk lamp", "Water bottle", "Rose tea", "Olive oil", "USB cable", "Running shoes", "Jasmine rice"],
    ),
    "hobbies": (None, ["reading", "swimming", "running", "cooking", "chess", "painting", "yoga", "football"]),
    "kinds of companies": (
        None,
        ["有限责任公司(自然人独资)", "股份有限公司(上市)", "个体工商户", "集体分支机构(非法人)"],
    ),
    "departments": (None, ["财务部", "市场部", "研发中心", "人力资源部", "客服部"]),
    "yes and no": (None, ["Y", "N"]),
}
SETS = {
    "sexes": ("SEX", ["男", "女"]),
    "sexes in English": ("SEX", ["M", "F"]),
    "peoples": ("ETHNICITY", ["汉族", "回族", "白族", "土家族"]),
    "peoples in short": ("ETHNICITY", ["汉", "汉", "满", "回"]),
    "colours": (None, ["白", "黑", "红"]),
    "marital state": ("MARITAL_STATUS", ["已婚", "未婚", "离异"]),
    "schooling": ("EDUCATION", ["本科", "硕士研究生", "大专"]),
    "provinces": ("LOCATION", ["广东省", "浙江", "内蒙古自治区"]),
    "districts": ("LOCATION", ["朝阳区", "海淀区", "涪城区"]),
    "countries": ("LOCATION", ["France", "United States", "New Zealand"]),
    "half in the set": (None, ["男", "有效", "冻结", "女", "注销"]),
    "grades": (None, ["A", "B", "C", "F", "M"]),
}


@pytest.mark.parametrize("case", [*FORMS], ids=str)
def test_cells_of_one_form_are_what_some_of_them_surely_are(analyzer: Analyzer, case: str) -> None:
    entity, cells = FORMS[case]
    assert told(analyzer, c1=cells) == {"c1": entity}


@pytest.mark.parametrize("case", [*NAMES], ids=str)
def test_names_are_told_from_words_that_only_look_like_names(analyzer: Analyzer, case: str) -> None:
    entity, words = NAMES[case]
    assert told(analyzer, c1=cycled(*words)) == {"c1": entity}


@pytest.mark.parametrize("case", [*SETS], ids=str)
def test_a_column_of_a_closed_set_is_known_by_its_words(analyzer: Analyzer, case: str) -> None:
    entity, words = SETS[case]
    assert told(analyzer, c1=cycled(*words)) == {"c1": entity}


@pytest.mark.parametrize(
    "form",
    ["{y}-{m}-{d}", "{y}{m}{d}", "{y}/{month}/{day}", "{y}年{month}月{day}日", "{m}/{d}/{y}", "{y}-{m}-{d} 00:00:00"],
)
def test_the_dates_inside_the_identity_numbers_beside_them_are_of_birth(analyzer: Analyzer, form: str) -> None:
    births = [written(born(n), form) for n in range(ROWS)]
    entities = told(analyzer, c1=[identity(n) for n in range(ROWS)], c2=births, c3=births[1:] + births[:1])
    assert entities["c2"] == "DATE_OF_BIRTH"


NEAR = {
    "spread as ages are": ("DATE_OF_BIRTH", [born(n) for n in range(ROWS)]),
    "with stand-ins for not known": ("DATE_OF_BIRTH", [born(n) if n % 5 else "19000101" for n in range(ROWS)]),
    "of one year": (None, [f"2024{n % 12 + 1:02}{n % 28 + 1:02}" for n in range(ROWS)]),
    "of some decades of business": (None, [f"{1985 + n % 40}0{n % 9 + 1}15" for n in range(ROWS)]),
    "to come": (None, [f"{1950 + n * 3 % 100}0{n % 9 + 1}15" for n in range(ROWS)]),
    "too few": (None, [born(0), born(20), born(40), *[""] * (ROWS - 3)]),
}
PEOPLE = cycled("王伟", "李秀英", "张建国", "赵丽华", "陈志强", "刘芳芳", "杨洋", "周敏")


@pytest.mark.parametrize("case", [*NEAR], ids=str)
def test_dates_beside_people_are_of_birth_where_they_are_spread_as_ages_are(analyzer: Analyzer, case: str) -> None:
    entity, cells = NEAR[case]
    assert told(analyzer, c1=PEOPLE, c2=cells) == {"c1": "PERSON", "c2": entity}


def test_dates_without_people_beside_them_or_of_companies_or_named_otherwise_are_not_of_birth(
    analyzer: Analyzer,
) -> None:
    births = [born(n) for n in range(ROWS)]
    codes = ["91350100M000100Y43"] * ROWS
    assert told(analyzer, c1=births)["c1"] is None
    assert told(analyzer, c1=PEOPLE, c2=births, c3=codes)["c2"] is None
    assert told(analyzer, c1=PEOPLE, 开户日期=births)["开户日期"] is None
    assert told(analyzer, c1=PEOPLE, joined_at=births)["joined_at"] is None


def test_what_a_plan_declares_is_not_changed_by_the_neighbours(analyzer: Analyzer) -> None:
    frame = pd.DataFrame({"c1": PEOPLE, "c2": [born(n) for n in range(ROWS)]}, dtype="str")
    profiles = analyzer.columns(frame, hints={"c2": "SERVICE_NOTE"})
    assert [each.entity for each in profiles] == ["PERSON", None]
    assert "1945" not in repr(profiles)


def test_a_heading_of_data_is_not_taken_for_a_word_of_its_kind(analyzer: Analyzer) -> None:
    assert told(analyzer, Qeqqata=cycled("Viken", "Drenthe", "Ontario", "Lazio", "Tyrol"))["Qeqqata"] == "LOCATION"
    scope = "日用百货、服装鞋帽、医疗器械、健康咨询服务、计算机软件开发、建筑材料的批发与零售"
    assert told(analyzer, **{scope: cycled("餐饮服务", "软件开发", "建筑材料批发")})[scope] is None


def test_cells_that_the_tagger_reads_and_their_look_misses_are_counted(analyzer: Analyzer) -> None:
    [profile] = analyzer.columns(pd.DataFrame({"姓名": [*PEOPLE[:-1], "阿依古丽"]}, dtype="str"))
    assert (profile.entity, profile.found) == ("PERSON", ROWS)
