"""The ledger in PostgreSQL: append entries to the Merkle log, in the caller's transaction. Not for verifying it.

Append-only: every role may INSERT and none UPDATE or DELETE, and triggers refuse both. A data row and its ledger entry
are in one transaction, so that neither exists without the other.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.errors import EvidenceInvalid
from pipelines.evidence import checkpoint, entries, merkle
from pipelines.evidence.certificate import LedgerPlace, ProvenEntry
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.store import binary_copy

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from pipelines.evidence.entries import Entry
    from pipelines.store.database import Tx


BLOCK = 500
"""Entries that are handed to the database at a time."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The log of one installation and the key that signs its heads."""

    origin: str
    private_key: Ed25519PrivateKey = field(repr=False)

    def append(self, tx: Tx, new: Sequence[Entry], at: datetime) -> Checkpoint:
        """Append entries and sign the new head. Call it under the writers' lock.

        Returns:
            The new head; its entries are the last ``len(new)`` of it.
        """
        frontier = _frontier(tx.one("last_checkpoint"))
        leaves: list[bytes] = []
        tx.copy_binary("copy_entries", _stream(frontier.size, new, leaves))
        grown = frontier.extend(leaves)
        head = checkpoint.sign(self.private_key, self.origin, grown.size, grown.root(), at)
        tx.run(
            "insert_checkpoint", size=head.size, root=head.root, document=checkpoint.to_bytes(head).decode(),
            frontier=grown.to_bytes(),
        )  # fmt: skip
        return head


def put_back(tx: Tx, kept: Iterable[tuple[Sequence[bytes], Checkpoint]]) -> None:
    """Bring the ledger of a restored backup forward, by entries and the heads over them that were kept elsewhere.

    Raises:
        EvidenceInvalid: they don't follow it.
    """
    frontier = _frontier(tx.one("last_checkpoint"))
    for texts, head in kept:
        leaves: list[bytes] = []
        tx.copy_binary("copy_entries", _stream(frontier.size, texts, leaves, bytes))
        frontier = frontier.extend(leaves)
        if (frontier.size, frontier.root()) != (head.size, head.root):
            raise EvidenceInvalid(f"The entries up to {head.size} don't follow the ledger of the backup.")
        tx.run(
            "insert_checkpoint", size=head.size, root=head.root, document=checkpoint.to_bytes(head).decode(),
            frontier=frontier.to_bytes(),
        )  # fmt: skip


def latest(tx: Tx) -> Checkpoint | None:
    """Return the newest signed head."""
    row = tx.one("last_checkpoint")
    return checkpoint.from_bytes(row.document.encode()) if row else None


def heads(tx: Tx) -> list[Checkpoint]:
    """Return all signed heads, oldest first."""
    return [checkpoint.from_bytes(row.document.encode()) for row in tx.rows("checkpoints")]


def hourly_heads(tx: Tx) -> list[Checkpoint]:
    """Return the last head of each hour, oldest first, the newest of all among them.

    Each head speaks of all entries before it, so those between show nothing more but when a minute's entries were there;
    and to check a signature takes as long as to hash a hundred entries.
    """
    return [checkpoint.from_bytes(row.document.encode()) for row in tx.rows("hourly_checkpoints")]


def bodies(tx: Tx, size: int) -> Iterator[bytes]:
    """Yield the canonical bytes of the first ``size`` entries, in order."""
    for row in tx.stream("entries", size=size):
        yield row.body.encode()


def place(tx: Tx, seqs: Sequence[int]) -> LedgerPlace:
    """Prove some entries to be in the newest head; the cost follows the entries since the first of them."""
    head = latest(tx)
    if head is None:
        raise RuntimeError("the ledger is empty")
    before = _frontier(tx.one("checkpoint_before", seq=min(seqs, default=0)))
    leaves = [bytes(row.leaf) for row in tx.stream("leaves", start=before.size, size=head.size)]
    paths = merkle.inclusion_proofs(leaves, list(seqs), before)
    texts = {row.seq: row.body for row in tx.rows("entries_at", seqs=list(seqs))}
    proven = [ProvenEntry(seq, texts[seq], tuple(path)) for seq, path in zip(seqs, paths, strict=True)]
    return LedgerPlace(head, tuple(proven))


def _frontier(row: Any) -> merkle.Frontier:
    return merkle.Frontier.from_bytes(bytes(row.frontier)) if row else merkle.EMPTY


def _stream(
    start: int, new: Sequence[Any], leaves: list[bytes], write: Callable[[Any], bytes] = entries.canonical
) -> Iterator[bytes]:
    # Block by block, so that the database stores one while the next is written and hashed.
    head, length = struct.Struct(">hiqi").pack, struct.pack(">i", merkle.HASH_BYTES)
    yield binary_copy.HEADER
    for first in range(0, len(new), BLOCK):
        texts = [write(entry) for entry in new[first : first + BLOCK]]
        hashes = merkle.leaf_hashes(texts)
        numbered = enumerate(zip(texts, hashes, strict=True), start + first)
        yield b"".join([head(3, 8, seq, len(text)) + text + length + leaf for seq, (text, leaf) in numbered])
        leaves += hashes
    yield binary_copy.TRAILER
