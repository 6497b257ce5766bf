"""Uniqueness across batches: who comes again is counted, who comes under another's name and number is warned of.

Regulation: duplicates are part of the quality of what is collected (C-06). A customer who comes again is no mistake.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pipelines.jobs import collection, runs
from tests.homes import NOON, Home, Homes, counter, mobile, resident_id

if TYPE_CHECKING:
    from pathlib import Path

PLAN = "counter_customers"


def row(number: int, phone: int | None = None, name: str = "甄一") -> dict[str, str]:
    return {"姓名": name, "身份证号": resident_id(number), "手机号": mobile(phone or number)}


@pytest.fixture
def home(homes: Homes, tmp_path: Path) -> Home:
    """A home that holds two people."""
    home = homes.blank()
    home.collect(PLAN, counter(tmp_path / "counter_0.csv", row(1), row(2, name="甄二")))
    return home


def counts(home: Home, rule: str) -> list[tuple[int, int]]:
    """Return evaluated and failed of one rule, batch by batch."""
    return home.rows("SELECT evaluated, failed FROM quality.score WHERE expectation = %s ORDER BY batch_id", rule)


@pytest.mark.parametrize(
    ("again", "new", "own"),
    [
        pytest.param(row(1), 1, 0, id="a customer who comes again"),
        pytest.param(row(1, phone=7), 1, 0, id="one who has another number now"),
        pytest.param(row(1, name="甄改名"), 1, 0, id="one who has another name now"),
        pytest.param(row(3), 0, 0, id="a customer never seen"),
        pytest.param(row(3, phone=1, name="甄三"), 0, 0, id="another name with a known mobile number, a family's"),
        pytest.param(row(3, phone=1), 0, 1, id="name and mobile number of somebody with another ID number"),
        pytest.param(row(2, phone=1), 1, 1, id="name and mobile number of one known customer, ID number of another"),
    ],
)
def test_a_row_is_held_against_all_that_the_vault_holds(
    home: Home, tmp_path: Path, again: dict[str, str], new: int, own: int
) -> None:
    outcome = home.collect(PLAN, counter(tmp_path / "counter_1.csv", again))
    assert outcome.stored == 1, "neither quarantines a row"
    assert counts(home, "id_number.new") == [(2, 0), (1, new)]
    assert counts(home, "mobile.own") == [(2, 0), (1, own)]


def test_a_row_without_a_readable_number_is_still_judged_and_waits(home: Home, tmp_path: Path) -> None:
    home.collect(PLAN, counter(tmp_path / "counter_1.csv", {**row(1), "身份证号": ""}))
    assert counts(home, "id_number.new")[1] == (0, 0)
    assert counts(home, "mobile.own")[1] == (1, 0), "a missing number contradicts nobody's"
    [(failed,)] = home.rows("SELECT failed FROM quality.quarantine")
    assert failed[0] == "id_number.present"


def test_a_delivery_that_lay_about_is_late_as_a_whole(home: Home, tmp_path: Path) -> None:
    """A run that was broken off is taken up again days later: what was received then is entered late."""
    path = counter(tmp_path / "counter_1.csv", row(4), row(5))
    collection.gate(home.settings, PLAN, [path], "cli_broken_off", NOON)
    runs.end(home.settings, "cli_broken_off", NOON)
    home.collect(PLAN, path, at=NOON + timedelta(hours=49))
    assert counts(home, "collected_at.entered")[1] == (2, 2)
    assert counts(home, "collected_at.received")[1] == (2, 2), "collected on 1 May, received on 1 June"
