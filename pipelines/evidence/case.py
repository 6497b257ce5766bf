"""What there is to say about one destruction: what, why, how, by whom, when, with which result, and what remains.

Frozen shapes only, as they are signed: `certificate` draws up, signs and reads, `verdict` judges. A field that says
`SINCE_2` came with ``tutela-certificate/2``. Texts are tokens (`guard`), so that no certificate can hold anything
personal. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from pipelines.evidence.entries import actor
from pipelines.evidence.shapes import SINCE_2
from pipelines.evidence.verdict import CheckResult


class Trigger(StrEnum):
    """What made the destruction due."""

    EXPIRY = "expiry"
    REQUEST = "request"
    STEWARD = "steward"


class Door(StrEnum):
    """By which door the approval came in."""

    STANDING = "standing"
    """A leader's standing approval of the retention schedule."""
    COMMAND = "command"
    AIRFLOW = "airflow"
    CONSOLE = "console"


class Limit(StrEnum):
    """What this destruction can't promise; `page` says it in words."""

    WAL = "ciphertext_in_wal"
    BACKUPS = "ciphertext_in_backups"
    STORAGE = "ciphertext_in_freed_storage"
    REPLICAS = "ciphertext_on_replicas"
    INDEXES = "index_digests_in_freed_storage"
    STATISTICS = "statistics_until_analyzed"
    PAPER = "paper_until_orders_are_done"
    KMS = "kms_guarantee_as_stated"
    MEMORY = "process_memory_not_wiped_with_certainty"
    RECIPIENTS = "recipients_on_their_word"


class Sanitisation(StrEnum):
    """How thoroughly a technique works, as NIST SP 800-88 calls it; from the weakest."""

    CLEAR = "clear"
    PURGE = "purge"
    DESTROY = "destroy"


TECHNIQUES: Mapping[str, Sanitisation] = MappingProxyType(
    {
        "cryptographic_erase": Sanitisation.PURGE,
        "key_destruction": Sanitisation.PURGE,
        "row_delete": Sanitisation.CLEAR,
        "row_deletion": Sanitisation.CLEAR,
        "index_deletion": Sanitisation.CLEAR,
        "partition_drop": Sanitisation.CLEAR,
        "file_delete": Sanitisation.CLEAR,
        "overwrite": Sanitisation.CLEAR,
        "shred_P4": Sanitisation.DESTROY,
        "shred_P5": Sanitisation.DESTROY,
        "shred_P6": Sanitisation.DESTROY,
        "shred_P7": Sanitisation.DESTROY,
        "incineration": Sanitisation.DESTROY,
        "pulping": Sanitisation.DESTROY,
    }
)
"""Technique → what NIST SP 800-88 calls it; shredding by the levels of ISO/IEC 21964."""


def sanitisation(techniques: Sequence[str]) -> Sanitisation | None:
    """Grade a set of techniques by the strongest that is known; None if none is."""
    graded = [TECHNIQUES[technique] for technique in techniques if technique in TECHNIQUES]
    return max(graded, key=list(Sanitisation).index, default=None)


@dataclass(frozen=True, slots=True)
class Authority:
    """Why the destruction was due and who allowed it."""

    trigger: Trigger
    grounds: tuple[str, ...]
    """Articles and retention classes, e.g. ``PIPL-47``, ``R-MKT``."""
    schedule_hash: bytes
    approval: str
    standing: bool
    """The approval is a leader's standing approval of this schedule."""
    request: str | None = None
    """The request that asked for it; the data subject keeps its receipt."""
    door: Door | None = field(default=None, metadata=SINCE_2)
    approval_hash: bytes | None = field(default=None, metadata=SINCE_2)
    """The hash of the manifest that was approved; None for a standing approval, which names the schedule."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was destroyed: the root over the sorted record ids, and counts of records."""

    root: bytes
    records: int
    by_plan: Mapping[str, int]
    by_category: Mapping[str, int]
    by_level: Mapping[str, int]
    cohorts: Mapping[str, int]
    """``<retention class>/<expiry day>`` → records."""
    hash: bytes | None = field(default=None, metadata=SINCE_2)
    """SHA-256 of the manifest document, the one that was approved and carried out."""
    subjects: int = field(default=0, metadata=SINCE_2)
    """Data subjects whose own keys were destroyed."""
    derivatives: int = field(default=0, metadata=SINCE_2)
    """Copies made from the records that were known when the manifest was drawn up."""


@dataclass(frozen=True, slots=True)
class Method:
    """How it was destroyed."""

    carrier: str
    techniques: tuple[str, ...]
    tool: str
    version: str
    sanitisation: Sanitisation | None = field(default=None, metadata=SINCE_2)
    """What NIST SP 800-88 calls the strongest of the techniques; filled in when a certificate is drawn up."""


@dataclass(frozen=True, slots=True)
class DestroyedKeys:
    """Keys of one ring that were blanked."""

    ring: str
    keys: int
    pages: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """The change of root generation that made every older copy of the keyring worthless."""

    provider: str
    guarantee: str
    """What the KMS's deletion guarantees, in its own words."""
    old_generation: int
    new_generation: int
    module: str | None = field(default=None, metadata=SINCE_2)
    """The token or server that held the root keys, where the provider names one."""
    copies_found: int = field(default=0, metadata=SINCE_2)
    """Older snapshots of the keyring that were found where snapshots are kept; none of them opens any more."""
    copies_removed: int = field(default=0, metadata=SINCE_2)


@dataclass(frozen=True, slots=True)
class People:
    """Who did what; persons and services, separated as controls D-05 to D-10 ask."""

    applicant: str
    approver: str
    executor: str
    witness: str
    confirmer: str | None
    """None: confirmation is awaited."""

    def named(self) -> People:
        """Name them as the ledger does (`entries.actor`)."""
        confirmer = None if self.confirmer is None else actor(self.confirmer)
        return People(actor(self.applicant), actor(self.approver), actor(self.executor), actor(self.witness), confirmer)

    def conflicts(self) -> tuple[str, ...]:
        """List the pairs of parts that one person played and may not."""
        apart = (
            ("approver", "applicant"),
            ("approver", "executor"),
            ("witness", "executor"),
            ("confirmer", "executor"),
            ("confirmer", "witness"),
        )
        return tuple(f"{one} is {other}" for one, other in apart if getattr(self, one) == getattr(self, other))


@dataclass(frozen=True, slots=True)
class Times:
    """When each state was reached."""

    applied: datetime
    approved: datetime
    keys_destroyed: datetime
    rows_removed: datetime
    verified: datetime
    confirmed: datetime | None

    def in_order(self) -> bool:
        """Tell whether the states were reached in their order."""
        reached = [getattr(self, item.name) for item in fields(self)]
        known = [at for at in reached if at is not None]
        return known == sorted(known)


@dataclass(frozen=True, slots=True)
class Derivative:
    """Copies of one kind that had been made from the records."""

    kind: str
    destroyed: int
    remaining: int = 0
    until: date | None = None
    """When the last that remains will be gone; None if none remains, or it is not known."""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """What people do by hand to one carrier, e.g. paper that has to be shredded."""

    carrier: str
    method: str
    """A technique, e.g. ``shred_P5``."""
    open: int
    completed: int
    witnesses: tuple[str, ...] = ()
    photos: tuple[bytes, ...] = ()
    """SHA-256 of the photographs that were taken as it was done."""


@dataclass(frozen=True, slots=True)
class Residual:
    """Where ciphertext may still lie, and until when (None: not known)."""

    place: str
    until: date | None


@dataclass(frozen=True, slots=True)
class OpenNotice:
    """A recipient who was told to destroy its copies and has not acknowledged it."""

    recipient: str
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who had received copies: told of the destruction, and how many of them acknowledged it."""

    told: int = 0
    acknowledged: int = 0
    open: tuple[OpenNotice, ...] = field(default=(), metadata=SINCE_2)


@dataclass(frozen=True, slots=True)
class Spared:
    """Records that were due too and stay, with the reason for which they do."""

    held: int = 0
    """Under a legal hold."""
    restricted: int = 0
    """Law makes the company keep them: stored, secured, not used (PIPL 47)."""
    reviewed: int = 0
    """Kept by a dated review, until the next one."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that a destruction's job knows about it, ready to be certified."""

    id: str
    authority: Authority
    manifest: Manifest
    method: Method
    keys: tuple[DestroyedKeys, ...]
    rotation: Rotation
    people: People
    times: Times
    checks: tuple[CheckResult, ...]
    removed: Mapping[str, int]
    """What was removed besides keys: rows, blind indexes, derivatives → how many."""
    residuals: tuple[Residual, ...]
    recipients: Recipients
    limits: tuple[Limit, ...]
    derivatives: tuple[Derivative, ...] = field(default=(), metadata=SINCE_2)
    work_orders: tuple[WorkOrder, ...] = field(default=(), metadata=SINCE_2)
    spared: Spared = field(default=Spared(), metadata=SINCE_2)

    def keys_destroyed(self) -> int:
        """Count the keys of both rings."""
        return sum(key.keys for key in self.keys)

    def contradictions(self) -> tuple[str, ...]:
        """List what the case says against itself; nothing, for an honest one. For cases of format 2."""
        why, counts, told = self.authority, self.manifest, self.recipients
        accounted = sum(item.destroyed + item.remaining for item in self.derivatives)
        kinds = [item.kind for item in self.derivatives]
        claims = {
            "the approval's door is not what it says of standing": why.door is None
            or (why.door is Door.STANDING) is why.standing,
            "a standing approval covers expiry only": why.trigger is Trigger.EXPIRY or not why.standing,
            "a destruction on request names no request": why.trigger is not Trigger.REQUEST or bool(why.request),
            "the manifest approved is not the manifest destroyed": why.approval_hash in {None, counts.hash},
            "a specific approval names no manifest": why.door in {None, Door.STANDING} or why.approval_hash is not None,
            "derivatives of the manifest are not accounted for": accounted >= counts.derivatives,
            "a kind of derivative is listed twice": len(set(kinds)) == len(kinds),
            "the recipients' counts don't add up": told.acknowledged + len(told.open) == told.told,
            "more copies of the keyring were removed than found": self.rotation.copies_removed
            <= self.rotation.copies_found,
            "the method is not what its techniques give": self.method.sanitisation
            == sanitisation(self.method.techniques),
        }
        return tuple(claim for claim, kept in claims.items() if not kept)
