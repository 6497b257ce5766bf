"""The tasks of the DAG that looks at the vault again; conventions as in `tasks`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipelines.jobs import classification
from pipelines.jobs.tasks import impersonal
from pipelines.settings import Settings


@impersonal
def plans_to_look_at(plan: str | None) -> list[str]:
    """Name the plans with batches that were last read with something else."""
    return [each.plan for each in classification.reclassify(Settings(), _now, plan, dry_run=True) if each.waiting]


@impersonal
def look_again(plan: str) -> dict[str, Any]:
    """Look at one plan's sealed records again."""
    [found] = classification.reclassify(Settings(), _now, plan)
    return found.as_json()


def _now() -> datetime:
    return datetime.now(UTC)
