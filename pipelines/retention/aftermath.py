"""What the journal says of the time after a backup, and after the snapshot that it is restored with. Pure.

Of what came after the backup the rows are lost: they have to be delivered again. Of what came after the snapshot the
ledger speaks and nothing else does: holds, requests and decisions whose subjects nobody can name any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pipelines.evidence import entry as entries
from pipelines.evidence.entry import EntryKind

if TYPE_CHECKING:
    from pipelines.evidence.entry import Entry
    from pipelines.evidence.journal import Since

_NOTHING_DONE = frozenset({"applied", "approved"})
"""States in which a destruction can be blocked."""


@dataclass(slots=True)
class Aftermath:
    """What happened since."""

    arrived: int = 0
    """Rows that came in since the backup, refused ones included: no more numbers were given out."""
    deliveries: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(plan, delivery) → records stored since the backup."""
    withdrawals: int = 0
    copies: int = 0
    """Derivatives, notices and work orders that came on the register since the backup."""
    events: int = 0
    """Events of subjects recorded since the snapshot."""
    new_generation: int = 0
    """The newest root generation that a destruction has put the keyring under."""
    generations: int = 0
    """The newest root generation that was made."""
    holds: dict[str, tuple[str, date]] = field(default_factory=dict)
    """Holds laid since the snapshot and not released: id → owner, review day."""
    released: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """Holds released since the snapshot: id → by whom, when."""
    requests: list[str] = field(default_factory=list)
    """Requests for destruction made since the snapshot."""
    jobs: dict[str, str] = field(default_factory=dict)
    """Destructions that the entries since the snapshot speak of: id → the state that they leave it in."""

    def lost(self) -> dict[str, int]:
        """Count what is not in the restored database, for the ledger."""
        return {
            "deliveries": len(self.deliveries),
            "records": self.deliveries.total(),
            "withdrawals": self.withdrawals,
            "copies": self.copies,
            "events": self.events,
            "holds": len(self.holds),
            "requests": len(self.requests),
        }


def read(since: Since, snapshot_size: int) -> Aftermath:
    """Read the entries since a backup; ``snapshot_size`` tells which of them the snapshot knew."""
    found = Aftermath()
    for number, entry in _numbered(since):
        _since_backup(found, entry)
        if number >= snapshot_size:
            _since_snapshot(found, entry)
    for certificate in since.certificates:
        found.jobs[certificate.case.id] = "confirmed"
    return found


def _numbered(since: Since) -> Iterator[tuple[int, Entry]]:
    number = since.size
    for group in since.groups:
        for body in group.bodies:
            yield number, entries.parse(body)
            number += 1


def _since_backup(found: Aftermath, entry: Entry) -> None:
    body: Mapping[str, Any] = entry.body
    match entry.kind:
        case EntryKind.BATCH_STORED:
            found.arrived += body["arrived"]
            if body.get("source") != "steward":  # the rows of a steward's wait in quarantine once more
                found.deliveries[body["plan"], body["delivery"]] += body["stored"]
        case EntryKind.CONSENT_WITHDRAWN:
            found.withdrawals += 1
        case EntryKind.DERIVATIVE_REGISTERED | EntryKind.NOTICE_RAISED | EntryKind.WORK_ORDER_RAISED:
            found.copies += 1
        case EntryKind.KEYS_DESTROYED:
            found.new_generation = max(found.new_generation, body["new_generation"])
        case EntryKind.GENERATION_CREATED:
            found.generations = max(found.generations, body["generation"])


def _since_snapshot(found: Aftermath, entry: Entry) -> None:
    body: Mapping[str, Any] = entry.body
    match entry.kind:
        case EntryKind.HOLD_ADDED:
            found.holds[body["hold"]] = (body["owner"], date.fromisoformat(body["review_on"]))
        case EntryKind.HOLD_RELEASED:
            found.holds.pop(body["hold"], None)
            found.released[body["hold"]] = (body["by"], entry.at)
        case EntryKind.RETENTION_EVENT:
            found.events += 1
        case EntryKind.ERASURE_REQUESTED:
            found.requests.append(body["request"])
        case EntryKind.DESTRUCTION_APPLIED:
            found.jobs[body["destruction"]] = "applied"
        case EntryKind.DESTRUCTION_REJECTED:
            found.jobs[body["destruction"]] = "rejected"
        case EntryKind.DESTRUCTION_FAILED if body["state"] in _NOTHING_DONE:
            found.jobs[body["destruction"]] = "blocked"
