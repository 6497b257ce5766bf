"""The tasks of the DAGs that ask leaders about destructions: as `tasks`, with Airflow's API beside the database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipelines.jobs import asking
from pipelines.jobs.tasks import impersonal
from pipelines.platform.required_actions import RequiredActions, as_service
from pipelines.settings import Settings

DAG, QUESTION, ABOUT = "destroy_requested", "approval", "job"
"""The DAG that asks, its task that waits for the answer, and the parameter that names the destruction."""


@impersonal
def ask(api: str) -> dict[str, Any]:
    """Ask about what waits, take back what no longer does."""
    settings = Settings()
    with as_service(settings, api) as client:
        return asking.ask(settings, RequiredActions(client, DAG, QUESTION, ABOUT))


@impersonal
def describe(job: str) -> dict[str, str] | None:
    """Put the question into words; None where there is nothing to decide."""
    return asking.question(Settings(), job)


@impersonal
def decide(job: str, run: str, api: str) -> dict[str, Any] | None:
    """Put the answer on record, and write on the run's page what became of it; None: nobody has decided."""
    settings = Settings()
    with as_service(settings, api) as client:
        actions = RequiredActions(client, DAG, QUESTION, ABOUT)
        decided = asking.decide(settings, job, actions.answer(run), _now())
        if decided is not None:
            actions.note(run, decided["told"])
    return decided


@impersonal
def carry_out(job: str) -> dict[str, Any]:
    """Destroy what was approved, settle what was rejected."""
    return asking.carry_out(Settings(), job, _now)


def _now() -> datetime:
    return datetime.now(UTC)
