"""
# Quality docs

After each collection: Data Docs of every plan, without any value in them, in `<home>/data_docs`.
"""

from __future__ import annotations

from airflow.sdk import Asset, dag, task

from pipelines.jobs.wiring import collection_plans

ANY_PLAN = None
for _plan, _ in collection_plans():
    _asset = Asset(f"vault/{_plan}")
    ANY_PLAN = _asset if ANY_PLAN is None else ANY_PLAN | _asset


@dag(schedule=ANY_PLAN, catchup=False, max_active_runs=1, tags=["quality"], doc_md=__doc__)
def quality_docs() -> None:
    """Build Data Docs."""

    @task
    def build() -> str:
        from pipelines.jobs import tasks

        return tasks.build_docs()

    build()


quality_docs()
