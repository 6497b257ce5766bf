"""Ingestion from file to vault: every row is accounted for, and what comes out is what went in."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from pipelines.errors import TutelaError
from pipelines.jobs import collection
from pipelines.policy import load_policy
from pipelines.settings import CHECKOUT
from pipelines.sources import arrange, normalise, read_chunks
from tests.homes import NOON, Home, Homes, customers, die, fork

if TYPE_CHECKING:
    from examples.generate import Summary

POLICY = load_policy(CHECKOUT / "policy")
PLANS = ("counter_customers", "web_registrations", "partner_enterprises")


def files_of(examples: Summary, plan: str) -> list[Path]:
    return [examples.path(planted) for planted in examples.of_plan(plan)]


@pytest.fixture(scope="module")
def filled(homes: Homes, examples: Summary) -> Home:
    home = homes.blank()
    for plan in PLANS:
        home.collect(plan, *files_of(examples, plan))
    return home


@pytest.mark.parametrize("plan", PLANS)
def test_every_row_is_stored_quarantined_or_refused_and_counted_once(filled: Home, examples: Summary, plan: str):
    rows = filled.rows("SELECT arrived, stored, refused, quarantined FROM vault.batch WHERE plan = %s", plan)
    for arrived, stored, refused, quarantined in rows:
        assert arrived == stored + sum(refused.values()) + sum(quarantined.values())
    assert sum(row[0] for row in rows) == sum(planted.rows for planted in examples.of_plan(plan))
    of_plan = "JOIN vault.batch b USING (batch_id) WHERE b.plan = %s"
    assert filled.value(f"SELECT count(*) FROM vault.record {of_plan}", plan) == sum(row[1] for row in rows)
    waiting = filled.value(f"SELECT count(*) FROM quality.quarantine {of_plan}", plan)
    assert waiting == sum(sum(row[3].values()) for row in rows)


@pytest.mark.parametrize("plan", PLANS)
def test_what_was_planted_is_found(filled: Home, examples: Summary, plan: str):
    refused: Counter[str] = Counter()
    for (counts,) in filled.rows("SELECT refused FROM vault.batch WHERE plan = %s", plan):
        refused.update(counts)
    planted = {
        "no_consent": "missing_consent",
        "consent_expired": "expired_consent",
        "unknown_notice": "unknown_notice",
        "purpose_not_covered": "purpose_not_ticked",
    }
    assert dict(refused) == {
        reason: examples.count(plan, case) for reason, case in planted.items() if examples.count(plan, case)
    }


@pytest.mark.parametrize("plan", PLANS)
def test_every_stored_record_opens_to_the_cells_of_its_row(filled: Home, examples: Summary, plan: str):
    wanted: dict[int, list[dict[str, str]]] = {}
    for path in files_of(examples, plan):
        for chunk in read_chunks(path, chunk_rows=50_000):
            frame = normalise(arrange(chunk.frame, POLICY.plan(plan))[0], POLICY.plan(plan))
            for row, cells in frame[list(POLICY.plan(plan).columns)].astype(object).iterrows():
                present = {name: value for name, value in cells.items() if isinstance(value, str)}
                wanted.setdefault(int(str(row)), []).append(present)
    stored = filled.rows(
        "SELECT record_id FROM vault.record JOIN vault.batch b USING (batch_id) WHERE b.plan = %s", plan
    )
    opened = filled.records()
    for (record,) in stored:
        assert opened[str(record)] in wanted[int.from_bytes(record.bytes[10:], "big")]


def test_nothing_outside_the_plan_is_stored(filled: Home):
    for values in filled.records().values():
        assert not {"religion", "password", "宗教信仰", "密码"} & set(values)


def test_no_value_is_in_any_table_of_the_database(filled: Home, examples: Summary):
    """What a thief of the disk would see: every column of every table, searched for values that were brought in."""
    values = {v for record in list(filled.records().values())[:60] for v in record.values() if len(v) > 7}
    tables = filled.rows(
        "SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables WHERE schemaname <> ALL(%s)",
        ["pg_catalog", "information_schema"],
    )
    for (table,) in tables:
        text = "\n".join(row[0] for row in filled.rows(f"SELECT t::text FROM {table} t"))
        assert not [value for value in values if value in text or value.encode().hex() in text], table


def test_a_second_run_of_the_same_files_stores_nothing_twice(homes: Homes, filled: Home, examples: Summary):
    home = homes.copy(filled)
    before = home.portrait()
    for plan in PLANS:
        again = home.collect(plan, *files_of(examples, plan))
        assert again.refused == {"already_received": again.arrived}
        assert (again.stored, again.quarantined) == (0, {})
    assert home.portrait() == before
    assert home.ledger_holds()


def test_many_small_chunks_in_two_processes_give_the_same_vault_as_one(homes: Homes, examples: Summary):
    home, whole = homes.blank(chunk_rows=25, workers=2), homes.blank()
    for each in (home, whole):
        each.collect("counter_customers", *files_of(examples, "counter_customers"))
    got, wanted = home.portrait(), whole.portrait()
    for part in ("records", "quarantine", "receipts", "people", "subjects", "index", "cohorts"):
        assert got[part] == wanted[part], part


def test_a_receipt_says_until_when_consent_holds_also_where_the_row_does_not(home: Home, tmp_path: Path):
    home.collect("counter_customers", customers(tmp_path / "a.csv", [1], 同意有效期=""))
    assert home.value("SELECT valid_until::text FROM consent.receipt") == "2036-05-01"


def test_a_receipt_never_holds_longer_than_its_notice(home: Home, tmp_path: Path):
    home.collect("counter_customers", customers(tmp_path / "a.csv", [1], 同意有效期="2099-01-01"))
    assert home.value("SELECT valid_until::text FROM consent.receipt") == "2036-05-01"


def test_a_file_of_refused_rows_only_leaves_counts_and_nothing_else(home: Home, tmp_path: Path):
    outcome = home.collect("counter_customers", customers(tmp_path / "a.csv", [1, 2], 告知书版本=""))
    assert (outcome.arrived, outcome.refused, outcome.stored) == (2, {"no_consent": 2}, 0)
    assert home.value("SELECT count(*) FROM vault.subject") == 0
    assert home.ledger_holds()


def test_a_file_of_quarantined_rows_only_makes_no_subject(home: Home, tmp_path: Path):
    outcome = home.collect("counter_customers", customers(tmp_path / "a.csv", [1, 2], 手机号="12"))
    assert (outcome.quarantined, outcome.stored) == ({"mobile.format": 2}, 0)
    assert home.value("SELECT count(*) FROM vault.subject") == 0
    assert len(home.quarantined()) == 2


# --- runs that die -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["folder", "key"])
def test_a_run_killed_before_its_first_file_leaves_no_key_behind_for_ever(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
):
    """The next run ends it, whichever of its folder and its key was made last."""
    from pipelines.seal.kms.file import FileKms

    create = FileKms.create

    def dying(kms: FileKms, name: str) -> None:
        if point == "key":
            create(kms, name)
        die()

    path = customers(tmp_path / "a.csv", [1])

    def work() -> None:
        monkeypatch.setattr(FileKms, "create", dying)
        home.collect("counter_customers", path)

    assert fork(work) == -9
    assert home.collect("counter_customers", path).stored == 1
    assert home.run_keys() == []
    assert list((home.folder / "staging").iterdir()) == []


def test_a_purge_ends_killed_runs_too(home: Home, tmp_path: Path):
    path = customers(tmp_path / "a.csv", [1])
    assert fork(lambda: home.collect("counter_customers", path, tick=lambda *_: die())) == -9
    assert len(home.run_keys()) == 1
    assert list((home.folder / "staging").rglob("*.parquet"))
    home.purge()
    assert home.run_keys() == []
    assert list((home.folder / "staging").iterdir()) == []


def test_a_run_that_goes_on_is_not_ended_by_another(home: Home, tmp_path: Path):
    first, second = customers(tmp_path / "a.csv", [1]), customers(tmp_path / "b.csv", [2])
    other: list[int] = []

    def meanwhile(*_: object) -> None:
        if not other:
            other.append(home.collect("counter_customers", second).stored)

    assert home.collect("counter_customers", first, tick=meanwhile).stored == 1
    assert other == [1]


def test_workers_end_with_the_process_that_started_them(homes: Homes, tmp_path: Path):
    """A kill of the main process leaves no process behind that holds rows, keys and connections."""
    home = homes.blank(chunk_rows=5, workers=2)
    path, note = customers(tmp_path / "a.csv", range(1, 21)), tmp_path / "workers"

    def work() -> None:
        def tick(_rows: int, _seconds: dict[str, float]) -> None:
            workers = psutil.Process().children()
            if workers:
                note.write_text(" ".join(str(worker.pid) for worker in workers))
                die()

        collection.collect(home.settings, "counter_customers", [path], NOON, tick)

    assert fork(work) == -9
    workers = [int(word) for word in note.read_text().split()]
    assert workers
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(_lives(worker) for worker in workers):
        time.sleep(0.05)
    left = [worker for worker in workers if _lives(worker)]
    for worker in left:
        os.kill(worker, 9)
    assert left == []
    home.collect("counter_customers", path)
    assert len(home.records()) == 20
    assert home.run_keys() == []


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_killed_worker_is_told_in_a_sentence_and_the_same_command_goes_on(
    homes: Homes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home = homes.blank(chunk_rows=5, workers=2)
    path = customers(tmp_path / "a.csv", range(1, 21))
    main, once = os.getpid(), tmp_path / "once"

    class Killing(collection.Laps):
        def __call__(self, name: str) -> None:
            super().__call__(name)
            if name == "store" and os.getpid() != main and not once.exists():
                once.touch()
                die()

    monkeypatch.setattr(collection, "Laps", Killing)
    with pytest.raises(TutelaError, match="worker process was killed"):
        home.collect("counter_customers", path)
    assert home.run_keys() == []
    again = home.collect("counter_customers", path)
    assert again.arrived == 20
    assert len(home.records()) == 20
    assert home.ledger_holds()
