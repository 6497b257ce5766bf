"""Destructions as pages show them: what tonight takes agrees with what the purge does, and with what lies there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from pipelines.errors import UnknownReference
from pipelines.jobs import approvals, destructions, erasure, holds
from pipelines.jobs.home import open_home
from pipelines.moments import day_of
from pipelines.retention.decision import Decision
from tests.destruction_world import require_sizes_of_cohorts
from tests.homes import NOON, TODAY, Home, Homes, customers

PLAN = "counter_customers"
OLD, NEW = "2023-06-01", "2026-05-01"
AFTER = NOON + timedelta(days=1)


@pytest.fixture(scope="module")
def filled(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Twenty people's records that are past their day, twenty people's that are not, and a few quarantined rows."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("in")
    home.collect(PLAN, customers(folder / "counter_1.csv", range(1, 21), OLD))
    home.collect(PLAN, customers(folder / "counter_2.csv", range(101, 121), NEW))
    home.collect(PLAN, customers(folder / "counter_3.csv", range(201, 204), NEW, 身份证号="110101198001010000"))
    return home


@pytest.fixture
def stocked(homes: Homes, filled: Home) -> Any:
    home = homes.copy(filled)
    yield home
    homes.drop(home)


def hour(number: int) -> Callable[[], datetime]:
    return lambda: NOON + timedelta(hours=number)


def night(home: Home) -> destructions.Due:
    return destructions.due(open_home(home.settings), TODAY)


def code_of(home: Home, last: str) -> str:
    found: str = home.value(
        "SELECT s.code FROM vault.subject s JOIN vault.record r USING (subject_id) WHERE r.collected_on = %s"
        " ORDER BY 1 LIMIT 1", date.fromisoformat(last),
    )  # fmt: skip
    return found


def test_what_tonight_takes_is_what_the_purge_takes(stocked: Home) -> None:
    require_sizes_of_cohorts(stocked)
    told = night(stocked)
    assert (told.listed, told.held, told.taken) == (20, 0, 20)
    assert told.uncovered is None
    assert told.approval is not None
    done = stocked.purge()
    assert done.destroyed == told.taken
    require_sizes_of_cohorts(stocked)
    assert night(stocked).listed == 0


def test_a_month_that_goes_as_a_whole_is_told_too(stocked: Home) -> None:
    stocked.purge()
    assert stocked.value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'vault.record'::regclass") == 1
    require_sizes_of_cohorts(stocked)


def test_holds_are_told_with_what_they_keep_and_afterwards_it_is_restricted(stocked: Home) -> None:
    one = holds.add(stocked.settings, code_of(stocked, OLD), "Court", "officer", TODAY + timedelta(days=90), NOON)
    told = night(stocked)
    assert (told.listed, told.held, told.taken) == (20, 1, 19)
    assert [(hold.hold, hold.tonight) for hold in told.holds] == [(one, 1)]
    whole = holds.add(stocked.settings, None, "Court", "officer", TODAY + timedelta(days=90), NOON, PLAN)
    told = night(stocked)
    assert (told.held, told.taken) == (20, 0)
    assert {hold.hold: hold.tonight for hold in told.holds} == {one: 1, whole: 20}
    holds.release(stocked.settings, whole, "officer", NOON)
    done = stocked.purge()
    assert (done.destroyed, done.held) == (19, 1)
    require_sizes_of_cohorts(stocked)
    [kept] = [row for row in night(stocked).restricted if row["retention_class"] == "HOLD"]
    assert kept["records"] == 1
    holds.release(stocked.settings, one, "officer", AFTER)
    require_sizes_of_cohorts(stocked)
    assert destructions.due(open_home(stocked.settings), day_of(AFTER)).taken == 1


def test_a_request_waits_for_a_leader_and_its_applicant_is_told_why_not(stocked: Home) -> None:
    asked = erasure.erase(stocked.settings, [code_of(stocked, NEW)], "Asked by letter", "requester", lambda: NOON)
    home = open_home(stocked.settings)
    [told] = destructions.waiting(home)
    assert (told["records"], told["subjects"], told["applicant"]) == (1, 1, "requester")
    assert told["by_plan"] == {PLAN: 1}
    assert told["kept"][0]["known"].anchor.law
    assert destructions.against(home, told["job"], "leader") == ()
    assert "also applied for it" in destructions.against(home, told["job"], "requester")[0]
    with pytest.raises(UnknownReference):
        destructions.certificate(home, told["job"])
    wanted = Decision(told["job"], "approved", "console", "leader", "leader", told["manifest_hash"], NOON)
    approvals.decide(stocked.settings, wanted, NOON)
    assert destructions.waiting(home) == []
    stocked.purge()
    require_sizes_of_cohorts(stocked)
    assert asked
    newest, *_ = destructions.done(home)
    said = destructions.detail(home, told["job"])
    assert (said["state"], said["verdict"], said["decision"].door) == ("confirmed", "PASS", "console")
    assert next(step["step"] for step in said["steps"]) == "applied"
    assert newest["certified"]
    checked = destructions.verify(home, told["job"])
    assert checked.valid
    assert {check.name for check in checked.checks} >= {"key", "signature", "ledger", "inclusion", "anchors"}
    assert destructions.states(home) == {"confirmed": 2}
    assert sum(count for _, count in destructions.destroyed(home, TODAY)) == 21


def test_destructions_are_paged_by_their_moment(stocked: Home) -> None:
    for number in range(3):
        erasure.erase(stocked.settings, [code_of(stocked, NEW)], "Asked", "requester", hour(number))
        [told] = destructions.waiting(open_home(stocked.settings))
        wanted = Decision(told["job"], "rejected", "console", "leader", "leader", told["manifest_hash"], NOON)
        approvals.decide(stocked.settings, wanted, NOON)
        stocked.purge(date(2019, 1, 1))
    home = open_home(stocked.settings)
    everything = [row["job_id"] for row in destructions.done(home)]
    first = destructions.done(home, count=2)
    rest = destructions.done(home, after=(first[-1]["created_at"], first[-1]["job_id"]), count=2)
    assert [row["job_id"] for row in [*first, *rest]] == everything
    assert len(destructions.done(home, "rejected")) == 3


@pytest.mark.parametrize(("hour", "day"), [(0, date(2026, 6, 1)), (2, date(2026, 6, 1)), (3, date(2026, 6, 2))])
def test_tonight_is_the_day_that_the_next_purge_is_for(hour: int, day: date) -> None:
    at = NOON - timedelta(hours=12 - hour)
    assert destructions.tonight(at) == day
