"""What batches scored: as they arrived, and what stewards have settled since. Counts and names, no value.

Not for the rows behind a count (`quality.quarantine`), and not for drawing up a scorecard (`pipelines.quality.scorecard`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from pipelines.store.database import Tx


def put(
    tx: Tx,
    batch: int,
    plan: str,
    day: date,
    scores: Iterable[Any],
    document: Mapping[str, Any],
    *,
    daily: bool = True,
) -> None:
    """Store a batch's scores (`pipelines.quality.verdict.Score`) and its Great Expectations result, and its day's share.

    ``daily`` is False for a batch that a steward brought in: its rows were counted on the day on which they arrived.
    """
    found = list(scores)
    columns = {
        "expectations": [score.id for score in found],
        "fields": [score.column for score in found],
        "dimensions": [str(score.dimension) for score in found],
        "severities": [str(score.severity) for score in found],
        "evaluated": [score.evaluated for score in found],
        "failed": [score.failed for score in found],
    }
    tx.run("insert_scores", batch_id=batch, **columns)
    if daily:
        tx.run("add_to_daily", plan=plan, day=day, **columns)
    tx.run("insert_document", batch_id=batch, result=json.dumps(document, ensure_ascii=False))


def settle(tx: Tx, counts: Mapping[tuple[int, str], int]) -> None:
    """Note how many failures were settled, by batch and expectation: their rows were corrected, accepted or rejected.

    A reason that is no expectation of the suite (``retention.undated``, ``free_text.*``) has no score and is passed over.
    To settle more than failed is refused by the database, with all that the transaction did.
    """
    if not counts:
        return
    keys = list(counts)
    given = {
        "batches": [batch for batch, _ in keys],
        "expectations": [expectation for _, expectation in keys],
        "rows": [counts[key] for key in keys],
    }
    # The day first: it is found through the score, and both are taken in the order of ingestion.
    tx.run("settle_daily", **given)
    tx.run("settle_scores", **given)


def put_shapes(tx: Tx, batch: int, shapes: Iterable[Any]) -> None:
    """Store what the fields of a batch looked like (`pipelines.quality.shape.FieldShape`)."""
    found = list(shapes)
    tx.run(
        "insert_shapes",
        batch_id=batch,
        fields=[shape.field for shape in found],
        rows=[shape.rows for shape in found],
        missing=[shape.missing for shape in found],
        words=[None if shape.words is None else json.dumps(dict(shape.words), ensure_ascii=False) for shape in found],
    )


def put_drifts(tx: Tx, plan: str, run: str, found: Iterable[Any], at: datetime) -> None:
    """Store how a run compares with those before it (`pipelines.quality.drift.Drift`)."""
    rows = [{**asdict(each), "plan": plan, "run": run, "at": at} for each in found]
    tx.run_many("put_drift", [{**row, "measure": str(row["measure"]), "sign": str(row["sign"])} for row in rows])
