"""Count what the cells of a table's columns say: rules and shapes over every cell, the taggers where doubt is left.

Not for the decision, which is in ``votes`` and ``neighbours``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.classify import dates, nlp
from pipelines.classify.closed import listed
from pipelines.classify.finder import KINDS, find
from pipelines.classify.headers import other_date, strongest
from pipelines.classify.ner import NAMED
from pipelines.classify.ner.bare_english import kind_of
from pipelines.classify.shapes import CHINESE, COMPANY_FORM, DEPARTMENT, DIALLED, ENGLISH, NOT_DIALLED, TITLE
from pipelines.classify.votes import CHECKED, CLOSED, FIRMS, KNOWN, MOST, NAME_OF, NOTE, TAGGED, Votes, unsettled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.classify.cells import Cells, Ints, Mask
    from pipelines.classify.finder import Hits
    from pipelines.classify.ner import Entity, NameTagger
    from pipelines.classify.recognizers import FoldedRecognizer

FIRST_READ: Final = 32
"""Distinct cells of a column that the tagger reads first; most columns are settled by them."""
LONGEST: Final = 96
"""Characters of a cell that the tagger reads to tell what its column holds."""
PHONE: Final = "PHONE_NUMBER"
_WHOLE: Final = 0.6
"""A finding that covers this much of a cell is what the cell is."""
_SPACE: Final = ord(" ")
_ABBREVIATED: Final = 3
"""Capitals that are no name but a code, as of a country."""
_FEW: Final = 64
"""Distinct cells that are tried before all are."""
_NONE: Final = np.empty(0, dtype=np.int64)


@dataclass(slots=True)
class Column:
    """A column while it is being counted. Holds customer information."""

    names: Sequence[str]
    cells: Cells
    rows: Ints
    """The number of each row's cell, or -1."""
    readable: Ints
    """The cells that a tagger reads, spread evenly."""
    looks: dict[str, Mask]
    """Kind of name → which cells look like one."""
    votes: Votes
    days: Ints | None = None
    """For a column of dates, the day that each cell means."""
    done: int = 0
    """Cells that a tagger has read."""

    def take(self, limit: int | None, most: int | None) -> Ints:
        """Return the cells that a tagger shall read next, if any."""
        if not (is_note(self.names) or unsettled(self.votes, self.names)):
            return _NONE
        ends = [end for end in (limit, most) if end is not None]
        taken = self.readable[self.done : min(ends)] if ends else self.readable[self.done :]
        self.done += len(taken)
        return taken


def count(
    blocks: Sequence[tuple[Cells, Ints]],
    hits: Sequence[Hits],
    outer: Sequence[Sequence[str]],
    taggers: Mapping[str, NameTagger],
    recognizers: Sequence[FoldedRecognizer],
    *,
    ner_cells: int | None,
    note_cells: int,
) -> tuple[Votes, ...]:
    """Count the votes of columns, from their cells and rows, what the rules found in them, and their names.

    ``ner_cells`` are the most distinct cells of a column that a tagger reads (None: all), ``note_cells`` those of a
    column of notes.
    """
    columns = [
        _column(names, cells, rows, found, taggers, recognizers)
        for names, (cells, rows), found in zip(outer, blocks, hits, strict=True)
    ]
    for limit in (FIRST_READ, None):
        wanted = [
            column.take(
                limit, min(note_cells, ner_cells) if ner_cells is not None and is_note(column.names) else ner_cells
            )
            for column in columns
        ]
        _tag(columns, wanted, taggers)
    _pair(columns)
    return tuple(column.votes for column in columns)


def is_note(names: Sequence[str]) -> bool:
    """Tell whether a column's names speak of free text."""
    said = strongest(names)
    return said is not None and said.key == NOTE


def _column(
    names: Sequence[str],
    cells: Cells,
    rows: Ints,
    hits: Hits,
    taggers: Mapping[str, NameTagger],
    recognizers: Sequence[FoldedRecognizer],
) -> Column:
    votes = _counted(names, cells, hits)
    readable = _readable(cells, taggers)
    votes = replace(votes, different=len(cells), legible=int(cells.weights[readable].sum()))
    column = Column(names, cells, rows, _spread(readable), {}, votes)
    best = max(votes.whole, key=votes.whole.__getitem__, default=None)
    if best is not None and votes.share(best) >= MOST:
        return column
    column.looks = _looks(cells, names)
    likely = best if best is not None and votes.share(best) >= KNOWN else _likely(cells)
    found = None if other_date(names) else dates.dates_of(cells)
    column.days = found.days if found else None
    column.votes = replace(
        votes,
        shaped=Counter({kind: int(cells.weights[mask].sum()) for kind, mask in column.looks.items() if mask.any()}),
        listed=_listed(cells),
        years=found.years if found else Counter(),
        weak=_weak(cells, likely, recognizers) if likely else Counter(),
    )
    return column


def _counted(names: Sequence[str], cells: Cells, hits: Hits) -> Votes:
    """Count the cells that hold and that are each entity; a cell counts once for each."""
    within: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    covers = _covers(cells, hits)
    for kind in np.unique(hits.kind).tolist():
        of_kind = hits.kind == kind
        within[KINDS[kind]] = int(cells.weights[np.unique(hits.cell[of_kind])].sum())
        whole[KINDS[kind]] = int(cells.weights[np.unique(hits.cell[of_kind & covers])].sum())
    digits = int(cells.weights[(cells.runs >= 3) | cells.holds(ord("*"))].sum())
    return Votes(names[0], cells.filled, within, whole, digits=digits)


def _covers(cells: Cells, hits: Hits) -> Mask:
    """Tell which findings are all that is in their cells."""
    covers: Mask = (hits.end - hits.start) >= _WHOLE * cells.lengths[hits.cell]
    return covers


def _looks(cells: Cells, names: Sequence[str]) -> dict[str, Mask]:
    """Tell which cells look like what the column's names speak of; like any kind of name, where they are silent."""
    said = strongest(names)
    own = {NAME_OF[said.key]} if said and said.key in NAME_OF else set()
    kinds = own if said and (said.sure or said.key == NOTE) else set(NAMED)
    wide, plain = np.flatnonzero(cells.wide), np.flatnonzero(~cells.wide & cells.letters)
    looks = {kind: np.zeros(len(cells), dtype=np.bool_) for kind in sorted(kinds)}
    for kind, mask in looks.items():
        for numbers, pattern in ((wide, CHINESE[kind]), (plain, ENGLISH[kind])):
            if len(numbers):
                mask[numbers] = cells.matching(pattern, numbers)
    return looks


def _likely(cells: Cells) -> str | None:
    """Return what cells of one size may be that have a check digit, and nothing else to tell them by."""
    sized = cells.plain(len("490154203237518")) & cells.solid & ~cells.letters
    return CHECKED if int(cells.weights[sized].sum()) >= CLOSED * cells.filled > 0 else None


def _weak(cells: Cells, entity: str, recognizers: Sequence[FoldedRecognizer]) -> Counter[str]:
    """Count the cells that are an entity, or would be if the column's name said so."""
    own = recognizers[KINDS.index(entity)]
    hits = find(cells, [own], own.CONTEXT[:1])
    mask = np.zeros(len(cells), dtype=np.bool_)
    mask[hits.cell[_covers(cells, hits)]] = True
    if entity == PHONE:
        mask |= _dialled(cells)
    return Counter({entity: int(cells.weights[mask].sum())})


def _dialled(cells: Cells) -> Mask:
    """Tell which cells are written as telephone numbers are, of any country, and as nothing else is."""
    mask = (cells.runs >= 6) & (cells.runs <= 15)
    numbers = np.flatnonzero(mask)
    if len(numbers):
        mask[numbers] = cells.matching(DIALLED, numbers) & ~cells.matching(NOT_DIALLED, numbers)
    return mask


def _listed(cells: Cells) -> Counter[str]:
    """Count the cells that are a word of a closed set, where many are."""
    if len(cells) > _FEW:
        some = np.arange(0, len(cells), len(cells) // _FEW)
        if max(listed(cells, some).values(), default=0) < MOST * int(cells.weights[some].sum()):
            return Counter()
    return listed(cells)


def _readable(cells: Cells, taggers: Mapping[str, NameTagger]) -> Ints:
    """Return the cells that a tagger can make something of: words, and no codes."""
    readable = nlp.readable(cells, taggers)
    codes = ~cells.han & (cells.runs > 0) & ~cells.holds(_SPACE)
    left = readable[~codes[readable]]
    short = left[cells.solid[left] & (cells.sizes[left] <= _ABBREVIATED)]
    return np.setdiff1d(left, short[cells.matching("^[A-Z]+$", short)], assume_unique=True) if len(short) else left


def _spread(numbers: Ints) -> Ints:
    """Return cells in an order in which the first ones are spread evenly over the column."""
    return numbers[np.argsort(np.arange(len(numbers)) * 0x9E3779B1 % (1 << 32), kind="stable")]


def _tag(columns: Sequence[Column], wanted: Sequence[Ints], taggers: Mapping[str, NameTagger]) -> None:
    """Let the taggers read the wanted cells of all columns in one go."""
    texts = [_texts(column, own) for column, own in zip(columns, wanted, strict=True)]
    read = iter(nlp.entities([text for own in texts for text in own], taggers))
    for column, own, shown in zip(columns, wanted, texts, strict=True):
        if len(own):
            found = [next(read) for _ in shown]
            column.votes = column.votes + _verdicts(column, own, shown, found)


def _texts(column: Column, numbers: Ints) -> list[str]:
    """Return cells as a tagger shall read them: a name that is written small gets its capitals."""
    texts = [text[:LONGEST] for text in column.cells.texts(numbers)]
    if is_note(column.names):
        return texts
    return [text.title() if text.islower() and not nlp.HAN.search(text) else text for text in texts]


def _verdicts(column: Column, numbers: Ints, texts: Sequence[str], found: Sequence[Sequence[Entity]]) -> Votes:
    """Count what the taggers say of some cells."""
    weights = column.cells.weights[numbers].tolist()
    tagged, within, beyond, bare = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    unknown: list[tuple[str, int]] = []
    for number, weight, text, entities in zip(numbers.tolist(), weights, texts, found, strict=True):
        kinds = _verdict(text, entities)
        tagged.update(dict.fromkeys(kinds, weight))
        beyond.update({kind: weight for kind in kinds if kind in column.looks and not column.looks[kind][number]})
        within.update(dict.fromkeys({entity for _, _, entity in entities}, weight))
        if not kinds and not nlp.HAN.search(text):
            unknown.append((text, weight))
    read = sum(weights)
    if FIRMS * read <= tagged["ORGANIZATION"] < TAGGED * read:
        for kind, (_, weight) in zip(kind_of([text for text, _ in unknown]), unknown, strict=True):
            bare.update({kind: weight} if kind else {})
    return Votes(column.votes.name, within=within, read=read, tagged=tagged, beyond=beyond, bare=bare)


def _pair(columns: Sequence[Column]) -> None:
    """Count the rows in which a date is the date of birth in the identity number beside it."""
    dated = [(column, column.days) for column in columns if column.days is not None]
    if not dated:
        return
    for other in columns:
        if other.votes.share("CN_ID_CARD") >= MOST:
            births = dates.births_of(other.cells)
            for column, days in dated:
                beside, born = dates.paired(days, column.rows, births, other.rows)
                column.votes = replace(column.votes, beside=column.votes.beside + beside, born=column.votes.born + born)


def _verdict(text: str, found: Sequence[Entity]) -> set[str]:
    """Say what kind of name a whole cell is, if any."""
    size = max(1, sum(not char.isspace() for char in TITLE.sub("", text)))
    if COMPANY_FORM.fullmatch(text) or DEPARTMENT.fullmatch(text):
        return set()  # "limited company" names none
    covered = Counter[str]()
    for start, end, entity in found:
        covered[entity] += end - start
    if found and found[-1][2] == "ORGANIZATION" and (covered["ORGANIZATION"] + covered["LOCATION"]) / size >= _WHOLE:
        return {"ORGANIZATION"}
    return {entity for entity, least in (("PERSON", 0.75), ("LOCATION", 0.5)) if covered[entity] / size >= least}
