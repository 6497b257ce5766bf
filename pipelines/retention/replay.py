"""Replay: what was destroyed since a backup is removed from it again, and nothing that was given out is given out twice.

The keyring's newest snapshot says what is destroyed: a slot that is blank. The journal says how it ended. Rows that a
destruction under way is about are left to it: the next purge ends it and certifies it. In the restore's transaction.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from pipelines.custody import COHORT, SUBJECT
from pipelines.errors import ApprovalMissing, KeyUnavailable
from pipelines.evidence import certificate as certificates
from pipelines.evidence import entries
from pipelines.moments import day_of
from pipelines.seal.keyring import SLOTS
from pipelines.store import binary_copy

if TYPE_CHECKING:
    from pipelines.evidence.certificate import Certificate
    from pipelines.evidence.entry import Entry
    from pipelines.evidence.journal import Since
    from pipelines.retention.aftermath import Aftermath
    from pipelines.retention.put_back import Slots
    from pipelines.store.database import Tx

AHEAD = 1 << 16
"""Numbers that are left out beyond what the journal accounts for: what was under way when the database was lost."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to."""

    removed: dict[str, int]
    entries: list[Entry]
    """What the ledger is to say of destructions that were lost with the database."""


def replay(tx: Tx, slots: Slots, since: Since, after: Aftermath, restore: str, at: datetime) -> Replayed:
    """Remove what is destroyed, settle what the journal says is settled, and go on numbering beyond the loss.

    Raises:
        KeyUnavailable: rows are left whose key is destroyed.
    """
    for certificate in since.certificates:
        _certified(tx, certificate)
    tx.run("forget_samples_of_done")
    lost = _jobs(tx, after, at)
    _holds(tx, after, restore)
    removed = _remove(tx, slots, restore)
    tx.run("note_lost_rows")
    _number_on(tx, slots, after)
    return Replayed(removed, lost)


def require_known_holds(tx: Tx) -> None:
    """Refuse to destroy anything while it is not known whose a legal hold was that the ledger speaks of.

    Raises:
        ApprovalMissing: there is such a hold.
    """
    if lost := [row.hold_id for row in tx.rows("lost_holds")]:
        raise ApprovalMissing(
            f"The legal hold {lost[0]}{f' (and {len(lost) - 1} others)' if len(lost) > 1 else ''} was lost with a database; nothing is destroyed. Lay it anew with `tutela hold add`, then settle it with `tutela hold release {lost[0]}`."
        )


def _remove(tx: Tx, slots: Slots, restore: str) -> dict[str, int]:
    tx.run("make_blank")
    for ring, ids in slots.blank.items():
        columns = [np.full(len(ids), ring == COHORT), np.array(ids, dtype=np.int64)]
        tx.copy_binary("copy_blank", binary_copy.fixed_rows(columns))
    tx.run("spare_under_way")
    tx.run("analyze_blank")
    tx.run("make_losing")
    records = 0
    for row in tx.rows("blank_months"):
        # A month in which nothing else lies costs nothing for each row.
        records += tx.scalar("drop_due_partition", month=row.month, cohorts=row.cohorts) or 0
    removed = {
        "records": records + tx.run("replay_records"),
        "quarantined": tx.run("replay_quarantine"),
        "subjects": tx.run("replay_subjects"),
        "cohorts_marked": tx.run("replay_cohorts", restore=restore),
    }
    tx.run("replay_last_days")
    if left := int(tx.scalar("count_blank_rows")):
        raise KeyUnavailable(f"{left} rows are left whose key is destroyed; the restore is not used. Call the auditor.")
    return removed


def _certified(tx: Tx, certificate: Certificate) -> None:
    """Bring a destruction to its end that ended after the backup, or write it down where nothing else is left of it."""
    case = certificate.case
    document = json.dumps(certificates.to_bytes(certificate).decode())
    ended = {"job_id": case.id, "certificate": document, "verdict": certificate.verdict.value}
    if tx.run("certify_job", approval_id=case.authority.approval, **ended):
        return
    tx.run(
        "insert_certified_job", origin=case.authority.trigger.value, as_of=day_of(case.times.applied),
        manifest=json.dumps({"records": case.manifest.records, "by_plan": dict(case.manifest.by_plan)}),
        manifest_hash=(case.manifest.hash or case.manifest.root).hex(), schedule_hash=case.authority.schedule_hash.hex(),
        approval_id=case.authority.approval, applicant=case.people.applicant, executor=case.people.executor,
        old_generation=case.rotation.old_generation, new_generation=case.rotation.new_generation, at=case.times.applied,
        **ended,
    )  # fmt: skip


def _jobs(tx: Tx, after: Aftermath, at: datetime) -> list[Entry]:
    """End what was refused or blocked since, and put on record what was applied for and can't be found any more."""
    known = {row.job_id for row in tx.rows("jobs_known", jobs=list(after.jobs))}
    for job, state in after.jobs.items():
        if job in known and state in {"rejected", "blocked"}:
            tx.run("end_job", job_id=job, state=state)
    gone = sorted(job for job, state in after.jobs.items() if job not in known and state == "applied")
    return [entries.destruction_failed(job, "applied", "database_lost", at) for job in gone]


def _holds(tx: Tx, after: Aftermath, restore: str) -> None:
    for hold, (by, at) in after.released.items():
        tx.run("release_known_hold", hold_id=hold, by=by, at=at)
    known = {row.hold_id for row in tx.rows("holds_known", holds=list(after.holds))}
    for hold in sorted(known):
        del after.holds[hold]
    for hold, (owner, review_on) in after.holds.items():
        tx.run("insert_lost_hold", hold_id=hold, owner=owner, review_on=review_on, restored_by=restore)


def _number_on(tx: Tx, slots: Slots, after: Aftermath) -> None:
    """Each row that arrived may have got a subject, a holder and a cohort: all these numbers stay unused."""
    ahead = 2 * after.arrived + AHEAD
    tx.run(
        "go_on_numbering",
        subjects=slots.next_page[SUBJECT] * SLOTS + ahead,
        cohorts=slots.next_page[COHORT] * SLOTS + ahead,
        generations=after.generations,
    )
