"""The scorecard of a run or a period: pass rates by dimension and the rules that fail most. Pure.

Not for the verdict on a row (:mod:`verdict`), and it knows nothing of Great Expectations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipelines.quality.verdict import Dimension, Score, Severity

WORST = 5
"""How many rules are named as the worst."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of judgements that passed; one judgement is one row met by one expectation."""

    evaluated: int
    failed: int

    @property
    def passed(self) -> float | None:
        """Return the share from 0 to 1; None where nothing was evaluated, which is no success."""
        return 1 - self.failed / self.evaluated if self.evaluated else None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON; the rate is cut (never rounded up) to six places, so 1.0 means that nothing failed."""
        rate = self.passed
        return {
            "evaluated": self.evaluated,
            "failed": self.failed,
            "pass_rate": None if rate is None else int(rate * 1_000_000) / 1_000_000,
        }


@dataclass(frozen=True, slots=True)
class Scorecard:
    """What a steward reads first."""

    overall: Rate
    dimensions: dict[Dimension, Rate]
    """Only the dimensions that have an expectation, in the order of the standard."""
    severities: dict[Severity, Rate]
    worst: tuple[Score, ...]
    """The rules that failed at all, most failing first."""
    scores: tuple[Score, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as one JSON object; holds counts and names of expectations only."""
        return {
            "overall": self.overall.as_json(),
            "dimensions": {dimension.value: rate.as_json() for dimension, rate in self.dimensions.items()},
            "severities": {severity.value: rate.as_json() for severity, rate in self.severities.items()},
            "worst": [score.id for score in self.worst],
            "expectations": [_score_json(score) for score in self.scores],
        }


def scorecard(scores: Iterable[Score]) -> Scorecard:
    """Draw up the scorecard of (merged) scores."""
    known = tuple(scores)
    failing = sorted((score for score in known if score.failed), key=lambda score: (score.pass_rate or 0.0, score.id))
    by_dimension = {each: [score for score in known if score.dimension is each] for each in Dimension}
    by_severity = {each: [score for score in known if score.severity is each] for each in Severity}
    return Scorecard(
        overall=_rate(known),
        dimensions={each: _rate(found) for each, found in by_dimension.items() if found},
        severities={each: _rate(found) for each, found in by_severity.items() if found},
        worst=tuple(failing[:WORST]),
        scores=known,
    )


def _rate(scores: Iterable[Score]) -> Rate:
    known = list(scores)
    return Rate(sum(score.evaluated for score in known), sum(score.failed for score in known))


def _score_json(score: Score) -> dict[str, Any]:
    return {
        "id": score.id,
        "column": score.column,
        "dimension": score.dimension.value,
        "severity": score.severity.value,
        **Rate(score.evaluated, score.failed).as_json(),
    }
