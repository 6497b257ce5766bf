"""Compare a run with the runs of its plan before it, and keep what was found. Counts, shares and words of the policy only."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.quality.drift import LAST, Drift, RunShape, drifts
from pipelines.quality.shape import FieldShape
from pipelines.store import scores

if TYPE_CHECKING:
    from pipelines.store.database import Tx


def compare(tx: Tx, plan: str, run: str, at: datetime) -> tuple[Drift, ...]:
    """Compare a run of a plan with the last 30 before it and store the outcome; nothing where the run brought no batch."""
    recent = tx.rows("recent_runs", plan=plan, run=run, limit=LAST + 1)
    if not recent or recent[0].run != run:
        return ()
    fields: dict[str, dict[str, FieldShape]] = defaultdict(dict)
    for row in tx.rows("shapes_of_runs", plan=plan, runs=[each.run for each in recent]):
        shape = FieldShape(row.field, row.rows, row.missing, row.words)
        known = fields[row.run]
        known[row.field] = known[row.field] + shape if row.field in known else shape
    shapes = [RunShape(each.run, each.arrived, fields[each.run]) for each in recent]
    found = drifts(shapes[0], shapes[1:])
    scores.put_drifts(tx, plan, run, found, at)
    return found
