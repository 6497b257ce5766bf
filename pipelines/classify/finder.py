"""The fast path: every recognizer over every distinct cell, all at once. Same findings as Presidio, cell by cell.

Three steps for a recognizer: its gate drops the cells that cannot match; cells that can only be one value or none are
judged as a byte matrix; what is left is joined, with a character between that folding removes, and read by the recognizer's own patterns in one go.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import regex

from pipelines.classify.context import BOOST, LEAST, boosted, named, supported
from pipelines.classify.folding import SEPARATOR
from pipelines.classify.ner import NAMED
from pipelines.classify.recognizers import FLAGS, RECOGNIZERS, THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.classify.cells import Cells, Ints
    from pipelines.classify.recognizers import FoldedRecognizer

KINDS: Final = (*(kind.ENTITY for kind in RECOGNIZERS), *NAMED)
"""Entities by the number of their kind; names come last."""
Span = tuple[int, int, int, float]
"""Cell, start, end, score."""
CERTAIN: Final = 1.0


@dataclass(frozen=True, slots=True)
class Hits:
    """Findings in numbered cells. ``kind`` numbers the recognizers, most specific first."""

    cell: Ints
    start: Ints
    end: Ints
    score: npt.NDArray[np.float64]
    kind: Ints

    def __len__(self) -> int:
        """Count the findings."""
        return len(self.cell)

    def take(self, which: npt.NDArray[np.bool_] | Ints) -> Hits:
        """Return some of the findings."""
        return Hits(self.cell[which], self.start[which], self.end[which], self.score[which], self.kind[which])


def hits_of(spans: Sequence[Span], kind: int | Sequence[int]) -> Hits:
    """Gather findings, of one kind or of each its own."""
    cell, start, end, score = zip(*spans, strict=True) if spans else ((), (), (), ())
    kinds = np.full(len(spans), kind) if isinstance(kind, int) else np.array(kind)
    places = [np.array(part, dtype=np.int64) for part in (cell, start, end)]
    return Hits(places[0], places[1], places[2], np.array(score, dtype=np.float64), kinds.astype(np.int64))


def joined(parts: Sequence[Hits]) -> Hits:
    """Put findings together."""
    columns = ("cell", "start", "end", "score", "kind")
    return Hits(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))


def find(cells: Cells, recognizers: Sequence[FoldedRecognizer], outer: Sequence[str] = ()) -> Hits:
    """Return every recognizer's findings in the cells of a column whose names are ``outer``, overlaps and all."""
    return joined([hits_of([], 0), *(_found(cells, kind, each, outer) for kind, each in enumerate(recognizers))])


def resolved(hits: Hits, *, last: int = 1 << 15) -> Hits:
    """Drop findings that overlap a better one: by score, then the more specific, then the longer, then the earlier.

    Kinds from ``last`` on (names) give way to all others.
    """
    order = np.lexsort((hits.start, hits.start - hits.end, hits.kind, -hits.score, hits.kind >= last, hits.cell))
    hits = hits.take(order)
    alone = np.ones(len(hits), dtype=bool)
    same = hits.cell[1:] == hits.cell[:-1]
    alone[1:] &= ~same
    alone[:-1] &= ~same
    keep = alone.copy()
    taken: list[tuple[int, int]] = []
    mask = bytearray(int(hits.end.max(initial=0)))  # of the cell's characters: a cell may hold 100,000 findings
    previous = -1
    crowd = np.flatnonzero(~alone)
    for at, cell, start, end in zip(
        crowd.tolist(), hits.cell[crowd].tolist(), hits.start[crowd].tolist(), hits.end[crowd].tolist(), strict=True
    ):
        if cell != previous:
            for low, high in taken:
                mask[low:high] = bytes(high - low)
            taken, previous = [], cell
        if mask.find(1, start, end) < 0:
            mask[start:end] = b"\1" * (end - start)
            taken.append((start, end))
            keep[at] = True
    kept = hits.take(keep)
    return kept.take(np.lexsort((kept.start, kept.cell)))


@functools.cache
def _any_of(words: tuple[str, ...]) -> str:
    return "(?i:" + "|".join(regex.escape(word) for word in words) + ")"


def _found(cells: Cells, kind: int, recognizer: FoldedRecognizer, outer: Sequence[str]) -> Hits:
    headed = named(outer, recognizer.CONTEXT)
    numbers = cells.passing(recognizer.GATE)
    if recognizer.CONTEXT_ONLY and not headed and len(numbers):
        numbers = numbers[cells.matching(_any_of(recognizer.CONTEXT), numbers)]
    if not len(numbers):
        return hits_of([], kind)
    handled, scores = recognizer.whole(cells, numbers)
    if headed:
        scores = np.where(scores > 0, np.minimum(np.maximum(scores + BOOST, LEAST), CERTAIN), 0.0)
    good = scores >= THRESHOLD
    own = handled[good]
    whole = Hits(own, np.zeros_like(own), cells.sizes[own], scores[good], np.full(len(own), kind))
    rest = np.setdiff1d(numbers, handled, assume_unique=True)
    return joined([whole, hits_of(_read(cells, rest, recognizer, headed=headed), kind)])


def _read(cells: Cells, numbers: Ints, recognizer: FoldedRecognizer, *, headed: bool) -> list[Span]:
    """Read the numbered cells with the recognizer's patterns, as Presidio would each by itself."""
    if not len(numbers):
        return []
    texts = cells.texts(numbers)
    text = SEPARATOR.join(texts)
    starts = np.cumsum([0, *(len(part) + 1 for part in texts[:-1])])
    words = tuple(word.casefold() for word in recognizer.CONTEXT)
    kept = _outermost(_matches(text, recognizer))
    places = np.searchsorted(starts, [start for start, _, _ in kept], side="right") - 1
    spans: list[Span] = []
    for place, (start, end, base) in zip(places.tolist(), kept, strict=True):
        local = start - int(starts[place])
        score = boosted(base) if headed or (local and supported(texts[place], local, words)) else base
        if score >= THRESHOLD:
            spans.append((int(numbers[place]), local, local + end - start, score))
    return spans


def _matches(text: str, recognizer: FoldedRecognizer) -> dict[tuple[int, int], float]:
    best: dict[tuple[int, int], float] = {}
    validate = recognizer.validate_result
    for pattern in sorted(recognizer.PATTERNS, key=lambda each: -each.score):
        for match in regex.compile(pattern.regex, FLAGS).finditer(text):
            span = match.span()
            if span not in best:
                verdict = validate(match[0])
                if verdict is not False:
                    best[span] = CERTAIN if verdict else pattern.score
    return best


def _outermost(best: dict[tuple[int, int], float]) -> list[tuple[int, int, float]]:
    """Drop spans inside another one of equal or higher score, as Presidio does before it looks at context."""
    kept: list[tuple[int, int, float]] = []
    active: list[tuple[int, int, float]] = []
    for (start, end), score in sorted(best.items(), key=lambda item: (item[0][0], -item[0][1])):
        active = [other for other in active if other[1] >= start]
        if not any(end <= other[1] and score <= other[2] for other in active):
            active.append((start, end, score))
            kept.append((start, end, score))
    return kept
