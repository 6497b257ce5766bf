"""The ledger in a real PostgreSQL: what is appended is proven, at a cost that does not grow with its past."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from evidence_world import a_morning

from pipelines.evidence import checkpoint, entries, ledger, merkle
from pipelines.evidence.verify import verify_file
from pipelines.jobs import evidence
from pipelines.jobs.home import open_home
from pipelines.store.database import Role
from tests.homes import NOON

if TYPE_CHECKING:
    from pathlib import Path

    from tests.homes import Homes

BATCHES = 9


@pytest.fixture(scope="module")
def home(homes: Homes) -> Any:
    """Open a home whose ledger holds some batches after its first two entries."""
    opened = open_home(homes.blank().settings)
    for number in range(BATCHES):
        with opened.database.begin(Role.INGEST) as tx:
            tx.run("lock_writers")
            opened.ledger.append(tx, a_morning()[1:], NOON + timedelta(minutes=number))
    return opened


def all_leaves(tx: Any) -> list[bytes]:
    return merkle.leaf_hashes(row.body.encode() for row in tx.stream("entries", size=10**6))


def test_the_head_is_the_root_over_all_entries_and_is_signed(home: Any) -> None:
    with home.database.begin(Role.VERIFY) as tx:
        head, leaves = ledger.latest(tx), all_leaves(tx)
    assert head is not None
    assert (head.size, head.root) == (2 + 4 * BATCHES, merkle.root(leaves))
    checkpoint.verify(head, home.public_key)


@pytest.mark.parametrize("seqs", [[0], [1, 2], [37], [2, 9, 17, 37], [6, 7, 8, 9], [5, 36], [37, 4], []], ids=str)
def test_entries_are_proven_wherever_they_lie(home: Any, seqs: list[int]) -> None:
    with home.database.begin(Role.VERIFY) as tx:
        place, leaves = ledger.place(tx, seqs), all_leaves(tx)
    assert [item.seq for item in place.entries] == seqs
    assert [item.path for item in place.entries] == merkle.inclusion_proofs(leaves, seqs)


def test_a_proof_does_not_read_what_was_there_before_its_first_entry(home: Any) -> None:
    read: list[int] = []
    with home.database.begin(Role.VERIFY) as tx:
        stream = tx.stream
        tx.stream = lambda name, **given: (read.append(row) or row for row in stream(name, **given))
        ledger.place(tx, [2 + 4 * (BATCHES - 1)])
    assert len(read) == 4


def test_a_bundle_takes_the_last_head_of_each_hour_and_the_newest(homes: Homes, tmp_path: Path) -> None:
    home = homes.blank()
    opened = open_home(home.settings)
    for minutes in (1, 59, 61, 119, 125):
        with opened.database.begin(Role.INGEST) as tx:
            tx.run("lock_writers")
            opened.ledger.append(tx, a_morning()[1:], NOON + timedelta(minutes=minutes))
    with opened.database.begin(Role.VERIFY) as tx:
        assert [head.size for head in ledger.heads(tx)] == [2, 6, 10, 14, 18, 22]
        assert [head.size for head in ledger.hourly_heads(tx)] == [10, 18, 22]
    opened.database.close()
    path = tmp_path / "evidence.bundle"
    assert evidence.export(home.settings, path, "auditor", NOON + timedelta(minutes=130)) == 23
    report = verify_file(path, opened.public_key)
    assert report.valid
    assert "3 checkpoints are signed and match the entries" in [check.detail for check in report.checks]


def test_an_entry_that_is_not_there_is_not_proven(home: Any) -> None:
    with home.database.begin(Role.VERIFY) as tx, pytest.raises(entries.EvidenceInvalid):
        ledger.place(tx, [2 + 4 * BATCHES])


def test_a_batch_of_more_than_one_block_is_stored_in_order(homes: Homes) -> None:
    opened = open_home(homes.blank().settings)
    new = [entries.evidence_exported(number, bytes(32), "auditor", NOON) for number in range(2 * ledger.BLOCK + 1)]
    with opened.database.begin(Role.AUDIT) as tx:
        tx.run("lock_writers")
        head = opened.ledger.append(tx, new, NOON)
    with opened.database.begin(Role.VERIFY) as tx:
        assert list(ledger.bodies(tx, head.size))[2:] == [entries.canonical(entry) for entry in new]
        assert head.root == merkle.root(all_leaves(tx))
    opened.database.close()
