"""Copies in a whole destruction when something breaks: a kill, a key provider that fails, a full disk."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.errors import KeyUnavailable, StorageFull
from pipelines.jobs import derivatives, notices
from pipelines.jobs.home import open_home
from pipelines.jobs.register import register_of
from pipelines.policy import Kind
from pipelines.retention import wiping
from pipelines.retention.derivatives import Copy, register
from pipelines.seal.kms.file import FileKms
from pipelines.store.database import Role
from tests.homes import NOON, Home, Homes, customers, die, fork


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two people who are due, covered by a release and by a partner's copy, and one who stays, covered too."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", customers(folder / "a.csv", [1, 2], last="2023-06-01"))
    home.collect("counter_customers", customers(folder / "b.csv", [3]))
    everybody = np.array([row[0] for row in home.rows("SELECT subject_id FROM vault.subject")], dtype=np.int64)
    opened = open_home(home.settings)
    with opened.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        copies = [
            Copy(Kind.RELEASE, "releases/1.parquet", "grant-1", date(2027, 1, 1), kms_key="release-1"),
            Copy(Kind.SHARED_COPY, "SFTP", "li", date(2027, 1, 1), recipient="partner-a"),
        ]
        for copy in copies:
            register(register_of(opened), tx, copy, NOON, everybody)
    opened.kms.create("release-1")
    (home.folder / "releases").mkdir()
    (home.folder / "releases" / "1.parquet").write_bytes(b"sealed")
    opened.database.close()
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    homes.drop(home)


def gone(home: Home) -> bool:
    """The release is gone, key and file and row; the recipient is told once; nobody is told of who stays."""
    released = home.value("SELECT state FROM destruction.derivative WHERE kind = 'release'")
    told = home.rows("SELECT subjects, whole FROM destruction.notice")
    covered = home.value("SELECT count(*) FROM destruction.derivative_subject")
    left = [*(home.folder / "releases").glob("*"), *(home.folder / "kms").glob("release-*")]
    return (released, told, covered, left) == ("destroyed", [(2, False)], 1, [])


def test_an_undisturbed_purge_takes_all_of_it(vault: Home) -> None:
    purged = vault.purge()
    assert (purged.destroyed, purged.verdict) == (2, "PASS")
    assert gone(vault)
    assert len(list((vault.folder / "notices").glob("*.json"))) == 1


POINTS = ["before the key", "between key and file", "between file and row", "before the letters are written"]


@pytest.mark.parametrize("point", POINTS)
def test_a_purge_killed(vault: Home, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(owner: Any, name: str, *, after: bool) -> None:
        original = getattr(owner, name)

        def call(*arguments: Any) -> None:
            if after:
                original(*arguments)
            if owner is not FileKms or arguments[1] == "release-1":
                die()
            original(*arguments)

        monkeypatch.setattr(owner, name, call)

    def work() -> None:
        if point == "before the key":
            dying(FileKms, "destroy", after=False)
        elif point == "before the letters are written":
            dying(derivatives, "write_letters", after=False)
        else:
            dying(wiping, "remove", after=point == "between file and row")
        vault.purge()

    assert fork(work) < 0
    again = vault.purge()
    assert again.verdict == (None if point == "before the letters are written" else "PASS")
    assert gone(vault)
    assert len(list((vault.folder / "notices").glob("*.json"))) == 1
    assert vault.ledger_holds()


def test_a_key_provider_that_fails_in_the_middle_leaves_the_row_and_the_next_purge_ends_it(
    vault: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = FileKms.destroy

    def broken(self: FileKms, name: str) -> None:
        if name == "release-1":
            raise KeyUnavailable("The key provider does not answer.")
        original(self, name)

    with monkeypatch.context() as patched:
        patched.setattr(FileKms, "destroy", broken)
        with pytest.raises(KeyUnavailable):
            vault.purge()
    assert vault.value("SELECT state FROM destruction.derivative WHERE kind = 'release'") == "present"
    assert vault.value("SELECT count(*) FROM destruction.notice") == 0
    assert vault.purge().verdict == "PASS"
    assert gone(vault)


def test_a_full_disk_keeps_a_letter_in_the_database_until_the_next_command(
    vault: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.fsync

    def full(descriptor: int) -> None:
        if "notices" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(errno.ENOSPC, "no room")
        original(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StorageFull, match="kept in the database"):
            vault.purge()
    assert list((vault.folder / "notices").glob("*")) == []
    notices.listed(vault.settings, NOON)
    assert len(list((vault.folder / "notices").glob("*.json"))) == 1


def test_a_file_that_can_not_be_removed_is_told_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x" * 10)

    def refused(self: Path, *_: object) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(Exception, match=r"a\.csv can't be removed \(Permission denied\)"):
        wiping.wipe(path)
