"""A home with some weeks behind it, and rows that wait for a steward: for browser tests and the pictures of the guide."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from examples.generate import generate
from pipelines import jobs
from pipelines.jobs import collection
from pipelines.settings import Settings
from tests.homes import counter, mobile, resident_id

FILES = {
    "counter_customers": "counter_*",
    "partner_enterprises": "partner",
    "web_registrations": "web_*",
}
ENGINEER = "engineer"


def history(settings: Settings, folder: Path, last: date, days: int, rows: tuple[int, int, int] = (60, 24, 40)) -> None:
    """Collect the example plans day by day, up to a day; the home is made where there is none."""
    jobs.init(settings, _morning(last - timedelta(days=days)))
    for back in range(days - 1, -1, -1):
        day = last - timedelta(days=back)
        made = folder / day.isoformat()
        generate(made, seed=back + 1, rows=rows, as_of=day)
        for plan, pattern in FILES.items():
            collection.collect(settings, plan, sorted(made.glob(pattern)), _morning(day), by=ENGINEER)
        shutil.rmtree(made)


def wrong_rows(settings: Settings, path: Path, count: int, at: datetime, first: int = 500) -> None:
    """Have a delivery come in whose rows all wait: the identity number's last character is wrong in each."""
    day = (at - timedelta(days=2)).date().isoformat()
    rows = []
    for number in range(first, first + count):
        right = resident_id(number)
        wrong = right[:-1] + ("1" if right[-1] != "1" else "2")
        cells = {"身份证号": wrong, "手机号": mobile(number), "采集时间": day, "最近业务时间": day, "同意时间": day}
        rows.append(cells)
    collection.collect(settings, "counter_customers", [counter(path, *rows)], at, by=ENGINEER)


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(1, 30), UTC)
