"""The tasks of the DAG that reports quality: what is new, and that somebody was told; conventions as in `tasks`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipelines.jobs import months, scorecards
from pipelines.jobs.home import open_home
from pipelines.jobs.tasks import impersonal
from pipelines.moments import day_of
from pipelines.quality import news
from pipelines.settings import Settings
from pipelines.store.database import Role

if TYPE_CHECKING:
    from pipelines.jobs.home import Home
    from pipelines.quality.news import News

LATELY = timedelta(days=2)
"""Runs that are older are no news any more."""


@impersonal
def report_last_month(by: str = "schedule") -> dict[str, Any]:
    """Draw up the month that is over and put it on record, once; nothing of months before the first delivery."""
    home, at = open_home(Settings()), _now()
    try:
        last = day_of(at).replace(day=1) - scorecards.DAY
        with home.database.begin(Role.VERIFY) as tx:
            if not tx.scalar("scored_by", day=last):
                return {}
        return months.as_json(months.report_month(home, f"{last:%Y-%m}", at, by))
    finally:
        home.database.close()


@impersonal
def news_to_tell() -> list[dict[str, Any]]:
    """Say what was not told yet on each of the ways that the settings name."""
    settings, at = Settings(), _now()
    channels = [name for name, way in (("email", settings.notify_email), ("webhook", settings.notify_webhook)) if way]
    if not channels:
        return []
    home = open_home(settings)
    try:
        return _untold(home, collect_news(home, at), channels)
    finally:
        home.database.close()


@impersonal
def note_told(told: dict[str, Any]) -> None:
    """Remember what was told on which way, so that it is not told again."""
    home = open_home(Settings())
    key = {name: told[name] for name in ("kind", "plan", "about", "channel")}
    with home.database.begin(Role.INGEST) as tx:
        tx.run("note_told", **key, at=_now())
    home.database.close()


def collect_news(home: Home, at: datetime) -> list[News]:
    """Say all that should be told now: of the runs of the last two days, of overdue rows, of the month on record."""
    plans = list(home.policy.plans)
    with home.database.begin(Role.VERIFY) as tx:
        runs = [row.run for row in tx.rows("runs_since", plans=plans, since=at - LATELY)]
    found = []
    for run in runs:
        found += news.of_run(scorecards.batch(home, run, at), home.settings.quality_floor)
    whole = scorecards.everything(home, at)
    found += [news.of_overdue(part, day_of(at).isoformat()) for part in whole.parts if part.sla.overdue]
    last = f"{day_of(at).replace(day=1) - scorecards.DAY:%Y-%m}"
    if months.month_report(home, last) is not None:
        found.append(news.of_month(last, scorecards.month(home, last, at)))
    return found


def _untold(home: Home, found: Sequence[News], channels: Sequence[str]) -> list[dict[str, Any]]:
    keys = {
        "kinds": [each.kind for each in found],
        "plans": [each.plan for each in found],
        "abouts": [each.about for each in found],
    }
    with home.database.begin(Role.VERIFY) as tx:
        known = {(row.kind, row.plan, row.about, row.channel) for row in tx.rows("told_before", **keys)}
    return [
        {**each.as_json(), "channel": channel}
        for each in found
        for channel in channels
        if (each.kind, each.plan, each.about, channel) not in known
    ]


def _now() -> datetime:
    return datetime.now(UTC)
