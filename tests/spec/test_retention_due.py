"""When a record is due: the corresponding day, month ends, which event counts (Civil Code art. 202; PIPL art. 19)."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.bench import Bench
from pipelines.moments import days
from pipelines.policy import load_policy
from pipelines.policy.due import decide_all
from pipelines.policy.terms import Duration
from pipelines.sealing import event_days, undated_rows
from pipelines.settings import CHECKOUT
from tests.homes import TODAY, Home, customers

POLICY = load_policy(CHECKOUT / "policy")

DUE: dict[str, tuple[dict[str, int], str, str]] = {
    "years end on the corresponding day": ({"years": 3}, "2023-06-01", "2026-06-01"),
    "a leap day ends on the last of February": ({"years": 3}, "2024-02-29", "2027-02-28"),
    "a leap day ends on a leap day where there is one": ({"years": 4}, "2024-02-29", "2028-02-29"),
    "the last of February ends on the 28th of a leap year": ({"years": 1}, "2023-02-28", "2024-02-28"),
    "a month that has no 31st ends on its last day": ({"months": 1}, "2026-01-31", "2026-02-28"),
    "a month that has no 31st ends on its 30th": ({"months": 24}, "2024-04-30", "2026-04-30"),
    "months run over the year's end": ({"months": 2}, "2025-12-31", "2026-02-28"),
    "days are counted one by one": ({"days": 90}, "2026-01-01", "2026-04-01"),
    "the calendar's last day is no overflow": ({"years": 100}, "9950-01-01", "9999-12-31"),
}


@pytest.mark.parametrize(("duration", "start", "due"), DUE.values(), ids=DUE.keys())
def test_the_due_day(duration, start, due):
    assert Duration(**duration).after(date.fromisoformat(start)) == date.fromisoformat(due)


durations = st.one_of(
    st.builds(lambda n: Duration(years=n), st.integers(1, 30)),
    st.builds(lambda n: Duration(months=n), st.integers(1, 400)),
    st.builds(lambda n: Duration(days=n), st.integers(1, 3000)),
)


@given(duration=durations, starts=st.lists(st.dates(date(1900, 1, 1), date(2200, 1, 1)), min_size=1, max_size=8))
def test_a_column_of_days_is_due_as_each_of_them_is(duration, starts):
    column = np.array([*starts, "NaT"], dtype="datetime64[D]")
    expected = np.array([*map(duration.after, starts), "NaT"], dtype="datetime64[D]")
    assert np.array_equal(duration.after_days(column), expected, equal_nan=True)


def bench(plan: str) -> Bench:
    return Bench(POLICY.plan(plan), POLICY, *(None,) * 8)  # type: ignore[arg-type]


EVENTS: dict[str, tuple[str, str | None, str | None, str | None]] = {
    "master data counts from the last activity": ("counter_customers", "2020-01-01", "2023-06-01", "2026-06-01"),
    "without an activity it counts from the collection": ("counter_customers", "2023-06-01", None, "2026-06-01"),
    "an activity that can't be read is none": ("counter_customers", "2023-06-01", "soon", "2026-06-01"),
    "an activity alone is enough": ("counter_customers", None, "2023-06-01", "2026-06-01"),
    "a partner's information counts from the collection": (
        "partner_enterprises", "2024-06-01", "2026-01-01", "2026-06-01"),
    "the day is that of China": ("counter_customers", "2020-01-01", "2023-05-31T16:00:00Z", "2026-06-01"),
    "without any day it can't be told": ("counter_customers", None, None, None),
}  # fmt: skip


@pytest.mark.parametrize(("plan", "collected", "active", "due"), EVENTS.values(), ids=EVENTS.keys())
def test_the_event_that_retention_counts_from(plan, collected, active, due):
    frame = pd.DataFrame({"collected_at": [collected], "last_activity_at": [active]}, dtype="str")
    found = decide_all(POLICY.retention[POLICY.plan(plan).retention], event_days(frame, bench(plan)), TODAY)
    assert np.array_equal(found.due, np.array([due or "NaT"], dtype="datetime64[D]"), equal_nan=True)
    assert undated_rows(frame, bench(plan)).tolist() == [due is None]
    assert days(frame["collected_at"]).dtype == "datetime64[D]"


def test_a_record_is_due_on_its_day_and_not_the_day_before(home: Home, tmp_path):
    home.collect("counter_customers", customers(tmp_path / "counter_1.csv", [1], last="2023-06-01"))
    assert home.purge(TODAY - timedelta(1), dry_run=True).due == 0
    assert home.purge(TODAY - timedelta(1)).verdict is None
    assert home.purge(TODAY, dry_run=True).due == 1
    assert home.purge(TODAY).destroyed == 1


def test_a_later_record_of_the_same_person_keeps_the_person_but_not_the_record(home: Home, tmp_path):
    home.collect("counter_customers", customers(tmp_path / "counter_1.csv", [1], last="2023-06-01"))
    home.collect("counter_customers", customers(tmp_path / "counter_2.csv", [1], last="2023-06-02"))
    assert len(home.people()) == 1
    assert home.purge().destroyed == 1
    assert home.value("SELECT count(*) FROM vault.record") == 1
    assert home.value("SELECT count(*) FROM vault.subject") == 1
    assert home.value("SELECT count(*) FROM vault.blind_index") == 2
    home.collect("counter_customers", customers(tmp_path / "counter_3.csv", [1]))
    assert len(home.people()) == 1


def test_an_identifier_that_only_the_due_record_shows_goes_with_it(home: Home, tmp_path):
    home.collect("counter_customers", customers(tmp_path / "a.csv", [1], last="2023-06-01", 手机号="13900000001"))
    home.collect("counter_customers", customers(tmp_path / "b.csv", [1], last="2026-05-01"))
    assert home.value("SELECT count(*) FROM vault.blind_index WHERE NOT strong") == 2
    home.purge()
    assert home.value("SELECT count(*) FROM vault.blind_index WHERE NOT strong") == 1


def test_quarantined_rows_are_due_ninety_days_after_they_came(home: Home, tmp_path):
    outcome = home.collect("counter_customers", customers(tmp_path / "counter_1.csv", [1], 手机号="1"))
    assert outcome.quarantined == {"mobile.format": 1}
    assert home.purge(TODAY + timedelta(89), dry_run=True).due == 0
    purged = home.purge(TODAY + timedelta(90))
    assert (purged.destroyed, purged.verdict) == (1, "PASS")
    assert home.quarantined() == {}
