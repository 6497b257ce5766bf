"""Identity resolution: who is the same data subject, and above all who is not (`pipelines.store.subjects`).

Two people taken for one would be shown each other's data; one taken for two costs a look-up.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.jobs.home import open_home
from pipelines.seal import blind_index
from pipelines.store import subjects
from pipelines.store.database import Database, Role
from pipelines.store.subjects import Identifier
from tests.homes import NOON, Home

Row = tuple[str | None, str | None]
"""What a row shows: its strong identifier, its weak one (mobile number and name together)."""
STRONG, WEAK = "resident_id", "mobile+name"


@pytest.fixture(scope="module")
def registry(homes) -> Database:
    """A database in which each test leaves nothing: all that it does is undone."""
    return open_home(homes.blank().settings).database


class Undo(Exception):
    """Leave a transaction without a trace."""


def identifier(kind: str, strong: bool, values: Sequence[str | None]) -> Identifier:
    present = np.array([value is not None for value in values], dtype=bool)
    digests = blind_index.digests(bytes(32), kind, [value for value in values if value is not None])
    return Identifier(kind, strong, present, digests)


def resolve(tx: Any, rows: Sequence[Row], expires: date = date(2029, 5, 1)) -> list[int]:
    identifiers = (
        identifier(STRONG, True, [row[0] for row in rows]),
        identifier(WEAK, False, [row[1] for row in rows]),
    )
    days = np.full(len(rows), np.datetime64(expires), dtype="datetime64[D]")
    found = subjects.resolve(tx, identifiers, len(rows), "P", 1, days, NOON, secrets.token_bytes)
    return found.tolist()


def same(registry: Database, *chunks: Sequence[Row]) -> list[frozenset[int]]:
    """Bring chunks in one after the other; return the groups of rows, numbered through all chunks."""
    found: list[int] = []
    try:
        with registry.begin(Role.INGEST) as tx:
            tx.run("lock_writers")
            for number, chunk in enumerate(chunks):
                # Temporary tables of a chunk go with its transaction; here all chunks share one.
                if number:
                    for table in ("wanted_index", "extended_index", "extended_subject"):
                        tx._connection.exec_driver_sql(f"DROP TABLE IF EXISTS pg_temp.{table}")
                found += resolve(tx, chunk)
            raise Undo  # noqa: TRY301 - what was done is rolled back
    except Undo:
        pass
    groups: dict[int, set[int]] = {}
    for row, subject in enumerate(found):
        groups.setdefault(subject, set()).add(row)
    return sorted((frozenset(rows) for rows in groups.values()), key=min)


def groups(*members: Sequence[int]) -> list[frozenset[int]]:
    return [frozenset(rows) for rows in members]


WITHIN: dict[str, tuple[list[Row], list[frozenset[int]]]] = {
    "one strong identifier is one subject": ([("A", None), ("A", None)], groups([0, 1])),
    "two strong identifiers are two": ([("A", None), ("B", None)], groups([0], [1])),
    "a strong one links whatever the weak ones say": ([("A", "m1"), ("A", "m2")], groups([0, 1])),
    "a weak one never bridges two strong ones": ([("A", "m"), ("B", "m")], groups([0], [1])),
    "nor with a weak row between them": ([("A", "m"), (None, "m"), ("B", "m")], groups([0], [1], [2])),
    "a weak row joins the only strong one that shows it": ([("A", "m"), (None, "m")], groups([0, 1])),
    "also where it comes first": ([(None, "m"), ("A", "m")], groups([0, 1])),
    "also where the strong one shows another too": ([("A", "m1"), ("A", "m2"), (None, "m2")], groups([0, 1, 2])),
    "two weak rows alike are one": ([(None, "m"), (None, "m")], groups([0, 1])),
    "two weak rows unlike are two": ([(None, "m1"), (None, "m2")], groups([0], [1])),
    "rows without any identifier are each their own": ([(None, None), (None, None)], groups([0], [1])),
    "all ambiguous weak rows are one new subject": (
        [("A", "m"), ("B", "m"), (None, "m"), (None, "m")], groups([0], [1], [2, 3])),
}  # fmt: skip
ACROSS: dict[str, tuple[list[list[Row]], list[frozenset[int]]]] = {
    "a strong one is found again": ([[("A", "m1")], [("A", "m2")]], groups([0, 1])),
    "a weak one is found again": ([[("A", "m")], [(None, "m")]], groups([0, 1])),
    "a weak row takes on the strong one that comes later": ([[(None, "m")], [("A", "m")]], groups([0, 1])),
    "and keeps it": ([[(None, "m")], [("A", "m")], [("A", None)]], groups([0, 1, 2])),
    "another strong one may not join by the weak": ([[("A", "m")], [("B", "m")]], groups([0], [1])),
    "then a weak row is ambiguous": ([[("A", "m")], [("B", "m")], [(None, "m")]], groups([0], [1], [2])),
    "of two strong ones at once neither takes a weak subject": (
        [[(None, "m")], [("A", "m"), ("B", "m")]], groups([0], [1], [2])),
    "all rows of a strong one go where one of them was known by its weak": (
        [[(None, "m")], [("A", "m"), ("A", "other")]], groups([0, 1, 2])),
    "also those without a weak one": ([[(None, "m")], [("A", None), ("A", "m")]], groups([0, 1, 2])),
    "a strong one does not bridge two weak subjects": (
        [[(None, "m1"), (None, "m2")], [("A", "m1"), ("A", "m2")]], groups([0], [1], [2, 3])),
    "a weak row of the same chunk stays with its known subject": (
        [[("A", "m")], [("B", "m"), (None, "m")]], groups([0, 2], [1])),
    "rows of a known strong one don't drag others along": (
        [[("A", "m")], [("A", "n"), ("B", "n")]], groups([0, 1], [2])),
    "an empty chunk changes nothing": ([[("A", "m")], [], [("A", "m")]], groups([0, 1])),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), WITHIN.values(), ids=WITHIN.keys())
def test_within_a_chunk(registry, rows, expected):
    assert same(registry, rows) == expected


@pytest.mark.parametrize(("rows", "expected"), WITHIN.values(), ids=WITHIN.keys())
def test_the_order_within_a_chunk_does_not_matter(registry, rows, expected):
    for order in itertools.permutations(range(len(rows))):
        found = same(registry, [rows[place] for place in order])
        assert {frozenset(order[row] for row in group) for group in found} == set(expected)


@pytest.mark.parametrize(("chunks", "expected"), ACROSS.values(), ids=ACROSS.keys())
def test_across_deliveries(registry, chunks, expected):
    assert same(registry, *chunks) == expected


cells = st.sampled_from([None, "A", "B", "C"]), st.sampled_from([None, "m1", "m2", "m3"])
chunks_of_rows = st.lists(st.lists(st.tuples(*cells), max_size=6), min_size=1, max_size=3)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=chunks_of_rows)
@example(chunks=[[(None, "m1")], [("A", "m1"), ("A", "m2")]])
def test_no_subject_ever_has_two_strong_identifiers_and_no_strong_one_two_subjects(registry, chunks):
    rows = list(itertools.chain(*chunks))
    of_strong: dict[str, int] = {}
    for number, group in enumerate(same(registry, *chunks)):
        strong = {rows[row][0] for row in group} - {None}
        assert len(strong) <= 1
        for name in strong:
            assert of_strong.setdefault(name, number) == number


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.lists(st.tuples(*cells), max_size=3), rows=st.lists(st.tuples(*cells), max_size=5), data=st.data())
def test_the_order_of_rows_never_matters_whatever_was_known_before(registry, before, rows, data):
    order = data.draw(st.permutations(range(len(rows))))
    known = len(before)
    straight = set(same(registry, before, rows))
    shuffled = same(registry, before, [rows[place] for place in order])
    renamed = {frozenset(row if row < known else known + order[row - known] for row in group) for group in shuffled}
    assert renamed == straight


# --- the same with real deliveries -------------------------------------------------------------------------------


def test_the_same_person_at_the_counter_and_on_the_web_is_one_subject(home: Home, tmp_path):
    import json

    from tests.homes import COUNTER_ROW, counter

    web = {
        "form": "web-3", "submitted_at": "2026-05-02T10:00:00+08:00",
        "consent": {"notice": "N-WEB-2", "given_at": "2026-05-02T09:59:30+08:00", "until": "2029-05-02",
                    "method": "checkbox", "purposes": ["membership", "marketing"]},
        "last_activity_at": "2026-05-02T10:00:00+08:00",
    }  # fmt: skip
    alike = {"name": COUNTER_ROW["姓名"], "mobile": COUNTER_ROW["手机号"]}
    people = [
        {**alike, "id_number": COUNTER_ROW["身份证号"]},
        alike,
        {**alike, "name": "另一人"},
    ]
    lines = [json.dumps({**web, "fields": fields}, ensure_ascii=False) for fields in people]
    (tmp_path / "web_1.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    assert home.collect("counter_customers", counter(tmp_path / "counter_1.csv", {})).stored == 1
    assert home.collect("web_registrations", tmp_path / "web_1.jsonl").stored == 3
    assert sorted(len(group) for group in home.people()) == [1, 3]


def test_a_withdrawal_at_one_channel_stops_the_next_collection_until_a_new_consent(home: Home, tmp_path):
    from pipelines.jobs import consents
    from tests.homes import counter

    home.collect("counter_customers", counter(tmp_path / "counter_1.csv", {}))
    code = home.value("SELECT code FROM vault.subject")
    consents.withdraw(home.settings, code, "counter_customers", None, NOON)
    again = home.collect("counter_customers", counter(tmp_path / "counter_2.csv", {"职业": "教师"}))
    assert again.refused == {"consent_withdrawn": 1}
    anew = {"同意时间": "2026-06-02", "采集时间": "2026-06-02", "最近业务时间": "2026-06-02"}
    assert (
        home.collect("counter_customers", counter(tmp_path / "counter_3.csv", anew), at=NOON + timedelta(1)).stored == 1
    )
    assert home.ledger_holds()
