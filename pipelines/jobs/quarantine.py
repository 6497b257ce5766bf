"""The stewards' queue: which rows wait, what is wrong with each, and who did what about it. Values are masked.

Not for deciding (`decisions`). A clear value leaves by `reveal` alone, one cell at a time, with a reason, on the record.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pipelines import sealing
from pipelines.errors import PolicyError, UnknownReference
from pipelines.evidence import entries, names
from pipelines.evidence.guard import LONGEST_TEXT, is_impersonal_text
from pipelines.jobs.masks import Broken, Looks, looks_of, rule_in_words
from pipelines.store import quarantine
from pipelines.store.database import Role, Tx

if TYPE_CHECKING:
    from pipelines.jobs.home import Home

PAGE = 50
STATES = ("waiting", "returned")
ORDERS = ("due", "newest")


@dataclass(frozen=True, slots=True)
class View:
    """Which rows of the queue are looked at."""

    plan: str | None = None
    rule: str | None = None
    batch: int | None = None
    state: str = "waiting"
    overdue_only: bool = False
    order: str = "due"


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a row, masked."""

    field: str
    zh: str
    en: str
    shown: str | None
    """None: the field is empty."""
    whole: bool
    """What is shown is all there is."""
    correctable: bool
    broken: tuple[Broken, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A quarantined row, as a steward may see it."""

    record: UUID
    number: int
    """Of the row in the delivery that it arrived with, 1 the first."""
    plan: str
    batch: int
    run: str
    delivery: str
    source: str
    state: str
    arrived_at: datetime
    due_at: datetime
    expires_on: Any
    entered_by: str
    broken: tuple[Broken, ...]
    cells: tuple[Cell, ...] = field(repr=False)

    def age_days(self, at: datetime) -> int:
        """Count the whole days since it arrived."""
        return (at - self.arrived_at).days

    def overdue(self, at: datetime) -> bool:
        """Tell whether a steward should have decided by now."""
        return self.due_at < at


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the queue."""

    rows: tuple[Row, ...]
    total: int
    after: str | None
    """The row behind which the next page begins; None: this is the last."""


def summary(home: Home, at: datetime) -> list[dict[str, Any]]:
    """Say of each plan how many rows wait, are overdue or went back, since when, and which rules they broke."""
    with home.database.begin(Role.REVIEW) as tx:
        counts = tx.rows("quarantine_counts", at=at)
        broken = tx.rows("rules_of_waiting")
    told: dict[str, dict[str, Any]] = {}
    nothing = {"waiting": 0, "overdue": 0, "returned": 0, "oldest": None, "first_due": None}
    for row in counts:
        of_plan = told.setdefault(row.plan, {"plan": row.plan, **nothing, "rules": []})
        of_plan[row.state] += row.rows
        if row.state == "waiting":
            of_plan |= {"overdue": row.overdue, "oldest": row.oldest, "first_due": row.first_due}
    for row in broken:
        if row.plan in told:
            said = rule_in_words(home, row.plan, row.rule)
            told[row.plan]["rules"].append({"rule": row.rule, "rows": row.rows, "zh": said.zh, "en": said.en})
    return sorted(told.values(), key=lambda each: (-each["overdue"], -each["waiting"], each["plan"]))


def groups(home: Home, plan: str | None, at: datetime) -> list[dict[str, Any]]:
    """Count the rows by plan, state and the rules that they broke, oldest first: names and counts, fit for JSON."""
    with home.database.begin(Role.REVIEW) as tx:
        found = tx.rows("waiting_groups", plan=plan, at=at)
    return [
        {
            "plan": row.plan, "state": row.state, "failed": list(row.failed), "rows": row.rows, "overdue": row.overdue,
            "oldest": f"{row.oldest:%Y-%m-%d %H:%M}", "due": f"{row.due:%Y-%m-%d %H:%M}",
            "expires_on": row.expires_on.isoformat(),
        }
        for row in found
    ]  # fmt: skip


def queue(home: Home, view: View, at: datetime, after: str | None = None, limit: int = PAGE) -> Page:
    """Return a page of the queue, the most urgent rows first, every value masked.

    Raises:
        UnknownReference: there is no such state or order, or the page begins behind a row that is not there.
    """
    if view.state not in STATES or view.order not in ORDERS:
        raise UnknownReference(f"The queue has the states {', '.join(STATES)} and the orders {', '.join(ORDERS)}.")
    chosen = filters(view, at)
    with home.database.begin(Role.REVIEW) as tx:
        total = int(tx.scalar("queue_count", **chosen))
        place = _place(after)
        query: Any = "queue_page" if view.order == "due" else "queue_page_newest"
        found = [row.record_id for row in tx.rows(query, **chosen, **place, limit=limit + 1)]
        rows = _opened(home, tx, found[:limit])
    more = len(found) > limit
    last = rows[-1] if more else None
    return Page(tuple(rows), total, f"{last.due_at.isoformat()}~{last.record}" if last else None)


def filters(view: View, at: datetime) -> dict[str, Any]:
    """Return what a view's queries take."""
    due_before = at if view.overdue_only else None
    return {"plan": view.plan, "rule": view.rule, "batch": view.batch, "state": view.state, "due_before": due_before}


def row(home: Home, record: UUID) -> Row:
    """Return one quarantined row, masked.

    Raises:
        UnknownReference: it is not in quarantine.
    """
    with home.database.begin(Role.REVIEW) as tx:
        found: Row = _require(_opened(home, tx, [record]), record)
    return found


def history(home: Home, record: UUID) -> dict[str, list[Any]]:
    """Say what was decided about a row, and about the rows that it was before it was corrected, and who looked at it."""
    with home.database.begin(Role.REVIEW) as tx:
        ids = [record, *(earlier.record_id for earlier in tx.rows("earlier_rows", ids=[record]))]
        decisions, reveals = tx.rows("decisions_about", ids=ids), tx.rows("reveals_of", ids=ids)
    return {"decisions": [each._asdict() for each in decisions], "reveals": [each._asdict() for each in reveals]}


def reveal(home: Home, record: UUID, field_name: str, reason: str, by: str, at: datetime) -> str | None:
    """Return one cell in clear; that it was looked at, by whom and why is on record first.

    Raises:
        UnknownReference: there is no such row or field.
        PolicyError: the reason is missing, or is none that may be kept.
    """
    if not is_impersonal_text(reason.strip()):
        raise PolicyError(
            f"To look at a value needs a reason: one line of at most {LONGEST_TEXT:,} characters, without the number or address of a person; nothing was shown."
        )
    steward = entries.actor(by)
    with home.database.begin(Role.REVIEW) as tx:
        tx.run("lock_writers")
        rows = [each for each in quarantine.rows(tx, [record]) if each.state != "rejected"]
        found = _require(rows, record)
        if field_name not in looks_of(home, found.plan).fields:
            raise UnknownReference(f"The plan {found.plan} has no field {field_name[:40]}; nothing was shown.")
        name = names.reveal(at, secrets.token_bytes(4))
        said = {"plan": found.plan, "field": field_name, "steward": steward, "at": at}
        tx.run("insert_reveal", reveal_id=name, record_id=record, reason=reason.strip(), **said)
        told = entries.row_revealed(name, found.plan, str(record), field_name, steward, at)
        home.ledger.append(tx, [told], at)
        (values,) = sealing.open_quarantined(tx, home.custodian, rows)
    home.anchor()
    value = values.get(field_name)
    return None if value is None else str(value)


def _opened(home: Home, tx: Tx, ids: Sequence[UUID]) -> list[Row]:
    """Open some rows and mask them, in the order of their ids as given; the rejected are not shown any more."""
    found = {each.record_id: each for each in quarantine.rows(tx, ids) if each.state != "rejected"}
    stored = [found[record] for record in ids if record in found]
    opened = sealing.open_quarantined(tx, home.custodian, stored)
    again = [each.record_id for each in stored if each.source == "steward"]
    first = quarantine.first_of(tx, again) if again else {}
    return [
        _row(home, each, values, first.get(each.record_id, each).record_id)
        for each, values in zip(stored, opened, strict=True)
    ]


def _row(home: Home, stored: Any, values: Mapping[str, Any], first: UUID) -> Row:
    looks = looks_of(home, stored.plan)
    broken = tuple(rule_in_words(home, stored.plan, rule) for rule in stored.failed)
    cells = tuple(_cell(looks, name, values.get(name), broken) for name in looks.fields)
    number = int.from_bytes(first.bytes[10:], "big")
    return Row(
        stored.record_id, number, stored.plan, stored.batch_id, stored.run, str(stored.delivery_id), stored.source,
        stored.state, stored.arrived_at, stored.due_at, stored.expires_on, stored.entered_by, broken, cells,
    )  # fmt: skip


def _cell(looks: Looks, name: str, value: object, broken: Sequence[Broken]) -> Cell:
    shown = looks.show(name, value)
    ours = tuple(each for each in broken if each.field == name)
    return Cell(name, *looks.titles(name), shown, shown in {None, str(value)}, name in looks.correctable, ours)


def _require(rows: Sequence[Any], record: UUID) -> Any:
    if not rows:
        raise UnknownReference(f"The row {record} is not in quarantine (any more); look at the queue again.")
    return rows[0]


def _place(after: str | None) -> dict[str, Any]:
    if after is None:
        return {"after_due": None, "after_id": None}
    due, _, record = after.partition("~")
    try:
        return {"after_due": datetime.fromisoformat(due), "after_id": UUID(record)}
    except ValueError:
        raise UnknownReference("The page begins behind a row that is not there; begin at the first page.") from None
