"""`kill -9` at every point, then the same command again: the vault is that of an undisturbed run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.jobs import collection
from pipelines.store import vault
from tests.homes import NOON, TODAY, Home, Homes, customers, die, fork

if TYPE_CHECKING:
    from examples.generate import Summary

PLANS = ("counter_customers", "web_registrations", "partner_enterprises")


@pytest.fixture(scope="module")
def files(examples: Summary, ground: Path) -> dict[str, list[Path]]:
    folder = ground / "examples"
    return {
        "counter_customers": sorted(folder.glob("counter_*")),
        "web_registrations": sorted(folder.glob("web_*")),
        "partner_enterprises": [folder / "partner"],
    }


@pytest.fixture(scope="module")
def undisturbed(homes: Homes, files: dict[str, list[Path]]) -> Home:
    home = homes.blank()
    for plan in PLANS:
        home.collect(plan, *files[plan])
    return home


@pytest.fixture(scope="module")
def counter_only(homes: Homes, files: dict[str, list[Path]]) -> Home:
    home = homes.blank()
    home.collect("counter_customers", *files["counter_customers"])
    return home


def _kill_in(home: Home, work: Callable[[], object]) -> None:
    assert fork(work) == -9, "the process was not killed where it should have been"


INGESTION = [
    "gate",
    "consent",
    "quality",
    "classify",
    "prepare",
    "wait for the writers' lock",
    "subjects",
    "seal",
    "store",
    "commit",
]


@pytest.mark.parametrize("stage", INGESTION)
def test_an_ingestion_killed_after(
    stage: str, homes: Homes, files: dict[str, list[Path]], counter_only: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = homes.blank(chunk_rows=80)

    def work() -> None:
        class Killing(collection.Laps):
            def __call__(self, name: str) -> None:
                super().__call__(name)
                if name == stage:
                    die()

        monkeypatch.setattr(collection, "Laps", Killing)
        home.collect("counter_customers", *files["counter_customers"])

    _kill_in(home, work)
    again = home.collect("counter_customers", *files["counter_customers"])
    assert again.arrived == again.stored + sum(again.refused.values()) + sum(again.quarantined.values())
    _same_vault(home, counter_only)
    assert home.run_keys() == []
    assert not any((home.folder / "staging").rglob("*.parquet"))
    assert home.ledger_holds()


def test_an_ingestion_killed_in_the_middle_of_the_copy(
    homes: Homes, files: dict[str, list[Path]], counter_only: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = homes.blank()
    original = vault._stream

    def dying(*arguments: Any):
        for number, piece in enumerate(original(*arguments)):
            if number == 1:
                yield piece[: len(piece) // 2]
                die()
            yield piece

    def work() -> None:
        monkeypatch.setattr(vault, "_stream", dying)
        home.collect("counter_customers", *files["counter_customers"])

    _kill_in(home, work)
    assert home.value("SELECT count(*) FROM vault.record") == 0
    home.collect("counter_customers", *files["counter_customers"])
    _same_vault(home, counter_only)


def _same_vault(home: Home, undisturbed: Home) -> None:
    got, wanted = home.portrait(), undisturbed.portrait()
    for part in ("records", "people", "subjects", "index", "quarantine", "receipts", "partitions"):
        assert got[part] == wanted[part], part
    totals = [sum(batch[3] for batch in portrait["batches"]) for portrait in (got, wanted)]
    assert totals[0] == totals[1]


DESTRUCTION = [
    "applied", "approved", "new_root_named", "new_root_created", "rotated", "snapshot_written", "old_root_destroyed",
    "keys_destroyed", "rows_removed", "verified", "confirmed",
]  # fmt: skip


@pytest.fixture(scope="module")
def purged(homes: Homes, undisturbed: Home) -> Home:
    home = homes.copy(undisturbed)
    assert home.purge().verdict == "PASS"
    return home


@pytest.mark.parametrize("step", DESTRUCTION)
def test_a_destruction_killed_at(step: str, homes: Homes, undisturbed: Home, purged: Home) -> None:
    home = homes.copy(undisturbed)

    def work() -> None:
        home.purge(step=lambda name: die() if name == step else None)

    _kill_in(home, work)
    again = home.purge()
    if step == "confirmed":
        assert (again.due, again.verdict) == (0, None)
        assert home.value("SELECT verdict FROM destruction.job") == "PASS"
    else:
        assert again.verdict == "PASS"
        assert again.destroyed == again.due > 0
    got, wanted = home.portrait(), purged.portrait()
    for part in (
        "records",
        "people",
        "subjects",
        "index",
        "quarantine",
        "cohorts",
        "partitions",
        "generations",
        "samples",
    ):
        assert got[part] == wanted[part], part
    assert len(home.root_keys()) == 1, "one root key is left, and it is the new one"
    assert home.ledger_holds()


def test_two_purges_at_once_destroy_once(homes: Homes, undisturbed: Home) -> None:
    home = homes.copy(undisturbed)
    assert fork(lambda: home.purge(step=lambda name: fork(home.purge) if name == "applied" else None)) in {0, 1}
    home.purge()
    assert home.value("SELECT count(*) FROM destruction.job WHERE state = 'confirmed'") == 1
    assert home.ledger_holds()


def test_two_ingestions_of_one_file_at_once_store_it_once(homes: Homes, tmp_path: Path) -> None:
    home = homes.blank()
    file = customers(tmp_path / "counter_twins.csv", range(1, 9))
    at_the_gate: list[int] = []

    def other() -> None:
        at_the_gate.append(fork(lambda: home.collect("counter_customers", file)))

    outcome = home.collect("counter_customers", file, tick=lambda *_: other() if not at_the_gate else None)
    assert at_the_gate == [0]
    assert outcome.refused == {"already_received": 8}
    assert home.value("SELECT count(*) FROM vault.record") == 8
    assert home.ledger_holds()


def test_a_file_that_breaks_at_its_end_stores_nothing(home: Home, tmp_path: Path) -> None:
    file = customers(tmp_path / "counter_broken.csv", range(1, 200))
    with file.open("a", encoding="utf-8") as end:
        end.write("one,cell,too,few\n")
    small = home.settings.model_copy(update={"chunk_rows": 20})
    with pytest.raises(Exception, match="row 200"):
        collection.collect(small, "counter_customers", [file], NOON)
    assert home.value("SELECT count(*) FROM vault.batch") == 0
    assert home.run_keys() == []


def test_the_same_bytes_under_another_name_store_nothing_twice(home: Home, tmp_path: Path) -> None:
    file = customers(tmp_path / "counter_one.csv", range(1, 5))
    other = tmp_path / "counter_two.csv"
    other.write_bytes(file.read_bytes())
    assert home.collect("counter_customers", file).stored == 4
    assert home.collect("counter_customers", other).refused == {"already_received": 4}


def test_what_was_destroyed_can_not_be_brought_in_again(home: Home, tmp_path: Path) -> None:
    file = customers(tmp_path / "counter_old.csv", range(1, 5), last="2022-03-01")
    assert home.collect("counter_customers", file).stored == 4
    assert home.purge().destroyed == 4
    assert home.collect("counter_customers", file).refused == {"already_received": 4}
    assert home.purge(TODAY).due == 0
