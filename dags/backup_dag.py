"""
# Back up

Every night, after the purge: a dump of the rows under a key of its own, its signed manifest, and apart from both the
keyring's newest snapshot. Backups whose time is up are destroyed, key first, so that copies of them elsewhere end too.

While a destruction is not done no backup is made: the task waits and tries again. A backup that died anywhere is finished
or destroyed by the next.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, dag, task


@dag(schedule="30 3 * * *", catchup=False, max_active_runs=1, tags=["backup"], doc_md=__doc__)
def backup() -> None:
    """Make a backup, destroy the expired ones."""

    @task(retries=6, retry_delay=600, outlets=[Asset("backup")])
    def create() -> dict[str, Any]:
        from pipelines.jobs import backup_tasks

        return backup_tasks.create()

    create()


backup()
