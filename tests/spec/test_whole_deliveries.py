"""A delivery's columns are judged over all of its chunks, however they were cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pipelines.classify.findings import Kind, findings
from pipelines.classify.labels import entity_labels
from pipelines.classify.votes import ColumnProfile
from pipelines.classify.whole import whole
from pipelines.policy import load_policy
from pipelines.settings import CHECKOUT

if TYPE_CHECKING:
    from random import Random

LABELS = entity_labels(load_policy(CHECKOUT / "policy").taxonomy.items)
DECLARED = {"occupation": "OCCUPATION"}


def chunk(cells: int, entity: str | None = "OCCUPATION", found: int = 0, **also: int) -> ColumnProfile:
    level = LABELS[entity].level if entity else 1
    return ColumnProfile("occupation", entity, "I01", level, "CI-P-01-001-2", 0.5, cells, found, also)


def kinds(*chunks: ColumnProfile) -> list[Kind]:
    return [found.kind for found in findings(DECLARED, whole(chunks), LABELS)]


def test_one_slip_in_a_short_last_chunk_is_no_finding() -> None:
    last = chunk(30, CN_ID_CARD=1)
    assert kinds(last) == [Kind.OVER_COLLECTION]
    assert kinds(chunk(20_000), last) == []


def test_slips_that_each_chunk_has_are_one_finding_of_all_of_them() -> None:
    [found] = findings(DECLARED, whole([chunk(100, CN_ID_CARD=5), chunk(100, CN_ID_CARD=1)]), LABELS)
    assert (found.kind, found.found, found.cells, found.share) == (Kind.OVER_COLLECTION, "CN_ID_CARD", 6, 0.03)


def test_what_most_cells_were_decided_to_be_speaks_for_the_delivery() -> None:
    [joined] = whole([chunk(20, "CN_ID_CARD", 20), chunk(80, CN_ID_CARD=8)])
    assert (joined.entity, joined.cells, joined.also) == ("OCCUPATION", 100, {"CN_ID_CARD": 28})
    [joined] = whole([chunk(80, "CN_ID_CARD", 80), chunk(20, CN_ID_CARD=2)])
    assert (joined.entity, joined.found, joined.share, joined.also) == ("CN_ID_CARD", 82, 0.82, {})


def test_chunks_without_cells_say_nothing() -> None:
    assert whole([]) == ()
    assert whole([chunk(0, None), chunk(0, None)])[0].cells == 0
    assert whole([chunk(0, None), chunk(9)])[0].entity == "OCCUPATION"


PARTS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=6)


@given(PARTS, st.randoms())
def test_the_order_of_the_chunks_does_not_matter(parts: list[tuple[int, int]], random: Random) -> None:
    chunks = [chunk(max(parts_), CN_ID_CARD=min(parts_)) for parts_ in parts]
    turned = list(chunks)
    random.shuffle(turned)
    assert kinds(*chunks) == kinds(*turned)


@given(PARTS)
def test_cells_and_counts_add_up(parts: list[tuple[int, int]]) -> None:
    [joined] = whole(chunk(max(each), CN_ID_CARD=min(each)) for each in parts)
    assert joined.cells == sum(max(each) for each in parts)
    assert joined.also.get("CN_ID_CARD", 0) == sum(min(each) for each in parts)
