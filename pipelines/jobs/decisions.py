"""Decide about quarantined rows, one or thousands: see first what will happen, then have exactly that happen.

A preview names its set of rows by a hash. What is confirmed is that set or nothing. Rows that can't be decided about so
are left out of a set that was chosen by plan and rule, and the preview says how many; one that is named by its id is
refused with a sentence.
"""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pipelines.errors import DecisionRefused, UnknownReference
from pipelines.evidence import entries, names
from pipelines.jobs.masks import UNDATED, rule_in_words
from pipelines.jobs.quarantine import View, filters
from pipelines.store.database import Role
from pipelines.store.quarantine import LARGEST, Kind

if TYPE_CHECKING:
    from pipelines.jobs.home import Home


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows: named one by one, or all that a view of the queue has."""

    records: tuple[UUID, ...] = ()
    view: View | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a decision would do."""

    kind: Kind
    rows: int
    by_rule: Mapping[str, int]
    by_plan: Mapping[str, int]
    own: int
    """Left out: the steward brought them in."""
    undated: int
    """Left out: without a date that retention counts from they can't be accepted."""
    more: int
    """Left out: beyond what is decided about in one go."""
    token: str
    """Names exactly these rows and this kind of decision."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a decision came to."""

    decision: str
    kind: Kind
    outcomes: Mapping[str, int]

    @property
    def rows(self) -> int:
        """Count the rows."""
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class SlipRow:
    """A row on a return slip: where it stood, and what the department is to look up. No value."""

    delivery: str
    arrived_at: datetime
    number: int
    rules: tuple[tuple[str, str], ...]
    """In Chinese and in English."""


@dataclass(frozen=True, slots=True)
class Slip:
    """What a department is told of rows that were sent back to it."""

    decision: str
    plan: str
    department: str
    steward: str
    reason: str
    at: datetime
    rows: tuple[SlipRow, ...]


def preview(home: Home, selection: Selection, kind: str, by: str, at: datetime) -> Preview:
    """Say what a decision would do to which rows; nothing is changed.

    Raises:
        DecisionRefused: there is no such kind of decision.
    """
    meant, chosen = _kind(kind), _chosen(selection, kind, by, at)
    with home.database.begin(Role.REVIEW) as tx:
        seen: Any = tx.one("preview_decision", **chosen)
        view = selection.view
        more = 0 if view is None else int(tx.scalar("queue_count", **filters(view, at))) - LARGEST
    return Preview(
        meant, seen.rows, seen.by_rule, seen.by_plan, seen.own, seen.spared, max(0, more), _token(meant, seen.digest)
    )


def decide(
    home: Home,
    selection: Selection,
    kind: str,
    reason: str,
    by: str,
    at: datetime,
    token: str | None = None,
    changes: Mapping[str, str] | None = None,
) -> Done:
    """Do what a steward decided: all of it in one transaction with its evidence, or nothing.

    Args:
        home: the installation, open.
        selection: the rows.
        kind: corrected, accepted, rejected or returned.
        reason: one line; stays in the database.
        by: the steward.
        at: now.
        token: of the preview that was confirmed; needed where the rows were chosen by a view.
        changes: corrected: field → new value.

    Raises:
        DecisionRefused: the rows can't be decided about so, or not by this steward, or are not those of the preview.
    """
    meant, records = _kind(kind), selection.records
    if selection.view is not None or token is not None:
        with home.database.begin(Role.REVIEW) as tx:
            rows = tx.rows("ready_rows", **_chosen(selection, kind, by, at))
        records = tuple(row.record_id for row in rows)
        if _token(meant, sha256(b"".join(record.bytes for record in records)).hexdigest()) != token:
            raise DecisionRefused(
                "The rows are not those of the preview any more: some came or went. Look at the preview again; nothing was changed.",
                "changed",
            )
    from pipelines import review
    from pipelines.jobs.collection import bench_of

    name = names.decision(at, secrets.token_bytes(4))
    said = review.Decision(name, meant, reason, entries.actor(by), at, dict(changes or {}))
    desk = review.Desk(home.database, home.custodian, home.ledger, home.index_key, lambda plan: bench_of(home, plan))
    outcomes = review.decide(desk, said, records)
    home.anchor()
    return Done(name, meant, outcomes)


def recent(home: Home, limit: int = 20) -> list[dict[str, Any]]:
    """List the newest decisions, with what came of their rows."""
    with home.database.begin(Role.REVIEW) as tx:
        return [row._asdict() for row in tx.rows("latest_decisions", limit=limit)]


def slip(home: Home, decision: str) -> Slip:
    """Return the slip of a decision that sent rows of a plan back.

    Raises:
        UnknownReference: no rows were sent back by it.
    """
    with home.database.begin(Role.REVIEW) as tx:
        rows = tx.rows("slip_rows", decision=decision)
    if not rows:
        raise UnknownReference(f"No rows were sent back by {decision[:40]}; `tutela quarantine list` shows the queue.")
    plan = home.policy.plans.get(rows[0].plan)
    told = tuple(
        SlipRow(
            str(row.delivery_id), row.arrived_at, int.from_bytes(row.record_id.bytes[10:], "big"),
            tuple((said.zh, said.en) for said in (rule_in_words(home, row.plan, rule) for rule in row.rules)),
        )
        for row in rows
    )  # fmt: skip
    first = rows[0]
    return Slip(
        decision, first.plan, plan.owner.department if plan else "", first.steward, first.reason, first.at, told
    )


def slip_csv(told: Slip) -> str:
    """Write a slip as CSV that spreadsheets open as it is."""
    file = io.StringIO()
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow(["退回单 return slip", "交付 delivery", "到达 arrived", "行号 row", "未通过规则", "broken rules"])
    for row in told.rows:
        zh, en = (";".join(each[place] for each in row.rules) for place in (0, 1))
        writer.writerow([told.decision, row.delivery, f"{row.arrived_at:%Y-%m-%d %H:%M}Z", row.number, zh, en])
    return file.getvalue()


def _kind(kind: str) -> Kind:
    try:
        return Kind(kind)
    except ValueError:
        raise DecisionRefused(
            f"There is no decision {kind[:20]}; there are {', '.join(Kind)}. Nothing was changed."
        ) from None


def _chosen(selection: Selection, kind: str, by: str, at: datetime) -> dict[str, Any]:
    """Return what the queries take that choose rows for a decision."""
    anything: dict[str, Any] = {
        "plan": None,
        "rule": None,
        "batch": None,
        "state": None,
        "due_before": None,
        "ids": None,
    }
    chosen = {"ids": list(selection.records)} if selection.view is None else filters(selection.view, at)
    never = UNDATED if kind == Kind.ACCEPTED else ""
    return {**anything, **chosen, "steward": entries.actor(by), "never": never, "limit": LARGEST}


def _token(kind: Kind, digest: str) -> str:
    return sha256(f"{kind.value}:{digest}".encode()).hexdigest()[:32]
