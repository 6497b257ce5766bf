"""
# Destroy on request

One run for one destruction that somebody asked for: required action → decision → destruction → verification of its
certificate. `ask_for_approval` starts the runs.

* **A leader answers** under *Required Actions*: approve, or reject for one of the reasons listed. Anybody may look; only
  a leader may answer, and not one who applied for it: the task `decide` checks the user's role and the manifest's hash
  that was shown, and the task `destroy` checks all of it again.
* **The first decision counts.** Was it made on the command line or in the console meanwhile, the question is taken back
  and the run goes on with that; an answer that comes later changes nothing, and the run's note says so.
* **Without an answer nothing is destroyed.** After a week the run fails, the destruction still waits, and is asked about
  anew.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Asset, ExceptionRetryPolicy, Param, RetryAction, RetryRule, conf, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from pipelines.jobs.wiring import ANSWER_DAYS, ANSWERS

# What was refused is refused next time too; only what could not be done is tried again.
NOT_REFUSED = ExceptionRetryPolicy([RetryRule("pipelines.errors.ApprovalMissing", RetryAction.FAIL)])
AGAIN = {"retries": 3, "retry_delay": 20, "retry_policy": NOT_REFUSED}


@dag(
    schedule=None,
    # Each waits for a person, without a worker: as many as there are.
    max_active_runs=10_000,
    tags=["destroy", "approval"],
    doc_md=__doc__,
    params={"job": Param(type="string", minLength=1, description="The destruction.")},
)
def destroy_requested() -> None:
    """Ask, decide, destroy, verify."""

    @task(retries=2, retry_delay=10)
    def describe(params: dict[str, Any] | None = None) -> dict[str, str]:
        from pipelines.jobs import approval_tasks

        found = approval_tasks.describe((params or {})["job"])
        if found is None:
            raise AirflowSkipException("There is nothing to decide about it any more.")
        return found

    approval = HITLOperator(
        task_id="approval",
        subject="{{ ti.xcom_pull('describe')['subject'] }}",
        body="{{ ti.xcom_pull('describe')['body'] }}",
        options=list(ANSWERS),
        # No default: silence destroys nothing.
        response_timeout=timedelta(days=ANSWER_DAYS),
        do_xcom_push=False,
    )

    # Also where the question was taken back or never asked: then it looks for a decision through another door.
    @task(trigger_rule="none_failed", **AGAIN)
    def decide(params: dict[str, Any] | None = None, run_id: str | None = None) -> dict[str, Any]:
        from pipelines.jobs import approval_tasks

        api = conf.get("core", "execution_api_server_url")
        decided = approval_tasks.decide((params or {})["job"], str(run_id), api)
        if decided is None:
            raise AirflowSkipException("Nobody has decided; it waits and is asked about again.")
        return decided

    @task(outlets=[Asset("destruction")], max_active_tis_per_dag=1, **AGAIN)
    def destroy(decided: dict[str, Any]) -> dict[str, Any]:
        from pipelines.jobs import approval_tasks

        return approval_tasks.carry_out(decided["job"])

    @task
    def verify_certificate(destroyed: dict[str, Any]) -> dict[str, Any]:
        from pipelines.jobs import tasks

        return tasks.verify_certificate(destroyed)

    decided = decide()
    describe() >> approval >> decided
    verify_certificate(destroy(decided))


destroy_requested()
