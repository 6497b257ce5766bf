"""
# Collect

Brings the files of one collection plan into the vault: gate → consent → quality → classify → seal and store → report.
There is one DAG `collect__<plan>` for each plan in `policy/plans`.

* **Files**: by default everything in `<home>/landing/<plan>` that fits the plan's pattern (a partner's delivery is a
  folder there); a run that finds nothing is skipped. What was landed is removed once it is in the vault. `files` in the
  run's configuration names others, which are left alone.
* **Safe to run again**: a file that came in before stores nothing twice; its rows are counted as `already_received`.
* **Between tasks** rows travel as encrypted Parquet; the run's key is destroyed at the end, also when the run fails.
  XCom holds names and counts only.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, Param, dag, get_parsing_context, task
from airflow.sdk.exceptions import AirflowSkipException

from pipelines.jobs.wiring import collection_plans

ON = {"retries": 2, "retry_delay": 5, "pool": "default_pool"}


@task(**ON)
def gate(
    plan: str, params: dict[str, Any] | None = None, run_id: str | None = None, dag_run: Any = None
) -> dict[str, Any]:
    """Check plan and files, and stage their chunks."""
    from pipelines.jobs import tasks

    by = getattr(dag_run, "triggering_user_name", None) or "schedule"
    gated = tasks.gate(plan, (params or {}).get("files", []), str(run_id), by)
    if gated is None:
        raise AirflowSkipException(f"Nothing has landed for {plan}.")
    return gated


@task
def chunks(gated: dict[str, Any]) -> list[dict[str, Any]]:
    """Name the chunks, to be mapped over."""
    return gated["chunks"]


@task(**ON)
def consent(chunk: dict[str, Any]) -> dict[str, Any]:
    """Admit the rows that consent covers."""
    from pipelines.jobs import tasks

    return tasks.ask_consent(chunk)


@task(**ON)
def quality(chunk: dict[str, Any]) -> dict[str, Any]:
    """Set apart the rows that fail a critical expectation."""
    from pipelines.jobs import tasks

    return tasks.check_quality(chunk)


@task(**ON)
def classify(chunk: dict[str, Any]) -> dict[str, Any]:
    """Label every field."""
    from pipelines.jobs import tasks

    return tasks.classify(chunk)


@task(**ON)
def seal_and_store(chunk: dict[str, Any]) -> dict[str, Any]:
    """Seal the rows and store them with their evidence."""
    from pipelines.jobs import tasks

    return tasks.seal_and_store(chunk)


@task(trigger_rule="none_failed_min_one_success", **ON)
def report(gated: dict[str, Any]) -> dict[str, Any]:
    """Add up what became of the rows; remove what was landed."""
    from pipelines.jobs import tasks

    return tasks.report(gated)


@task
def destroy_run_key(run_id: str | None = None) -> None:
    """Destroy the run's key and staging files."""
    from pipelines.jobs import tasks

    tasks.end(str(run_id))


def collect(plan: str, schedule: str | None) -> Any:
    """Make the DAG of one plan."""

    @dag(
        dag_id=f"collect__{plan}",
        schedule=schedule,
        catchup=False,
        max_active_runs=1,
        tags=["collect", plan],
        doc_md=__doc__,
        params={"files": Param([], type="array", description="Files or delivery folders; empty: the landing folder.")},
    )
    def pipeline() -> None:
        gated = gate(plan)
        consented = consent.expand(chunk=chunks(gated))
        stored = seal_and_store.expand(chunk=classify.expand(chunk=quality.expand(chunk=consented)))
        reported = report.override(outlets=[Asset(f"vault/{plan}")])(gated)
        stored >> reported
        # A teardown: it runs however the run ends, and does not hide a failure before it.
        reported >> destroy_run_key().as_teardown()

    return pipeline()


_only = get_parsing_context().dag_id
for _plan, _schedule in collection_plans():
    # At run time only the DAG that is asked for is built.
    if _only is None or _only == f"collect__{_plan}":
        globals()[f"collect__{_plan}"] = collect(_plan, _schedule)
