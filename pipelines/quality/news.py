"""What somebody should be told of quality, in Chinese and English. Pure; counts, names and words of the policy only.

Not for who is told or how: settings name them, and Airflow's notifiers send.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipelines.quality.card import Card, Part
from pipelines.quality.drift import Drift, Sign
from pipelines.quality.drift_words import sentence


@dataclass(frozen=True, slots=True)
class News:
    """One thing to be told."""

    kind: str
    """``score``, ``drift``, ``overdue`` or ``month``."""
    plan: str
    """Empty for all plans."""
    about: str
    """The run, day or month: together with kind and plan it is told once."""
    subject: Mapping[str, str]
    lines: Mapping[str, tuple[str, ...]]
    path: str
    """The console's page about it."""
    figures: Mapping[str, float | int | None]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "lines": {language: list(said) for language, said in self.lines.items()}}


def of_run(card: Card, floor: float) -> list[News]:
    """Say what a run's card should tell: a score below the floor, drift that warns."""
    part, found = card.parts[0], []
    score = card.overall.arrived
    if score is not None and score < floor:
        found.append(_score(card, part, score, floor))
    warned = [each for each in card.drifts.get(part.plan, ()) if each.sign is Sign.WARNING]
    if warned:
        found.append(_drift(card, part, warned))
    return found


def of_overdue(part: Part, day: str) -> News:
    """Say that rows of a plan wait beyond its days; once a day."""
    title, rows = part.title, part.sla.overdue
    figures = {"overdue": rows, "waiting": part.sla.waiting}
    subject = {
        "zh": f"{title['zh']}：{rows:,} 行逾期未处理",
        "en": f"{title['en']}: {rows:,} rows are overdue",
    }
    lines = {
        "zh": (f"隔离区待处理 {part.sla.waiting:,} 行，其中 {rows:,} 行已超过计划规定的处理天数。",),
        "en": (f"{part.sla.waiting:,} rows wait in quarantine; {rows:,} of them longer than the plan allows.",),
    }
    return News("overdue", part.plan, day, subject, lines, f"/quarantine?plan={part.plan}", figures)


def of_month(month: str, card: Card) -> News:
    """Say that the report of a month is ready."""
    now, rows = _percent(card.overall.now), card.rows.arrived
    subject = {"zh": f"{month} 数据质量报告已编制", "en": f"The quality report of {month} is ready"}
    lines = {
        "zh": (f"到达 {rows:,} 行，评分 {now}，逾期待处理 {card.sla.overdue:,} 行。",),
        "en": (f"{rows:,} rows arrived; the score is {now}; {card.sla.overdue:,} rows are overdue.",),
    }
    figures = {"arrived": rows, "score": card.overall.now, "overdue": card.sla.overdue}
    return News("month", "", month, subject, lines, f"/quality/reports?month={month}", figures)


def _score(card: Card, part: Part, score: float, floor: float) -> News:
    title, shown, least = part.title, _percent(score), _percent(floor)
    subject = {
        "zh": f"{title['zh']}：本批评分 {shown}，低于 {least}",
        "en": f"{title['en']}: this delivery scored {shown}, below {least}",
    }
    worst = card.worst[:3]
    lines = {
        "zh": tuple(f"{rule.zh}：{rule.standing.failed:,} 行未通过" for rule in worst),
        "en": tuple(f"{rule.en}: {rule.standing.failed:,} rows failed" for rule in worst),
    }
    return News("score", part.plan, card.name, subject, lines, f"/quality/runs/{card.name}", {"score": score})


def _drift(card: Card, part: Part, warned: Sequence[Drift]) -> News:
    title, count = part.title, len(warned)
    things = "thing is" if count == 1 else "things are"
    subject = {
        "zh": f"{title['zh']}：本批有 {count} 项与往常不同",
        "en": f"{title['en']}: {count} {things} unlike earlier deliveries",
    }
    lines = {language: tuple(sentence(each, language) for each in warned) for language in ("zh", "en")}
    return News("drift", part.plan, card.name, subject, lines, f"/quality/runs/{card.name}", {"warnings": count})


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{int(share * 1000) / 10:.1f}%"
