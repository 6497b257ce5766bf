"""Scorecards as pages, JSON and CSV: of a batch, a plan, a department, a month, of everything. Counts and names only.

What a card is made of is read here, set by set; what it says is `pipelines.quality.card`'s. A batch is what people call a
run: one delivery, however many chunks it is cut into. Rows that stewards put in again are no delivery and count nowhere.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipelines.errors import PolicyError, UnknownReference
from pipelines.jobs.rule_words import rules_of
from pipelines.moments import CHINA, day_of
from pipelines.quality import card as cards
from pipelines.quality.card import Card, Part, Rows, RuleStanding, Sla, Standing, Trend
from pipelines.quality.drift import Drift, Measure, Sign
from pipelines.quality.verdict import Dimension, Severity
from pipelines.store.database import Role

if TYPE_CHECKING:
    from pipelines.jobs.home import Home
    from pipelines.store.database import Tx

LAST = 30
"""Days or runs that a trend shows."""
DAY = timedelta(days=1)


def batch(home: Home, run: str, at: datetime) -> Card:
    """Draw up the card of one run: its trend is that of the runs of its plan up to it.

    Raises:
        UnknownReference: no such run brought anything.
    """
    with home.database.begin(Role.VERIFY) as tx:
        facts = tx.one("run_facts", run=run)
        if facts is None:
            raise UnknownReference(
                f"No run {run} brought anything; `tutela report quality --plan` lists the runs of a plan."
            )
        waiting = _by_plan_and_rule(tx.rows("waiting_of_run", run=run, plan=facts.plan))
        scored = tx.rows("rules_of_run", run=run, plan=facts.plan)
        rules = _rules(home, scored, waiting, _since(tx, scored, day_of(facts.at)))
        recent = tx.rows("last_runs", plan=facts.plan, upto=facts.last, limit=LAST)
        trend = _trend_of_runs(tx, facts.plan, {each.run: each.at for each in reversed(recent)})
        drifts = tuple(_drift(row) for row in tx.rows("drift_of_run", plan=facts.plan, run=run))
        sla = _sla_of_run(home, tx, facts.plan, run, at)
    rows = Rows(facts.arrived, facts.refused, facts.quarantined, facts.stored)
    day = day_of(facts.at)
    part = Part(facts.plan, title(home, facts.plan), _overall(rules), cards.dimensions(rules), trend, rows, sla)
    card = _card("batch", run, (day, day), rules, trend, [part], {facts.plan: drifts})
    return replace(card, batch=facts.last if facts.chunks == 1 else None)


def plan(home: Home, name: str, at: datetime, month: str | None = None) -> Card:
    """Draw up the card of one plan: a month's, or the last 30 days on which something arrived."""
    return _over_days(home, "plan", name, [name], at, month)


def department(home: Home, name: str, month: str, at: datetime) -> Card:
    """Draw up the card of all plans that a department owns, for a month.

    Raises:
        UnknownReference: no plan belongs to that department.
    """
    owned = [each.name for each in home.policy.plans.values() if each.owner.department == name]
    if not owned:
        known = ", ".join(sorted({each.owner.department for each in home.policy.plans.values()}))
        raise UnknownReference(f"No collection plan belongs to a department {name}; there are {known}.")
    return _over_days(home, "department", name, owned, at, month)


def month(home: Home, name: str, at: datetime) -> Card:
    """Draw up the card of all plans for a month (``2026-05``)."""
    return _over_days(home, "month", name, known_plans(home), at, name)


def everything(home: Home, at: datetime) -> Card:
    """Draw up the card of all plans for the last 30 days on which something arrived."""
    return _over_days(home, "all", "", known_plans(home), at, None)


def rules(home: Home, name: str, at: datetime) -> tuple[RuleStanding, ...]:
    """Say how the rules of a plan stand, the worst first."""
    return plan(home, name, at).rules


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run of a plan in a list."""

    run: str
    at: datetime
    arrived: int
    stored: int
    standing: Standing
    signs: Mapping[str, int]
    """Comparisons with earlier runs that were said, by sign."""
    entered_by: str


def runs(home: Home, name: str, limit: int = LAST) -> list[RunLine]:
    """List the last runs of a plan, the newest first."""
    with home.database.begin(Role.VERIFY) as tx:
        recent = tx.rows("last_runs", plan=name, upto=None, limit=limit)
        named = [each.run for each in recent]
        scored = {row.run: _standing(row) for row in tx.rows("scores_of_runs", plan=name, runs=named)}
        signs: dict[str, dict[str, int]] = defaultdict(dict)
        for row in tx.rows("signs_of_runs", plan=name, runs=named):
            signs[row.run][row.sign] = row.comparisons
    return [
        RunLine(
            each.run,
            each.at,
            each.arrived,
            each.stored,
            scored.get(each.run, Standing()),
            signs[each.run],
            each.entered_by,
        )
        for each in recent
    ]


@dataclass(frozen=True, slots=True)
class RuleHistory:
    """One rule of a plan over its last days."""

    rule: RuleStanding
    trend: Trend


def rule(home: Home, plan_name: str, rule_id: str, at: datetime) -> RuleHistory:
    """Tell the history of one rule over the last 90 days on which it was asked.

    Raises:
        UnknownReference: the plan never had such a rule.
    """
    with home.database.begin(Role.VERIFY) as tx:
        days = tx.rows("days_of_rule", plan=plan_name, rule=rule_id, limit=3 * LAST)
        if not days:
            raise UnknownReference(f"The plan {plan_name} was never held against a rule {rule_id}.")
        waiting = _by_plan_and_rule(tx.rows("waiting_by_rule", plans=[plan_name]))
        [row] = tx.rows("failing_since", plans=[plan_name], rules=[rule_id], last=day_of(at)) or [None]
    total = cards.total(_standing(day) for day in days)
    words = rules_of(home.settings.expectations, plan_name).get(rule_id)
    newest = days[0]
    standing = RuleStanding(
        plan_name, rule_id, newest.field, Dimension(newest.dimension), Severity(newest.severity),
        words.zh if words else rule_id, words.en if words else rule_id, total,
        row and row.since, waiting.get((plan_name, rule_id), 0),
    )  # fmt: skip
    points = tuple((day.day.isoformat(), _standing(day)) for day in reversed(days))
    return RuleHistory(standing, Trend(points))


def known_plans(home: Home) -> list[str]:
    """Name the plans of the policy, and those that brought something before they left it."""
    with home.database.begin(Role.VERIFY) as tx:
        scored = [row.plan for row in tx.rows("plans_scored")]
    return list(dict.fromkeys([*home.policy.plans, *scored]))


def title(home: Home, name: str) -> Mapping[str, str]:
    """Say what a plan is called in both languages."""
    known = home.policy.plans.get(name)
    return {"zh": known.title.zh, "en": known.title.en} if known else {"zh": name, "en": name}


def days_of_month(name: str) -> tuple[date, date]:
    """Return the first and last day of a month ``YYYY-MM``.

    Raises:
        PolicyError: it is no month.
    """
    try:
        first = datetime.strptime(name, "%Y-%m").replace(tzinfo=CHINA).date()
    except ValueError:
        raise PolicyError(f"{name!r} is no month; write it like 2026-05.") from None
    return first, (first.replace(day=28) + 4 * DAY).replace(day=1) - DAY


def as_csv(card: Card) -> str:
    """Write a card as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(cards.COLUMNS)
    writer.writerows(cards.table(card))
    return out.getvalue()


# --- what cards are made of --------------------------------------------------------------------------------------


def _over_days(home: Home, kind: str, name: str, plans: Sequence[str], at: datetime, month: str | None) -> Card:
    with home.database.begin(Role.VERIFY) as tx:
        if month is not None:
            first, last = days_of_month(month)
        else:
            days = [row.day for row in tx.rows("last_days", plans=plans, limit=LAST)]
            first, last = (min(days), max(days)) if days else (day_of(at), day_of(at))
        waiting = _by_plan_and_rule(tx.rows("waiting_by_rule", plans=plans))
        rows = tx.rows("rules_of_days", plans=plans, first=first, last=last)
        found = _rules(home, rows, waiting, _since(tx, rows, last))
        daily = tx.rows("days_of_scores", plans=plans, first=first, last=last)
        parts = _parts(home, tx, plans, (first, last), at, found, daily)
        drifts = _last_drifts(tx, plans)
    return _card(kind, name, (first, last), found, _trend_of_days(daily), parts, drifts)


def _card(
    kind: str, name: str, days: tuple[date, date], found: Sequence[RuleStanding], trend: Trend, parts: Sequence[Part],
    drifts: Mapping[str, tuple[Drift, ...]],
) -> Card:  # fmt: skip
    return Card(
        kind, name, *days, _overall(found), cards.dimensions(found), cards.severities(found), trend, cards.ranked(found),
        rows=sum((part.rows for part in parts), Rows()), sla=sum((part.sla for part in parts), Sla()),
        parts=tuple(parts), drifts=drifts,
    )  # fmt: skip


def _rules(
    home: Home,
    rows: Iterable[Any],
    waiting: Mapping[tuple[str, str], int],
    since: Mapping[tuple[str, str], date],
) -> list[RuleStanding]:
    found = []
    for row in rows:
        key = (row.plan, row.expectation)
        words = rules_of(home.settings.expectations, row.plan).get(row.expectation)
        zh, en = (words.zh, words.en) if words else (row.expectation, row.expectation)
        about = (row.plan, row.expectation, row.field, Dimension(row.dimension), Severity(row.severity), zh, en)
        found.append(RuleStanding(*about, _standing(row), since.get(key), waiting.get(key, 0)))
    return found


def _parts(
    home: Home, tx: Tx, plans: Sequence[str], days: tuple[date, date], at: datetime, found: Sequence[RuleStanding],
    daily: Sequence[Any],
) -> list[Part]:  # fmt: skip
    since, until = _begin(days[0]), _begin(days[1] + DAY)
    rows = {
        row.plan: Rows(row.arrived, row.refused, row.quarantined, row.stored)
        for row in tx.rows("rows_of_days", plans=plans, since=since, until=until)
    }
    slas = _slas(home, tx, plans, since, until, at)
    parts = []
    for name in plans:
        own = [each for each in found if each.plan == name]
        trend = _trend_of_days([day for day in daily if day.plan == name])
        about = (name, title(home, name), _overall(own), cards.dimensions(own), trend)
        parts.append(Part(*about, rows.get(name, Rows()), slas.get(name, Sla())))
    return parts


def _slas(home: Home, tx: Tx, plans: Sequence[str], since: datetime, until: datetime, at: datetime) -> dict[str, Sla]:
    allowed = [home.policy.plans[name].review_days if name in home.policy.plans else 0 for name in plans]
    given = {"plans": plans, "days": allowed, "since": since, "until": until}
    decided = {row.plan: (row.decided, row.in_time) for row in tx.rows("decided_in_time", **given)}
    found = {}
    for row in tx.rows("waiting_time", plans=plans, at=at):
        age = None if row.middle is None else (at - row.middle) / DAY
        found[row.plan] = Sla(row.waiting, row.overdue, age, *decided.get(row.plan, (0, 0)))
    return found


def _sla_of_run(home: Home, tx: Tx, plan_name: str, run: str, at: datetime) -> Sla:
    allowed = home.policy.plans[plan_name].review_days if plan_name in home.policy.plans else 0
    row = tx.one("time_of_run", plan=plan_name, run=run, at=at, days=allowed)
    age = None if row.middle is None else (at - row.middle) / DAY
    return Sla(row.waiting, row.overdue, age, row.decided, row.in_time)


def _trend_of_days(daily: Iterable[Any]) -> Trend:
    by_day: dict[str, Standing] = {}
    for row in daily:
        label = row.day.isoformat()
        by_day[label] = by_day.get(label, Standing()) + _standing(row)
    return Trend(tuple(sorted(by_day.items())))


def _trend_of_runs(tx: Tx, plan_name: str, when: Mapping[str, datetime]) -> Trend:
    scored = {row.run: _standing(row) for row in tx.rows("scores_of_runs", plan=plan_name, runs=list(when))}
    return Trend(tuple((run, scored.get(run, Standing())) for run in when), when)


def _last_drifts(tx: Tx, plans: Sequence[str]) -> dict[str, tuple[Drift, ...]]:
    found: dict[str, tuple[Drift, ...]] = {}
    for row in tx.rows("drift_of_last_runs", plans=plans):
        found[row.plan] = (*found.get(row.plan, ()), _drift(row))
    return found


def _since(tx: Tx, rules: Iterable[Any], last: date) -> dict[tuple[str, str], date]:
    keys = [(row.plan, row.expectation) for row in rules]
    asked = {"plans": [plan for plan, _ in keys], "rules": [rule for _, rule in keys]}
    return {(row.plan, row.expectation): row.since for row in tx.rows("failing_since", **asked, last=last)}


def _by_plan_and_rule(rows: Iterable[Any]) -> dict[tuple[str, str], int]:
    return {(row.plan, row.rule): row.rows for row in rows}


def _standing(row: Any) -> Standing:
    return Standing(row.evaluated, row.failed, row.settled)


def _overall(found: Iterable[RuleStanding]) -> Standing:
    return cards.total(each.standing for each in found)


def _drift(row: Any) -> Drift:
    about = (Measure(row.measure), row.field, Sign(row.sign), row.value, row.low, row.high, row.runs)
    return Drift(*about, row.word, row.share, row.usual)


def _begin(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)
