"""The first page: one line that says what is wrong, four areas, and what waits for who came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest

from pipelines.console.pages.overview import _together
from pipelines.jobs import ledger
from pipelines.jobs.home import open_home
from pipelines.jobs.overview import Task
from tests.console_world import client, served
from tests.homes import NOON, Home, Homes, customers, resident_id


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a delivery of which two rows wait."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    wrong = resident_id(9)[:-1] + ("1" if resident_id(9)[-1] != "1" else "2")
    home.collect("counter_customers", customers(folder / "a.csv", [5, 6], 身份证号=wrong))
    return home


@pytest.fixture(scope="module")
def today(stocked: Home) -> Iterator[str]:
    with served(stocked.settings, lambda: NOON) as at:
        yield at


@pytest.fixture(scope="module")
def a_month_later(stocked: Home) -> Iterator[str]:
    with served(stocked.settings, lambda: NOON + timedelta(days=30)) as at:
        yield at


def _page(address: str, role: str, language: str = "en") -> str:
    with client(address, role, language=language) as visitor:
        return unescape(visitor.get("/").text)


def test_the_first_line_says_what_is_wrong_in_the_visitors_words(today: str) -> None:
    assert "Deliveries today: 1, of them 0 without a quarantined row." in _page(today, "leader")
    chinese = _page(today, "leader", "zh")
    assert "柜面客户信息采集有 2 行待处理" in chinese.replace("采集 有", "采集有")
    assert "主要未满足" in chinese


def test_a_steward_is_led_to_the_rows_and_others_only_hear_of_them(today: str) -> None:
    steward, leader = _page(today, "steward"), _page(today, "leader")
    assert '/quarantine?plan=counter_customers">Decide about them' in steward
    assert "2 rows of Customers at the counter waiting in quarantine" in steward
    assert "Decide about them" not in leader
    assert "/console/quarantine" not in leader
    assert "Nothing waits for you." in leader


def test_what_is_late_is_said_first_and_since_when(a_month_later: str) -> None:
    page = _page(a_month_later, "engineer")
    headline = page[page.index('class="headline') : page.index("</p>", page.index('class="headline'))]
    assert "did not come" in headline
    assert "since 2026-07-0" in page
    assert "Overdue: 2 of 2 waiting." in page


def test_a_home_in_which_nothing_was_collected_says_what_to_do(home: Home) -> None:
    with served(home.settings, lambda: NOON) as address:
        page = _page(address, "engineer")
    assert "No delivery has come in yet" in page
    assert "landing folder" in page


def test_a_ledger_that_was_verified_waits_for_nobody(home: Home) -> None:
    ledger.verify(open_home(home.settings), "auditor", NOON)
    with served(home.settings, lambda: NOON) as address:
        page = _page(address, "auditor")
    assert "Nothing waits for you." in page
    assert "Nor for anybody else." in page


def test_what_waits_for_others_is_told_once_for_all_plans() -> None:
    roles = ("steward",)
    told = _together(
        [
            Task("overdue", 3, "a", "/quarantine?plan=a&overdue=1", roles, "bad"),
            Task("overdue", 4, "b", "/quarantine?plan=b&overdue=1", roles, "bad"),
            Task("waiting", 5, "a", "/quarantine?plan=a", roles),
            Task("renew_plan", 6, "a", "/plans/a", ("engineer",)),
            Task("renew_plan", 7, "b", "/plans/b", ("engineer",)),
        ]
    )
    assert [(task.kind, task.count, task.about, task.path) for task in told] == [
        ("overdue", 7, "a b", "/quarantine"),
        ("waiting", 5, "a", "/quarantine?plan=a"),
        ("renew_plan", 6, "a", "/plans/a"),
        ("renew_plan", 7, "b", "/plans/b"),
    ]
