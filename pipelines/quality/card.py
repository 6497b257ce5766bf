"""The scorecard that people read: of a batch, a plan, a department or a month; as it arrived, and as it is now. Pure.

A failure is settled when a steward has corrected, accepted or rejected its row; the score *now* counts the rest. For what
one run scored without any of that, :mod:`scorecard` is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pipelines.quality.drift import Drift, Sign
from pipelines.quality.drift_words import sentence
from pipelines.quality.turning import turn
from pipelines.quality.verdict import Dimension, Severity


@dataclass(frozen=True, slots=True)
class Standing:
    """How many judgements there were, how many failed, and how many of those are settled."""

    evaluated: int = 0
    failed: int = 0
    settled: int = 0

    @property
    def arrived(self) -> float | None:
        """Return the score as it arrived, from 0 to 1; None where nothing was judged, which is no success."""
        return 1 - self.failed / self.evaluated if self.evaluated else None

    @property
    def now(self) -> float | None:
        """Return the score now."""
        return 1 - self.open / self.evaluated if self.evaluated else None

    @property
    def open(self) -> int:
        """Count the failures that nobody settled."""
        return self.failed - self.settled

    def __add__(self, other: Standing) -> Standing:
        """Join two."""
        return Standing(self.evaluated + other.evaluated, self.failed + other.failed, self.settled + other.settled)

    def as_json(self) -> dict[str, Any]:
        """Return counts and scores; a score is cut (never rounded up) to six places, so 1.0 means that nothing failed."""
        return {
            "evaluated": self.evaluated, "failed": self.failed, "settled": self.settled,
            "arrived": _cut(self.arrived), "now": _cut(self.now),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class RuleStanding:
    """How one rule stands."""

    plan: str
    rule: str
    field: str
    dimension: Dimension
    severity: Severity
    zh: str
    en: str
    standing: Standing
    since: date | None = None
    """First day of the streak in which it failed whenever it was asked; None where it does not fail now."""
    waiting: int = 0
    """Rows in quarantine that broke it."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "plan": self.plan, "id": self.rule, "column": self.field, "dimension": self.dimension.value,
            "severity": self.severity.value, "zh": self.zh, "en": self.en, **self.standing.as_json(),
            "since": self.since and self.since.isoformat(), "waiting": self.waiting,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trend:
    """A score over days or runs."""

    points: tuple[tuple[str, Standing], ...]
    """(ISO day or name of a run, what it scored), oldest first."""
    when: Mapping[str, datetime] = field(default_factory=dict)
    """When each run came."""

    @property
    def turned(self) -> str | None:
        """Name the point at which the score, as it arrived, turned to another level."""
        place = turn([standing.arrived for _, standing in self.points])
        return None if place is None else self.points[place][0]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "points": [{"at": label, **standing.as_json()} for label, standing in self.points],
            "turned": self.turned,
        }


@dataclass(frozen=True, slots=True)
class Rows:
    """What became of rows."""

    arrived: int = 0
    refused: int = 0
    quarantined: int = 0
    stored: int = 0

    def __add__(self, other: Rows) -> Rows:
        """Join two."""
        return Rows(
            self.arrived + other.arrived, self.refused + other.refused,
            self.quarantined + other.quarantined, self.stored + other.stored,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sla:
    """How fast quarantined rows are decided; the plans say within how many days."""

    waiting: int = 0
    overdue: int = 0
    middle_days: float | None = None
    """Age of the middle one of the waiting rows, in days; of several plans the oldest middle."""
    decided: int = 0
    in_time: int = 0

    @property
    def share(self) -> float | None:
        """Return the share of decisions that came in time; None where none was made."""
        return self.in_time / self.decided if self.decided else None

    def __add__(self, other: Sla) -> Sla:
        """Join two plans."""
        ages = [age for age in (self.middle_days, other.middle_days) if age is not None]
        return Sla(
            self.waiting + other.waiting, self.overdue + other.overdue, max(ages, default=None),
            self.decided + other.decided, self.in_time + other.in_time,
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "waiting": self.waiting, "overdue": self.overdue,
            "middle_days": None if self.middle_days is None else round(self.middle_days, 2),
            "decided": self.decided, "in_time": self.in_time, "share": _cut(self.share),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One plan of a card."""

    plan: str
    title: Mapping[str, str]
    overall: Standing
    dimensions: Mapping[Dimension, Standing]
    trend: Trend
    rows: Rows
    sla: Sla

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON; the trend of each plan is its own card's."""
        return {
            "plan": self.plan, "title": dict(self.title), "overall": self.overall.as_json(),
            "dimensions": {each.value: standing.as_json() for each, standing in self.dimensions.items()},
            "turned": self.trend.turned, "rows": _plain(self.rows), "sla": self.sla.as_json(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """The scorecard."""

    kind: str
    """``batch``, ``plan``, ``department``, ``month`` or ``all``."""
    name: str
    first: date | None
    last: date | None
    """The days that it counts, both included; None where there is none."""
    overall: Standing
    dimensions: Mapping[Dimension, Standing]
    """In the order of the standard; only those that were judged."""
    severities: Mapping[Severity, Standing]
    trend: Trend
    rules: tuple[RuleStanding, ...]
    """All rules, the worst first."""
    rows: Rows
    sla: Sla
    parts: tuple[Part, ...] = ()
    """The plans that it is about."""
    drifts: Mapping[str, tuple[Drift, ...]] = field(default_factory=dict)
    """Plan → how its last run (or this one) compares with those before it; of several plans only what is not steady."""

    batch: int | None = None
    """The number of the one chunk that a run came in."""

    @property
    def worst(self) -> tuple[RuleStanding, ...]:
        """Return the rules that fail at all, the worst first."""
        return tuple(rule for rule in self.rules if rule.standing.failed or rule.waiting)

    @property
    def unlike(self) -> int:
        """Count what is unlike earlier deliveries."""
        return sum(each.sign in {Sign.INFO, Sign.WARNING} for found in self.drifts.values() for each in found)

    @property
    def untold(self) -> int:
        """Count the plans of which too few deliveries are known to say that."""
        unknown = [any(each.sign is Sign.UNKNOWN for each in found) for found in self.drifts.values()]
        return sum(unknown)

    def as_json(self) -> dict[str, Any]:
        """Return it as one JSON object; counts, names and words of the policy only."""
        return {
            "kind": self.kind, "name": self.name,
            "first": self.first and self.first.isoformat(), "last": self.last and self.last.isoformat(),
            "overall": self.overall.as_json(),
            "dimensions": {each.value: standing.as_json() for each, standing in self.dimensions.items()},
            "severities": {each.value: standing.as_json() for each, standing in self.severities.items()},
            "trend": self.trend.as_json(), "rules": [rule.as_json() for rule in self.rules], "rows": _plain(self.rows),
            "sla": self.sla.as_json(), "plans": [part.as_json() for part in self.parts],
            "drift": [{"plan": plan, **drift_json(each)} for plan, found in self.drifts.items() for each in found],
        }  # fmt: skip


def dimensions(rules: Iterable[RuleStanding]) -> dict[Dimension, Standing]:
    """Add rules up by what they measure, in the order of the standard."""
    known = list(rules)
    found = {each: total(rule.standing for rule in known if rule.dimension is each) for each in Dimension}
    return {each: standing for each, standing in found.items() if any(rule.dimension is each for rule in known)}


def severities(rules: Iterable[RuleStanding]) -> dict[Severity, Standing]:
    """Add rules up by what follows from them."""
    known = list(rules)
    return {each: total(rule.standing for rule in known if rule.severity is each) for each in Severity}


def total(standings: Iterable[Standing]) -> Standing:
    """Add standings up."""
    return sum(standings, Standing())


def ranked(rules: Iterable[RuleStanding]) -> tuple[RuleStanding, ...]:
    """Order rules: those that rows wait for first, then by what follows from them, by waiting rows and open failures."""
    gravity = {severity: place for place, severity in enumerate(Severity)}
    return tuple(
        sorted(
            rules,
            key=lambda rule: (
                rule.waiting == 0, gravity[rule.severity], -rule.waiting, -rule.standing.open,
                -rule.standing.failed, rule.plan, rule.rule,
            ),
        )
    )  # fmt: skip


def drift_json(found: Drift) -> dict[str, Any]:
    """Return a comparison as JSON, with its sentence in both languages."""
    return {
        "measure": found.measure.value, "field": found.field, "sign": found.sign.value, "value": _cut(found.value),
        "low": _cut(found.low), "high": _cut(found.high), "runs": found.runs,
        "zh": sentence(found, "zh"), "en": sentence(found, "en"),
    }  # fmt: skip


def _plain(rows: Rows) -> dict[str, int]:
    return {"arrived": rows.arrived, "refused": rows.refused, "quarantined": rows.quarantined, "stored": rows.stored}


def _cut(value: float | None) -> float | None:
    return None if value is None else int(value * 1_000_000) / 1_000_000


COLUMNS = (
    "card", "name", "plan", "level", "id", "dimension", "severity", "sentence_zh", "sentence_en", "evaluated", "failed",
    "settled", "arrived", "now", "since", "waiting",
)  # fmt: skip


def table(card: Card) -> list[Sequence[object]]:
    """Lay a card out as rows under COLUMNS: the whole, each dimension, each plan, each rule."""
    scope = (card.kind, card.name)
    lines: list[Sequence[object]] = [(*scope, "", "overall", "", "", "", "", "", *_figures(card.overall), "", "")]
    for dimension, standing in card.dimensions.items():
        lines.append(
            (*scope, "", "dimension", dimension.value, dimension.value, "", "", "", *_figures(standing), "", "")
        )
    for part in card.parts:
        words = (part.title.get("zh", ""), part.title.get("en", ""))
        figures = (*_figures(part.overall), "", part.sla.waiting)
        lines.append((*scope, part.plan, "plan", part.plan, "", "", *words, *figures))
    for rule in card.rules:
        about = (rule.plan, "rule", rule.rule, rule.dimension.value, rule.severity.value, rule.zh, rule.en)
        lines.append((*scope, *about, *_figures(rule.standing), rule.since or "", rule.waiting))
    return lines


def _figures(standing: Standing) -> tuple[object, ...]:
    return (standing.evaluated, standing.failed, standing.settled, _cut(standing.arrived), _cut(standing.now))
