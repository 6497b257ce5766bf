"""The catalogue: what a plan's columns hold, where that is not what was declared, and what a steward says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.homes import Home, counter, mobile, resident_id

PLAN = "counter_customers"
PEOPLE = 30


def delivery(path: Path, first: int, **cells: str) -> Path:
    """Write a counter's file whose sound rows have the same cells, but for who they are about."""
    rows = [
        {"身份证号": resident_id(number), "手机号": mobile(number), **cells} for number in range(first, first + PEOPLE)
    ]
    return counter(path, *rows)


def entries_of(home: Home, kind: str) -> list[dict[str, Any]]:
    found = home.rows(
        "SELECT body::jsonb -> 'body' FROM evidence.entry WHERE body::jsonb ->> 'kind' = %s ORDER BY seq",
        kind,
    )
    return [row[0] for row in found]


def test_a_finding_is_stored_and_put_on_record_with_its_batch(home: Home, tmp_path: Path) -> None:
    home.collect(PLAN, delivery(tmp_path / "counter_1.csv", 1, 职业=resident_id(999)))
    found = home.rows("SELECT batch_id, field, kind, declared, found, level, cells, share FROM catalog.finding")
    assert found == [(1, "occupation", "over_collection", "OCCUPATION", "CN_ID_CARD", 4, PEOPLE, 1.0)]
    [told] = entries_of(home, "catalog.findings_recorded")
    assert (told["plan"], told["chunk"]) == (PLAN, 0)
    assert told["findings"] == [
        {
            "field": "occupation",
            "kind": "over_collection",
            "declared": "OCCUPATION",
            "found": "CN_ID_CARD",
            "cells": PEOPLE,
        }
    ]
    shares = dict(home.rows("SELECT field, share FROM catalog.column_profile"))
    assert (shares["occupation"], shares["mobile"], shares["email"]) == (1.0, 1.0, 0.0)
    assert home.ledger_holds()


def test_where_all_is_as_declared_nothing_is_put_on_record(home: Home, tmp_path: Path) -> None:
    home.collect(PLAN, delivery(tmp_path / "counter_1.csv", 1, 职业="教师"))
    assert home.rows("SELECT * FROM catalog.finding") == []
    assert entries_of(home, "catalog.findings_recorded") == []
