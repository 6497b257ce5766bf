"""Full disks, a database that goes away, lost keys: one sentence, nothing lost, and the same command goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import DatabaseUnavailable, KeyUnavailable, StorageFull
from pipelines.evidence.verify import verify_file
from pipelines.jobs import collection, destruction
from pipelines.jobs.home import open_home
from pipelines.platform.postgres import EmbeddedPostgres
from pipelines.settings import Settings
from tests.homes import NOON, TODAY, Home, Homes, customers

ROOM = 8 << 20


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of a few megabytes; only root may have one."""
    folder = tmp_path_factory.mktemp("small")
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", str(folder)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two people who are due and two who are not."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", customers(folder / "a.csv", [1, 2], last="2023-06-01"))
    home.collect("counter_customers", customers(folder / "b.csv", [3, 4]))
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    homes.drop(home)


def put_on(disk: Path, home: Home, name: str) -> Path:
    """Have one folder of a home lie on a small disk, of which all is taken."""
    place = home.folder / name
    target = disk / f"{home.folder.name}-{name}"
    shutil.copytree(place, target) if place.exists() else target.mkdir()
    shutil.rmtree(place, ignore_errors=True)
    place.symlink_to(target)
    return fill(disk)


def fill(disk: Path) -> Path:
    taken = disk / "taken"
    with taken.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 65_536) == 65_536:
                pass
            while file.write(b"x"):
                pass
        except OSError:
            pass
    return taken


def test_a_full_staging_disk_stores_nothing_and_the_same_command_goes_on(vault: Home, small_disk: Path, tmp_path: Path):
    path, before = customers(tmp_path / "c.csv", range(10, 400)), vault.portrait()
    taken = put_on(small_disk, vault, "staging")
    with pytest.raises(StorageFull, match="staging"):
        vault.collect("counter_customers", path)
    assert vault.portrait() == before
    assert vault.run_keys() == []
    assert list((vault.folder / "staging").rglob("*.*")) == []
    taken.unlink()
    assert vault.collect("counter_customers", path).stored == 390


PLACES = ["snapshots", "certificates", "kms"]


@pytest.mark.parametrize("place", PLACES)
def test_a_full_disk_stops_a_destruction_where_it_harms_nothing_and_the_next_purge_ends_it(
    vault: Home, small_disk: Path, place: str
):
    survivors = [values for values in vault.records().values() if values["id_number"][-4:-1] in {"003", "004"}]
    taken = put_on(small_disk, vault, place)
    with pytest.raises(StorageFull):
        vault.purge()
    assert not [path for path in (vault.folder / place).iterdir() if path.suffix == ".partial"]
    if place == "kms":
        assert vault.value("SELECT count(*) FROM vault.record") == 4
    elif place == "snapshots":
        assert len(vault.root_keys()) == 2, "without a snapshot the old root still stands"
    taken.unlink()
    again = vault.purge()
    assert again.destroyed == (0 if place == "certificates" else 2)
    (certificate,) = (vault.folder / "certificates").glob("*.json")
    opened = open_home(vault.settings)
    assert verify_file(certificate, opened.public_key).valid
    assert len(vault.root_keys()) == 1
    assert list(vault.records().values()) == survivors
    assert vault.ledger_holds()


# --- the database goes away --------------------------------------------------------------------------------------


def test_a_database_that_stops_in_the_middle_loses_nothing(embedded: Settings, tmp_path: Path):
    path, server = customers(tmp_path / "a.csv", range(1, 9)), EmbeddedPostgres(embedded.home)
    settings = embedded.model_copy(update={"chunk_rows": 4})
    done: list[int] = []

    def stop(rows: int, _seconds: dict[str, float]) -> None:
        done.append(rows)
        if len(done) == 2:
            server.stop()

    with pytest.raises(DatabaseUnavailable, match="same command"):
        collection.collect(settings, "counter_customers", [path], NOON, stop)
    again = collection.collect(settings, "counter_customers", [path], NOON)
    assert (again.arrived, again.stored, again.refused) == (8, 4, {"already_received": 4})
    assert not list((embedded.home / "staging").rglob("*.parquet"))


STOPPING = ["applied", "new_root_created", "rotated", "snapshot_written", "rows_removed", "verified"]


@pytest.mark.parametrize("point", STOPPING)
def test_a_destruction_whose_database_stops_is_ended_by_the_next_call(vault: Home, point: str):
    def cut(name: str) -> None:
        if name == point:
            vault.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                       "AND pid <> pg_backend_pid()")  # fmt: skip
            with vault.sql() as connection:
                connection.execute(f"ALTER DATABASE {vault.admin.rpartition('/')[2]} CONNECTION LIMIT 0")

    with pytest.raises(DatabaseUnavailable):
        vault.purge(step=cut)
    with vault.sql() as connection:
        connection.execute(f"ALTER DATABASE {vault.admin.rpartition('/')[2]} CONNECTION LIMIT -1")
    again = vault.purge()
    assert (again.destroyed, again.verdict) == (2, "PASS")
    assert len(vault.records()) == 2
    assert len(vault.root_keys()) == 1
    assert vault.ledger_holds()


# --- lost keys ---------------------------------------------------------------------------------------------------

LOST = ["keys/index.key", "keys/ledger.key", "keys/origin", "root"]
DAMAGE = {"lost": None, "cut": b"short", "emptied": b""}


@pytest.mark.parametrize("how", DAMAGE.values(), ids=DAMAGE.keys())
@pytest.mark.parametrize("key", LOST)
def test_a_lost_or_damaged_key_stops_everything_and_its_return_mends_it(vault: Home, tmp_path: Path, key: str, how):
    if key == "keys/origin" and how == b"short":
        pytest.skip("the origin is a name of any length")
    path = vault.folder / ("kms/" + vault.root_keys()[0] + ".key" if key == "root" else key)
    before, content = vault.portrait(), path.read_bytes()
    path.unlink() if how is None else path.write_bytes(how)
    delivery = customers(tmp_path / "c.csv", [9])
    for attempt in (lambda: vault.collect("counter_customers", delivery), vault.purge):
        with pytest.raises(KeyUnavailable):
            attempt()
    path.write_bytes(content)
    after = vault.portrait()
    assert {part: after[part] for part in after} == before
    assert vault.collect("counter_customers", delivery).stored == 1
    assert vault.purge(TODAY).verdict == "PASS"
    assert vault.ledger_holds()


def test_a_new_root_that_is_lost_before_its_snapshot_is_not_made_anew(vault: Home):
    """Another key under the same name would look like the old one, and open nothing."""
    kept: dict[Path, bytes] = {}

    def lose(name: str) -> None:
        if name == "rotated" and not kept:
            newest = max((vault.folder / "kms").glob("generation-*.key"))
            kept[newest] = newest.read_bytes()
            newest.unlink()

    for _ in range(2):
        with pytest.raises(KeyUnavailable):
            vault.purge(step=lose)
        assert len(vault.root_keys()) == 1, "the old root still stands"
    ((path, content),) = kept.items()
    path.write_bytes(content)
    assert vault.purge().verdict == "PASS"
    assert len(vault.records()) == 2


def test_a_certificate_is_written_by_the_next_purge_where_its_file_is_gone(vault: Home):
    path = Path(vault.purge().certificate or "")
    content = path.read_bytes()
    path.unlink()
    assert destruction.purge(vault.settings, TODAY, lambda: NOON).verdict is None
    assert path.read_bytes() == content
