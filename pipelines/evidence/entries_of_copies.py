"""What the ledger says of copies: those that are registered, what their recipients and keepers are told, and backups.

`entries` hands these builders out with all others; the rules are told there. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from pipelines.evidence.canonical import Json
from pipelines.evidence.entry import Entry, EntryKind, actor

# --- derivatives -------------------------------------------------------------------------------------------------


def derivative_registered(derivative: str, kind: str, until: date, subjects: int, by: str, at: datetime) -> Entry:
    """Record that a copy was made or became known; its place is text and stays in the database."""
    body: dict[str, Json] = {"derivative": derivative, "kind": kind, "until": until.isoformat()}
    return Entry(EntryKind.DERIVATIVE_REGISTERED, at, {**body, "subjects": subjects, "by": actor(by)})


def derivatives_destroyed(copies: Mapping[str, int], by: str, at: datetime) -> Entry:
    """Record that copies whose time was up are gone (kind → how many)."""
    return Entry(EntryKind.DERIVATIVES_DESTROYED, at, {"copies": {**copies}, "by": actor(by)})


def notice_raised(
    notice: str, derivative: str, destruction: str | None, recipient: str, subjects: int, sha256_hex: str, at: datetime
) -> Entry:
    """Record that a recipient is told to destroy its copy, by a signed document of this hash."""
    body: dict[str, Json] = {"notice": notice, "derivative": derivative, "destruction": destruction}
    return Entry(
        EntryKind.NOTICE_RAISED,
        at,
        {**body, "recipient": actor(recipient), "subjects": subjects, "document": f"sha256:{sha256_hex}"},
    )


def notice_acknowledged(notice: str, outcome: str, evidence_hex: str, by: str, at: datetime) -> Entry:
    """Record what a recipient answered, by the hash of its answer, and who took it."""
    body: dict[str, Json] = {"notice": notice, "outcome": outcome, "evidence": f"sha256:{evidence_hex}"}
    return Entry(EntryKind.NOTICE_ACKNOWLEDGED, at, {**body, "by": actor(by)})


def work_order_raised(
    order: str,
    derivative: str,
    destruction: str | None,
    least_method: str,
    subjects: int,
    sha256_hex: str,
    at: datetime,
) -> Entry:
    """Record that a keeper is given work, by a signed document of this hash."""
    body: dict[str, Json] = {"work_order": order, "derivative": derivative, "destruction": destruction}
    return Entry(
        EntryKind.WORK_ORDER_RAISED,
        at,
        {**body, "least_method": least_method, "subjects": subjects, "document": f"sha256:{sha256_hex}"},
    )


def work_order_completed(
    order: str, method: str, executor: str, witnesses: Iterable[str], photos: Iterable[str], at: datetime
) -> Entry:
    """Record how a carrier was destroyed, by whom, before whose eyes, and the hashes of the photos."""
    body: dict[str, Json] = {"work_order": order, "method": method, "executor": actor(executor)}
    seen: dict[str, Json] = {
        "witnesses": [actor(witness) for witness in witnesses],
        "photos": [f"sha256:{photo}" for photo in photos],
    }
    return Entry(EntryKind.WORK_ORDER_COMPLETED, at, {**body, **seen})


# --- backups -----------------------------------------------------------------------------------------------------


def backup_created(
    backup: str,
    kib: int,
    sha256_of_dump: bytes,
    ledger_size: int,
    generation: int,
    kms_key: str,
    expires_on: date,
    by: str,
    at: datetime,
) -> Entry:
    """Record that a backup was made: how large, of which state of the ledger, under which key, until when."""
    file: dict[str, Json] = {"kib": kib, "sha256": sha256_of_dump.hex(), "kms_key": kms_key}
    state: dict[str, Json] = {"ledger_size": ledger_size, "generation": generation}
    body: dict[str, Json] = {"backup": backup, "expires_on": expires_on.isoformat(), "by": actor(by)}
    return Entry(EntryKind.BACKUP_CREATED, at, {**body, **file, **state})


def backup_removed(backup: str, reason: str, at: datetime) -> Entry:
    """Record that a backup's key was destroyed and its files removed, for a reason given as a code."""
    return Entry(EntryKind.BACKUP_REMOVED, at, {"backup": backup, "reason": reason})


def restore_drilled(backup: str, checks: Mapping[str, str], milliseconds: int, at: datetime) -> Entry:
    """Record that a backup was brought back for trial, what was looked at, and how long it took until it was whole."""
    body: dict[str, Json] = {"backup": backup, "checks": {**checks}, "milliseconds": milliseconds}
    return Entry(EntryKind.RESTORE_DRILLED, at, body)


def backup_restored(
    restore: str,
    backup: str,
    sizes: tuple[int, int],
    generation: int,
    found: Mapping[str, Mapping[str, int]],
    at: datetime,
) -> Entry:
    """Record that a database was made from a backup: its ledger's size before and after the journal, and what was found."""
    body: dict[str, Json] = {"restore": restore, "backup": backup, "generation": generation}
    counts: dict[str, Json] = {what: {**counted} for what, counted in found.items()}
    return Entry(EntryKind.BACKUP_RESTORED, at, {**body, "ledger_size": sizes[0], "journal_size": sizes[1], **counts})
