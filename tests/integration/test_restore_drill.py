"""The restore drill, as a test, a command's job and a task; and that it fails where it must."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.errors import EvidenceInvalid
from pipelines.jobs import backup_tasks, backups, drill, drill_rows
from pipelines.jobs.drill import Drill
from pipelines.retention import probe
from pipelines.settings import Settings
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


def failed(done: Drill) -> set[str]:
    return {check.name for check in done.checks if not check.ok}


CHECKS = ["destroyed", "survivors_readable", "destroyed_unreadable", "old_keyring_useless", "rows_removed",
          "ledger_consistent", "certificates_hold", "nothing_in_clear"]  # fmt: skip


def test_the_whole_drill(home: Home) -> None:
    """Create, back up, destroy, lose, restore: survivors readable, the destroyed by no key, nobody in any file."""
    found = drill.drill(home.settings, now).as_json()
    assert found["verdict"] == "PASS", found
    assert [check["check"] for check in found["checks"]] == CHECKS
    assert set(found["seconds"]) == {"stock", "backup", "destroy", "restore", "look", "scan"}
    assert list((home.folder / "drill").iterdir()) == [], "nothing is left of it"
    assert home.ledger_holds()
    assert home.value("SELECT count(*) FROM evidence.entry WHERE body LIKE '%%backup.drilled%%'") == 1


def test_a_drill_fails_where_a_key_opens_what_is_destroyed_or_a_value_lies_in_clear(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if every key opened everything, and as if the run's name, which is in every store, were a person's."""
    looked_for = drill._patterns
    make, made = drill_rows.ground, list[drill_rows.Ground]()

    def keep(*arguments: Any) -> drill_rows.Ground:
        made.append(make(*arguments))
        return made[0]

    def patterns(*people: drill_rows.People) -> dict[str, bytes]:
        return looked_for(*people) | {"in clear": made[0].run.encode()}

    monkeypatch.setattr(drill, "ground", keep)
    monkeypatch.setattr(drill, "_patterns", patterns)
    monkeypatch.setattr(probe, "_opens", lambda *_: True)
    done = drill.drill(home.settings, now)
    assert not done.ok
    assert failed(done) == {"destroyed_unreadable", "nothing_in_clear"}


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


TASKS: dict[str, Callable[[], dict[str, Any]]] = {
    "create": backup_tasks.create,
    "try_newest": backup_tasks.try_newest,
}


@pytest.mark.parametrize("name", TASKS)
def test_tasks_give_what_fits_into_xcom(name: str, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_tasks, "Settings", lambda: home.settings)
    found = TASKS[name]()
    assert found.get("verdict", "PASS") == "PASS"
    assert str(found["backup"]).startswith("BK-")


def test_a_task_fails_where_the_drill_does(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Drill("BK-1", [drill.Check("survivors_readable", ok=False, detail="7 of 8")])
    monkeypatch.setattr(backup_tasks, "Settings", Settings)
    monkeypatch.setattr(backup_tasks.drills, "try_newest", lambda *_: wrong)
    with pytest.raises(EvidenceInvalid, match="survivors_readable"):
        backup_tasks.try_newest()
    assert not Drill("BK-1").ok, "where nothing was looked at, nothing holds"
