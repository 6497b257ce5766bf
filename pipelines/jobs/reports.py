"""What people read: scorecards, Data Docs. Counts and names only."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from pipelines.jobs.home import open_home
from pipelines.quality.document import merge_documents
from pipelines.quality.scorecard import scorecard
from pipelines.quality.verdict import Dimension, Score, Severity
from pipelines.records import Outcome
from pipelines.settings import Settings
from pipelines.store.database import Role


def quality(settings: Settings, run: str | None = None) -> dict[str, dict[str, Any]]:
    """Return the scorecard of each plan, over all its batches or those of one run."""
    home = open_home(settings)
    scores: dict[str, list[Score]] = defaultdict(list)
    with home.database.begin(Role.VERIFY) as tx:
        for row in tx.rows("scores", run=run):
            score = Score(
                row.expectation, row.field, Dimension(row.dimension), Severity(row.severity), row.evaluated, row.failed
            )
            scores[row.plan].append(score)
    home.database.close()
    return {plan: scorecard(found).as_json() for plan, found in scores.items()}


def totals(settings: Settings, run: str | None = None) -> list[Outcome]:
    """Return what became of all rows of each plan."""
    home = open_home(settings)
    with home.database.begin(Role.VERIFY) as tx:
        rows = tx.rows("totals", run=run)
    home.database.close()
    return [
        Outcome(row.plan, run or "", row.arrived, {"all": row.refused}, {"all": row.quarantined}, row.stored)
        for row in rows
    ]


def build_docs(settings: Settings) -> Path:
    """Build Data Docs of each plan's last batches; return its index page."""
    from pipelines.quality.docs import build_docs as build_site
    from pipelines.quality.suite import load_suite

    home = open_home(settings)
    documents: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with home.database.begin(Role.VERIFY) as tx:
        for row in tx.rows("documents"):
            documents[row.plan].append(row.result)
    home.database.close()
    suites = [load_suite(settings.expectations / f"{plan}.yaml") for plan in documents]
    merged = [merge_documents(found) for found in documents.values()]
    return build_site(merged, suites, home.folder / "data_docs")
