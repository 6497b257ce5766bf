"""
# Destroy what is past its retention

Every night: due list → application → standing approval → destruction → independent verification → certificate.

Nobody has to watch. The leader's signed standing approval (`policy/standing_approval.yaml`) names the retention schedule
by its hash; when the schedule was changed since, nothing is destroyed and the run fails with the reason. A run that died
anywhere is gone on with by the next. The certificate lies in `<home>/certificates` and verifies offline.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, Param, dag, task


@dag(
    schedule="30 2 * * *",
    catchup=False,
    max_active_runs=1,
    tags=["destroy"],
    doc_md=__doc__,
    params={"as_of": Param(None, type=["null", "string"], format="date", description="The day; today by default.")},
)
def destroy_expired() -> None:
    """Destroy, verify, certify."""

    @task
    def due(params: dict[str, Any] | None = None) -> dict[str, Any]:
        from pipelines.jobs import tasks

        return tasks.list_due((params or {}).get("as_of"))

    @task(retries=2, retry_delay=30, outlets=[Asset("destruction")])
    def destroy(params: dict[str, Any] | None = None) -> dict[str, Any]:
        from pipelines.jobs import tasks

        return tasks.purge((params or {}).get("as_of"))

    @task
    def verify_certificate(purged: dict[str, Any]) -> dict[str, Any]:
        from pipelines.jobs import tasks

        return tasks.verify_certificate(purged)

    listed = due()
    purged = destroy()
    listed >> purged
    verify_certificate(purged)


destroy_expired()
