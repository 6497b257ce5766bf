"""The hash tree, against RFC 9162's own definition written down naively."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import EvidenceInvalid
from pipelines.evidence import merkle

if TYPE_CHECKING:
    from collections.abc import Callable

LEAVES = [sha256(bytes([number])).digest() for number in range(130)]

# The eight leaves and the roots that Certificate Transparency implementations have in common.
KNOWN_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
KNOWN_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def split(size: int) -> int:
    half = 1
    while half * 2 < size:
        half *= 2
    return half


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:half]) + naive_root(leaves[half:])).digest()


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = split(len(leaves))
    if index < half:
        return [*naive_path(index, leaves[:half]), naive_root(leaves[half:])]
    return [*naive_path(index - half, leaves[half:]), naive_root(leaves[:half])]


def naive_consistency(first: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    if first == len(leaves):
        return [] if whole else [naive_root(leaves)]
    half = split(len(leaves))
    if first <= half:
        return [*naive_consistency(first, leaves[:half], whole=whole), naive_root(leaves[half:])]
    return [*naive_consistency(first - half, leaves[half:], whole=False), naive_root(leaves[:half])]


@pytest.mark.parametrize("size", KNOWN_ROOTS)
def test_known_leaves_give_known_roots(size: int) -> None:
    leaves = merkle.leaf_hashes(bytes.fromhex(leaf) for leaf in KNOWN_LEAVES[:size])
    assert merkle.root(leaves).hex() == KNOWN_ROOTS[size]


@given(size=st.integers(0, 130), cut=st.integers(0, 130))
def test_appending_in_two_steps_gives_the_root_of_the_definition(size: int, cut: int) -> None:
    grown = merkle.EMPTY.extend(LEAVES[: min(cut, size)]).extend(LEAVES[min(cut, size) : size])
    assert grown.root() == naive_root(LEAVES[:size])
    assert merkle.Frontier.from_bytes(grown.to_bytes()) == grown


@given(data=st.data())
def test_proofs_made_from_a_frontier_are_those_of_the_definition(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 130))
    before = data.draw(st.integers(0, size - 1))
    index = data.draw(st.integers(before, size - 1))
    first = data.draw(st.integers(max(before, 1), size))
    frontier, since, root = merkle.EMPTY.extend(LEAVES[:before]), LEAVES[before:size], naive_root(LEAVES[:size])
    path = merkle.inclusion_proof(since, index, frontier)
    assert list(path) == naive_path(index, LEAVES[:size])
    assert merkle.verify_inclusion(LEAVES[index], index, size, path, root)
    growth = merkle.consistency_proof(since, first, frontier)
    assert list(growth) == naive_consistency(first, LEAVES[:size])
    assert merkle.verify_consistency(first, size, growth, naive_root(LEAVES[:first]), root)


@given(data=st.data())
def test_no_other_leaf_place_size_root_or_path_verifies(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 130))
    index = data.draw(st.integers(0, size - 1))
    path, root = merkle.inclusion_proof(LEAVES[:size], index), merkle.root(LEAVES[:size])
    other = data.draw(st.integers(-1, size).filter(lambda number: number != index))
    assert not merkle.verify_inclusion(LEAVES[index], other, size, path, root)
    assert not merkle.verify_inclusion(LEAVES[(index + 1) % size], index, size, path, root)
    assert not merkle.verify_inclusion(LEAVES[index], index, size, path[:-1], root)
    assert not merkle.verify_inclusion(LEAVES[index], index, size, (*path, root), root)
    assert not merkle.verify_inclusion(LEAVES[index], index, size, path, LEAVES[0])
    assert not merkle.verify_inclusion(LEAVES[index], index, size, (b"short", *path[1:]), root)


@given(data=st.data())
def test_a_log_that_was_changed_below_its_old_size_is_not_consistent(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 60))
    first = data.draw(st.integers(1, size))
    changed = data.draw(st.integers(0, first - 1))
    forged = [*LEAVES[:changed], b"x" * 32, *LEAVES[changed + 1 : size]]
    path = merkle.consistency_proof(forged, first)
    assert not merkle.verify_consistency(first, size, path, merkle.root(LEAVES[:first]), merkle.root(forged))
    assert not merkle.verify_consistency(
        first, size, (*path, b"x" * 32), merkle.root(forged[:first]), merkle.root(forged)
    )


IMPOSSIBLE: dict[str, Callable[[], object]] = {
    "a proof of a position beyond the log": lambda: merkle.inclusion_proof(LEAVES[:4], 4),
    "a proof of a position before the frontier": lambda: merkle.inclusion_proof(
        LEAVES[4:8], 3, merkle.EMPTY.extend(LEAVES[:4])
    ),
    "consistency from nothing": lambda: merkle.consistency_proof(LEAVES[:4], 0),
    "consistency from a size not reached": lambda: merkle.consistency_proof(LEAVES[:4], 5),
    "a frontier with a node too few": lambda: merkle.Frontier(3, (LEAVES[0],)),
    "a frontier with half a node": lambda: merkle.Frontier(1, (b"x",)),
    "a frontier cut off": lambda: merkle.Frontier.from_bytes(merkle.EMPTY.extend(LEAVES).to_bytes()[:-1]),
    "a frontier of no bytes": lambda: merkle.Frontier.from_bytes(b""),
}


@pytest.mark.parametrize("sentence", IMPOSSIBLE)
def test_impossible_is(sentence: str) -> None:
    with pytest.raises(EvidenceInvalid):
        IMPOSSIBLE[sentence]()
