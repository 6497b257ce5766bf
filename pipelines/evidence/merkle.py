"""The hash tree of RFC 9162 §2.1: roots, frontiers, proofs of inclusion and of consistency.

Not for storage and not for signatures. Everything here takes bytes and returns bytes or a truth value. Where old
leaves lie in a database, nobody has to read them again: the `Frontier` is all that an append needs, and a proof
for anything appended since a frontier needs that frontier and the leaves since. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from pipelines.errors import EvidenceInvalid

HASH_BYTES = 32
LEAF = b"\x00"
NODE = b"\x01"
"""Different prefixes, so that a node can't be passed off as a leaf (RFC 9162 §2.1.1)."""
EMPTY_ROOT = sha256(b"").digest()
SIZE_BYTES = 8


def leaf_hash(data: bytes) -> bytes:
    """Hash an entry into a leaf."""
    return sha256(LEAF + data).digest()


def leaf_hashes(items: Iterable[bytes]) -> list[bytes]:
    """Hash many entries into leaves."""
    hasher = sha256
    return [hasher(LEAF + item).digest() for item in items]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into their parent."""
    return sha256(NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The roots of the perfect subtrees of a log, largest first: all that is needed to go on appending."""

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a frontier whose nodes can't belong to its size.

        Raises:
            EvidenceInvalid: The number or the length of the nodes is wrong.
        """
        if self.size < 0 or self.size.bit_count() != len(self.nodes):
            raise EvidenceInvalid("The frontier of the ledger is damaged: nodes and size don't match.")
        if any(len(node) != HASH_BYTES for node in self.nodes):
            raise EvidenceInvalid("The frontier of the ledger is damaged: a node is not a hash.")

    def extend(self, added: Sequence[bytes]) -> Frontier:
        """Append leaves (hashes); costs the number of leaves, whatever the log's size."""
        size = self.size + len(added)
        levels = _levels(self, added)
        tops = [nodes[-1] for level, (_, nodes) in enumerate(levels) if size >> level & 1]
        return Frontier(size, tuple(reversed(tops)))

    def root(self) -> bytes:
        """Fold the subtrees into the root of the whole log."""
        return _fold(self.nodes)

    def to_bytes(self) -> bytes:
        """Write it: the size (8 bytes, big-endian), then the nodes."""
        return self.size.to_bytes(SIZE_BYTES, "big") + b"".join(self.nodes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """Read what `to_bytes` wrote.

        Raises:
            EvidenceInvalid: The bytes are no frontier.
        """
        if len(data) < SIZE_BYTES or (len(data) - SIZE_BYTES) % HASH_BYTES:
            raise EvidenceInvalid("The frontier of the ledger is damaged: its length is wrong.")
        nodes = range(SIZE_BYTES, len(data), HASH_BYTES)
        return cls(int.from_bytes(data[:SIZE_BYTES], "big"), tuple(data[at : at + HASH_BYTES] for at in nodes))


EMPTY = Frontier()


def root(leaves: Sequence[bytes]) -> bytes:
    """Compute the root over leaves (hashes)."""
    return EMPTY.extend(leaves).root()


def inclusion_proof(leaves: Sequence[bytes], index: int, before: Frontier = EMPTY) -> tuple[bytes, ...]:
    """Prove that the log of ``before`` plus ``leaves`` holds a leaf at a position counted from the log's start.

    Raises:
        EvidenceInvalid: The position is not among ``leaves``.
    """
    return inclusion_proofs(leaves, [index], before)[0]


def inclusion_proofs(
    leaves: Sequence[bytes], indexes: Iterable[int], before: Frontier = EMPTY
) -> list[tuple[bytes, ...]]:
    """Prove several positions with one pass over the leaves (RFC 9162 §2.1.3.1).

    Raises:
        EvidenceInvalid: A position is not among ``leaves``.
    """
    size = before.size + len(leaves)
    levels = _levels(before, leaves)
    proofs = []
    for index in indexes:
        if not before.size <= index < size:
            raise EvidenceInvalid(f"There is no leaf {index} to prove among {before.size} to {size}.")
        proofs.append(tuple(_range_root(levels, *span) for span in _siblings(index, size)))
    return proofs


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Check a proof that the log of this size and root holds the leaf at this position (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, computed = index, size - 1, leaf
    for node in proof:
        if last == 0 or len(node) != HASH_BYTES:
            return False
        if position & 1 or position == last:
            computed = node_hash(node, computed)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            computed = node_hash(computed, node)
        position, last = position >> 1, last >> 1
    return last == 0 and computed == expected


def consistency_proof(leaves: Sequence[bytes], first: int, before: Frontier = EMPTY) -> tuple[bytes, ...]:
    """Prove that the log of ``before`` plus ``leaves`` only appended to its first ``first`` leaves (§2.1.4.1).

    Raises:
        EvidenceInvalid: ``first`` lies before the frontier, or is not a size that the log has had.
    """
    size = before.size + len(leaves)
    if not max(before.size, 1) <= first <= size:
        raise EvidenceInvalid(f"There is no consistency to prove from {first} in {before.size} to {size}.")
    levels = _levels(before, leaves)
    return tuple(_range_root(levels, *span) for span in _consistency_spans(first, size))


def verify_consistency(first: int, second: int, proof: Sequence[bytes], old: bytes, new: bytes) -> bool:
    """Check a proof that the log of size ``second`` begins with the log of size ``first`` (RFC 9162 §2.1.4.2)."""
    if not 1 <= first <= second or any(len(node) != HASH_BYTES for node in proof):
        return False
    if first == second:
        return not proof and old == new
    path = [old, *proof] if first.bit_count() == 1 else list(proof)
    if not path:
        return False
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    return _climb(path, position, last) == (old, new)


def _climb(path: Sequence[bytes], position: int, last: int) -> tuple[bytes, bytes] | None:
    """Rebuild both roots at once; None if the path has the wrong length."""
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, node)
        position, last = position >> 1, last >> 1
    return (old, new) if last == 0 else None


def _levels(before: Frontier, added: Sequence[bytes]) -> list[tuple[int, list[bytes]]]:
    """List, level by level, the position of the first known perfect subtree and the subtrees from there on."""
    waiting = list(before.nodes)  # smallest last
    nodes: list[bytes] = list(added)
    levels: list[tuple[int, list[bytes]]] = []
    hasher = sha256
    for level in range((before.size + len(added)).bit_length()):
        if before.size >> level & 1:
            nodes.insert(0, waiting.pop())
        # A frontier node is a left child, so what is known of each level begins at an even position and pairs up.
        levels.append((before.size >> level & ~1, nodes))
        nodes = [hasher(NODE + left + right).digest() for left, right in zip(nodes[::2], nodes[1::2], strict=False)]
    return levels


def _fold(tops: Sequence[bytes]) -> bytes:
    if not tops:
        return EMPTY_ROOT
    computed = tops[-1]
    for node in reversed(tops[:-1]):
        computed = node_hash(node, computed)
    return computed


def _range_root(levels: Sequence[tuple[int, list[bytes]]], start: int, end: int) -> bytes:
    """Fold the perfect subtrees that leaves ``start`` to ``end`` fall into (``start`` is aligned)."""
    tops = []
    while start < end:
        level = (end - start).bit_length() - 1
        first, nodes = levels[level]
        tops.append(nodes[(start >> level) - first])
        start += 1 << level
    return _fold(tops)


def _split(size: int) -> int:
    """Find the largest power of two below a size (> 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _siblings(index: int, size: int) -> list[tuple[int, int]]:
    """List the ranges whose roots prove a leaf, from the leaf up."""
    start, end, spans = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def _consistency_spans(first: int, size: int) -> list[tuple[int, int]]:
    """List the ranges whose roots prove that a log grew from ``first`` to ``size`` (SUBPROOF of RFC 9162)."""
    start, end, spans = 0, size, []
    while first < end:
        middle = start + _split(end - start)
        if first <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    if start:  # the verifier knows the old root itself when the old log is one perfect subtree from the start
        spans.append((start, end))
    return spans[::-1]
