"""The analyzer: what the columns of a table hold, and what stands in free text. Built once a process.

Presidio's recognizers and NLP engine are the rules; the fast path applies them to whole columns. ``presidio`` is the
same set as a plain ``AnalyzerEngine``, which the tests compare with.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.predefined_recognizers import SpacyRecognizer

from pipelines.classify import nlp
from pipelines.classify.cells import Cells, Ints, of_column, of_texts
from pipelines.classify.columns import FIRST_READ, count
from pipelines.classify.context import WindowContextEnhancer
from pipelines.classify.finder import KINDS, Hits, find, hits_of, joined, resolved
from pipelines.classify.neighbours import seen_together
from pipelines.classify.ner import NAMED
from pipelines.classify.recognizers import RECOGNIZERS, registry
from pipelines.classify.votes import ColumnProfile, Votes, decide

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipelines.classify.labels import EntityLabel
    from pipelines.classify.ner import Entity

AT_ONCE: Final = 4096
"""Cells whose names are read together."""
AUTO: Final = "auto"
"""Each text is read by the tagger of its own language."""


@dataclass(frozen=True, slots=True)
class Span:
    """An entity in a text. ``end`` is exclusive."""

    start: int
    end: int
    label: str
    score: float


class Analyzer:
    """Finds personal and enterprise information. Holds rules and weights, never cells."""

    def __init__(self, labels: Mapping[str, EntityLabel], *, latest: int = 99991231) -> None:
        """Classify by ``labels`` (see ``labels.entity_labels``); no date after ``latest`` is one of birth.

        Raises:
            PolicyError: a tagger's weights can't be read.
        """
        self._labels = dict(labels)
        self._latest = latest
        self._recognizers = registry(latest=latest)
        self._taggers = nlp.taggers()

    @property
    def engine(self) -> str:
        """What ran: the taggers of names, and the rules."""
        return "+".join((*(tagger.name for tagger in self._taggers.values()), "rules"))

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
        hints, names, votes = hints or {}, names or {}, tuple(votes)
        profiles = [decide(each, self._labels, names.get(each.name, ()), hints.get(each.name)) for each in votes]
        declared = {name for name, hint in hints.items() if hint is not None}
        return seen_together(votes, profiles, self._labels, latest=self._latest, names=names, declared=declared)

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
        blocks = [of_column(frame.iloc[:, at]) for at in range(frame.shape[1])]
        outer = [(str(name), *names.get(name, ())) for name in frame.columns]
        hits = [resolved(find(cells, self._recognizers, own)) for (cells, _), own in zip(blocks, outer, strict=True)]
        return count(blocks, hits, outer, self._taggers, self._recognizers, ner_cells=ner_cells, note_cells=note_cells)

    def spans(self, texts: Sequence[str], *, language: str = AUTO) -> list[list[Span]]:
        """Return the entities in each text. Names are read by the tagger of ``language``; ``auto``: by each text's own."""
        cells, places = of_texts(texts)
        hits = self._all(cells, names=True, language=language)
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

    def _all(self, cells: Cells, *, names: bool, language: str = AUTO) -> Hits:
        parts = [find(cells, self._recognizers)]
        if names:
            wanted = nlp.readable(cells, self._taggers) if language == AUTO else np.arange(len(cells))
            for low in range(0, len(wanted), AT_ONCE):
                numbers = wanted[low : low + AT_ONCE]
                parts.append(_named(numbers, nlp.entities(cells.texts(numbers), self._taggers, language)))
        return resolved(joined(parts), last=len(RECOGNIZERS))


def _named(numbers: Ints, found: Sequence[Sequence[Entity]]) -> Hits:
    spans, kinds = [], []
    for number, entities in zip(numbers.tolist(), found, strict=True):
        for start, end, label in entities:
            spans.append((number, start, end, nlp.SCORE))
            kinds.append(KINDS.index(label))
    return hits_of(spans, kinds)
