"""The figures of a closed month by department, drawn up once and put on record (G-01).

Quality and completeness are scores as they are when the report is drawn up; consent is the share of arrived rows that
consent, or another legal basis, covered; findings are those of the catalogue that are open then. All in millionths.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pipelines.consent.gate import Reason
from pipelines.errors import PolicyError
from pipelines.evidence import entries
from pipelines.jobs import catalogue, scorecards
from pipelines.jobs.scorecards import DAY, days_of_month
from pipelines.moments import CHINA, day_of
from pipelines.quality.card import Standing, total
from pipelines.quality.verdict import Dimension
from pipelines.store.database import Role

if TYPE_CHECKING:
    from pipelines.jobs.home import Home
    from pipelines.quality.card import Card, Part

WITHOUT_CONSENT = (
    Reason.NO_CONSENT, Reason.UNKNOWN_NOTICE, Reason.NOTICE_NOT_IN_FORCE, Reason.CONSENT_AFTER_COLLECTION,
    Reason.CONSENT_EXPIRED, Reason.PURPOSE_NOT_COVERED, Reason.CONSENT_WITHDRAWN,
)  # fmt: skip
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Figures:
    """One department's month; None where nothing arrived, which is no success."""

    department: str
    arrived: int
    stored: int
    quality: int | None
    completeness: int | None
    consent: int | None
    findings: int


@dataclass(frozen=True, slots=True)
class MonthReport:
    """A month on record."""

    month: str
    departments: tuple[Figures, ...]
    sha256: str
    at: datetime
    new: bool
    """Whether it was drawn up just now."""


def report_month(home: Home, month: str, at: datetime, by: str) -> MonthReport:
    """Draw up a closed month and put it on record, with one ledger entry; a month on record is returned as it stands.

    Raises:
        PolicyError: the month is not over, or no month.
    """
    _, last = days_of_month(month)
    if day_of(at) <= last:
        raise PolicyError(f"{month} is not over; its figures are drawn up from {last + DAY} on. Nothing was changed.")
    known = month_report(home, month)
    if known is not None:
        return known
    card = scorecards.month(home, month, at)
    found = figures(home, month, card)
    content = {"month": month, "departments": [asdict(each) for each in found], "card": card.as_json()}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = sha256(text.encode()).hexdigest()
    with home.database.begin(Role.INGEST) as tx:
        tx.run("lock_writers")
        if tx.one("month_reported", month=month) is None:
            tx.run("insert_month_report", month=month, report=text, sha256=digest, at=at)
            entry = entries.month_reported(month, [asdict(each) for each in found], digest, by, at)
            head = home.ledger.append(tx, [entry], at)
        else:
            head = None
    if head is None:
        return _required(home, month)
    home.anchor(head)
    return MonthReport(month, tuple(found), digest, at, new=True)


def month_report(home: Home, month: str) -> MonthReport | None:
    """Return a month that is on record."""
    with home.database.begin(Role.VERIFY) as tx:
        row = tx.one("month_reported", month=month)
    if row is None:
        return None
    departments = tuple(Figures(**each) for each in row.report["departments"])
    return MonthReport(month, departments, row.sha256, row.at, new=False)


def figures(home: Home, month: str, card: Card) -> list[Figures]:
    """Compute the figures of each department that owns a plan, from the card of a month."""
    owners: dict[str, list[Part]] = {}
    for part in card.parts:
        if part.plan in home.policy.plans:
            owners.setdefault(home.policy.plans[part.plan].owner.department, []).append(part)
    lacking = _consent(home, month, [part.plan for part in card.parts])
    open_findings = _open_findings(home)
    return [_figures(name, parts, lacking, open_findings) for name, parts in sorted(owners.items())]


def _figures(
    department: str, parts: Sequence[Part], lacking: dict[str, tuple[int, int]], open_findings: dict[str, int]
) -> Figures:
    overall = total(part.overall for part in parts)
    complete = total(part.dimensions.get(Dimension.COMPLETENESS, Standing()) for part in parts)
    asked = sum(lacking.get(part.plan, (0, 0))[0] for part in parts)
    without = sum(lacking.get(part.plan, (0, 0))[1] for part in parts)
    return Figures(
        department, sum(part.rows.arrived for part in parts), sum(part.rows.stored for part in parts),
        _millionths(overall.now), _millionths(complete.now), _millionths(1 - without / asked if asked else None),
        sum(open_findings.get(part.plan, 0) for part in parts),
    )  # fmt: skip


def _consent(home: Home, month: str, plans: Sequence[str]) -> dict[str, tuple[int, int]]:
    first, last = days_of_month(month)
    since, until = (datetime(day.year, day.month, day.day, tzinfo=CHINA) for day in (first, last + DAY))
    reasons = [reason.value for reason in WITHOUT_CONSENT]
    with home.database.begin(Role.VERIFY) as tx:
        rows = tx.rows("consent_of_days", plans=plans, since=since, until=until, reasons=reasons)
    return {row.plan: (row.asked, row.lacking) for row in rows}


def _open_findings(home: Home) -> dict[str, int]:
    found: dict[str, int] = {}
    for column in catalogue.columns(home):
        found[column["plan"]] = found.get(column["plan"], 0) + int(column["open"])
    return found


def _required(home: Home, month: str) -> MonthReport:
    found = month_report(home, month)
    if found is None:
        raise RuntimeError("a month on record is gone")
    return found


def _millionths(share: float | None) -> int | None:
    return None if share is None else int(share * MILLION)


def as_json(report: MonthReport) -> dict[str, Any]:
    """Return what a task may hand on: counts and names."""
    return {**asdict(report), "at": report.at.isoformat()}
