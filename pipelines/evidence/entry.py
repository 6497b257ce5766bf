"""One entry of the ledger: a kind, a time, and a body of names, ids, counts and hashes; and the one way to write it.

Not for what there is to say: the builders in `entries` are the whole list. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType

from pipelines.errors import EvidenceInvalid
from pipelines.evidence.canonical import Json, decode, encode, moment, parse_moment
from pipelines.evidence.guard import is_token, require_impersonal

VERSION = 1
_PLAIN = (str, int)


class EntryKind(StrEnum):
    """What an entry says happened."""

    HOME_INITIALISED = "home.initialised"
    BATCH_STORED = "ingest.batch_stored"
    ROWS_REFUSED = "ingest.rows_refused"
    ROWS_QUARANTINED = "ingest.rows_quarantined"
    ROW_REVEALED = "quarantine.row_revealed"
    ROWS_DECIDED = "quarantine.rows_decided"
    RUN_FINISHED = "ingest.run_finished"
    FINDINGS_RECORDED = "catalog.findings_recorded"
    PLAN_RECLASSIFIED = "catalog.plan_reclassified"
    COLUMN_CORRECTED = "catalog.column_corrected"
    MONTH_REPORTED = "quality.month_reported"
    CONSENT_RECORDED = "consent.recorded"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    STANDING_APPROVAL = "policy.standing_approval"
    DESTRUCTION_APPLIED = "destruction.applied"
    DESTRUCTION_APPROVED = "destruction.approved"
    KEYS_DESTROYED = "destruction.keys_destroyed"
    ROWS_REMOVED = "destruction.rows_removed"
    DESTRUCTION_VERIFIED = "destruction.verified"
    DESTRUCTION_CONFIRMED = "destruction.confirmed"
    DESTRUCTION_FAILED = "destruction.failed"
    DESTRUCTION_REJECTED = "destruction.rejected"
    ERASURE_REQUESTED = "destruction.requested"
    GENERATION_CREATED = "key.generation_created"
    GENERATION_DESTROYED = "key.generation_destroyed"
    BACKUP_CREATED = "backup.created"
    BACKUP_REMOVED = "backup.removed"
    BACKUP_RESTORED = "backup.restored"
    RESTORE_DRILLED = "backup.drilled"
    HOLD_ADDED = "hold.added"
    HOLD_RELEASED = "hold.released"
    RECORDS_HELD = "retention.records_held"
    RECORDS_RESTRICTED = "retention.records_restricted"
    RECORDS_REVIEWED = "retention.records_reviewed"
    RETENTION_EVENT = "retention.event_recorded"
    RECORDS_RESCHEDULED = "retention.records_rescheduled"
    RULE_IN_FORCE = "retention.rule_in_force"
    EVIDENCE_EXPORTED = "evidence.exported"
    EVIDENCE_VERIFIED = "evidence.verified"
    DERIVATIVE_REGISTERED = "derivative.registered"
    DERIVATIVES_DESTROYED = "derivative.destroyed"
    NOTICE_RAISED = "notice.raised"
    NOTICE_ACKNOWLEDGED = "notice.acknowledged"
    WORK_ORDER_RAISED = "work_order.raised"
    WORK_ORDER_COMPLETED = "work_order.completed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, at one time."""

    kind: EntryKind
    at: datetime
    body: Mapping[str, Json]

    def __post_init__(self) -> None:
        """Refuse an entry that the ledger may not hold.

        Raises:
            EvidenceInvalid: The time has no zone, or a field of the body is no name, id, count or hash.
        """
        moment(self.at)
        require_impersonal(self.body)
        object.__setattr__(self, "body", _frozen(self.body))

    def __reduce__(self) -> tuple[Callable[[bytes], Entry], tuple[bytes]]:
        """Travel between processes as canonical bytes, past the guard again."""
        return parse, (canonical(self),)


def canonical(entry: Entry) -> bytes:
    """Write an entry as the bytes that are hashed."""
    return encode({"at": moment(entry.at), "body": entry.body, "kind": entry.kind.value, "v": VERSION})


def parse(data: bytes) -> Entry:
    """Read what `canonical` wrote.

    Raises:
        EvidenceInvalid: The bytes are no entry that this version knows.
    """
    match decode(data):
        case {"at": str(at), "body": dict(body), "kind": str(kind), "v": 1, **rest} if not rest:
            if kind not in {known.value for known in EntryKind}:
                raise EvidenceInvalid("An entry is of a kind that this version doesn't know.")
            return Entry(EntryKind(kind), parse_moment(at), body)
    raise EvidenceInvalid("An entry lacks its time, kind or body, or is of another version.")


def actor(name: str) -> str:
    """Name a person or service in evidence: as it is if it's a token, else by a hash that the user list resolves.

    Some companies use mail addresses as user names; those don't go into the ledger.
    """
    return name if is_token(name) else "user:" + sha256(b"tutela-actor/1\n" + name.encode()).hexdigest()[:32]


def _frozen(value: object) -> object:
    """Copy a value so that nobody can change it after the guard has seen it."""
    if isinstance(value, Mapping):
        return MappingProxyType({key: item if type(item) in _PLAIN else _frozen(item) for key, item in value.items()})
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value
