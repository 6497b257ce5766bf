"""`kill -9` anywhere in a decision: all of it happened or nothing; two stewards at once: one of them decides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from pipelines import review, sealing
from pipelines.errors import DecisionRefused
from pipelines.evidence.ledger import Ledger
from pipelines.jobs import decisions
from pipelines.jobs.decisions import Selection
from pipelines.jobs.home import Home as OpenHome
from pipelines.jobs.home import open_home
from pipelines.retention import waiting
from pipelines.store import quarantine, scores
from tests.homes import NOON, Home, Homes, counter, die, fork, mobile, resident_id

LATER = NOON + timedelta(hours=2)
BAD = {"手机号": "12"}


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = homes.blank()
    rows = [{"身份证号": resident_id(number), **BAD} for number in range(2, 8)]
    home.collect("counter_customers", counter(tmp_path_factory.mktemp("d") / "a.csv", {}, *rows), by="engineer")
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    homes.drop(home)


def ids(home: Home) -> list[UUID]:
    return [row for (row,) in home.rows("SELECT record_id FROM quality.quarantine ORDER BY record_id")]


def decide(home: Home, kind: str, *records: UUID, by: str = "steward", **more: Any) -> decisions.Done:
    opened = open_home(home.settings)
    try:
        return decisions.decide(opened, Selection(tuple(records)), kind, "seen the form", by, LATER, **more)
    finally:
        opened.database.close()


def picture(home: Home) -> dict[str, Any]:
    kept = ("quality.decision", "quality.score", "quality.daily", "quality.waiting", "evidence.entry")
    return home.portrait() | {table: sorted(home.rows(f"SELECT t::text FROM {table} t")) for table in kept}


def killed_after(where: object, name: str, *, nth: int = 1) -> Callable[[pytest.MonkeyPatch], None]:
    def patch(patched: pytest.MonkeyPatch) -> None:
        real, calls = getattr(where, name), []

        def dying(*args: Any, **kwargs: Any) -> Any:
            result = real(*args, **kwargs)
            calls.append(1)
            if len(calls) == nth:
                die()
            return result

        patched.setattr(where, name, dying)

    return patch


POINTS = {
    "the rows are opened": ("accepted", killed_after(sealing, "open_quarantined")),
    "the stages are passed": ("accepted", killed_after(sealing, "prepare")),
    "the records are stored": ("accepted", killed_after(sealing, "put")),
    "the batch is on record": ("accepted", killed_after(Ledger, "append")),
    "the decisions are written": ("accepted", killed_after(quarantine, "put_decisions")),
    "the scores are settled": ("accepted", killed_after(scores, "settle")),
    "the rows are removed": ("accepted", killed_after(quarantine, "remove")),
    "the decision is on record": ("accepted", killed_after(Ledger, "append", nth=2)),
    "rejected rows are sealed again": ("rejected", killed_after(waiting, "reject")),
    "rejected rows are on record": ("rejected", killed_after(Ledger, "append")),
    "returned rows are marked": ("returned", killed_after(quarantine, "set_state")),
}


@pytest.mark.parametrize(("kind", "patch"), POINTS.values(), ids=POINTS.keys())
def test_a_decision_that_is_killed_before_its_end_has_not_happened_and_can_be_made_again(
    vault: Home, kind: str, patch: Callable[[pytest.MonkeyPatch], None]
) -> None:
    chosen, before = ids(vault)[:3], picture(vault)

    def work() -> None:
        patch(pytest.MonkeyPatch())
        decide(vault, kind, *chosen)

    assert fork(work) == -9
    assert picture(vault) == before
    assert decide(vault, kind, *chosen).rows == 3
    assert vault.value("SELECT count(*) FROM quality.decision") == 3


def test_a_decision_that_is_killed_after_its_end_has_happened_and_is_not_made_twice(vault: Home) -> None:
    chosen = ids(vault)[:3]

    def work() -> None:
        pytest.MonkeyPatch().setattr(OpenHome, "anchor", lambda *_: die())
        decide(vault, "accepted", *chosen)

    assert fork(work) == -9
    with pytest.raises(DecisionRefused, match="decided about already"):
        decide(vault, "accepted", *chosen)
    assert vault.value("SELECT count(*) FROM vault.record") == 4
    assert vault.ledger_holds()


def test_of_stewards_who_decide_at_the_same_moment_one_succeeds_and_the_others_are_told(
    vault: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, met, told = ids(vault)[0], threading.Barrier(3), []
    real = review._again
    # All have opened the row and passed the stages before the first of them stores.
    monkeypatch.setattr(review, "_again", lambda *args: (real(*args), met.wait(60))[0])

    def work(number: int) -> None:
        try:
            changes = {"mobile": mobile(number)}
            told.append(decide(vault, "corrected", record, by=f"steward{number}", changes=changes).outcomes)
        except DecisionRefused as refused:
            told.append(str(refused))

    stewards = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for steward in stewards:
        steward.start()
    for steward in stewards:
        steward.join()
    assert [each for each in told if isinstance(each, dict)] == [{"stored": 1}]
    assert sum("decided about already" in each for each in told if isinstance(each, str)) == 2
    assert vault.value("SELECT count(*) FROM quality.decision") == 1
    assert vault.value("SELECT count(*) FROM vault.record") == 2
