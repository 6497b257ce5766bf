"""Count what the cells of a table's columns say: rules and shapes over every cell, the taggers where doubt is left.

Not for the decision, which is in ``votes``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.classify import nlp
from pipelines.classify.finder import KINDS
from pipelines.classify.headers import strongest
from pipelines.classify.ner import NAMED
from pipelines.classify.shapes import CHINESE, ENGLISH
from pipelines.classify.votes import MOST, NOTE, Votes, unsettled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelines.classify.cells import Cells, Ints
    from pipelines.classify.finder import Hits
    from pipelines.classify.ner import Entity, NameTagger

FIRST_READ: Final = 32
"""Distinct cells of a column that the tagger reads first; most columns are settled by them."""
LONGEST: Final = 96
"""Characters of a cell that the tagger reads to tell what its column holds."""
_WHOLE: Final = 0.6
"""A finding that covers this much of a cell is what the cell is."""
_NONE: Final = np.empty(0, dtype=np.int64)


def count(
    blocks: Sequence[Cells],
    hits: Sequence[Hits],
    outer: Sequence[Sequence[str]],
    taggers: Mapping[str, NameTagger],
    *,
    ner_cells: int | None,
    note_cells: int,
) -> tuple[Votes, ...]:
    """Count the votes of columns, from their cells, what the rules found in them, and their names.

    ``ner_cells`` are the most distinct cells of a column that a tagger reads (None: all), ``note_cells`` those of a
    column of notes.
    """
    counted = [_counted(*column) for column in zip(outer, blocks, hits, strict=True)]
    readable = [nlp.readable(block, taggers) for block in blocks]
    read = [0] * len(counted)
    for limit in (FIRST_READ, None):
        wanted = [
            _sample(readable[at], read[at], limit, _most(outer[at], ner_cells, note_cells))
            if unsettled(counted[at], outer[at]) or is_note(outer[at])
            else _NONE
            for at, block in enumerate(blocks)
        ]
        for at, vote in enumerate(_tagged(blocks, wanted, taggers)):
            counted[at] = counted[at] + replace(vote, name=counted[at].name)
            read[at] += len(wanted[at])
    return tuple(counted)


def is_note(names: Sequence[str]) -> bool:
    """Tell whether a column's names speak of free text."""
    said = strongest(names)
    return said is not None and said.key == NOTE


def _tagged(blocks: Sequence[Cells], wanted: Sequence[Ints], taggers: Mapping[str, NameTagger]) -> Iterator[Votes]:
    """Let the taggers read the wanted cells of all columns in one go."""
    texts = [text[:LONGEST] for block, own in zip(blocks, wanted, strict=True) for text in block.texts(own)]
    read = iter(zip(texts, nlp.entities(texts, taggers), strict=True))
    for block, own in zip(blocks, wanted, strict=True):
        tagged: Counter[str] = Counter()
        within: Counter[str] = Counter()
        for weight in block.weights[own].tolist():
            text, found = next(read)
            tagged.update(dict.fromkeys(_verdict(text, found), weight))
            within.update(dict.fromkeys({entity for _, _, entity in found}, weight))
        yield Votes("", within=within, read=int(block.weights[own].sum()), tagged=tagged)


def _counted(outer: Sequence[str], cells: Cells, hits: Hits) -> Votes:
    """Count the cells that hold and that are each entity; a cell counts once for each."""
    within: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    length = cells.lengths
    covers = (hits.end - hits.start) >= _WHOLE * length[hits.cell]
    for kind in np.unique(hits.kind).tolist():
        of_kind = hits.kind == kind
        within[KINDS[kind]] = int(cells.weights[np.unique(hits.cell[of_kind])].sum())
        whole[KINDS[kind]] = int(cells.weights[np.unique(hits.cell[of_kind & covers])].sum())
    digits = int(cells.weights[(cells.runs >= 3) | cells.holds(ord("*"))].sum())
    shaped = _shapes(cells, outer) if max(whole.values(), default=0) < MOST * cells.filled else Counter()
    return Votes(outer[0], cells.filled, within, whole, shaped, digits=digits)


def _shapes(cells: Cells, outer: Sequence[str]) -> Counter[str]:
    """Count the cells that look like what the column's names speak of; like any kind, where they are silent."""
    said = strongest(outer)
    kinds = ({said.key} & set(NAMED)) if said and (said.sure or said.key in {*NAMED, NOTE}) else set(NAMED)
    wide, plain = np.flatnonzero(cells.wide), np.flatnonzero(~cells.wide & cells.letters)
    counts: Counter[str] = Counter()
    for kind in sorted(kinds):
        for numbers, pattern in ((wide, CHINESE[kind]), (plain, ENGLISH[kind])):
            if len(numbers):
                counts[kind] += int(cells.weights[numbers[cells.matching(pattern, numbers)]].sum())
    return counts


def _most(names: Sequence[str], ner_cells: int | None, note_cells: int) -> int | None:
    if not is_note(names):
        return ner_cells
    return None if ner_cells is None else note_cells


def _sample(readable: Ints, done: int, limit: int | None, most: int | None) -> Ints:
    """Return some of the cells that a tagger can read, spread evenly, that were not read before."""
    spread = readable[np.argsort(np.arange(len(readable)) * 0x9E3779B1 % (1 << 32), kind="stable")]
    ends = [end for end in (limit, most) if end is not None]
    return spread[done : min(ends)] if ends else spread[done:]


def _verdict(text: str, found: Sequence[Entity]) -> set[str]:
    """Say what kind of name a whole cell is, if any."""
    size = max(1, sum(not char.isspace() for char in text))
    covered = Counter[str]()
    for start, end, entity in found:
        covered[entity] += end - start
    if found and found[-1][2] == "ORGANIZATION" and (covered["ORGANIZATION"] + covered["LOCATION"]) / size >= _WHOLE:
        return {"ORGANIZATION"}
    return {entity for entity, least in (("PERSON", 0.75), ("LOCATION", 0.5)) if covered[entity] / size >= least}
