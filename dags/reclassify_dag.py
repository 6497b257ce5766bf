"""
# Look at the vault again

Every week, and whenever somebody starts it: where recognizers, weights or the taxonomy have changed since a batch was last
read, its sealed records are opened and their columns counted again. Profiles and findings become another look in the
catalogue (`tutela catalog`); a column that lies under too low a level is a finding. No record is changed.

Where nothing has changed, nothing is opened. A run that died goes on behind the last batch that it finished.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, Param, dag, task


@dag(
    schedule="0 6 * * 0",
    catchup=False,
    max_active_runs=1,
    tags=["classify"],
    doc_md=__doc__,
    params={"plan": Param(None, type=["null", "string"], description="The one collection plan; all by default.")},
)
def reclassify() -> None:
    """Look at each plan that was last read with something else."""

    @task
    def plans(params: dict[str, Any] | None = None) -> list[str]:
        from pipelines.jobs import classification_tasks

        return classification_tasks.plans_to_look_at((params or {}).get("plan"))

    @task(retries=3, retry_delay=60, max_active_tis_per_dag=1, outlets=[Asset("catalogue")])
    def look_again(plan: str) -> dict[str, Any]:
        from pipelines.jobs import classification_tasks

        return classification_tasks.look_again(plan)

    look_again.expand(plan=plans())


reclassify()
