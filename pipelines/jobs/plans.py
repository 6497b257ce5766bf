"""Collection plans as people look at them: which are in force, what their runs brought, when the next is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from croniter import croniter

from pipelines.jobs import ledger
from pipelines.jobs.home import Home
from pipelines.moments import CHINA, day_of
from pipelines.policy import Plan
from pipelines.store.database import Role, Tx

DAYS = 30
"""A trend is of so many days."""
RENEW_DAYS = 30
"""A plan that ends within so many days is to be renewed."""
GRACE = timedelta(hours=1)
"""A run has so long to end before it is late."""
QUARTERLY = "0 0 1 */3 *"
"""What Airflow takes `@quarterly` for."""
UNTIMED = (None, "@once", "@continuous")


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of rows."""

    arrived: int = 0
    stored: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    """Reason → rows."""
    quarantined: Mapping[str, int] = field(default_factory=dict)
    """The rule that they count under → rows."""

    @property
    def refused_rows(self) -> int:
        """Rows that were not admitted."""
        return sum(self.refused.values())

    @property
    def quarantined_rows(self) -> int:
        """Rows that went into quarantine."""
        return sum(self.quarantined.values())


@dataclass(frozen=True, slots=True)
class Run:
    """One run that brought something."""

    plan: str
    run: str
    at: datetime
    chunks: int
    entered_by: str
    fates: Fates


@dataclass(frozen=True, slots=True)
class Day:
    """What a day brought."""

    day: date
    deliveries: int = 0
    arrived: int = 0
    stored: int = 0
    refused: int = 0
    touched: int = 0
    """Deliveries from which a row went into quarantine."""

    @property
    def quarantined(self) -> int:
        """Rows that went into quarantine."""
        return self.arrived - self.stored - self.refused


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a plan, with its sensitivity."""

    name: str
    zh: str
    en: str
    level: int
    category: str
    required: bool
    necessity: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """One plan and how it goes."""

    plan: Plan
    fields: tuple[Field, ...]
    retention: tuple[str, str]
    """What its retention class is called, in Chinese and English."""
    in_force: bool
    ends_in: int
    """Days until it is no longer in force; negative: it ended."""
    last: Run | None
    """The last run that brought something."""
    ended_at: datetime | None
    """When a run last ended, one that brought nothing too."""
    next_at: datetime | None
    """None: it is not collected by the clock, or not in force then."""
    late_since: datetime | None
    """When a run should have been that was not."""
    month: Fates
    days: tuple[Day, ...]

    @property
    def state(self) -> str:
        """Say in one of four words how it goes."""
        if not self.in_force:
            return "unknown"
        if self.late_since is not None:
            return "bad"
        if self.ends_in <= RENEW_DAYS:
            return "attention"
        return "ok" if self.ended_at or self.next_at is None else "unknown"


def overview(home: Home, at: datetime) -> list[PlanView]:
    """Show all plans: those that want attention first, then those in force, by name."""
    views = _views(home, home.policy.plans.values(), at)
    order = ("bad", "attention", "ok", "unknown")
    return sorted(views, key=lambda view: (order.index(view.state), not view.in_force, view.plan.name))


def one(home: Home, name: str, at: datetime) -> PlanView:
    """Show one plan.

    Raises:
        UnknownPlan: there is none of that name.
    """
    return _views(home, [home.policy.plan(name)], at)[0]


def runs(home: Home, plan: str | None = None, limit: int = 20) -> list[Run]:
    """List the last runs that brought something, the newest first: so many of each plan."""
    with home.database.begin(Role.AUDIT) as tx:
        return _runs(tx, plan, limit)


def next_run(schedule: str | None, at: datetime) -> datetime | None:
    """Tell when a schedule comes round next, as Airflow reads it: in UTC."""
    found = _cron(schedule, at)
    return None if found is None else found.get_next(datetime)


def last_due(schedule: str | None, at: datetime) -> datetime | None:
    """Tell when a schedule last came round."""
    found = _cron(schedule, at)
    return None if found is None else found.get_prev(datetime)


def _cron(schedule: str | None, at: datetime) -> Any:
    if schedule in UNTIMED:
        return None
    return croniter(QUARTERLY if schedule == "@quarterly" else schedule, at.astimezone(UTC))


def _views(home: Home, plans: Iterable[Plan], at: datetime) -> list[PlanView]:
    known = list(plans)
    only = known[0].name if len(known) == 1 else None
    first = day_of(at) - timedelta(days=DAYS - 1)
    since = datetime.combine(first, time.min, CHINA)
    with home.database.begin(Role.AUDIT) as tx:
        ledger.go_on(tx)
        last = {run.plan: run for run in _runs(tx, only, 1)}
        ended = {row.plan: row.at for row in tx.rows("runs_ended", plans=[plan.name for plan in known])}
        begun = tx.scalar("begun_at")
        days = {(row.plan, row.day): row for row in tx.rows("days_of_plans", since=since, plan=only)}
        reasons = tx.rows("reasons_of_plans", since=since, plan=only)
    views = []
    for plan in known:
        month = [_day(first + timedelta(days=number), plan.name, days) for number in range(DAYS)]
        views.append(
            PlanView(
                plan=plan,
                fields=_fields(home, plan),
                retention=_retention(home, plan),
                in_force=plan.valid.covers(day_of(at)),
                ends_in=(plan.valid.until - day_of(at)).days,
                last=last.get(plan.name),
                ended_at=ended.get(plan.name),
                next_at=_next(plan, at),
                late_since=_late(plan, ended.get(plan.name), begun, at),
                month=_month(month, [row for row in reasons if row.plan == plan.name]),
                days=tuple(month),
            )
        )
    return views


def _next(plan: Plan, at: datetime) -> datetime | None:
    found = next_run(plan.schedule, at)
    return found if found is not None and plan.valid.covers(day_of(found)) else None


def _late(plan: Plan, ended: datetime | None, begun: datetime | None, at: datetime) -> datetime | None:
    """Tell when a run should have been, if none has ended since; what was due before the plan or the home was is not late."""
    due = last_due(plan.schedule, at - GRACE)
    if due is None or not plan.valid.covers(day_of(due)) or not plan.valid.covers(day_of(at)):
        return None
    if begun is None or due < begun:
        return None
    return due if ended is None or ended < due else None


def _runs(tx: Tx, plan: str | None, limit: int) -> list[Run]:
    return [
        Run(row.plan, row.run, row.at, row.chunks, row.entered_by,
            Fates(row.arrived, row.stored, _ranked(row.refused), _ranked(row.quarantined)))
        for row in tx.rows("runs_of_plans", plan=plan, limit=limit)
    ]  # fmt: skip


def _day(day: date, plan: str, known: Mapping[tuple[str, date], Any]) -> Day:
    row = known.get((plan, day))
    return Day(day) if row is None else Day(day, row.deliveries, row.arrived, row.stored, row.refused, row.touched)


def _month(days: Iterable[Day], reasons: Iterable[Any]) -> Fates:
    told: dict[str, dict[str, int]] = {"refused": {}, "quarantined": {}}
    for row in reasons:
        told[row.fate][row.reason] = row.rows
    whole = list(days)
    return Fates(sum(each.arrived for each in whole), sum(each.stored for each in whole), **told)


def _ranked(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _fields(home: Home, plan: Plan) -> tuple[Field, ...]:
    items = home.policy.taxonomy.items
    return tuple(
        Field(each.name, item.zh, item.en, item.level, item.category, each.required, each.necessity)
        for each in plan.fields
        if (item := items[each.item])
    )


def _retention(home: Home, plan: Plan) -> tuple[str, str]:
    found = home.policy.retention[plan.retention]
    return found.zh, found.en
