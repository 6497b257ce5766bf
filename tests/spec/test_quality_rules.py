"""What the quality suites promise of each plan: which rows are quarantined, which are only counted, and why.

Regulation: information must be true, complete and kept up to date (PIPL art. 8); dimensions after GB/T 36344-2018.
All numbers are made up.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.policy import Plan, load_policy
from pipelines.quality.check import check
from pipelines.quality.suite import Suite, load_suite
from pipelines.quality.verdict import Dimension, Severity
from pipelines.records import EVENT_COLUMNS

CHECKOUT = Path(__file__).resolve().parents[2]
AT = datetime(2026, 3, 2, tzinfo=UTC)
SUITES = {path.stem: load_suite(path) for path in sorted((CHECKOUT / "expectations").glob("*.yaml"))}
PLANS: dict[str, Plan] = dict(load_policy(CHECKOUT / "policy").plans)

COUNTER = {
    "customer_name": "张三",
    "sex": "男",
    "birth_date": "1990-01-01",
    "id_number": "810000199001010019",
    "mobile": "13800000000",
    "email": "zhang.san@example.com",
    "address": "上海市浦东新区某路1号",
    "occupation": "教师",
    "monthly_income": "12000",
    "bank_card": "6210000000000000009",
    "collected_at": "2026-03-01T09:00:00+08:00",
    "last_activity_at": "2026-03-01",
}
WEB = {
    "name": "小明",
    "mobile": "13800000000",
    "email": "ming@example.com",
    "id_number": "810000199001010019",
    "sex": "M",
    "birth_date": "1990-01-01",
    "city": "杭州",
    "interests": "阅读;旅行",
    "client_ip": "192.0.2.17",
    "collected_at": "2026-03-01T09:00:00+08:00",
}
PARTNER = {
    "company_name": "上海某某商务咨询有限公司",
    "uscc": "91350100M000100Y43",
    "legal_representative": "李四",
    "registered_address": "福建省福州市某路129号",
    "industry": "商务服务业",
    "registered_capital": "50",
    "annual_revenue": "1200.5",
    "contact_name": "王五",
    "contact_mobile": "13800000000",
    "contact_email": "wang.wu@example.com",
    "collected_at": "2026-03-01T09:00:00+08:00",
}
GOOD = {"counter_customers": COUNTER, "web_registrations": WEB, "partner_enterprises": PARTNER}
DAYS_OLD = "2024-01-01T09:00:00+08:00"


def unmarked(suite: Suite, rows: int = 1) -> dict[str, Any]:
    """Say that the vault knows nothing of some rows."""
    return {name: np.zeros(rows, dtype=np.bool_) for name in suite.marks}


def judged(plan: str, **changes: str | None) -> dict[str, Severity]:
    """Return what one row, good but for the changes, fails."""
    suite = SUITES[plan]
    row = {**GOOD[plan], **changes}
    frame = pd.DataFrame({column: [value] for column, value in row.items()}, dtype="str")
    frame.index = pd.Index(np.array([1]), name="row")
    verdict = check(frame, suite, at=AT, marks=unmarked(suite))
    return {score.id: score.severity for score in verdict.scores if score.failed}


def test_every_plan_has_a_suite_and_every_suite_a_plan() -> None:
    assert set(SUITES) == set(PLANS)


@pytest.mark.parametrize("plan", sorted(GOOD))
def test_a_suite_reads_only_fields_of_its_plan_and_the_time_of_collection(plan: str) -> None:
    assert set(SUITES[plan].columns) <= {field.name for field in PLANS[plan].fields} | set(EVENT_COLUMNS)


@pytest.mark.parametrize("plan", sorted(GOOD))
def test_every_field_but_free_text_has_an_expectation(plan: str) -> None:
    fields = {field.name for field in PLANS[plan].fields if field.free_text is None}
    assert fields <= set(SUITES[plan].columns)


@pytest.mark.parametrize("plan", sorted(GOOD))
def test_a_row_without_a_required_field_is_quarantined(plan: str) -> None:
    for field in PLANS[plan].fields:
        if field.required:
            assert judged(plan, **{field.name: None})[f"{field.name}.present"] is Severity.CRITICAL


@pytest.mark.parametrize("plan", sorted(GOOD))
def test_a_good_row_fails_nothing_and_missing_optional_fields_fail_nothing(plan: str) -> None:
    assert judged(plan) == {}
    optional = {field.name: None for field in PLANS[plan].fields if not field.required and not field.free_text}
    assert judged(plan, **optional) == {}


@pytest.mark.parametrize("plan", sorted(GOOD))
def test_accuracy_completeness_conformity_uniqueness_and_timeliness_are_measured_everywhere(plan: str) -> None:
    assert set(Dimension) - {rule.dimension for rule in SUITES[plan].rules} <= {Dimension.CONSISTENCY}


def test_consistency_is_measured_wherever_a_field_repeats_another() -> None:
    for plan in ("counter_customers", "web_registrations"):
        assert Dimension.CONSISTENCY in {rule.dimension for rule in SUITES[plan].rules}


@pytest.mark.parametrize("plan", sorted(GOOD))
def test_every_expectation_says_in_both_languages_what_it_asks(plan: str) -> None:
    for rule in SUITES[plan].rules:
        assert any("\u4e00" <= character <= "\u9fff" for character in rule.zh), rule.id
        assert rule.en.isascii() or "…" in rule.en, rule.id


CRITICAL = [
    ("counter_customers", "id_number", "110999199001010015", "id_number.checksum", "a mistyped ID number"),
    ("counter_customers", "id_number", "999999199001010016", "id_number.checksum", "an unknown province"),
    ("counter_customers", "id_number", "张三", "id_number.checksum", "a name in the column of the ID number"),
    ("counter_customers", "id_number", "110999900101001", "id_number.checksum", "an ID number of 15 digits"),
    ("counter_customers", "mobile", "1380000000", "mobile.format", "a mobile number with a digit too few"),
    ("counter_customers", "mobile", "021-60000000", "mobile.format", "a landline number"),
    ("counter_customers", "customer_name", "13800000000", "customer_name.letters", "a number for a name"),
    ("counter_customers", "customer_name", "张3", "customer_name.letters", "a digit in a name"),
    ("counter_customers", "customer_name", "a@example.com", "customer_name.letters", "an address for a name"),
    ("web_registrations", "id_number", "110999199001010015", "id_number.checksum", "a mistyped optional ID number"),
    ("web_registrations", "mobile", "ming@example.com", "mobile.format", "an address for a mobile number"),
    ("web_registrations", "name", "13800000000", "name.no_number", "a number for a name"),
    ("web_registrations", "name", "ming@example.com", "name.no_number", "an address for a name"),
    ("partner_enterprises", "uscc", "91350100M000100Y44", "uscc.checksum", "a mistyped code"),
    ("partner_enterprises", "uscc", "91350100M000100X41", "uscc.checksum", "a wrong inner organisation code"),
    ("partner_enterprises", "uscc", "350100400000001", "uscc.checksum", "an old registration number"),
    ("partner_enterprises", "company_name", "李四", "company_name.no_person", "a person's name for a company"),
    ("partner_enterprises", "company_name", "欧阳修", "company_name.no_person", "one of three characters"),
    ("partner_enterprises", "company_name", "91350100M000100Y43", "company_name.no_number", "the code for a name"),
    ("partner_enterprises", "company_name", "13800000000", "company_name.no_number", "a number for a name"),
    ("partner_enterprises", "legal_representative", "91350100", "legal_representative.letters", "a code for a person"),
    ("partner_enterprises", "contact_name", "13800000000", "contact_name.letters", "contact and number swapped"),
    ("partner_enterprises", "contact_mobile", "王五", "contact_mobile.format", "number and contact swapped"),
    ("counter_customers", "collected_at", None, "collected_at.present", "no time of collection to count from"),
    ("counter_customers", "collected_at", "2026-02-30", "collected_at.real", "a time of collection that never was"),
    ("counter_customers", "last_activity_at", "soon", "last_activity_at.real", "a last business that is no time"),
    ("web_registrations", "collected_at", "2026-03-03T09:00:00+08:00", "collected_at.real", "a collection to come"),
]


@pytest.mark.parametrize(("plan", "column", "value", "rule", "case"), CRITICAL, ids=[each[4] for each in CRITICAL])
def test_a_row_is_quarantined_for(plan: str, column: str, value: str, rule: str, case: str) -> None:
    assert judged(plan, **{column: value}).get(rule) is Severity.CRITICAL, case


COUNTED = [
    ("counter_customers", "sex", "女", {"sex.agrees"}, "a sex that contradicts the ID number"),
    ("counter_customers", "sex", "x", {"sex.known"}, "an unknown word for sex"),
    (
        "counter_customers",
        "birth_date",
        "1990-01-02",
        {"birth_date.agrees"},
        "a birth date that contradicts the ID number",
    ),
    ("counter_customers", "birth_date", "1990-02-30", {"birth_date.real"}, "a day that does not exist"),
    ("counter_customers", "birth_date", "2026-03-03", {"birth_date.real", "birth_date.agrees"}, "a birth date to come"),
    ("counter_customers", "email", "zhang.san@example", {"email.format"}, "an e-mail address without a domain"),
    ("counter_customers", "bank_card", "6210000000000000008", {"bank_card.checksum"}, "a mistyped card number"),
    ("counter_customers", "monthly_income", "很多", {"monthly_income.amount"}, "an income in words"),
    ("counter_customers", "mobile", "15400000000", {"mobile.segment"}, "a number segment that was never issued"),
    (
        "counter_customers",
        "collected_at",
        DAYS_OLD,
        {"collected_at.recent", "collected_at.received"},
        "a collection long ago",
    ),
    ("web_registrations", "name", "小明2", {"name.letters"}, "a nickname with a digit"),
    ("web_registrations", "client_ip", "300.1.1.1", {"client_ip.format"}, "an impossible address"),
    ("web_registrations", "client_ip", "2001:db8::17", set(), "an IPv6 address, which is fine"),
    ("partner_enterprises", "registered_capital", "50(万元)", {"registered_capital.amount"}, "capital with its unit"),
    ("partner_enterprises", "registered_capital", "1,000.5", set(), "capital with separators, which is fine"),
    ("partner_enterprises", "annual_revenue", "-3.5", set(), "a negative revenue, which is fine"),
    ("partner_enterprises", "contact_mobile", "0591-80000000", set(), "a switchboard, which is fine"),
    ("partner_enterprises", "contact_mobile", "400-6000000", set(), "a service number, which is fine"),
    ("partner_enterprises", "contact_mobile", "021-60000000", {"registered_address.calls"}, "a switchboard elsewhere"),
    ("partner_enterprises", "contact_email", "wang@", {"contact_email.format"}, "half an e-mail address"),
    ("partner_enterprises", "company_name", "3M中国有限公司", set(), "a digit in a company name, which is fine"),
]


@pytest.mark.parametrize(("plan", "column", "value", "rules", "case"), COUNTED, ids=[each[4] for each in COUNTED])
def test_a_row_is_stored_and_counted_for(plan: str, column: str, value: str | None, rules: set[str], case: str) -> None:
    found = judged(plan, **{column: value})
    assert set(found) == rules, case
    assert Severity.CRITICAL not in found.values()


@pytest.mark.parametrize(("plan", "column"), [("counter_customers", "id_number"), ("partner_enterprises", "uscc")])
def test_an_identifier_that_stands_twice_is_counted_not_quarantined(plan: str, column: str) -> None:
    frame = pd.DataFrame([GOOD[plan]] * 2, dtype="str")
    frame.index = pd.Index(np.array([7, 9]), name="row")
    verdict = check(frame, SUITES[plan], at=AT, marks=unmarked(SUITES[plan], len(frame)))
    assert verdict.failed[f"{column}.unique"].tolist() == [7, 9]
    assert verdict.critical_rows() == {}


@pytest.mark.parametrize("plan", sorted(GOOD))
def test_no_value_of_a_row_is_in_what_is_kept_of_a_check(plan: str) -> None:
    row = {column: f"CANARY{place}{value}" for place, (column, value) in enumerate(GOOD[plan].items())}
    frame = pd.DataFrame([row], dtype="str")
    frame.index = pd.Index(np.array([1]), name="row")
    verdict = check(frame, SUITES[plan], at=AT, marks=unmarked(SUITES[plan], len(frame)))
    assert verdict.critical_rows()
    kept = json.dumps(verdict.document, ensure_ascii=False) + repr(verdict) + repr(verdict.critical_rows())
    assert "CANARY" not in kept
    assert not [value for value in row.values() if value in kept]


@pytest.mark.parametrize("province", ["hainan", "ningxia", "shanghai", "xizang"])
def test_real_companies_pass_as_an_independent_implementation_says(public_data: Path, province: str) -> None:
    from stdnum.cn import uscc

    path = public_data / f"cn_enterprise_2002_{province}.csv"
    listed = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""], on_bad_lines="skip")
    frame = pd.DataFrame(
        {column: [value] * len(listed) for column, value in PARTNER.items()}
        | {"company_name": listed["企业名称"].tolist(), "uscc": listed["统一社会信用代码"].tolist()},
        dtype="str",
    )
    frame.index = pd.Index(np.arange(1, len(frame) + 1), name="row")
    verdict = check(
        frame, SUITES["partner_enterprises"], at=AT, marks=unmarked(SUITES["partner_enterprises"], len(frame))
    )
    expected = [row for row, code in frame["uscc"].dropna().items() if not uscc.is_valid(code)]
    assert verdict.failed["uscc.checksum"].tolist() == expected
    assert verdict.failed["company_name.no_person"].tolist() == []
    assert verdict.failed["company_name.no_number"].tolist() == []


def test_regular_expressions_of_the_suites_are_taken_by_the_fast_engine() -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pa.array(["x"])
    for suite in SUITES.values():
        for rule in suite.rules:
            if "regex" in rule.given:
                pc.match_substring_regex(column, rule.given["regex"])
                assert not set("dDwWsSbB") & {after for before, after in _pairs(rule.given["regex"]) if before == "\\"}


def _pairs(text: str) -> list[tuple[str, str]]:
    return list(pairwise(text))
