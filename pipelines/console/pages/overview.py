"""The first page: how things stand in four sentences, and what waits for who came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Response

from pipelines.console.visit import EVERYBODY, Visit, allow
from pipelines.jobs import overview as views
from pipelines.jobs.ledger import FAILED
from pipelines.jobs.overview import Overview, Task

router = APIRouter()
SUMMED = ("overdue", "waiting", "late_plan")
"""Kinds of tasks whose counts add up over plans."""


@router.get("/")
def overview(visit: Annotated[Visit, allow(*EVERYBODY)]) -> Response:
    """Show how collection, quality, retention and evidence stand, and what waits for the visitor."""
    found = views.overview(visit.home, visit.at)
    own = [task for task in found.tasks if visit.may(*task.roles)]
    titles = {name: visit.words.two(plan.title.zh, plan.title.en) for name, plan in visit.home.policy.plans.items()}
    return visit.page(
        "overview/overview.html",
        found=found,
        states=found.states,
        said=visit.words.two("", " ").join(_headline(visit, found, titles)),
        own=own,
        others=_together([task for task in found.tasks if task not in own]),
        named=lambda task: visit.words.several(titles.get(name, name) for name in task.about.split()),
    )


def _together(tasks: list[Task]) -> list[Task]:
    """Tell what waits for others once for each kind of task, of all plans that it is about."""
    told: dict[str, Task] = {}
    for task in tasks:
        first = told.get(task.kind)
        if first is None or task.kind not in SUMMED:
            told[task.kind if first is None else f"{task.kind} {task.about}"] = task
        else:
            about, area = f"{first.about} {task.about}", f"/{first.path.split('/')[1].partition('?')[0]}"
            told[task.kind] = replace(first, count=first.count + task.count, about=about, path=area)
    return list(told.values())


def _headline(visit: Visit, found: Overview, titles: dict[str, str]) -> Iterator[str]:
    """Say what is wrong, the worst first; then what the day brought."""
    number = visit.words.number
    if not found.begun:
        yield visit.text("Nothing has been collected yet.")
        return
    if found.state == "ok":
        yield visit.text("All is well.")
    if found.evidence.verified and found.evidence.verified.verdict == FAILED:
        yield visit.text("The ledger did not pass its last verification.")
    if found.failed:
        yield visit.text("Destructions that did not come to their end: {count}.", count=number(found.failed))
    if found.late:
        name = found.late[0].plan.name
        yield visit.text("A run of {plan} did not come.", plan=titles[name])
    if found.poor:
        yield visit.text("The score is below {floor}.", floor=visit.words.percent(found.floor))
    today = found.today
    if today.deliveries:
        fine, n = number(today.untouched), number(today.deliveries)
        yield visit.text("Deliveries today: {n}, of them {fine} without a quarantined row.", n=n, fine=fine)
    else:
        yield visit.text("Nothing came in today so far.")
    yield _waiting(visit, found, titles)


def _waiting(visit: Visit, found: Overview, titles: dict[str, str]) -> str:
    worst = max(found.queue, key=lambda each: (each["overdue"], each["waiting"]), default=None)
    if worst is None or not worst["waiting"]:
        return visit.text("No row waits for a decision.")
    name, rows = titles.get(worst["plan"], worst["plan"]), visit.words.number(worst["waiting"])
    if not worst["rules"]:
        return visit.text("{plan} has {rows} rows waiting.", plan=name, rows=rows)
    why = visit.words.two(worst["rules"][0]["zh"], worst["rules"][0]["en"])
    return visit.text("{plan} has {rows} rows waiting, most because this fails: {why}.", plan=name, rows=rows, why=why)
