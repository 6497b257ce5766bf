"""The restore drill, as a test, a command's job and a task; and that it fails where it must."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.custody import Custodian
from pipelines.errors import EvidenceInvalid
from pipelines.jobs import backup_tasks, backups, drill
from pipelines.jobs.drill import Drill
from pipelines.retention import probe, residual
from pipelines.retention.put_back import Slots
from pipelines.retention.residual import Hits, Store
from pipelines.settings import Settings
from pipelines.store.database import Tx
from tests.homes import NOON, Home, Homes, customers


@pytest.fixture(scope="module")
def home(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with a backup from before a destruction."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", customers(folder / "counter_1.csv", [1, 2], last="2023-06-01"))
    home.collect("counter_customers", customers(folder / "counter_2.csv", [3, 4, 5]))
    backups.create(home.settings, lambda: NOON)
    assert home.purge().destroyed == 2
    yield home
    homes.drop(home)


def now() -> datetime:
    return datetime.now(UTC)


CHECKS = ["destroyed", "survivors_readable", "destroyed_unreadable", "old_keyring_useless", "rows_removed",
          "ledger_consistent", "certificates_hold", "nothing_in_clear"]  # fmt: skip


def test_the_whole_drill(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create, back up, destroy, lose, restore: survivors readable, the destroyed by no key, nobody in any file.

    Beside what it looks for, the same probe and the same scan look for what must be found: they are able to fail.
    """
    look, scan, seen = probe.rows, residual.scan, dict[str, Any]()

    def look_at_all(tx: Tx, slots: Slots, custodian: Custodian, count: int) -> probe.Probe:
        everybody = Slots(blank={"subject": list(range(1, 1024)), "cohort": []})
        seen["opened"] = look(tx, everybody, custodian, count).opened
        return look(tx, slots, custodian, count)

    def scan_for_all(stores: dict[str, Store], patterns: dict[str, bytes]) -> Hits:
        control = stores["journal"].control
        assert control is not None
        seen["found"] = scan(stores, {"the run": control}).found
        return scan(stores, patterns)

    monkeypatch.setattr(probe, "rows", look_at_all)
    monkeypatch.setattr(residual, "scan", scan_for_all)
    found = drill.drill(home.settings, now).as_json()
    assert found["verdict"] == "PASS", found
    assert [check["check"] for check in found["checks"]] == CHECKS
    assert set(found["seconds"]) == {"stock", "backup", "destroy", "restore", "look", "scan"}
    assert seen["opened"] == 2 * drill.STAYING, "who stays opens, once in each ring"
    assert all(seen["found"][store] for store in ("dump", "journal", "wal", "cluster", "home"))
    assert list((home.folder / "drill").iterdir()) == [], "nothing is left of it"
    assert home.ledger_holds()
    assert home.value("SELECT count(*) FROM evidence.entry WHERE body LIKE '%%backup.drilled%%'") == 1


def test_the_newest_backup_is_tried_without_changing_anything(home: Home) -> None:
    before, entries = home.portrait(), home.value("SELECT count(*) FROM evidence.entry")
    done = drill.try_newest(home.settings, lambda: NOON)
    assert done.ok
    told = {check.name: check.detail for check in done.checks}
    assert told["survivors_readable"] == "3 records, 0 quarantined"
    assert told["destroyed_unreadable"].startswith("2 records, ")
    assert told["rows_removed"].startswith("2 records, ")
    assert home.portrait() == before
    assert home.value("SELECT count(*) FROM evidence.entry") == entries + 1, "that it was tried is on record"
    databases = home.rows("SELECT datname FROM pg_database WHERE datname LIKE '%%trying%%'")
    assert databases == [], "and the database that it was tried in is gone"
    assert home.ledger_holds()


def test_a_task_gives_what_fits_into_xcom(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_tasks, "Settings", lambda: home.settings)
    assert str(backup_tasks.create()["backup"]).startswith("BK-")


def test_a_task_fails_where_the_drill_does(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Drill("BK-1", [drill.Check("survivors_readable", ok=False, detail="7 of 8")])
    monkeypatch.setattr(backup_tasks, "Settings", Settings)
    monkeypatch.setattr(backup_tasks.drills, "try_newest", lambda *_: wrong)
    with pytest.raises(EvidenceInvalid, match="survivors_readable"):
        backup_tasks.try_newest()
    assert not Drill("BK-1").ok, "where nothing was looked at, nothing holds"
