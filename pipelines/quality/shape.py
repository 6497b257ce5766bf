"""What a batch looks like from afar: rows, missing cells, and how often each word of a closed set occurs.

A word is counted only where the suite or the policy names it; whatever else a cell holds is ``other``, so no customer's
value is kept. Not for judging whether a batch looks unusual: that is :mod:`drift`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.quality.suite import Suite

MANY = 60
"""A set of more words than these is a reference table: its shares would be many and small, and tell nothing."""
NOTICE = "consent_notice"


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field of a batch or run."""

    field: str
    rows: int
    missing: int
    words: Mapping[str, int] | None = None
    """Word of the closed set → rows; None where the field has no closed set."""

    @property
    def other(self) -> int:
        """Count the cells that hold something outside the closed set."""
        return self.rows - self.missing - sum((self.words or {}).values())

    def __add__(self, more: FieldShape) -> FieldShape:
        """Join two chunks; a set that only one of them knows is counted as far as it is known."""
        words = None
        if self.words is not None or more.words is not None:
            left, right = self.words or {}, more.words or {}
            words = {word: left.get(word, 0) + right.get(word, 0) for word in {**left, **right}}
        return FieldShape(self.field, self.rows + more.rows, self.missing + more.missing, words)


def closed_sets(suite: Suite, notices: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Name the words of each field whose words are few and known beforehand."""
    listed = ((rule.column, rule.given["values"]) for rule in suite.rules if rule.expect == "one_of")
    found = {column: tuple(map(str, words)) for column, words in listed if len(words) <= MANY}
    return {**found, NOTICE: tuple(notices)}


def shapes(frames: Sequence[pd.DataFrame], closed: Mapping[str, Sequence[str]]) -> tuple[FieldShape, ...]:
    """Look at all rows of a batch, column by column; the frames have the same columns."""
    found: dict[str, FieldShape] = {}
    for frame in frames:
        for name in frame.columns:
            one = _shape(frame[name], closed.get(name))
            found[name] = found[name] + one if name in found else one
    return tuple(found.values())


def _shape(column: pd.Series[str], words: Sequence[str] | None) -> FieldShape:
    counted = None
    if words is not None:
        counts = column.value_counts()
        counted = {str(word): int(rows) for word, rows in counts.reindex(list(words), fill_value=0).items() if rows}
    return FieldShape(str(column.name), len(column), int(column.isna().sum()), counted)
