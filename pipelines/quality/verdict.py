"""What a check found: rows and counts for each expectation, never a value. Pure.

Not for judging: :mod:`check` fills these, the ingest story acts on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.errors import PolicyError

Rows = npt.NDArray[np.int64]


class Dimension(StrEnum):
    """What an expectation measures (GB/T 36344-2018, indicators of data quality)."""

    CONFORMITY = "conformity"  # 规范性
    COMPLETENESS = "completeness"  # 完整性
    ACCURACY = "accuracy"  # 准确性
    CONSISTENCY = "consistency"  # 一致性
    TIMELINESS = "timeliness"  # 时效性
    ACCESSIBILITY = "accessibility"  # 可访问性
    UNIQUENESS = "uniqueness"  # 唯一性: 36344 counts it under accuracy; scorecards show it apart


class Severity(StrEnum):
    """What follows from a failure."""

    CRITICAL = "critical"  # the row is quarantined
    WARNING = "warning"  # the row is stored, the failure counted and shown to the steward
    INFO = "info"  # counted


@dataclass(frozen=True, slots=True)
class Score:
    """How one expectation fared."""

    id: str
    column: str
    dimension: Dimension
    severity: Severity
    evaluated: int
    """Rows it had something to say about: missing optional values are not among them."""
    failed: int

    @property
    def pass_rate(self) -> float | None:
        """Return the share of evaluated rows that passed; None where nothing was evaluated, which is no success."""
        return 1 - self.failed / self.evaluated if self.evaluated else None

    def __add__(self, other: Score) -> Score:
        """Join the scores of two chunks.

        Raises:
            PolicyError: the two are of different expectations, or the suite changed between the chunks.
        """
        if (self.id, self.column, self.dimension, self.severity) != (
            other.id,
            other.column,
            other.dimension,
            other.severity,
        ):
            message = f"expectation {self.id} changed during the run; run the ingestion again with one version of it"
            raise PolicyError(message)
        return Score(
            self.id,
            self.column,
            self.dimension,
            self.severity,
            self.evaluated + other.evaluated,
            self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one suite on one frame; holds row numbers and counts, no values."""

    failed: Mapping[str, Rows] = field(repr=False)
    """Expectation → numbers of all rows that failed it, ascending; every expectation of the suite is there."""
    scores: tuple[Score, ...]
    """In the order of the suite."""
    document: dict[str, Any] = field(repr=False)
    """The Great Expectations validation result as JSON, without anything taken from a row."""

    def failing(self, *severities: Severity) -> dict[str, Rows]:
        """Return the rows that failed each expectation of some severities: severity by severity, in suite order."""
        return {
            score.id: self.failed[score.id]
            for severity in severities
            for score in self.scores
            if score.severity is severity
        }

    def critical_rows(self) -> dict[int, tuple[str, ...]]:
        """Map each row that may not be stored to the critical expectations it failed, in suite order."""
        return rules_by_row(self.failing(Severity.CRITICAL))


def rules_by_row(failed: Mapping[str, Rows]) -> dict[int, tuple[str, ...]]:
    """Turn rows by rule into rules by row, rows ascending and rules in the order given.

    Few combinations of rules occur, however many rows break them: each is put into words once.
    """
    names = np.array([*failed, ""], dtype=object)[:-1]
    rows, place = np.unique(np.concatenate([*failed.values(), np.empty(0, np.int64)]), return_inverse=True)
    broken = np.zeros((len(rows), len(names)), dtype=np.bool_)
    broken[place, np.repeat(np.arange(len(names)), [len(each) for each in failed.values()])] = True
    packed = np.packbits(broken, axis=1)
    _, first, kind = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    told = [tuple(names[broken[row]]) for row in first.tolist()]
    return dict(zip(rows.tolist(), map(told.__getitem__, kind.ravel().tolist()), strict=True))


def merge(verdicts: Iterable[Verdict]) -> tuple[Score, ...]:
    """Add up the scores of a run's chunks, in suite order.

    Raises:
        PolicyError: the chunks were not checked with the same suite.
    """
    totals: dict[str, Score] = {}
    for verdict in verdicts:
        for score in verdict.scores:
            totals[score.id] = totals[score.id] + score if score.id in totals else score
    return tuple(totals.values())
