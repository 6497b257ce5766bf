"""Backups: what is in them, what a kill leaves, when they end; and the keyring's snapshot that goes apart."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest

from pipelines.errors import DestructionUnderWay, KeyUnavailable, StorageFull, TutelaError
from pipelines.jobs import backups
from pipelines.jobs.home import open_home
from pipelines.moments import day_of
from pipelines.retention import backup, snapshot, snapshot_format
from pipelines.store import dump
from pipelines.store.database import Role
from tests.homes import COUNTER_ROW, NOON, Home, Homes, customers, die, fork

AFTER = NOON + timedelta(days=36)


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", customers(folder / "counter_1.csv", [1, 2], last="2023-06-01"))
    home.collect("counter_customers", customers(folder / "counter_2.csv", [3], 备注="canary-5f1c09"))
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    homes.drop(home)


def create(home: Home, at=NOON, **more: object) -> backups.Made:
    return backups.create(home.settings, lambda: at, **more)  # type: ignore[arg-type]


def content(home: Home, made: backups.Made) -> bytes:
    """Give what a dump holds, in clear text."""
    opened = open_home(home.settings)
    pieces = backup.open_dump(made.folder, made.manifest, opened.custodian)
    text = b"".join(dump.as_text(backups.backups_of(opened, lambda: NOON).programs, pieces))
    opened.database.close()
    return text


def keys(home: Home) -> list[str]:
    return sorted(path.stem for path in (home.folder / "kms").glob("backup-*.key"))


def test_a_dump_holds_the_rows_and_neither_keys_nor_indexes_nor_values(vault: Home) -> None:
    made = create(vault)
    text = content(vault, made)
    rows = {name: text.split(b"COPY " + name, 1)[1].split(b"\\.\n", 1)[0].count(b"\n") - 1 for name in (
        b"vault.subject ", b"vault.batch ", b"keyring.page ", b"vault.blind_index ", b"evidence.entry ")
        if b"COPY " + name in text}  # fmt: skip
    assert rows[b"vault.subject "] == 3
    assert b"keyring.page " not in rows, "the keyring goes apart"
    assert b"vault.blind_index " not in rows, "identifiers are hashed again"
    assert vault.value("SELECT ledger_size FROM destruction.backup") < made.manifest.ledger_size
    for value in ("canary-5f1c09", COUNTER_ROW["姓名"], "13800000003"):
        assert value.encode() not in text
        assert value.encode().hex().encode() not in text
    sealed = (made.folder / backup.DUMP).read_bytes()
    assert b"PGDMP" not in sealed
    assert b"counter_customers" not in sealed


def test_a_backup_is_on_record_with_its_size_hash_key_and_end(vault: Home) -> None:
    made = create(vault)
    assert vault.rows("SELECT kind::text, place, expires_on, kms_key, state FROM destruction.derivative WHERE kind = 'backup'") == [
        ("backup", f"backups/{made.manifest.id}", day_of(NOON) + timedelta(days=35), f"backup-{made.manifest.id}", "present")
    ]  # fmt: skip
    opened = open_home(vault.settings)
    with opened.database.begin(Role.VERIFY) as tx:
        assert backup.latest_expiry(tx) == date(2026, 7, 6)
    (entry,) = [row[0] for row in vault.rows("SELECT body FROM evidence.entry WHERE body LIKE '%%backup.created%%'")]
    for wanted in (made.manifest.dump_sha256.hex(), made.manifest.kms_key, '"expires_on":"2026-07-06"'):
        assert wanted in entry
    assert [item["state"] for item in backups.listed(vault.settings)] == ["ok"]
    assert vault.ledger_holds()
    opened.database.close()


def test_when_its_time_is_up_its_key_goes_and_with_it_every_copy(vault: Home, tmp_path: Path) -> None:
    first = create(vault)
    copy = shutil.copytree(first.folder, tmp_path / first.manifest.id)
    second = create(vault, AFTER)
    assert second.removed == 1
    assert [path.name for path in (vault.folder / "backups").glob("BK-*")] == [second.manifest.id]
    assert keys(vault) == [f"backup-{second.manifest.id}"]
    opened = open_home(vault.settings)
    with pytest.raises(KeyUnavailable, match="its time was up on 2026-07-06"):
        b"".join(backup.open_dump(copy, first.manifest, opened.custodian))
    opened.database.close()
    assert vault.ledger_holds()


STEPS = ["registered", "key_created", "snapshot_written", "dumped", "in_place", "completed"]


@pytest.mark.parametrize("step", STEPS)
def test_a_backup_killed_at(step: str, vault: Home) -> None:
    """Whole backups are finished by the next, the others destroyed; none is forgotten in between."""
    assert fork(lambda: create(vault, step=lambda name: die() if name == step else None)) == -9
    opened = open_home(vault.settings)
    with opened.database.begin(Role.VERIFY) as tx:
        assert backup.latest_expiry(tx) is not None, "a certificate issued now says that there may be a backup"
    opened.database.close()
    made = create(vault)
    whole = 2 if step in {"in_place", "completed"} else 1
    present = vault.rows("SELECT place FROM destruction.derivative WHERE kind = 'backup' AND state = 'present'")
    assert len(present) == len(keys(vault)) == whole
    assert sorted(path.name for path in (vault.folder / "backups").iterdir() if path.name != ".lock") == sorted(
        row[0].removeprefix("backups/") for row in present
    )
    assert [item["state"] for item in backups.listed(vault.settings)] == ["ok"] * whole
    assert made.folder.is_dir()
    assert vault.value("SELECT count(*) FROM evidence.entry WHERE body LIKE '%%backup.created%%'") == whole
    assert vault.ledger_holds()


def test_no_backup_is_made_while_a_destruction_is_not_done(vault: Home) -> None:
    assert fork(lambda: vault.purge(step=lambda name: die() if name == "rotated" else None)) == -9
    with pytest.raises(DestructionUnderWay, match="tutela purge"):
        create(vault)
    vault.purge()
    create(vault)
    assert len(keys(vault)) == 1


def test_a_full_disk_leaves_nothing_half_written(vault: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    synchronise = os.fsync

    def full(file: int) -> None:
        if "/backups/" in str(Path(f"/proc/self/fd/{file}").readlink()):
            raise OSError(28, "No space left on device")
        synchronise(file)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull, match="no room for"):
        create(vault)
    assert not [path for path in (vault.folder / "backups").iterdir() if path.name != ".lock"]
    monkeypatch.undo()
    create(vault)
    assert len(keys(vault)) == 1


def test_one_process_at_a_time_makes_backups(vault: Home) -> None:
    def other(name: str) -> None:
        if name == "dumped":
            with pytest.raises(TutelaError, match="Another process is making"):
                create(vault)

    create(vault, step=other)


def test_who_makes_backups_reads_every_table_and_changes_no_row(stocked: Home) -> None:
    tables = stocked.rows(
        "SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN "
        "('vault', 'keyring', 'consent', 'quality', 'catalog', 'destruction', 'evidence', 'tutela')"
    )
    assert len(tables) > 30
    with stocked.sql("tutela_backup") as connection:
        for (name,) in tables:
            connection.execute(f"SELECT FROM {name} LIMIT 1")
            if name not in {"vault.changed", "destruction.derivative_subject"}:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"DELETE FROM {name}")


# --- the keyring's snapshot --------------------------------------------------------------------------------------


def write(home: Home, folder: Path) -> snapshot_format.Snapshot:
    opened = open_home(home.settings)
    try:
        with opened.database.begin(Role.BACKUP) as tx:
            return snapshot.write(tx, folder, opened.custodian, opened.journal, opened.ledger.origin, NOON)
    finally:
        opened.database.close()


def test_a_snapshot_says_what_it_is_of_and_opens(stocked: Home, tmp_path: Path) -> None:
    made = write(stocked, tmp_path)
    opened = open_home(stocked.settings)
    assert snapshot_format.read(made.path).header == made.header
    assert (made.header.origin, made.header.generation) == (opened.ledger.origin, 1)
    assert made.header.pages == {"subject": 1, "cohort": 1}
    assert sorted(page.ring for page, _ in snapshot.opened(made, opened.custodian)) == ["cohort", "subject"]
    assert list(made.header.keys) == list(snapshot.TABLES)
    snapshot.verify(made, opened.custodian)
    assert b"counter_customers" not in made.path.read_bytes(), "its tables are sealed"
    opened.database.close()


def test_every_byte_of_a_snapshot_counts_and_a_cut_is_told_from_a_change(stocked: Home, tmp_path: Path) -> None:
    made = write(stocked, tmp_path)
    whole, opened = made.path.read_bytes(), open_home(stocked.settings)
    magic = len(b"tutela-keyring-snapshot/2\n")
    for size in (magic + 2, 200, len(whole) // 3, len(whole) - 1):
        made.path.write_bytes(whole[:size])
        with pytest.raises(KeyUnavailable, match="is cut off"):
            snapshot.verify(snapshot_format.read(made.path), opened.custodian)
    for place in range(magic + 5, len(whole), len(whole) // 23):
        made.path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(
            KeyUnavailable, match=r"was altered|is cut off|does not have|wrapped by|another installation"
        ):
            snapshot.verify(snapshot_format.read(made.path), opened.custodian)
    made.path.write_bytes(whole + whole[-60:])
    with pytest.raises(KeyUnavailable, match=r"was altered|is cut off"):
        snapshot.verify(snapshot_format.read(made.path), opened.custodian)
    made.path.write_bytes(b"something else")
    with pytest.raises(KeyUnavailable, match="is no keyring snapshot"):
        snapshot_format.read(made.path)
    opened.database.close()


def test_an_older_snapshot_never_takes_the_place_of_a_newer_one(vault: Home, tmp_path: Path) -> None:
    older = write(vault, tmp_path)
    stale = older.path.read_bytes()
    vault.collect("counter_customers", customers(tmp_path / "counter_9.csv", [9]))
    newer = write(vault, tmp_path)
    assert newer.age > older.age
    partial = tmp_path / ".late.partial"
    partial.write_bytes(stale)
    kept = snapshot._put_in_place(partial, newer.path, older.header)
    assert kept.header == newer.header
    assert snapshot_format.read(newer.path).header == newer.header
    vault.purge()
    rotated = write(vault, tmp_path)
    assert snapshot.remove_older(rotated) == 1
    assert [path.name for path in tmp_path.glob("keyring-*")] == ["keyring-000002.snapshot"]


def test_a_snapshot_of_the_first_format_is_still_read(stocked: Home, tmp_path: Path) -> None:
    opened, path = open_home(stocked.settings), tmp_path / "keyring-000001.snapshot"
    with opened.database.begin(Role.VERIFY) as tx:
        from pipelines.store import keyring

        stored = list(keyring.all_pages(tx))
    with path.open("wb") as file:
        file.write(b"tutela-keyring-snapshot/1\n")
        for page in stored:
            line = msgspec.msgpack.encode([page.ring, page.page, page.sealed, page.wrapped, page.kms_key])
            file.write(struct.pack(">I", len(line)) + line)
    found = snapshot_format.read(path)
    assert (found.header.generation, found.header.kms_key) == (1, stored[0].kms_key)
    assert [page for page, _ in snapshot.opened(found, opened.custodian)] == stored
    opened.database.close()
