"""
# Ask for approval

Every 15 minutes: each destruction on request that waits for a leader gets a run of `destroy_requested`, named after it,
whose required action asks the leader. A question about what was decided elsewhere meanwhile, on the command line or in
the console, is taken back; its run goes on with that decision.

Running it again changes nothing; a steward or privacy officer may run it at once instead of waiting.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import conf, dag, task


@dag(schedule="*/15 * * * *", catchup=False, max_active_runs=1, tags=["destroy", "approval"], doc_md=__doc__)
def ask_for_approval() -> None:
    """Start a run for each destruction that waits."""

    @task(retries=1, retry_delay=10)
    def ask() -> dict[str, Any]:
        from pipelines.jobs import approval_tasks

        return approval_tasks.ask(conf.get("core", "execution_api_server_url"))

    ask()


ask_for_approval()
