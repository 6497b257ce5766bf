"""The ledger as a story: filtered, page by page; verified inside the house; and what is said of its state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from pipelines.evidence import entries
from pipelines.evidence.entries import EntryKind
from pipelines.jobs import evidence, ledger
from pipelines.jobs.home import Home as Opened
from pipelines.jobs.home import open_home
from pipelines.store.database import Role
from tests.homes import NOON, Home, customers

HOUR = timedelta(hours=1)


@pytest.fixture
def told(home: Home, tmp_path: Path) -> Opened:
    """A home with a small story: a collection, a hold, a work order of many hands."""
    home.collect("counter_customers", customers(tmp_path / "a.csv", range(1, 4)))
    opened = open_home(home.settings)
    said = [
        entries.hold_added("HD-1", "privacy_officer", NOON.date(), NOON + HOUR, "counter_customers"),
        entries.work_order_completed("WO-1", "shred", "keeper", ["one", "two"], ["f" * 63 + "1"], NOON + 2 * HOUR),
        entries.hold_released("HD-1", "privacy_officer", NOON + 3 * HOUR, 0),
    ]
    with opened.database.begin(Role.AUDIT) as tx:
        tx.run("lock_writers")
        opened.ledger.append(tx, said, NOON + 3 * HOUR)
    return opened


def _kinds(found: list[ledger.Told]) -> list[EntryKind]:
    return [each.kind for each in found]


def test_the_newest_entry_is_told_first_with_all_that_a_reader_asks(told: Opened) -> None:
    newest, order, hold, *older = ledger.story(told)
    assert newest.at == NOON + 3 * HOUR
    assert newest.seq == len(older) + 2
    assert order.who == ("keeper", "one", "two")
    assert order.links == {"work_order": "WO-1"}
    assert hold.plan == "counter_customers"
    assert "柜面客户信息采集" in hold.sentences["zh"]
    assert "Customers at the counter" in hold.sentences["en"]
    assert (hold.title("zh"), hold.title("en")) == ("设立法律保留", "Legal hold placed")
    assert _kinds(older)[-1] is EntryKind.HOME_INITIALISED


FILTERS = {
    "a plan": ({"plan": "counter_customers"}, lambda each: each.plan == "counter_customers"),
    "a plan that has nothing": ({"plan": "web_registrations"}, lambda _: False),
    "a kind": ({"kinds": ["ingest.batch_stored"]}, lambda each: each.kind == "ingest.batch_stored"),
    "two kinds": ({"kinds": ["hold.added", "hold.released"]}, lambda each: each.kind.startswith("hold.")),
    "whoever acted": ({"person": "privacy_officer"}, lambda each: "privacy_officer" in each.who),
    "a witness": ({"person": "two"}, lambda each: "two" in each.who),
    "a person and a kind": (
        {"person": "privacy_officer", "kinds": ["hold.added"]}, lambda each: each.kind == "hold.added",
    ),
    "since": ({"since": NOON + HOUR}, lambda each: each.at >= NOON + HOUR),
    "until": ({"until": NOON + HOUR}, lambda each: each.at < NOON + HOUR),
}  # fmt: skip


def test_a_story_is_filtered_and_read_page_by_page(told: Opened) -> None:
    whole = ledger.story(told, limit=1000)
    for why, (asked, wanted) in FILTERS.items():
        expected = [each.seq for each in whole if wanted(each)]
        assert [each.seq for each in ledger.story(told, **asked)] == expected, why  # type: ignore[arg-type]
    pages, before = [], None
    while page := ledger.story(told, before=before, limit=3):
        pages += [each.seq for each in page]
        before = page[-1].seq
    assert pages == [each.seq for each in whole]


def test_what_a_story_can_be_filtered_by_is_what_there_is(told: Opened) -> None:
    who, kinds = ledger.people(told)
    assert {"keeper", "one", "two", "privacy_officer"} <= set(who)
    assert "steward" not in who
    assert set(kinds) == {each.kind for each in ledger.story(told, limit=1000)}


def test_entries_that_come_later_are_told_and_none_twice(told: Opened, home: Home) -> None:
    before = len(ledger.story(told, limit=1000))
    assert len(ledger.story(told, limit=1000)) == before
    assert home.value("SELECT count(*) FROM evidence.story") == home.value("SELECT count(*) FROM evidence.entry")
    with told.database.begin(Role.CONSENT) as tx:
        tx.run("lock_writers")
        told.ledger.append(tx, [entries.backup_removed("BK-1", "expired", NOON)], NOON)
    assert _kinds(ledger.story(told, limit=1)) == [EntryKind.BACKUP_REMOVED]


def test_a_verification_is_put_on_record_with_who_asked(told: Opened, home: Home) -> None:
    assert ledger.state(told).verified is None
    size = ledger.state(told).size
    done = ledger.verify(told, "auditor", NOON + 4 * HOUR)
    assert (done.verdict, done.size, done.by, done.detail) == (ledger.PASS, size, "auditor", "")
    state = ledger.state(told)
    assert (state.size, state.since) == (size + 1, 0)
    assert state.verified is not None
    assert (state.verified.at, state.verified.verdict) == (NOON + 4 * HOUR, ledger.PASS)
    assert state.anchored is not None
    assert state.anchored.size == size + 1
    assert state.stamped is None
    with told.database.begin(Role.AUDIT) as tx:
        tx.run("lock_writers")
        told.ledger.append(tx, [entries.backup_removed("BK-1", "expired", NOON)], NOON)
    assert ledger.state(told).since == 1
    assert not list(home.folder.glob(".verify-*"))


def test_an_entry_that_was_altered_fails_the_verification_and_nothing_is_anchored(told: Opened, home: Home) -> None:
    with home.sql() as connection:
        connection.execute("ALTER TABLE evidence.entry DISABLE TRIGGER entry_append_only")
        connection.execute("UPDATE evidence.entry SET body = replace(body, 'tutela', 'tutele') WHERE seq = 0")
    anchored = told.anchors.read_bytes()
    done = ledger.verify(told, "auditor", NOON + HOUR)
    assert done.verdict == ledger.FAILED
    assert done.detail
    assert told.anchors.read_bytes() == anchored
    state = ledger.state(told)
    assert state.verified is not None
    assert state.verified.verdict == ledger.FAILED


def test_a_missing_anchor_file_is_no_pass(told: Opened) -> None:
    told.anchors.unlink()
    assert ledger.state(told).anchored is None
    assert ledger.verify(told, "auditor", NOON).verdict == ledger.FAILED


def test_an_export_of_an_open_home_verifies_and_is_told(told: Opened, tmp_path: Path) -> None:
    size = evidence.export_from(told, tmp_path / "bundle.jsonl", "auditor", datetime(2026, 6, 2, tzinfo=UTC))
    newest = ledger.story(told, limit=1)[0]
    assert newest.sentences["en"] == f"auditor exported the first {size - 1:,} entries of the evidence."


@pytest.mark.parametrize("table", ["evidence.story", "evidence.story_actor"])
def test_what_entries_are_about_can_not_be_changed(home: Home, table: str) -> None:
    with home.sql() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"DELETE FROM {table}")
