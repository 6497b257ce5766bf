"""Move records to where the schedule wants them once it, or a plan's class, was changed.

Each plan's records lie under one class and rule; the database remembers which. Where the policy has another now, they
are looked at month by month, in transactions of a bounded size, and moved. A kill loses nothing: what has moved lies
right, and is passed over. Moving needs no approval; destroying does.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from pipelines.evidence import entries
from pipelines.moments import day_of
from pipelines.retention import identifiers, reseal
from pipelines.retention import job as jobs
from pipelines.retention.weigh import CHUNK_ROWS, Scales, fill
from pipelines.store.database import Role, Tx

if TYPE_CHECKING:
    from pipelines.retention.job import Destroyer

_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """What came of it."""

    plans: tuple[str, ...] = ()
    """Plans whose class or rule is another than the one that their records lay under."""
    records: int = 0
    """Records that moved."""


def reschedule(tools: Destroyer) -> Rescheduled:
    """Move the records of all plans whose class or rule was changed; where none was, it costs one look-up.

    Raises:
        KeyUnavailable: a key was destroyed, or a record was altered. What has moved stays moved.
    """
    plans = _changed(tools)
    if not plans:
        return Rescheduled()
    with tools.database.begin(Role.DESTROY) as tx:
        months = [row.month for row in tx.rows("months_of_cohorts")]
    moved = sum(_month(tools, plans, month) for month in months)
    at = tools.clock()
    with tools.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        for name in plans:
            key, rule = _rule(tools, name)
            tx.run("put_rule_in_force", plan=name, retention_class=key, rule=rule, at=at)
        schedule = bytes.fromhex(tools.policy.schedule_hash())
        jobs.append(tx, tools, [entries.rule_in_force(name, *_rule(tools, name), schedule, at) for name in plans], at)
    return Rescheduled(tuple(plans), moved)


def _changed(tools: Destroyer) -> list[str]:
    with tools.database.begin(Role.DESTROY) as tx:
        there = {row.plan: (row.retention_class, row.rule) for row in tx.rows("classes_in_force")}
        for name in sorted(set(tools.policy.plans) - set(there)):
            # Of a version that did not remember: what lies there is taken to lie right.
            key, rule = _rule(tools, name)
            tx.run("adopt_plan", plan=name, retention_class=key, rule=rule, at=tools.clock())
    return [name for name in sorted(there) if name in tools.policy.plans and there[name] != _rule(tools, name)]


def _rule(tools: Destroyer, plan: str) -> tuple[str, str]:
    """Return the class and rule that the policy has for a plan now."""
    retention = tools.policy.retention[tools.policy.plans[plan].retention]
    return retention.key, retention.rule()


def _month(tools: Destroyer, plans: list[str], month: date) -> int:
    moved, after = 0, _FIRST
    while True:
        with tools.database.begin(Role.DESTROY) as tx:
            tx.run("lock_writers")
            rows = tx.rows("facts_of_month", month=month, plans=plans, after=after, count=CHUNK_ROWS)
            if rows:
                moved += _page(tx, tools, rows)
        tools.step("rescheduled")
        if len(rows) < CHUNK_ROWS:
            return moved
        after = rows[-1].record_id


def _page(tx: Tx, tools: Destroyer, rows: list[Any]) -> int:
    at = tools.clock()
    weighed = Scales(tx, tools.policy, day_of(at)).weigh(rows)
    chosen = weighed.misplaced
    if not chosen.any():
        return 0
    reseal.begin(tx)
    fill(tx, weighed, chosen)
    moved = reseal.run(tx, tools.custodian)
    identifiers.recount_moved(tx, tools.custodian, tools.policy, tools.index_key, day_of(at))
    of_plan = Counter(rows[place].plan for place in np.flatnonzero(chosen))
    told = [
        entries.records_rescheduled(name, *_rule(tools, name), count, at) for name, count in sorted(of_plan.items())
    ]
    jobs.append(tx, tools, told, at)
    return moved
