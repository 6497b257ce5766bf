"""Compare what was found with what an annotator marked: spans in texts, and the kinds of columns. Pure.

A span is (start, end, label), its end exclusive. Two ways of counting:

* strict: a finding is right if start, end and label are the annotator's.
* relaxed: a finding is right if it overlaps a marked span of its label; a marked span is found if a finding of its
  label overlaps it. So precision counts findings, recall counts marked spans.

Touching pieces of one place ("北京市" + "海淀区") are one place for both sides: where an address is cut is a convention
of the corpus. Not for reading files or running a detector.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Span = tuple[int, int, str]
"""Start, end (exclusive), label."""
LABELS: Final = {"PERSON": "PERSON", "ORGANIZATION": "ORGANIZATION", "LOCATION": "LOCATION"} | dict.fromkeys(
    ("ADDRESS", "ADDR_PART", "STREET_ADDRESS", "GPE"), "LOCATION"
)
"""What a corpus calls a kind of name, and what it is scored as. What else it marks and nobody finds is not scored."""
NOTHING: Final = "-"
"""Stands for "holds nothing personal" among the right answers of a column."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one label in one way of counting. Adding two joins two sets of texts."""

    found: int = 0
    """Findings."""
    right: int = 0
    """Findings that are right."""
    marked: int = 0
    """Spans that the annotator marked."""
    reached: int = 0
    """Marked spans that were found."""

    def __add__(self, other: Tally) -> Tally:
        """Join two sets of texts."""
        return Tally(
            self.found + other.found,
            self.right + other.right,
            self.marked + other.marked,
            self.reached + other.reached,
        )

    @property
    def precision(self) -> float:
        """Share of the findings that are right; 1 where nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the marked spans that were found; 1 where nothing is marked."""
        return self.reached / self.marked if self.marked else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class LabelScore:
    """How one label was found."""

    strict: Tally = Tally()
    relaxed: Tally = Tally()
    characters: int = 0
    """Characters inside marked spans."""
    covered: int = 0
    """Those of them that lie in a finding of the label."""

    def __add__(self, other: LabelScore) -> LabelScore:
        """Join two sets of texts."""
        return LabelScore(
            self.strict + other.strict,
            self.relaxed + other.relaxed,
            self.characters + other.characters,
            self.covered + other.covered,
        )

    @property
    def coverage(self) -> float:
        """Share of the marked characters that a finding covers; 1 where nothing is marked."""
        return self.covered / self.characters if self.characters else 1.0


def scored_spans(raw: Iterable[Mapping[str, object]], labels: Mapping[str, str] = LABELS) -> list[Span]:
    """Return the spans of one annotated or detected text that are scored, under the labels they are scored as."""
    spans = []
    for each in raw:
        label = labels.get(str(each["label"]))
        start, end = int(str(each["start"])), int(str(each["end"]))
        if label is not None and start < end:
            spans.append((start, end, label))
    return merged(spans)


def merged(spans: Iterable[Span], label: str = "LOCATION") -> list[Span]:
    """Join touching or overlapping spans of a label; return all spans in order, none twice."""
    done: list[Span] = []
    others = set()
    for start, end, own in sorted(set(spans)):
        if own != label:
            others.add((start, end, own))
        elif done and start <= done[-1][1]:
            done[-1] = (done[-1][0], max(end, done[-1][1]), label)
        else:
            done.append((start, end, label))
    return sorted([*done, *others])


def score_text(marked: Iterable[Span], found: Iterable[Span]) -> dict[str, LabelScore]:
    """Score one text; spans are taken as they are (see ``scored_spans``)."""
    marked, found = set(marked), set(found)
    scores = {}
    for label in {each[2] for each in marked | found}:
        gold = [each for each in marked if each[2] == label]
        ours = [each for each in found if each[2] == label]
        same = len(set(gold) & set(ours))
        inside = _characters(gold)
        scores[label] = LabelScore(
            strict=Tally(len(ours), same, len(gold), same),
            relaxed=Tally(
                len(ours),
                sum(any(_overlap(one, other) for other in gold) for one in ours),
                len(gold),
                sum(any(_overlap(one, other) for other in ours) for one in gold),
            ),
            characters=len(inside),
            covered=len(inside & _characters(ours)),
        )
    return scores


def score_texts(pairs: Iterable[tuple[Iterable[Span], Iterable[Span]]]) -> dict[str, LabelScore]:
    """Score many texts, each as what was marked in it and what was found; by label."""
    total: dict[str, LabelScore] = {}
    for marked, found in pairs:
        for label, score in score_text(marked, found).items():
            total[label] = total.get(label, LabelScore()) + score
    return dict(sorted(total.items()))


def column_right(answers: str, entity: str | None) -> bool:
    """Tell whether a column was told right; ``answers`` are one or more with bars between: ``SEX|-``."""
    return (entity or NOTHING) in answers.split("|")


def share(parts: int, whole: int) -> float:
    """Return a share; 1 of nothing."""
    return parts / whole if whole else 1.0


def wrong_kinds(pairs: Sequence[tuple[str, str | None]]) -> list[tuple[str, str, int]]:
    """Return what was asked, what was said instead, and how often; the most frequent first."""
    errors = Counter((answers, entity or NOTHING) for answers, entity in pairs if not column_right(answers, entity))
    return [(asked, said, count) for (asked, said), count in errors.most_common()]


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _characters(spans: Iterable[Span]) -> set[int]:
    return {at for start, end, _ in spans for at in range(start, end)}
