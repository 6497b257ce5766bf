"""The analyzer: what the columns of a table hold, and what stands in free text. Built once a process.

Presidio's recognizers and NLP engine are the rules; the fast path applies them to whole columns. ``presidio`` is the
same set as a plain ``AnalyzerEngine``, which the tests compare with.
"""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.predefined_recognizers import SpacyRecognizer

from pipelines.classify import nlp
from pipelines.classify.cells import Cells, Ints, of_column, of_texts
from pipelines.classify.context import WindowContextEnhancer
from pipelines.classify.finder import Hits, find, hits_of, joined, resolved
from pipelines.classify.headers import strongest
from pipelines.classify.lac import SEGMENT, Word, tagger
from pipelines.classify.nlp import NAMED
from pipelines.classify.recognizers import RECOGNIZERS, registry
from pipelines.classify.shapes import CHINESE, ENGLISH
from pipelines.classify.votes import MOST, NOTE, ColumnProfile, Votes, decide, unsettled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipelines.classify.labels import EntityLabel

KINDS: Final = (*(kind.ENTITY for kind in RECOGNIZERS), *NAMED)
"""Entities by the number of their kind; the tagger's come last."""
FIRST_READ: Final = 32
"""Distinct cells of a column that the tagger reads first; most columns are settled by them."""
_WHOLE: Final = 0.6
"""A finding that covers this much of a cell is what the cell is."""
_HAN: Final = r"\p{Han}"


@dataclass(frozen=True, slots=True)
class Span:
    """An entity in a text. ``end`` is exclusive."""

    start: int
    end: int
    label: str
    score: float


class Analyzer:
    """Finds personal and enterprise information. Holds rules and weights, never cells."""

    engine: str = f"{nlp.NAME}+rules"
    """What ran: the tagger of names and the rules."""

    def __init__(self, labels: Mapping[str, EntityLabel], *, latest: int = 99991231) -> None:
        """Classify by ``labels`` (see ``labels.entity_labels``); no date after ``latest`` is one of birth.

        Raises:
            PolicyError: the tagger's weights can't be read.
        """
        self._labels = dict(labels)
        self._latest = latest
        self._recognizers = registry(latest=latest)
        self._tagger = tagger()

    def columns(
        self,
        frame: pd.DataFrame,
        *,
        hints: Mapping[str, str | None] | None = None,
        names: Mapping[str, Sequence[str]] | None = None,
        ner_cells: int | None = None,
    ) -> tuple[ColumnProfile, ...]:
        """Say what every column of a frame holds.

        ``hints`` are the kinds that a plan declares, ``names`` other names of a column (a plan's headers), and
        ``ner_cells`` the most distinct cells of a column that the tagger reads (None: all).
        """
        return self.decide(self.votes(frame, names=names, ner_cells=ner_cells), hints=hints, names=names)

    def decide(
        self,
        votes: Iterable[Votes],
        *,
        hints: Mapping[str, str | None] | None = None,
        names: Mapping[str, Sequence[str]] | None = None,
    ) -> tuple[ColumnProfile, ...]:
        """Say what columns hold from their votes."""
        hints, names = hints or {}, names or {}
        return tuple(decide(each, self._labels, names.get(each.name, ()), hints.get(each.name)) for each in votes)

    def votes(
        self,
        frame: pd.DataFrame,
        *,
        names: Mapping[str, Sequence[str]] | None = None,
        ner_cells: int | None = None,
        note_cells: int = FIRST_READ,
    ) -> tuple[Votes, ...]:
        """Count what the cells of every column say; votes of several chunks add up.

        ``note_cells`` are the distinct cells of a column of notes that the tagger reads, for ``also`` alone: what
        ``free_text`` reads in full.
        """
        names = names or {}
        blocks = [of_column(frame.iloc[:, at])[0] for at in range(frame.shape[1])]
        outer = [(str(name), *names.get(name, ())) for name in frame.columns]
        counted = [_counted(each, block, self._found(block, each)) for each, block in zip(outer, blocks, strict=True)]
        read = [0] * len(counted)
        for limit in (FIRST_READ, None):
            wanted = [
                _sample(block, read[at], limit, _most(outer[at], ner_cells, note_cells))
                if unsettled(counted[at], outer[at]) or _is_note(outer[at])
                else _NONE
                for at, block in enumerate(blocks)
            ]
            for at, vote in enumerate(self._tagged(blocks, wanted)):
                counted[at] = counted[at] + replace(vote, name=counted[at].name)
                read[at] += len(wanted[at])
        return tuple(counted)

    def spans(self, texts: Sequence[str], *, language: str = "auto") -> list[list[Span]]:
        """Return the entities in each text. ``auto``: names are read in texts with a Chinese character."""
        cells, places = of_texts(texts)
        hits = self._all(cells, names=language != nlp.ENGLISH)
        found = [
            Span(start, end, KINDS[kind], round(score, 4))
            for start, end, kind, score in zip(
                hits.start.tolist(), hits.end.tolist(), hits.kind.tolist(), hits.score.tolist(), strict=True
            )
        ]
        edges = np.searchsorted(hits.cell, np.arange(len(cells) + 1))
        return [found[edges[place] : edges[place + 1]] if place >= 0 else [] for place in places.tolist()]

    def free_text(self, column: pd.Series[str], *, names: bool = True) -> pd.DataFrame:
        """Return every entity in every cell of a column: row, entity, start, end, score; by row and start.

        ``names`` off leaves out what only the tagger finds (persons, places, organizations), which costs most.
        """
        cells, places = of_column(column)
        hits = self._all(cells, names=names)
        edges = np.searchsorted(hits.cell, np.arange(len(cells) + 1))
        count = np.diff(edges)
        rows = np.flatnonzero(places >= 0)
        own = places[rows]
        times = count[own]
        total = int(times.sum())
        at = np.repeat(edges[own] - np.cumsum(times) + times, times) + np.arange(total)
        return pd.DataFrame(
            {
                "row": column.index.to_numpy()[np.repeat(rows, times)],
                "entity": pd.Series(np.array(KINDS, dtype=object)[hits.kind[at]], dtype="str"),
                "start": hits.start[at],
                "end": hits.end[at],
                "score": hits.score[at],
            }
        )

    @functools.cached_property
    def presidio(self) -> AnalyzerEngine:
        """The same rules as Presidio runs them, one text at a time."""
        both = (nlp.CHINESE, nlp.ENGLISH)
        recognizers = [each for language in both for each in registry(language, latest=self._latest)]
        named = SpacyRecognizer(supported_language=nlp.CHINESE, supported_entities=list(NAMED))
        return AnalyzerEngine(
            registry=RecognizerRegistry(recognizers=[*recognizers, named], supported_languages=list(both)),
            nlp_engine=nlp.nlp_engine(),
            supported_languages=list(both),
            context_aware_enhancer=WindowContextEnhancer(),
        )

    def _found(self, cells: Cells, outer: Sequence[str]) -> Hits:
        return resolved(find(cells, self._recognizers, outer))

    def _all(self, cells: Cells, *, names: bool) -> Hits:
        parts = [find(cells, self._recognizers)]
        if names:
            chinese = _chinese(cells)
            for low in range(0, len(chinese), 4096):
                numbers = chinese[low : low + 4096]
                parts.append(_named(numbers, self._tagger.words(cells.texts(numbers))))
        return resolved(joined(parts), last=len(RECOGNIZERS))

    def _tagged(self, blocks: Sequence[Cells], wanted: Sequence[Ints]) -> list[Votes]:
        """Let the tagger read the wanted cells of all columns in one go."""
        texts = [text[:SEGMENT] for block, own in zip(blocks, wanted, strict=True) for text in block.texts(own)]
        words = iter(self._tagger.words(texts))
        spelled = iter(texts)
        votes = []
        for block, own in zip(blocks, wanted, strict=True):
            tagged: Counter[str] = Counter()
            within: Counter[str] = Counter()
            for weight in block.weights[own].tolist():
                text, read = next(spelled), next(words)
                tagged.update(dict.fromkeys(_verdict(text, read), weight))
                within.update(dict.fromkeys({entity for _, _, entity in nlp.names(read)}, weight))
            votes.append(Votes("", within=within, read=int(block.weights[own].sum()), tagged=tagged))
        return votes


_NONE: Final = np.empty(0, dtype=np.int64)


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


def _chinese(cells: Cells) -> Ints:
    wide = np.flatnonzero(cells.wide)
    return wide[cells.matching(_HAN, wide)] if len(wide) else wide


def _is_note(names: Sequence[str]) -> bool:
    said = strongest(names)
    return said is not None and said.key == NOTE


def _most(names: Sequence[str], ner_cells: int | None, note_cells: int) -> int | None:
    if not _is_note(names):
        return ner_cells
    return None if ner_cells is None else note_cells


def _sample(cells: Cells, done: int, limit: int | None, most: int | None) -> Ints:
    """Return distinct Chinese cells, spread evenly, that were not read before."""
    chinese = _chinese(cells)
    spread = chinese[np.argsort(np.arange(len(chinese)) * 0x9E3779B1 % (1 << 32), kind="stable")]
    ends = [end for end in (limit, most) if end is not None]
    return spread[done : min(ends)] if ends else spread[done:]


def _named(numbers: Ints, words: Sequence[Sequence[Word]]) -> Hits:
    spans, kinds = [], []
    for number, read in zip(numbers.tolist(), words, strict=True):
        for start, end, entity in nlp.names(read):
            spans.append((number, start, end, nlp.SCORE))
            kinds.append(KINDS.index(entity))
    return hits_of(spans, kinds)


def _verdict(text: str, words: Sequence[Word]) -> set[str]:
    """Say what kind of name a whole cell is, if any."""
    found = nlp.names(words)
    size = max(1, sum(not char.isspace() for char in text))
    covered = Counter[str]()
    for start, end, entity in found:
        covered[entity] += end - start
    if found and found[-1][2] == "ORGANIZATION" and (covered["ORGANIZATION"] + covered["LOCATION"]) / size >= _WHOLE:
        return {"ORGANIZATION"}
    return {entity for entity, least in (("PERSON", 0.75), ("LOCATION", 0.5)) if covered[entity] / size >= least}
