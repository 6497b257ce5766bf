"""Bare cells: a person's name, a company's, or neither."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from pipelines.classify.ner.bare_english import kind_of


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("Harold Wexley", "PERSON"),
        ("Wexley, Harold", "PERSON"),
        ("HAROLD J. WEXLEY", "PERSON"),
        ("Ngozi Okeke", "PERSON"),
        ("Katarzyna Wiśniewska", "PERSON"),
        ("Nguyen Thi Lan", "PERSON"),
        ("Brightwell Logistics Ltd", "ORGANIZATION"),
        ("WEXLEY & SONS, INC.", "ORGANIZATION"),
        ("Harold Wexley LLC", "ORGANIZATION"),
        ("", None),
        ("   ", None),
        ("N/A", None),
        ("12345", None),
        ("harold.wexley@example.com", None),
        ("14 Linden Road", None),
        ("张三", None),
        ("\x00", None),
        ("\ud800", None),
        ("Called Harold Wexley about the invoice; he will pay on Friday and wants a copy.", None),
    ],
)
def test_a_cell_is_told_by_what_it_holds(cell: str, kind: str | None) -> None:
    assert kind_of([cell]) == [kind]


def test_each_cell_has_its_answer_however_often_it_occurs() -> None:
    cells = ["Harold Wexley", "", "Brightwell Logistics Ltd"]
    assert kind_of(cells * 100) == kind_of(cells) * 100
    assert kind_of([]) == []


@pytest.mark.parametrize("cell", ["a" * 1_000_000, "Harold " * 100_000, "(" * 10_000, "& " * 10_000, "Smith and " * 9])
def test_odd_cells_do_not_break_it(cell: str) -> None:
    assert kind_of([cell]) in ([None], ["ORGANIZATION"], ["PERSON"])


def test_made_up_people_of_many_cultures_are_people(public_data: Path) -> None:
    path = next(iter(public_data.rglob("fakenamegenerator_3000.csv")), None)
    if path is None:
        pytest.skip("the list is not here")
    with path.open(encoding="utf-8-sig") as file:
        rows = random.Random(1).sample(list(csv.DictReader(file)), 600)
    people = kind_of([f"{row['GivenName']} {row['Surname']}" for row in rows])
    assert people.count("PERSON") / len(people) >= 0.95
