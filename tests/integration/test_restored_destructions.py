"""Destructions that a restore finds half done; the histories are those that the model of destruction found."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from pipelines.errors import ApprovalMissing
from pipelines.evidence import journal
from pipelines.jobs import backups, destruction, holds, restores
from pipelines.jobs.home import open_home
from pipelines.retention import snapshot
from pipelines.store.database import Role
from tests.homes import NOON, Home, Homes, customers, die, fork

EVENING = NOON + timedelta(hours=6)


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two people, due today; then a backup."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", customers(folder / "counter_1.csv", [1, 2], last="2023-06-01"))
    home.collect("counter_customers", customers(folder / "counter_2.csv", [3]))
    backups.create(home.settings, lambda: NOON)
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    lose(homes, home)
    shutil.rmtree(home.folder)


def lose(homes: Homes, home: Home) -> None:
    with psycopg.connect(homes._server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {home.admin.rpartition('/')[2]} WITH (FORCE)")


def killed(home: Home, step: str) -> None:
    assert fork(lambda: home.purge(at=EVENING, step=lambda name: die() if name == step else None)) == -9


def snapshot_of_a_delayed_purge(home: Home) -> None:
    """Have a process that lost its turn, and does not know it, write what it was about to write."""
    tools = destruction.destroyer(open_home(home.settings), lambda: EVENING)
    with tools.database.begin(Role.DESTROY) as tx:
        snapshot.write(tx, tools.snapshots, tools.custodian, tools.home / journal.FILE, tools.ledger.origin, EVENING)
    tools.database.close()


@pytest.mark.parametrize("step", ["rows_removed", "verified"])
def test_rows_that_an_old_backup_brings_back_are_not_confirmed_as_gone(step: str, homes: Homes, vault: Home) -> None:
    """The newest snapshot knows the destruction to be past its rows; the backup is from before it."""
    killed(vault, step)
    snapshot_of_a_delayed_purge(vault)
    lose(homes, vault)
    restores.restore(vault.settings, lambda: EVENING)
    assert vault.purge(at=EVENING).verdict == "PASS"
    assert vault.value("SELECT count(*) FROM vault.record") == 1
    assert vault.value("SELECT count(*) FROM vault.subject") == 1
    assert len(vault.root_keys()) == 1
    assert vault.ledger_holds()


def test_rows_that_no_backup_has_do_not_keep_a_destruction_from_its_end(
    homes: Homes, vault: Home, tmp_path: Path
) -> None:
    """They came after the backup; their keys are blank, and the certificate says how many were lost."""
    vault.collect("counter_customers", customers(tmp_path / "counter_late.csv", [7, 8], last="2023-06-01"))
    killed(vault, "old_root_destroyed")
    lose(homes, vault)
    restores.restore(vault.settings, lambda: EVENING)
    purged = vault.purge(at=EVENING)
    assert (purged.destroyed, purged.verdict) == (4, "PASS")
    assert '"lost_with_database":2' in Path(purged.certificate or "").read_text("utf-8")
    assert vault.ledger_holds()


def test_the_newest_backup_is_the_one_with_most_of_the_ledger_whatever_the_clock_said(
    homes: Homes, vault: Home, tmp_path: Path
) -> None:
    vault.collect("counter_customers", customers(tmp_path / "counter_late.csv", [7]))
    backups.create(vault.settings, lambda: NOON - timedelta(days=2))
    lose(homes, vault)
    restores.restore(vault.settings, lambda: EVENING)
    assert vault.value("SELECT count(*) FROM vault.record") == 4


def test_a_root_that_was_in_force_in_the_lost_database_does_not_outlive_the_next_destruction(
    homes: Homes, vault: Home
) -> None:
    """The restored destruction had named an older root; going on with that one, it would take the other for a newer."""
    killed(vault, "new_root_named")
    snapshot_of_a_delayed_purge(vault)
    code = vault.value("SELECT code FROM vault.subject ORDER BY subject_id LIMIT 1")
    hold = holds.add(vault.settings, code, "lawsuit", "legal", date(2026, 12, 1), EVENING)
    killed(vault, "rotated")
    lose(homes, vault)
    found = restores.restore(vault.settings, lambda: EVENING).as_json()
    assert found["lost_holds"] == [hold]
    with pytest.raises(ApprovalMissing, match=hold):
        vault.purge(at=EVENING)
    holds.release(vault.settings, hold, "legal", EVENING)
    assert vault.purge(at=EVENING).verdict == "PASS"
    assert len(vault.root_keys()) == 1
    assert vault.ledger_holds()
