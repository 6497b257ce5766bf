"""Plans as people look at them: what runs brought, when the next is due, which is late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.errors import UnknownPlan
from pipelines.jobs import plans
from pipelines.jobs.home import Home as Opened
from pipelines.jobs.home import open_home
from tests.homes import NOON, TODAY, Home, counter, customers, policy_copy, resident_id

ONE_OCLOCK = datetime(2026, 6, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def collected(homes: object, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """A home with three runs of one plan in two days; the last has rows that were refused and quarantined."""
    folder = tmp_path_factory.mktemp("plans")
    home: Home = homes.blank()  # type: ignore[attr-defined]
    home.collect("counter_customers", customers(folder / "a.csv", range(1, 6)), at=NOON - timedelta(days=1))
    home.collect("counter_customers", customers(folder / "b.csv", range(6, 8)), at=NOON)
    wrong = {"身份证号": resident_id(9)[:-1] + ("1" if resident_id(9)[-1] != "1" else "2")}
    home.collect(
        "counter_customers", counter(folder / "c.csv", {"身份证号": resident_id(8)}, wrong, {"同意时间": ""}), at=NOON
    )
    return open_home(home.settings)


def test_a_plan_tells_its_last_run_and_its_month(collected: Opened) -> None:
    view = plans.one(collected, "counter_customers", NOON)
    assert view.last is not None
    fates = view.last.fates
    assert (fates.arrived, fates.stored, fates.refused_rows, fates.quarantined_rows) == (3, 1, 1, 1)
    assert dict(fates.refused) == {"no_consent": 1}
    assert dict(fates.quarantined) == {"id_number.checksum": 1}
    assert (view.month.arrived, view.month.stored, view.month.refused_rows, view.month.quarantined_rows) == (
        10,
        8,
        1,
        1,
    )
    assert len(view.days) == plans.DAYS
    today, yesterday = view.days[-1], view.days[-2]
    assert (today.day, today.deliveries, today.arrived, today.quarantined) == (TODAY, 2, 5, 1)
    assert (yesterday.deliveries, yesterday.stored) == (1, 5)
    assert view.ended_at == NOON
    assert view.state == "ok"


def test_a_plan_tells_what_it_collects(collected: Opened) -> None:
    view = plans.one(collected, "counter_customers", NOON)
    number = next(each for each in view.fields if each.name == "id_number")
    assert (number.zh, number.required) == ("居民身份证号码", True) or number.level >= 4
    assert view.retention[0]
    assert view.next_at == ONE_OCLOCK + timedelta(days=1)


def test_the_last_runs_are_listed_newest_first(collected: Opened) -> None:
    found = plans.runs(collected, "counter_customers")
    assert [run.fates.arrived for run in found] == [3, 2, 5]
    assert len(plans.runs(collected, limit=1)) == 1


def test_a_plan_that_is_not_there_is_said_so(collected: Opened) -> None:
    with pytest.raises(UnknownPlan):
        plans.one(collected, "counter_customer", NOON)


def test_a_plan_whose_hour_passed_without_a_run_is_late_and_stands_first(collected: Opened) -> None:
    assert plans.one(collected, "counter_customers", ONE_OCLOCK + timedelta(days=1, minutes=59)).late_since is None
    late = plans.one(collected, "counter_customers", ONE_OCLOCK + timedelta(days=1, hours=1, minutes=1))
    assert late.late_since == ONE_OCLOCK + timedelta(days=1)
    assert late.state == "bad"
    views = plans.overview(collected, NOON + timedelta(days=1))
    assert views[0].state == "bad"
    assert {view.plan.name for view in views} == set(collected.policy.plans)


def test_what_was_due_before_the_home_began_is_not_late(home: Home) -> None:
    fresh = open_home(home.settings)
    assert all(view.late_since is None for view in plans.overview(fresh, NOON + timedelta(minutes=1)))
    assert all(view.last is None and not view.month.arrived for view in plans.overview(fresh, NOON))


def test_a_plan_that_ends_soon_is_to_be_renewed_and_one_that_ended_is_in_force_no_more(
    homes: object, tmp_path: Path
) -> None:
    policy = policy_copy(tmp_path / "policy")
    path = policy / "plans" / "counter_customers.yaml"
    path.write_text(path.read_text("utf-8").replace("until: 2027-12-31", "until: 2026-06-20"), "utf-8")
    opened = open_home(homes.blank(policy=policy).settings)  # type: ignore[attr-defined]
    view = plans.one(opened, "counter_customers", NOON)
    assert (view.state, view.ends_in) == ("attention", 19)
    ended = plans.one(opened, "counter_customers", NOON + timedelta(days=20))
    assert (ended.in_force, ended.next_at, ended.state) == (False, None, "unknown")


SCHEDULES = [
    ("0 1 * * *", datetime(2026, 6, 2, 1, tzinfo=UTC), datetime(2026, 6, 1, 1, tzinfo=UTC)),
    ("@daily", datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)),
    ("@quarterly", datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
    ("30 2 * * MON", datetime(2026, 6, 8, 2, 30, tzinfo=UTC), datetime(2026, 6, 1, 2, 30, tzinfo=UTC)),
    ("@once", None, None),
    ("@continuous", None, None),
    (None, None, None),
]


@pytest.mark.parametrize(("schedule", "next_at", "due"), SCHEDULES, ids=[str(case[0]) for case in SCHEDULES])
def test_a_schedule_is_read_as_airflow_reads_it(
    schedule: str | None, next_at: datetime | None, due: datetime | None
) -> None:
    assert plans.next_run(schedule, NOON) == next_at
    assert plans.last_due(schedule, NOON) == due


def test_fates_add_up() -> None:
    fates = plans.Fates(10, 5, {"a": 2}, {"b": 1, "c": 2})
    assert fates.arrived == fates.stored + fates.refused_rows + fates.quarantined_rows
    assert replace(fates, refused={}).refused_rows == 0
