"""What everybody sees first: how collection, quality, retention and evidence stand, and what waits for whom.

Counts, names and days; the words for them are the console's. Everything is asked of the areas' own read models, so that
a figure here is the figure there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipelines.jobs import destructions, ledger, plans, quarantine, scorecards
from pipelines.jobs.destructions import Due
from pipelines.jobs.home import Home
from pipelines.jobs.ledger import PASS, State
from pipelines.jobs.plans import PlanView
from pipelines.moments import day_of
from pipelines.quality.card import Card

VERIFY_DAYS = 1
"""A ledger that nobody has verified for longer is to be verified."""
REVIEW_DAYS = 7
"""A hold whose review is so near is named."""
STATES = ("bad", "attention", "unknown", "ok")
"""Worst first."""


@dataclass(frozen=True, slots=True)
class Today:
    """What came in on the day, in China."""

    deliveries: int
    untouched: int
    """Of them, those from which no row went into quarantine."""
    arrived: int


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for somebody."""

    kind: str
    """``overdue``, ``waiting``, ``approve``, ``review_hold``, ``lost_hold``, ``verify``, ``late_plan``, ``renew_plan``."""
    count: int
    about: str
    """A plan or hold, where it is about one."""
    path: str
    """The page of the console on which it is done."""
    roles: tuple[str, ...]
    """Whose it is."""
    state: str = "attention"


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page."""

    today: Today
    plans: tuple[PlanView, ...]
    card: Card
    floor: float
    """A score below it is bad."""
    queue: tuple[dict[str, Any], ...]
    """Plans with quarantined rows, the worst first (`quarantine.summary`)."""
    due: Due
    destroyed: tuple[int, ...]
    """Records destroyed on each of the last days."""
    failed: int
    """Destructions that did not come to their end."""
    evidence: State
    entries: tuple[int, ...]
    """Entries of the ledger on each of the last days."""
    stale: bool
    """Nobody has verified the ledger for longer than a day."""
    tasks: tuple[Task, ...]

    @property
    def waiting(self) -> int:
        """Rows that wait for a steward."""
        return sum(each["waiting"] for each in self.queue)

    @property
    def overdue(self) -> int:
        """Of them, those that wait longer than the plan says."""
        return sum(each["overdue"] for each in self.queue)

    @property
    def poor(self) -> bool:
        """Tell whether the score is below the floor."""
        return self.card.overall.now is not None and self.card.overall.now < self.floor

    @property
    def oldest(self) -> datetime | None:
        """When the row arrived that waits longest."""
        return min((each["oldest"] for each in self.queue if each["oldest"]), default=None)

    @property
    def begun(self) -> bool:
        """Tell whether anything was ever collected."""
        return any(view.last for view in self.plans)

    @property
    def late(self) -> tuple[PlanView, ...]:
        """Plans whose run did not come."""
        return tuple(view for view in self.plans if view.late_since is not None)

    @property
    def states(self) -> dict[str, str]:
        """Area → one of four states."""
        return {
            "collection": _collection(self.plans),
            "quality": _quality(self.overdue, self.waiting, self.card.overall.now, poor=self.poor),
            "retention": _retention(self.due, self.failed),
            "evidence": _evidence(self.evidence, stale=self.stale),
        }

    @property
    def state(self) -> str:
        """The worst of them."""
        return min(self.states.values(), key=STATES.index)

    @property
    def arrivals(self) -> list[int]:
        """Rows that arrived on each of the last days, of all plans."""
        return [sum(view.days[number].arrived for view in self.plans) for number in range(plans.DAYS)]


def overview(home: Home, at: datetime) -> Overview:
    """Look at everything."""
    views = tuple(plans.overview(home, at))
    queue = tuple(quarantine.summary(home, at))
    due = destructions.due(home, destructions.tonight(at))
    evidence = ledger.state(home)
    stale = evidence.verified is None or at - evidence.verified.at > timedelta(days=VERIFY_DAYS)
    asked = destructions.states(home)
    return Overview(
        today=_today(views),
        plans=views,
        card=scorecards.everything(home, at),
        floor=home.settings.quality_floor,
        queue=queue,
        due=due,
        destroyed=tuple(count for _, count in destructions.destroyed(home, day_of(at))),
        failed=asked.get("failed", 0) + asked.get("blocked", 0),
        evidence=evidence,
        entries=tuple(ledger.by_day(home, [each.day for each in views[0].days] if views else [day_of(at)])),
        stale=stale,
        tasks=tuple(
            sorted(_tasks(home, at, views, queue, due, stale=stale), key=lambda task: STATES.index(task.state))
        ),
    )


def _today(views: Sequence[PlanView]) -> Today:
    last = [view.days[-1] for view in views]
    deliveries = sum(day.deliveries for day in last)
    untouched = deliveries - sum(day.touched for day in last)
    return Today(deliveries, untouched, sum(day.arrived for day in last))


def _tasks(
    home: Home, at: datetime, views: Sequence[PlanView], queue: Iterable[dict[str, Any]], due: Due, *, stale: bool
) -> Iterable[Task]:
    yield from _of_stewards(queue)
    asked = len(destructions.waiting(home))
    if asked:
        yield Task("approve", asked, "", "/destruction#waiting", ("leader",))
    yield from _of_officers(due, at)
    if stale:
        yield Task("verify", 1, "", "/evidence", ("auditor", "privacy_officer"))
    yield from _of_engineers(views)


def _of_stewards(queue: Iterable[dict[str, Any]]) -> Iterable[Task]:
    for each in queue:
        path = f"/quarantine?plan={each['plan']}"
        if each["overdue"]:
            yield Task("overdue", each["overdue"], each["plan"], f"{path}&overdue=1", ("steward",), "bad")
        if each["waiting"] > each["overdue"]:
            yield Task("waiting", each["waiting"] - each["overdue"], each["plan"], path, ("steward",))


def _of_officers(due: Due, at: datetime) -> Iterable[Task]:
    for hold in due.holds:
        if (hold.review_on - day_of(at)).days <= REVIEW_DAYS:
            yield Task("review_hold", 1, hold.hold, f"/destruction#{hold.hold}", ("privacy_officer",))
    if due.lost_holds:
        yield Task("lost_hold", len(due.lost_holds), "", "/destruction#holds", ("privacy_officer",), "bad")


def _of_engineers(views: Iterable[PlanView]) -> Iterable[Task]:
    for view in views:
        path = f"/plans/{view.plan.name}"
        if view.late_since is not None:
            yield Task("late_plan", 1, view.plan.name, path, ("engineer",), "bad")
        elif view.in_force and view.ends_in <= plans.RENEW_DAYS:
            yield Task("renew_plan", view.ends_in, view.plan.name, path, ("engineer",))


def _collection(views: Sequence[PlanView]) -> str:
    # A plan that is new and not due yet says nothing about how collection goes.
    known = [view.state for view in views if view.in_force and view.state != "unknown"]
    return min(known, key=STATES.index, default="unknown")


def _quality(overdue: int, waiting: int, score: float | None, *, poor: bool) -> str:
    if overdue or poor:
        return "bad"
    if waiting:
        return "attention"
    return "unknown" if score is None else "ok"


def _retention(due: Due, failed: int) -> str:
    if failed or due.lost_holds or (due.taken and due.uncovered):
        return "bad"
    return "attention" if due.uncovered else "ok"


def _evidence(state: State, *, stale: bool) -> str:
    if state.verified is None:
        return "unknown"
    if state.verified.verdict != PASS:
        return "bad"
    return "attention" if stale else "ok"
