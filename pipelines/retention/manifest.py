"""The manifest of a destruction: which cohorts, how many records, and the Merkle root over their ids. No personal data.

Once applied for, it is fixed: the database refuses to change it, the approval and every later step name its hash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pipelines.evidence import canonical, merkle
from pipelines.policy import QUARANTINE

if TYPE_CHECKING:
    from pipelines.policy import Policy
    from pipelines.store.database import Tx


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is to be destroyed."""

    cohorts: tuple[int, ...]
    days: tuple[str, ...]
    """Expiry days of the cohorts (ISO), which the rows' partitions go by."""
    names: dict[str, int]
    """``<retention class>/<expiry day>`` → records."""
    records: int
    """Records and quarantined rows."""
    quarantined: int
    by_plan: dict[str, int]
    by_level: dict[str, int]
    by_category: dict[str, int]
    root: str
    """Hex; over the sorted record ids (RFC 9162)."""

    def as_json(self) -> dict[str, Any]:
        """Return it for the database."""
        return {**asdict(self), "cohorts": list(self.cohorts), "days": list(self.days)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Manifest:
        """Read what `as_json` wrote."""
        return cls(**{**data, "cohorts": tuple(data["cohorts"]), "days": tuple(data["days"])})

    @property
    def expiry_days(self) -> list[date]:
        """The days as dates."""
        return [date.fromisoformat(day) for day in self.days]

    def hash(self) -> str:
        """Return the SHA-256 of its canonical JSON, in hex."""
        return sha256(canonical.encode(self.as_json())).hexdigest()


def due(tx: Tx, as_of: date, categories: Mapping[str, Sequence[str]]) -> Manifest:
    """List what is due on a day; call it under the writers' lock, and `stands` before anything is done by it.

    Args:
        tx: a transaction.
        as_of: the day.
        categories: plan → categories of information that its records hold.
    """
    cohorts = tx.rows("due_cohorts", as_of=as_of)
    numbers, days = [row.cohort_id for row in cohorts], sorted({row.expires_on for row in cohorts})
    stored = tx.rows("due_by_plan", days=days, cohorts=numbers)
    waiting = tx.rows("due_quarantine", cohorts=numbers)
    in_cohort: Counter[int] = Counter()
    by_plan: Counter[str] = Counter()
    for row in [*stored, *waiting]:
        in_cohort[row.cohort_id] += row.records
        by_plan[row.plan] += row.records
    by_level: Counter[str] = Counter()
    for row in stored:
        by_level[f"L{row.level}"] += row.records
    by_level[QUARANTINE.lower()] += sum(row.records for row in waiting)
    by_category: Counter[str] = Counter()
    for plan, records in by_plan.items():
        for category in categories.get(plan, ()):
            by_category[category] += records
    ids = (row.record_id.bytes for row in tx.stream("due_record_ids", days=days, cohorts=numbers))
    root = merkle.root(merkle.leaf_hashes(ids))
    names: Counter[str] = Counter()
    for row in cohorts:
        names[f"{row.retention_class}/{row.expires_on}"] += in_cohort[row.cohort_id]
    return Manifest(
        cohorts=tuple(numbers),
        days=tuple(day.isoformat() for day in days),
        names={name: records for name, records in names.items() if records},
        records=sum(in_cohort.values()),
        quarantined=sum(row.records for row in waiting),
        by_plan=dict(by_plan),
        by_level={level: records for level, records in by_level.items() if records},
        by_category=dict(by_category),
        root=root.hex(),
    )


def stands(tx: Tx, listed: Manifest) -> bool:
    """Tell whether a manifest still is what lies in its cohorts, none of it held. Call it under the writers' lock."""
    where = {"days": listed.expiry_days, "cohorts": list(listed.cohorts)}
    records = sum(row.records for row in tx.rows("due_by_plan", **where))
    waiting = sum(row.records for row in tx.rows("due_quarantine", cohorts=list(listed.cohorts)))
    return bool(records + waiting == listed.records and not tx.scalar("count_held", **where))


def categories(policy: Policy) -> dict[str, list[str]]:
    """List the categories of information that the records of each plan hold."""
    return {
        name: sorted({policy.taxonomy[declared.item].category for declared in plan.fields})
        for name, plan in policy.plans.items()
    }
