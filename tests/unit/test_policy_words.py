"""Retention, taxonomy, partners: the pure words of the policy."""

from __future__ import annotations

import calendar
import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.errors import PolicyError
from pipelines.policy import Duration, heading_key, load_policy
from pipelines.policy.partners import is_uscc
from pipelines.policy.taxonomy import Item

POLICY = Path(__file__).parents[2] / "policy"
DUE = {
    "years end on the same day": (Duration(years=3), "2024-05-17", "2027-05-17"),
    "a leap day ends on the last of February": (Duration(years=3), "2024-02-29", "2027-02-28"),
    "a leap day meets a leap day": (Duration(years=4), "2024-02-29", "2028-02-29"),
    "months at the end of a month": (Duration(months=1), "2026-01-31", "2026-02-28"),
    "months over a year": (Duration(months=24), "2024-12-31", "2026-12-31"),
    "months into a short month": (Duration(months=13), "2025-08-31", "2026-09-30"),
    "days are counted": (Duration(days=90), "2026-01-01", "2026-04-01"),
    "nothing is due by overflow": (Duration(years=100), "9950-01-01", "9999-12-31"),
}


@pytest.mark.parametrize(("duration", "start", "end"), DUE.values(), ids=DUE.keys())
def test_a_duration_ends_as_the_civil_code_says(duration, start, end):
    assert duration.after(dt.date.fromisoformat(start)) == dt.date.fromisoformat(end)


durations = st.one_of(
    st.builds(Duration, years=st.integers(1, 50)),
    st.builds(Duration, months=st.integers(1, 300)),
    st.builds(Duration, days=st.integers(1, 9000)),
)
days = st.dates(dt.date(1970, 1, 1), dt.date(2200, 1, 1))


@given(durations, days)
def test_due_is_later_and_keeps_the_day_or_ends_the_month(duration, start):
    due = duration.after(start)
    assert due > start
    if duration.in_months is not None:
        last = calendar.monthrange(due.year, due.month)[1]
        assert due.day == min(start.day, last)
        assert (due.year - start.year) * 12 + due.month - start.month == duration.in_months


@given(durations, st.lists(days, min_size=1, max_size=20))
def test_a_column_is_due_as_its_days_are(duration, starts):
    column = duration.after_days(np.array(starts, dtype="datetime64[D]"))
    assert column.tolist() == [duration.after(start) for start in starts]


def test_a_missing_day_stays_missing():
    assert np.isnat(Duration(months=1).after_days(np.array(["NaT"], "datetime64[D]"))[0])


@pytest.mark.parametrize("parts", [{}, {"years": 1, "days": 2}, {"days": 0}, {"months": -1}])
def test_a_duration_has_exactly_one_positive_part(parts):
    with pytest.raises(ValidationError):
        Duration(**parts)


def test_the_schedule_hash_changes_with_any_period_and_with_nothing_else(tmp_path):
    before = load_policy(POLICY).schedule_hash()
    shutil.copytree(POLICY, tmp_path / "policy")
    path = tmp_path / "policy" / "retention.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text("# another comment\n" + text, encoding="utf-8")
    assert load_policy(tmp_path / "policy").schedule_hash() == before
    path.write_text(text.replace("{days: 90}", "{days: 91}", 1), encoding="utf-8")
    assert load_policy(tmp_path / "policy").schedule_hash() != before
    assert len(before) == 64


def test_the_classes_that_plans_use_have_the_agreed_periods():
    retention = load_policy(POLICY).retention
    start = dt.date(2024, 1, 31)
    assert {key: str(retention[key].due(start)) for key in ("R-REL", "R-PARTNER", "R-MKT", "QUARANTINE")} == {
        "R-REL": "2027-01-31", "R-PARTNER": "2026-01-31", "R-MKT": "2026-01-31", "QUARANTINE": "2024-04-30",
    }  # fmt: skip


def test_a_schedule_without_quarantine_is_refused(tmp_path):
    shutil.copytree(POLICY, tmp_path / "policy")
    path = tmp_path / "policy" / "retention.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("QUARANTINE:", "R-OTHER:"), encoding="utf-8")
    with pytest.raises(PolicyError, match="QUARANTINE is missing"):
        load_policy(tmp_path / "policy")


def test_a_missing_policy_file_is_named(tmp_path):
    with pytest.raises(PolicyError, match=r"taxonomy.yaml:1: there is no such file"):
        load_policy(tmp_path)


def test_codes_are_built_from_subject_category_number_and_level():
    taxonomy = load_policy(POLICY).taxonomy
    assert taxonomy["resident_id"].code == "CI-P-03-001-4"
    codes = [item.code for item in taxonomy.items.values()]
    assert len(set(codes)) == len(codes)


def test_an_entity_stands_for_the_first_item_that_has_it():
    taxonomy = load_policy(POLICY).taxonomy
    assert taxonomy.of_entity("PHONE_NUMBER") == taxonomy["mobile"]
    assert taxonomy.of_entity("NO_SUCH_THING") is None


def test_an_unknown_item_is_named_with_the_one_probably_meant():
    with pytest.raises(PolicyError, match="did you mean `email`"):
        load_policy(POLICY).taxonomy["emial"]


def test_the_highest_level_can_have_no_blind_index():
    with pytest.raises(ValidationError, match="level 5"):
        Item(
            name="face",
            category="I09",
            number="001",
            level=5,
            subject="P",
            index="exact",
            mask="hidden",
            zh="脸",
            en="F",
        )


CODES = {
    "91350100M000100Y43": True,
    "91230184MA1BUFLT44": True,
    "91350100M000100Y44": False,
    "91350100M000100Y4": False,
    "9135O100M000100Y43": False,
    "": False,
}


@pytest.mark.parametrize(("code", "right"), CODES.items())
def test_a_credit_code_is_checked(code, right):
    assert is_uscc(code) is right


@given(st.text(max_size=30))
def test_headings_are_compared_in_one_form(text):
    assert heading_key(heading_key(text)) == heading_key(text)
    assert heading_key(f" {text} ") == heading_key(text)
