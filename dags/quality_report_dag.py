"""
# Quality report

After each collection, every morning, and on the first of the month: the figures of the month that is over are put on
record (once), and whoever the settings name is told by e-mail or webhook, once for each thing:

* a delivery scored below the floor (`TUTELA_QUALITY_FLOOR`), or is unlike earlier ones;
* rows wait in quarantine longer than their plan allows;
* the month's report is ready.

`TUTELA_NOTIFY_EMAIL` names addresses (sent through the connection `smtp_default`), `TUTELA_NOTIFY_WEBHOOK` a connection
of kind HTTP whose password signs what is posted. Nobody is named by default, and nobody is told. What is sent holds
counts, names and a link.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, dag, task
from airflow.timetables.assets import AssetOrTimeSchedule
from airflow.timetables.trigger import CronTriggerTimetable

from pipelines.jobs.wiring import collection_plans

ANY_PLAN = None
for _plan, _ in collection_plans():
    _asset = Asset(f"vault/{_plan}")
    ANY_PLAN = _asset if ANY_PLAN is None else ANY_PLAN | _asset


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("30 7 * * *", timezone="Asia/Shanghai"), assets=ANY_PLAN
    ),
    catchup=False,
    max_active_runs=1,
    tags=["quality"],
    doc_md=__doc__,
)
def quality_report() -> None:
    """Put the month on record; tell what is new."""

    @task(retries=2, retry_delay=60)
    def report_month() -> dict[str, Any]:
        from pipelines.jobs import quality_tasks

        return quality_tasks.report_last_month()

    @task(retries=2, retry_delay=60)
    def news() -> list[dict[str, Any]]:
        from pipelines.jobs import quality_tasks

        return quality_tasks.news_to_tell()

    @task(retries=5, retry_delay=120)
    def tell(one: dict[str, Any]) -> str:
        from pipelines.jobs import quality_tasks
        from pipelines.platform import notifiers

        notifiers.tell(one)
        quality_tasks.note_told(one)
        return f"{one['channel']}: {one['kind']} {one['plan']} {one['about']}"

    found = news()
    report_month() >> found
    tell.expand(one=found)


quality_report()
