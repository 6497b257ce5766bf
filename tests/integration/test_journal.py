"""The ledger's journal outside the database: every head, in order, whatever was killed in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.errors import EvidenceInvalid, StorageFull, TutelaError
from pipelines.evidence import checkpoint, entries, journal, ledger
from pipelines.jobs.home import Home as Opened
from pipelines.jobs.home import open_home
from pipelines.store.database import Role
from tests.homes import NOON, Home, Homes, customers


@pytest.fixture(scope="module")
def kept(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a few entries, a destruction and its certificate."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", customers(folder / "counter_1.csv", [1, 2], last="2023-06-01"))
    assert home.purge().verdict == "PASS"
    return home


@pytest.fixture
def opened(kept: Home) -> Iterator[Opened]:
    home = open_home(kept.settings)
    yield home
    home.database.close()


def grow(home: Opened, count: int = 1, first: int = 1) -> checkpoint.Checkpoint:
    """Append entries as a command that has not come to its end."""
    with home.database.begin(Role.AUDIT) as tx:
        tx.run("lock_writers")
        new = [entries.generation_created(first + number, "file", NOON) for number in range(count)]
        return home.ledger.append(tx, new, NOON)


def extend(home: Opened, path: Path) -> int:
    with home.database.begin(Role.VERIFY) as tx:
        head = ledger.latest(tx)
        assert head is not None
        return journal.extend(path, tx, head)


def read(home: Opened, path: Path, size: int | None = None) -> journal.Since:
    """Read it since a size, by default since the first head, and see that it says what the database says."""
    with home.database.begin(Role.VERIFY) as tx:
        heads = ledger.heads(tx)
        known = next(head for head in heads if size in {None, head.size})
        bodies = list(ledger.bodies(tx, heads[-1].size))
    anchors = checkpoint.read_anchors(home.anchors)
    since = journal.read_since(path, known.size, known.root, home.ledger.origin, home.public_key, anchors)
    assert [body for group in since.groups for body in group.bodies] == bodies[known.size : since.head.size]
    return since


def count(path: Path) -> int:
    return sum(line.startswith(b'{"at":') for line in path.read_bytes().splitlines())


def test_it_has_every_entry_every_anchored_head_and_the_certificates(opened: Opened) -> None:
    since = read(opened, opened.journal)
    anchored = {item.size for item in checkpoint.read_anchors(opened.anchors)}
    assert {group.head.size for group in since.groups} >= {size for size in anchored if size > since.size}
    assert [item.verdict for item in since.certificates] == ["PASS"]


def test_it_is_extended_by_what_is_new_and_by_that_once(opened: Opened, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    first = extend(opened, path)
    assert first > 0
    assert extend(opened, path) == 0
    head = grow(opened, 3)
    assert extend(opened, path) == 3
    assert count(path) == head.size
    assert read(opened, path, first).groups[0].head == head


def test_whatever_a_kill_cut_off_is_written_again(opened: Opened, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    extend(opened, path)
    before = path.stat().st_size
    grow(opened, 2)
    extend(opened, path)
    whole = path.read_bytes()
    for size in (*range(before, len(whole), 37), len(whole) - 1, 1, before // 2):
        path.write_bytes(whole[:size])
        extend(opened, path)
        read(opened, path)
    path.write_bytes(whole[:before] + b'{"at":"half of an ent')
    kept = read(opened, path).head.size
    assert extend(opened, path) == 2
    assert count(path) == kept + 2


def test_a_database_that_was_put_back_is_noticed(homes: Homes, kept: Home) -> None:
    """Somebody restores an old copy by other means: its ledger would go on under heads that were signed already."""
    older, live = homes.copy(kept), open_home(kept.settings)
    grow(live)
    live.anchor()
    (older.folder / "ledger.jsonl").write_bytes(live.journal.read_bytes())
    stale = open_home(older.settings)
    grow(stale, first=50)
    with pytest.raises(EvidenceInvalid, match="put back or exchanged"):
        stale.anchor()
    grow(stale, 2, first=60)
    with pytest.raises(EvidenceInvalid, match="put back or exchanged"):
        stale.anchor()
    live.database.close()
    stale.database.close()
    homes.drop(older)


def test_who_sees_an_earlier_moment_does_not_take_others_for_forgers(opened: Opened, tmp_path: Path) -> None:
    """A snapshot or backup reads one moment; a collection may end and be journalled meanwhile."""
    path = tmp_path / "ledger.jsonl"
    grow(opened)
    extend(opened, path)
    with opened.database.begin(Role.VERIFY) as tx:
        tx.run("repeatable_read")
        head = ledger.latest(tx)
        assert head is not None
        for _ in range(3):
            grow(opened)
            extend(opened, path)
        assert journal.extend(path, tx, head, past=True) == 0
        with pytest.raises(EvidenceInvalid, match="put back or exchanged"):
            journal.extend(path, tx, head)
    assert extend(opened, path) == 0


def test_a_full_disk_leaves_it_as_it_was(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.jsonl"
    extend(opened, path)
    before = path.read_bytes()
    grow(opened)
    written = journal.os.write

    def full(file: int, data: bytes) -> int:
        written(file, data[:7])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal.os, "write", full)
    with pytest.raises(StorageFull, match=r"journal ledger\.jsonl; it is as it was"):
        extend(opened, path)
    assert path.read_bytes() == before
    monkeypatch.undo()
    assert extend(opened, path) == 1


def test_a_journal_that_can_not_be_written_is_told(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").mkdir()
    with pytest.raises(TutelaError, match="can't be written"):
        extend(opened, tmp_path / "ledger.jsonl")


ALTERED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "an entry": (lambda text: text.replace(b'"generation":1,', b'"generation":7,', 1), "was altered"),
    "a head's size": (lambda text: text[: text.rindex(b'"size":') + 7] + b"3}}\n", "signature .* 3 entries does not hold"),
    "a line that is none": (lambda text: text.replace(b'\n{"checkpoint":', b'\n{"checkpaint":', 1), "what follows entry"),
    "a certificate that is taken out": (
        lambda text: b"".join(line for line in text.splitlines(keepends=True) if not line.startswith(b'{"cert')),
        "the certificate of DS-.* is missing",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ALTERED)
def test_an_altered_journal_is_refused(what: str, opened: Opened, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    extend(opened, path)
    alter, said = ALTERED[what]
    altered = alter(path.read_bytes())
    assert altered != path.read_bytes()
    path.write_bytes(altered)
    with pytest.raises(EvidenceInvalid, match=said):
        read(opened, path)
