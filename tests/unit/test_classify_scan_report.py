"""What people read of a scanned file: every column is told once, and no width cuts a fact."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from pipelines.classify import ColumnProfile, graded
from pipelines.cli.scan_report import Report, show

CATEGORIES = {"I01": "Basic identity", "I16": "Service records"}


def column(name: str, entity: str | None = None, level: int = 1, found: int = 0, **more: Any) -> ColumnProfile:
    category = more.pop("category", "I01" if entity else None)
    return ColumnProfile(name, entity, category, level, None, 0.9, 1000, found, **more)


def shown(*profiles: ColumnProfile, width: int = 100, people: int = 0) -> str:
    console = Console(width=width, record=True, file=None, force_terminal=False, quiet=False)
    entities = {each.entity for each in profiles if each.entity}
    grade = graded((each.level for each in profiles), people=people, entities=entities)
    with console.capture() as captured:
        show(Report("a.csv", ("1,000 rows",), "rules", grade, profiles, CATEGORIES, ("2 rows skipped",)), console)
    return captured.get()


@pytest.mark.parametrize(
    ("found", "share"), [(0, "–"), (1, "<1 %"), (9, "<1 %"), (10, "1 %"), (999, "99 %"), (1000, "100 %")]
)
def test_a_share_is_never_rounded_up_to_all_or_down_to_nothing(found: int, share: str) -> None:
    [row] = [line for line in shown(column("姓名", "PERSON", 3, found)).splitlines() if line.startswith("  姓名")]
    assert row.split("L3")[1].strip().startswith(share)


def test_slips_of_the_tagger_are_not_told_but_every_identifier_is() -> None:
    text = shown(
        column("note", None, 3, category="I16", also={"PERSON": 49, "LOCATION": 50, "CN_ID_CARD": 1}),
        column("code", None, 1, also={"ORGANIZATION": 3}),
    )
    assert "LOCATION 50" in text
    assert "CN_ID_CARD 1" in text
    assert "PERSON" not in text
    assert "Nothing personal: code" in text


def test_many_other_kinds_are_counted() -> None:
    also = {"EMAIL_ADDRESS": 5, "PHONE_NUMBER": 7, "CN_ID_CARD": 1, "URL": 2, "IP_ADDRESS": 1}
    assert "2 more" in " ".join(shown(column("note", None, 3, category="I16", also=also), width=160).split())


def test_a_column_that_raises_the_level_is_named_even_if_little_is_in_it() -> None:
    text = shown(column("x", None, 3, also={"PERSON": 2}), column("y"))
    assert "most sensitive, L3: x" in text
    assert "Nothing personal: y" in text


def test_a_file_with_nothing_in_it_is_public() -> None:
    text = shown(column("x"), column("y"))
    assert "Level L1 public" in text
    assert "most sensitive" not in text
    assert "2 rows skipped" in text
    assert "0 of them classified" in shown()


def test_headings_with_brackets_are_shown_as_they_are() -> None:
    assert "[red]金额[/red]" in shown(column("[red]金额[/red]", "AMOUNT", 3, 1000), column("[b]x"))
    assert "[b]x" in shown(column("[b]x"))


def test_a_million_people_bring_their_duties_to_the_report() -> None:
    text = shown(column("姓名", "PERSON", 3, 1000), people=1_000_000)
    assert "Level L4 sensitive" in text
    assert "100,000 people or more: one level more" in text
    assert "PIPL art. 52" in text
