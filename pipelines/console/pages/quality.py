"""Data quality: what is wrong, since when, and what waits; by plan, dimension, rule, run, department and month."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Response

from pipelines.console import charts, report
from pipelines.console.charts import Point
from pipelines.console.quality_words import DEPARTMENTS, DIMENSIONS, SEVERITIES, SIGNS
from pipelines.console.visit import Visit, allow
from pipelines.console.words import N_
from pipelines.jobs import months, scorecards
from pipelines.jobs.months import Figures
from pipelines.moments import CHINA, day_of
from pipelines.policy import META_HEADINGS
from pipelines.quality.card import Card, Standing, Trend
from pipelines.quality.drift import Drift
from pipelines.quality.drift_words import sentence

router = APIRouter()
READERS = ("engineer", "steward", "leader", "auditor", "privacy_officer", "Admin")
Reader = Annotated[Visit, allow(*READERS)]

WORST = 8
MONTHS = 12
RUNS = 15


@router.get("/quality")
def overview(visit: Reader) -> Response:
    """Show all plans."""
    card = scorecards.everything(visit.home, visit.at)
    return visit.page(
        "quality/overview.html",
        **_common(visit, card),
        worst=card.worst[:WORST],
        more=len(card.worst) - WORST,
        news=_news(visit),
    )


@router.get("/quality/plans/{name}")
def plan(visit: Reader, name: str, month: str | None = None, form: str = "html") -> Response:
    """Show one plan: its trend, its rules, its runs."""
    known = visit.home.policy.plan(name).name
    card = scorecards.plan(visit.home, known, visit.at, month)
    if handed := _handed(visit, card, f"quality-{known}", form):
        return handed
    return visit.page(
        "quality/plan.html", **_common(visit, card), plan=card.parts[0], month=month, months=_months(visit),
        runs=scorecards.runs(visit.home, name, RUNS), owner=visit.home.policy.plans[name].owner,
    )  # fmt: skip


@router.get("/quality/plans/{name}/rules/{rule}")
def rule(visit: Reader, name: str, rule: str) -> Response:
    """Show the history of one rule of a plan."""
    history = scorecards.rule(visit.home, name, rule, visit.at)
    drawn = _trend(visit, history.trend, visit.text("Share of rows that passed, day by day"))
    title = scorecards.title(visit.home, name)
    return visit.page(
        "quality/rule.html", **_words(visit), rule=history.rule, history=history, drawn=drawn, title=title
    )


@router.get("/quality/runs/{run:path}")
def run(visit: Reader, run: str, form: str = "html") -> Response:
    """Show one run: what it scored, and how it compares with those before it."""
    card = scorecards.batch(visit.home, run, visit.at)
    if handed := _handed(visit, card, "quality-delivery", form):
        return handed
    return visit.page("quality/run.html", **_common(visit, card), plan=card.parts[0], run=run)


@router.get("/quality/reports")
def month_report(
    visit: Reader, month: str | None = None, department: str | None = None, plan: str | None = None, form: str = "html"
) -> Response:
    """Show or hand out the report of a month: all plans, or those of a department, or one."""
    month = month or f"{day_of(visit.at):%Y-%m}"
    card = _card_of_month(visit, month, department, plan)
    name = "-".join(filter(None, ("quality", month, department, plan)))
    if handed := _handed(visit, card, name, form):
        return handed
    figures = [] if plan else _figures(visit, month, department, card)
    if form in {"file", "pdf"}:
        html = report.render(card, visit.words, visit.at, figures)
        if form == "pdf":
            return visit.download(report.as_pdf(html), f"{name}.pdf", "application/pdf")
        return visit.download(html, f"{name}.html", "text/html; charset=utf-8")
    return visit.page(
        "quality/report.html", **_common(visit, card), month=month, months=_months(visit), department=department,
        of_plan=plan, owners=_owners(visit), figures=figures, record=months.month_report(visit.home, month),
    )  # fmt: skip


def _handed(visit: Visit, card: Card, name: str, form: str) -> Response | None:
    """Hand a card out as JSON or CSV; None where a page is wanted."""
    if form == "json":
        return visit.download(json.dumps(card.as_json(), ensure_ascii=False), f"{name}.json", "application/json")
    if form == "csv":
        return visit.download("\ufeff" + scorecards.as_csv(card), f"{name}.csv", "text/csv; charset=utf-8")
    return None


def _news(visit: Visit) -> str:
    """Say who is told of bad scores, drift and overdue rows; addresses are nobody's business here."""
    settings = visit.home.settings
    addresses = len([each for each in settings.notify_email.split(",") if each.strip()])
    if addresses and settings.notify_webhook:
        return visit.text(
            "Bad scores, drift and overdue rows are told to {count} addresses and a webhook.", count=addresses
        )
    if addresses:
        return visit.text("Bad scores, drift and overdue rows are told to {count} addresses.", count=addresses)
    if settings.notify_webhook:
        return visit.text("Bad scores, drift and overdue rows are told to a webhook.")
    return visit.text("Nobody is told of bad scores, drift and overdue rows: no address is set for it.")


def _card_of_month(visit: Visit, month: str, department: str | None, plan: str | None) -> Card:
    if plan:
        return scorecards.plan(visit.home, visit.home.policy.plan(plan).name, visit.at, month)
    if department:
        return scorecards.department(visit.home, department, month, visit.at)
    return scorecards.month(visit.home, month, visit.at)


def _figures(visit: Visit, month: str, department: str | None, card: Card) -> list[Figures]:
    """Give the departments' figures: as they are on record where the month is, else as they stand."""
    record = months.month_report(visit.home, month)
    if record is None:
        return months.figures(visit.home, month, card)
    return [each for each in record.departments if department in (None, each.department)]


def _owners(visit: Visit) -> list[str]:
    return sorted({each.owner.department for each in visit.home.policy.plans.values()})


def _months(visit: Visit) -> list[str]:
    """Name the last twelve months, the newest first."""
    day, found = day_of(visit.at).replace(day=1), []
    for _ in range(MONTHS):
        found.append(f"{day:%Y-%m}")
        day = (day - scorecards.DAY).replace(day=1)
    return found


def _words(visit: Visit) -> dict[str, Any]:
    return {
        "dimension_words": {each: visit.text(word) for each, word in DIMENSIONS.items()},
        "severity_words": {each: (kind, visit.text(word)) for each, (kind, word) in SEVERITIES.items()},
        "sign_words": {each: (kind, visit.text(word)) for each, (kind, word) in SIGNS.items()},
        "department_words": {each: visit.text(word) for each, word in DEPARTMENTS.items()},
        "kind_of": lambda standing: kind_of(standing, visit.home.settings.quality_floor),
        "spark": lambda trend: _spark(visit, trend),
        "said": lambda found, plan_name=None: _said(visit, found, plan_name),
    }


def _common(visit: Visit, card: Card) -> dict[str, Any]:
    kind, told = headline(visit, card)
    return {
        **_words(visit),
        "card": card,
        "titles": {part.plan: part.title for part in card.parts},
        "kind": kind,
        "told": told,
        "drawn": _trend(visit, card.trend, visit.text("Score as it arrived, day by day")),
        "shown": shown(card.trend),
        "bars": _bars(visit, card),
    }


def _trend(visit: Visit, trend: Trend, title: str) -> Any:
    if len(trend.points) < 2:
        return None
    labels = shown(trend)
    points = [
        Point(labels[label], standing.arrived, visit.url(f"/quality/runs/{label}") if trend.when else "")
        for label, standing in trend.points
    ]
    return charts.trend(points, title, turn=labels.get(trend.turned or ""))


def shown(trend: Trend) -> dict[str, str]:
    """Say what people read at each point of a trend: days as they are, runs by when they came, each apart from others."""
    labels: dict[str, str] = {}
    for label, _ in trend.points:
        told = f"{trend.when[label].astimezone(CHINA):%m-%d %H:%M}" if label in trend.when else label
        same = sum(known.split(" (")[0] == told for known in labels.values())
        labels[label] = f"{told} ({same + 1})" if same else told
    return labels


def _bars(visit: Visit, card: Card) -> Any:
    """Draw what is open in each dimension: the scores themselves differ by hairs and stand in the table behind."""
    rows = [
        (visit.text(DIMENSIONS[each]), standing.open, visit.here() + "#rules")
        for each, standing in card.dimensions.items()
    ]
    if not any(count for _, count, _ in rows):
        return None
    return charts.bars(rows, visit.text("Open failures by dimension"), share=False)


def _spark(visit: Visit, trend: Trend) -> Any:
    values = [standing.arrived for _, standing in trend.points]
    labels = [label for label, _ in trend.points]
    turned = trend.turned
    return charts.sparkline(
        values, visit.text("Score as it arrived, day by day"), turn=labels.index(turned) if turned else None
    )


def _said(visit: Visit, found: Drift, plan_name: str | None) -> str:
    known = visit.home.policy.plans.get(plan_name or "")
    declared = known.field(found.field) if known else None
    headings = declared.headers if declared else META_HEADINGS.get(found.field, ())
    return sentence(found, visit.language, headings[0] if headings and visit.language == "zh" else None)


def kind_of(standing: Standing, floor: float) -> str:
    """Tell the state of a score: below the floor is bad, open failures want attention, nothing judged is unknown."""
    if standing.now is None:
        return "unknown"
    if standing.now < floor:
        return "bad"
    return "attention" if standing.open else "ok"


def headline(visit: Visit, card: Card) -> tuple[str, str]:
    """Say in a sentence or two what is wrong and since when."""
    if card.overall.now is None:
        return "unknown", visit.text("Nothing has been judged here yet: scores appear after the first collection.")
    sentences = [_score_sentence(visit, card)]
    gravest = max(card.parts, key=lambda part: part.sla.waiting, default=None)
    if gravest and gravest.sla.waiting:
        sentences.append(_waiting_sentence(visit, card, gravest))
    if card.sla.overdue:
        sentences.append(visit.text("{rows} rows are overdue.", rows=visit.words.number(card.sla.overdue)))
    turned = card.trend.turned
    if turned and card.kind != "batch":
        sentences.append(visit.text(_turned(card.trend), day=visit.words.day(date.fromisoformat(turned))))
    kind = kind_of(card.overall, visit.home.settings.quality_floor)
    return ("bad" if card.sla.overdue else kind), visit.words.two("", " ").join(sentences)


def _score_sentence(visit: Visit, card: Card) -> str:
    now, arrived = visit.words.percent(card.overall.now), visit.words.percent(card.overall.arrived)
    if card.overall.failed == 0:
        return visit.text("Every one of {count} judgements passed.", count=visit.words.number(card.overall.evaluated))
    if card.overall.settled:
        return visit.text("The score is {now}; {arrived} as it arrived.", now=now, arrived=arrived)
    return visit.text("The score is {now}.", now=now)


def _waiting_sentence(visit: Visit, card: Card, part: Any) -> str:
    rows = visit.words.number(part.sla.waiting)
    name = visit.words.two(part.title["zh"], part.title["en"])
    cause = next((rule for rule in card.rules if rule.plan == part.plan and rule.waiting), None)
    if cause is None:
        return visit.text("{plan} has {rows} rows waiting.", plan=name, rows=rows)
    why = visit.words.two(cause.zh, cause.en)
    return visit.text("{plan} has {rows} rows waiting, most because this fails: {why}.", plan=name, rows=rows, why=why)


def _turned(trend: Trend) -> str:
    labels: Sequence[str] = [label for label, _ in trend.points]
    place = labels.index(trend.turned or labels[0])
    before, after = ([standing for _, standing in part] for part in (trend.points[:place], trend.points[place:]))
    lower = (sum(after, Standing()).arrived or 0) < (sum(before, Standing()).arrived or 0)
    return N_("It has been lower since {day}.") if lower else N_("It has been better since {day}.")
