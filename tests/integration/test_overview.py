"""What everybody sees first: four states, the day's deliveries, and what waits for whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.jobs import ledger
from pipelines.jobs import overview as views
from pipelines.jobs.home import Home as Opened
from pipelines.jobs.home import open_home
from tests.homes import NOON, Home, Homes, customers, resident_id

DAY = timedelta(days=1)
ONE_OCLOCK = datetime(2026, 6, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def dirty(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """A home with a clean delivery and one whose two rows wait for a steward."""
    folder, home = tmp_path_factory.mktemp("overview"), homes.blank()
    home.collect("counter_customers", customers(folder / "a.csv", range(1, 4)))
    wrong = resident_id(9)[:-1] + ("1" if resident_id(9)[-1] != "1" else "2")
    home.collect("counter_customers", customers(folder / "b.csv", [5, 6], 身份证号=wrong))
    yield open_home(home.settings)
    homes.drop(home)


def _tasks(found: views.Overview) -> dict[str, tuple[str, ...]]:
    return {task.kind: task.roles for task in found.tasks}


def test_an_empty_home_knows_nothing_yet_and_only_asks_to_be_verified(home: Home) -> None:
    found = views.overview(open_home(home.settings), NOON)
    assert found.states == {"collection": "unknown", "quality": "unknown", "retention": "ok", "evidence": "unknown"}
    assert (found.today.deliveries, found.waiting, found.overdue, found.late) == (0, 0, 0, ())
    assert _tasks(found) == {"verify": ("auditor", "privacy_officer")}
    assert sum(found.arrivals) == 0


def test_the_day_tells_its_deliveries_and_which_of_them_left_no_row_behind(dirty: Opened) -> None:
    found = views.overview(dirty, NOON)
    assert (found.today.deliveries, found.today.untouched, found.today.arrived) == (2, 1, 5)
    assert views.overview(dirty, NOON + DAY).today.deliveries == 0
    assert found.arrivals[-1] == 5


def test_rows_that_wait_are_the_stewards_and_those_that_wait_too_long_come_first(dirty: Opened) -> None:
    found = views.overview(dirty, NOON)
    assert (found.waiting, found.overdue) == (2, 0)
    assert _tasks(found)["waiting"] == ("steward",)
    assert replace(found, floor=0.0).states["quality"] == "attention"
    assert replace(found, floor=1.0).states["quality"] == "bad"
    late = views.overview(dirty, NOON + 30 * DAY)
    assert (late.waiting, late.overdue) == (2, 2)
    assert late.states["quality"] == "bad"
    assert late.tasks[0].kind == "overdue"
    assert late.tasks[0].path == "/quarantine?plan=counter_customers&overdue=1"


def test_a_plan_without_its_run_is_the_engineers_and_makes_collection_bad(dirty: Opened) -> None:
    assert "late_plan" not in _tasks(views.overview(dirty, NOON))
    found = views.overview(dirty, ONE_OCLOCK + 2 * timedelta(hours=1))
    assert _tasks(found)["late_plan"] == ("engineer",)
    assert found.states["collection"] == "bad"
    assert found.state == "bad"


def test_the_ledger_is_in_order_for_a_day_after_it_was_verified(home: Home) -> None:
    opened = open_home(home.settings)
    ledger.verify(opened, "auditor", NOON)
    found = views.overview(opened, NOON + timedelta(hours=23))
    assert (found.states["evidence"], found.stale) == ("ok", False)
    assert "verify" not in _tasks(found)
    later = views.overview(opened, NOON + timedelta(hours=25))
    assert (later.states["evidence"], later.stale) == ("attention", True)
    assert "verify" in _tasks(later)


def test_a_ledger_that_did_not_hold_is_bad_whatever_else_is_well(home: Home) -> None:
    opened = open_home(home.settings)
    found = views.overview(opened, NOON)
    failed = replace(found.evidence, verified=ledger.Verification(NOON, 2, ledger.FAILED, "auditor"))
    broken = replace(found, evidence=failed)
    assert broken.states["evidence"] == broken.state == "bad"


@pytest.mark.parametrize("states", [("ok", "bad"), ("unknown", "attention"), ("ok", "unknown")])
def test_the_worst_state_counts(states: tuple[str, str]) -> None:
    assert min(states, key=views.STATES.index) == states[1]
