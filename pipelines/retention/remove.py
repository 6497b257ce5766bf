"""Remove what a destruction's keys made unreadable: rows, quarantine, blind indexes, subjects. In the caller's transaction.

Not for keys. Whole months go as partitions; the rest by sets. Removing again removes nothing, so a kill costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.retention.job import Job
    from pipelines.store.database import Tx


def remove(tx: Tx, job: Job) -> dict[str, int]:
    """Remove a destruction's rows and what only they supported: what → how many."""
    if job.manifest.subjects:
        return _of_subjects(tx, job)
    removed = _of_cohorts(tx, job)
    if job.manifest.selection is None:
        return removed | {
            "blind_indexes": tx.run("delete_indexes", as_of=job.as_of),
            "subjects": tx.run("delete_subjects", as_of=job.as_of),
        }
    return removed | _unsupported(tx, job)


def _of_subjects(tx: Tx, job: Job) -> dict[str, int]:
    tx.run("make_aimed")
    tx.run("aim_at_targets", job_id=job.id)
    tx.run("analyze_aimed")
    return {
        "records": tx.run("delete_records_of_aimed"),
        "quarantined": tx.run("delete_quarantine_of_aimed"),
        "partitions": 0,
        "blind_indexes": tx.run("delete_indexes_of_aimed"),
        "subjects": tx.run("delete_subjects_of_aimed"),
    }


def _of_cohorts(tx: Tx, job: Job) -> dict[str, int]:
    """Months in which nothing else lies are dropped whole, at no cost for each row."""
    listed, cohorts = job.manifest, list(job.manifest.cohorts)
    records = partitions = 0
    for month in sorted({day.replace(day=1) for day in listed.expiry_days}):
        dropped = tx.scalar("drop_due_partition", month=month, cohorts=cohorts)
        records += dropped or 0
        partitions += dropped is not None
    records += tx.run("delete_records", days=listed.expiry_days, cohorts=cohorts)
    return {
        "records": records,
        "quarantined": tx.run("delete_quarantine", cohorts=cohorts),
        "partitions": partitions,
    }


def _unsupported(tx: Tx, job: Job) -> dict[str, int]:
    """Of the subjects that a steward's selection touched: those that no record supports any more."""
    tx.run("make_aimed")
    tx.run("aim_at_request", request_id=job.request)
    tx.run("analyze_aimed")
    tx.run("drop_supported_from_aimed")
    return {"blind_indexes": tx.run("delete_indexes_of_aimed"), "subjects": tx.run("delete_subjects_of_aimed")}
