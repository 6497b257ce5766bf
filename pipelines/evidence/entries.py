"""What the ledger says: one kind of entry for each thing that happens to customer information, and nothing else.

Not for storing (`ledger`) and not for hashing (`merkle`): an entry is a value, and its position comes from the tree.
Every entry is built by a function here or in `entries_of_copies`, so these two are the whole list of what Tutela puts
on record. Bodies hold names, ids, counts and hashes; `guard` refuses the rest. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from hashlib import sha256

from pipelines.errors import EvidenceInvalid
from pipelines.evidence.canonical import Json
from pipelines.evidence.entries_of_copies import (
    backup_created,
    backup_removed,
    backup_restored,
    derivative_registered,
    derivatives_destroyed,
    notice_acknowledged,
    notice_raised,
    restore_drilled,
    work_order_completed,
    work_order_raised,
)
from pipelines.evidence.entry import Entry, EntryKind, actor, canonical, parse
from pipelines.records import Origin, Outcome

__all__ = [
    "Entry",
    "EntryKind",
    "actor",
    "backup_created",
    "backup_removed",
    "backup_restored",
    "canonical",
    "derivative_registered",
    "derivatives_destroyed",
    "notice_acknowledged",
    "notice_raised",
    "parse",
    "restore_drilled",
    "work_order_completed",
    "work_order_raised",
]
"""What is `entry`'s and `entries_of_copies`', and everybody takes from here, beside the builders."""


# --- the home ----------------------------------------------------------------------------------------------------


def home_initialised(origin: str, public_key: bytes, version: str, at: datetime) -> Entry:
    """Record that an installation came into being, with this key to sign its evidence."""
    key = f"sha256:{sha256(public_key).hexdigest()}"
    return Entry(EntryKind.HOME_INITIALISED, at, {"origin": origin, "public_key": key, "version": version})


def evidence_exported(size: int, root: bytes, by: str, at: datetime) -> Entry:
    """Record that somebody took the evidence, up to this size and root, out of the house."""
    return Entry(EntryKind.EVIDENCE_EXPORTED, at, {"size": size, "root": root.hex(), "by": actor(by)})


def evidence_verified(size: int, root: bytes, verdict: str, by: str, at: datetime) -> Entry:
    """Record that somebody had the whole ledger, up to this size and root, verified inside the house, and how it ended."""
    body: dict[str, Json] = {"size": size, "root": root.hex(), "verdict": verdict, "by": actor(by)}
    return Entry(EntryKind.EVIDENCE_VERIFIED, at, body)


# --- collection --------------------------------------------------------------------------------------------------


def batch_stored(origin: Origin, arrived: int, stored: int, records_root: bytes, at: datetime) -> Entry:
    """Record that a chunk of a delivery went into the vault; the root is over the ids of its records."""
    counts: dict[str, Json] = {"arrived": arrived, "stored": stored, "records_root": records_root.hex()}
    return Entry(EntryKind.BATCH_STORED, at, {**_chunk(origin), **counts})


def rows_refused(origin: Origin, reason: str, count: int, at: datetime) -> Entry:
    """Record that rows of a chunk were not admitted, for one reason; nothing else of them is kept."""
    return Entry(EntryKind.ROWS_REFUSED, at, {**_chunk(origin), "reason": reason, "rows": count})


def rows_quarantined(origin: Origin, expectation: str, count: int, at: datetime) -> Entry:
    """Record that rows of a chunk failed a critical expectation and wait, sealed, for a steward."""
    return Entry(EntryKind.ROWS_QUARANTINED, at, {**_chunk(origin), "expectation": expectation, "rows": count})


def run_finished(outcome: Outcome, at: datetime) -> Entry:
    """Record that a run ended, with what became of its rows.

    Raises:
        EvidenceInvalid: The counts don't add up: a row was lost or counted twice.
    """
    refused, quarantined = dict(outcome.refused), dict(outcome.quarantined)
    if outcome.arrived != sum(refused.values()) + sum(quarantined.values()) + outcome.stored:
        raise EvidenceInvalid(f"The counts of run {actor(outcome.run)} don't add up; find out where its rows went.")
    body: dict[str, Json] = {"plan": outcome.plan, "run": outcome.run, "arrived": outcome.arrived}
    body |= {"refused": {**refused}, "quarantined": {**quarantined}, "stored": outcome.stored}
    return Entry(EntryKind.RUN_FINISHED, at, body)


def _chunk(origin: Origin) -> dict[str, Json]:
    body: dict[str, Json] = {"plan": origin.plan, "run": origin.run, "delivery": str(origin.delivery)}
    body["chunk"] = origin.chunk
    return body if origin.source == "delivery" else {**body, "source": origin.source}


# --- quarantine --------------------------------------------------------------------------------------------------


def row_revealed(reveal: str, plan: str, record: str, field: str, steward: str, at: datetime) -> Entry:
    """Record that a steward looked at one cell of a quarantined row in clear; the reason stays in the database."""
    body: dict[str, Json] = {"reveal": reveal, "plan": plan, "record": record, "field": field}
    return Entry(EntryKind.ROW_REVEALED, at, {**body, "steward": actor(steward)})


def rows_decided(
    decision: str,
    kind: str,
    plan: str,
    records_root: bytes,
    outcomes: Mapping[str, int],
    people: tuple[str, Iterable[str]],
    at: datetime,
) -> Entry:
    """Record what a steward decided about quarantined rows of a plan, and what came of them; the root is over their ids.

    ``people`` are the steward and who entered the rows, which are never the same; the reason stays in the database.
    """
    body: dict[str, Json] = {"decision": decision, "decision_kind": kind, "plan": plan, "rows": sum(outcomes.values())}
    body |= {"records_root": records_root.hex(), "outcomes": {**outcomes}, "steward": actor(people[0])}
    return Entry(EntryKind.ROWS_DECIDED, at, {**body, "entered_by": [actor(name) for name in sorted(people[1])]})


# --- the catalogue -----------------------------------------------------------------------------------------------


def findings_recorded(origin: Origin, found: Iterable[Mapping[str, Json]], at: datetime) -> Entry:
    """Record where the columns of a chunk are not what the plan declares: fields and kinds, and in how many cells."""
    return Entry(EntryKind.FINDINGS_RECORDED, at, {**_chunk(origin), "findings": [{**each} for each in found]})


def plan_reclassified(
    plan: str, recognizers: str, looks: tuple[int, int], found: Iterable[Mapping[str, Json]], at: datetime
) -> Entry:
    """Record that a plan's sealed records were looked at again: batches and records, with which recognizers, what was found."""
    counts: dict[str, Json] = {"batches": looks[0], "records": looks[1], "findings": [{**each} for each in found]}
    return Entry(EntryKind.PLAN_RECLASSIFIED, at, {"plan": plan, "recognizers": recognizers, **counts})


def column_corrected(
    correction: str,
    plan: str,
    field: str,
    decision: str,
    entity: str | None,
    level: int,
    closes: Iterable[Mapping[str, Json]],
    steward: str,
    at: datetime,
) -> Entry:
    """Record what a steward says of a column of a plan, and which findings end by it; the reason stays in the database."""
    body: dict[str, Json] = {"correction": correction, "plan": plan, "field": field, "decision": decision}
    said: dict[str, Json] = {"entity": entity, "level": level, "closes": [{**each} for each in closes]}
    return Entry(EntryKind.COLUMN_CORRECTED, at, {**body, **said, "steward": actor(steward)})


# --- quality -----------------------------------------------------------------------------------------------------


def month_reported(
    month: str, departments: Iterable[Mapping[str, Json]], report_sha256: str, by: str, at: datetime
) -> Entry:
    """Record the figures of a closed month by department: counts and millionths; the hash is of the whole report."""
    body: dict[str, Json] = {"month": month, "departments": [{**each} for each in departments], "by": actor(by)}
    return Entry(EntryKind.MONTH_REPORTED, at, {**body, "report": f"sha256:{report_sha256}"})


# --- consent -----------------------------------------------------------------------------------------------------


def consent_recorded(receipts_root: bytes, count: int, notice: str, at: datetime) -> Entry:
    """Record that receipts of consent under one notice version were recorded; the root is over the receipts' hashes."""
    body: dict[str, Json] = {"receipts_root": receipts_root.hex(), "receipts": count, "notice": notice}
    return Entry(EntryKind.CONSENT_RECORDED, at, body)


def consent_withdrawn(receipt: str, purposes: Iterable[str], at: datetime) -> Entry:
    """Record that a data subject withdrew consent; the receipt is that of the withdrawal."""
    body: dict[str, Json] = {"receipt": receipt, "purposes": [*sorted(purposes)]}
    return Entry(EntryKind.CONSENT_WITHDRAWN, at, body)


# --- destruction, in the order of its states ---------------------------------------------------------------------


def standing_approval(approval: str, schedule_hash: bytes, approver: str, valid_until: date, at: datetime) -> Entry:
    """Record that a leader approved the nightly destruction under one retention schedule, named by its hash."""
    body: dict[str, Json] = {"approval": approval, "schedule_hash": schedule_hash.hex(), "approver": actor(approver)}
    return Entry(EntryKind.STANDING_APPROVAL, at, {**body, "valid_until": valid_until.isoformat()})


def destruction_applied(
    destruction: str,
    trigger: str,
    manifest_root: bytes,
    records: int,
    schedule_hash: bytes,
    applicant: str,
    at: datetime,
    manifest_hash: bytes = b"",
) -> Entry:
    """Record that destruction was applied for; from here on the set is fixed: the hash is that of the manifest."""
    manifest: dict[str, Json] = {"manifest_root": manifest_root.hex(), "records": records}
    if manifest_hash:
        manifest["manifest_hash"] = manifest_hash.hex()
    case: dict[str, Json] = {"destruction": destruction, "trigger": trigger, "schedule_hash": schedule_hash.hex()}
    return Entry(EntryKind.DESTRUCTION_APPLIED, at, {**case, **manifest, "applicant": actor(applicant)})


def destruction_approved(
    destruction: str,
    manifest_root: bytes,
    approval: str,
    approver: str,
    at: datetime,
    manifest_hash: bytes = b"",
    door: str | None = None,
) -> Entry:
    """Record that a leader approved exactly this set, in person or by the standing approval that is named."""
    body: dict[str, Json] = {"destruction": destruction, "manifest_root": manifest_root.hex()}
    if manifest_hash:
        body["manifest_hash"] = manifest_hash.hex()
    if door:
        body["door"] = door
    return Entry(EntryKind.DESTRUCTION_APPROVED, at, {**body, "approval": approval, "approver": actor(approver)})


def destruction_rejected(destruction: str, manifest_root: bytes, approval: str, approver: str, at: datetime) -> Entry:
    """Record that a leader refused a destruction; the reason is text and stays in the database."""
    body: dict[str, Json] = {"destruction": destruction, "manifest_root": manifest_root.hex()}
    return Entry(EntryKind.DESTRUCTION_REJECTED, at, {**body, "approval": approval, "approver": actor(approver)})


def erasure_requested(request: str, trigger: str, subjects: int, applicant: str, at: datetime) -> Entry:
    """Record that somebody asked for destruction, of so many subjects or of a selection; reason and names stay out."""
    body: dict[str, Json] = {"request": request, "trigger": trigger, "subjects": subjects}
    return Entry(EntryKind.ERASURE_REQUESTED, at, {**body, "applicant": actor(applicant)})


def keys_destroyed(
    destruction: str, keys: Mapping[str, int], old_generation: int, new_generation: int, executor: str, at: datetime
) -> Entry:
    """Record that keys were blanked (ring → how many), and the keyring went under a new root generation."""
    generations: dict[str, Json] = {"old_generation": old_generation, "new_generation": new_generation}
    body: dict[str, Json] = {"destruction": destruction, "keys": {**keys}, "executor": actor(executor)}
    return Entry(EntryKind.KEYS_DESTROYED, at, {**body, **generations})


def rows_removed(destruction: str, removed: Mapping[str, int], executor: str, at: datetime) -> Entry:
    """Record that rows, blind indexes and derivatives were removed (what → how many)."""
    body: dict[str, Json] = {"destruction": destruction, "removed": {**removed}, "executor": actor(executor)}
    return Entry(EntryKind.ROWS_REMOVED, at, body)


def destruction_verified(
    destruction: str, verdict: str, checks: Mapping[str, str], witness: str, at: datetime
) -> Entry:
    """Record that another connection read again what should be gone (check → PASS, FAILED or UNKNOWN)."""
    body: dict[str, Json] = {"destruction": destruction, "verdict": verdict, "checks": {**checks}}
    return Entry(EntryKind.DESTRUCTION_VERIFIED, at, {**body, "witness": actor(witness)})


def destruction_confirmed(destruction: str, verdict: str, confirmer: str, at: datetime) -> Entry:
    """Record that somebody who didn't carry it out confirmed the destruction."""
    body: dict[str, Json] = {"destruction": destruction, "verdict": verdict, "confirmer": actor(confirmer)}
    return Entry(EntryKind.DESTRUCTION_CONFIRMED, at, body)


def destruction_failed(destruction: str, state: str, reason: str, at: datetime) -> Entry:
    """Record that a destruction stopped in a state, for a reason given as a code."""
    return Entry(EntryKind.DESTRUCTION_FAILED, at, {"destruction": destruction, "state": state, "reason": reason})


# --- keys and holds ----------------------------------------------------------------------------------------------


def generation_created(generation: int, provider: str, at: datetime) -> Entry:
    """Record that a root generation was created in the KMS."""
    return Entry(EntryKind.GENERATION_CREATED, at, {"generation": generation, "provider": provider})


def generation_destroyed(generation: int, provider: str, at: datetime) -> Entry:
    """Record that a root generation was destroyed in the KMS: every older copy of the keyring is worthless now."""
    return Entry(EntryKind.GENERATION_DESTROYED, at, {"generation": generation, "provider": provider})


def hold_added(hold: str, owner: str, review_on: date, at: datetime, plan: str | None = None) -> Entry:
    """Record that a legal hold blocks destruction; its reason is text and stays in the database."""
    body: dict[str, Json] = {"hold": hold, "owner": actor(owner), "review_on": review_on.isoformat()}
    return Entry(EntryKind.HOLD_ADDED, at, body | ({"plan": plan} if plan else {}))


def hold_released(hold: str, by: str, at: datetime, records: int | None = None) -> Entry:
    """Record that a legal hold ended, and how many records it alone had kept past their day: they are due again."""
    body: dict[str, Json] = {"hold": hold, "by": actor(by)}
    return Entry(EntryKind.HOLD_RELEASED, at, body | ({} if records is None else {"records": records}))


# --- retention ---------------------------------------------------------------------------------------------------


def records_held(as_of: date, records: int, at: datetime) -> Entry:
    """Record that so many records were past their retention on a day, and that legal holds keep them."""
    return Entry(EntryKind.RECORDS_HELD, at, {"as_of": as_of.isoformat(), "records": records})


def records_restricted(as_of: date, records: int, at: datetime) -> Entry:
    """Record that so many records may only be stored and secured from now on, because a law keeps them."""
    return Entry(EntryKind.RECORDS_RESTRICTED, at, {"as_of": as_of.isoformat(), "records": records})


def records_reviewed(as_of: date, records: int, at: datetime) -> Entry:
    """Record that so many records were looked at on their day of review, and got another."""
    return Entry(EntryKind.RECORDS_REVIEWED, at, {"as_of": as_of.isoformat(), "records": records})


def retention_event(
    event: str, kind: str, on_day: date | None, plan: str | None, moved: Mapping[str, int], at: datetime
) -> Entry:
    """Record that something happened to a data subject that retention counts from, and what it changed (what → records)."""
    body: dict[str, Json] = {"event": event, "event_kind": kind, "on": on_day.isoformat() if on_day else None}
    return Entry(EntryKind.RETENTION_EVENT, at, {**body, "plan": plan, "moved": {**moved}})


def records_rescheduled(plan: str, retention_class: str, rule: str, records: int, at: datetime) -> Entry:
    """Record that so many records of a plan moved to where its class and rule now want them."""
    body: dict[str, Json] = {"plan": plan, "class": retention_class, "rule": rule, "records": records}
    return Entry(EntryKind.RECORDS_RESCHEDULED, at, body)


def rule_in_force(plan: str, retention_class: str, rule: str, schedule_hash: bytes, at: datetime) -> Entry:
    """Record that all records of a plan lie where a class and rule of a schedule want them."""
    body: dict[str, Json] = {"plan": plan, "class": retention_class, "rule": rule}
    return Entry(EntryKind.RULE_IN_FORCE, at, {**body, "schedule_hash": schedule_hash.hex()})
