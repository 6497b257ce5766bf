"""
# Restore drill

Every week: made-up people are backed up, some are destroyed, the database is lost, and the old backup is brought back.
Survivors must be readable as they were, the destroyed by no key that there still is, the ledger whole, and nobody's
values may be in any file. Then the newest real backup is brought back on a server of its own, removed at the end.

A failure is a finding: nobody knows any more whether the data could be brought back.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task


@dag(schedule="0 5 * * 0", catchup=False, max_active_runs=1, tags=["backup"], doc_md=__doc__)
def restore_drill() -> None:
    """Drill with made-up people, then try the newest backup."""

    @task
    def drill() -> dict[str, Any]:
        from pipelines.jobs import backup_tasks

        return backup_tasks.drill()

    @task
    def try_newest() -> dict[str, Any]:
        from pipelines.jobs import backup_tasks

        return backup_tasks.try_newest()

    drill() >> try_newest()


restore_drill()
