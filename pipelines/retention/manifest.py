"""The manifest of a destruction: which keys, how many records, and the Merkle root over their ids. No personal data.

Once applied for, it is fixed: the database refuses to change it, and the approval and every later step name its hash.
What it is about is listed into a temporary table first (`list_expired`, `list_subjects`, `list_selection`), whoever the
origin is, and described from there; before any key is destroyed the same is listed again and must have the same root.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pipelines.custody import COHORT, SUBJECT
from pipelines.evidence import canonical, merkle
from pipelines.policy import QUARANTINE

if TYPE_CHECKING:
    from pipelines.policy import Policy
    from pipelines.store.database import Tx

_SINCE_0_2 = ("digest", "subjects", "holders", "keys_root", "selection")
"""Fields that manifests of version 0.1 lack; left out where they say nothing, so that those keep their hash."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a steward found no longer needed: records of one plan, collected up to a day."""

    plan: str
    collected_until: str
    """ISO date."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is to be destroyed."""

    cohorts: tuple[int, ...]
    """Cohorts whose keys are to be blanked; none where subjects' keys are."""
    days: tuple[str, ...]
    """Expiry days of those cohorts (ISO), which the rows' partitions go by."""
    names: dict[str, int]
    """``<retention class>/<expiry day>`` → records; for subjects, whose records lie in many, ``<retention class>``."""
    records: int
    """Records and quarantined rows."""
    quarantined: int
    by_plan: dict[str, int]
    by_level: dict[str, int]
    by_category: dict[str, int]
    root: str
    """Hex; over the sorted record ids (RFC 9162)."""
    digest: str = ""
    """Hex; SHA-256 over the same ids, joined: tells without fetching them whether the same is listed again."""
    subjects: int = 0
    """How many data subjects' keys are to be blanked."""
    holders: int = 0
    """How many slots of the subject ring are to be blanked under which only their quarantined rows lie."""
    keys_root: str = ""
    """Hex; over the keys to be blanked, ``<ring>/<id>``, cohorts first, ids in order (RFC 9162)."""
    selection: dict[str, str] | None = None
    """A steward's selection: what else lies in the cohorts is sealed again first."""

    def as_json(self) -> dict[str, Any]:
        """Return it for the database."""
        data = {**asdict(self), "cohorts": list(self.cohorts), "days": list(self.days)}
        return {name: value for name, value in data.items() if value or name not in _SINCE_0_2}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Manifest:
        """Read what `as_json` wrote."""
        return cls(**{**data, "cohorts": tuple(data["cohorts"]), "days": tuple(data["days"])})

    @property
    def expiry_days(self) -> list[date]:
        """The days as dates."""
        return [date.fromisoformat(day) for day in self.days]

    @property
    def keys(self) -> int:
        """How many keys are to be blanked."""
        return len(self.cohorts) + self.subjects + self.holders

    def hash(self) -> str:
        """Return the SHA-256 of its canonical JSON, in hex."""
        return sha256(canonical.encode(self.as_json())).hexdigest()


def list_expired(tx: Tx, cohorts: Sequence[Any]) -> None:
    """List everything in some cohorts (rows with ``cohort_id`` and ``expires_on``)."""
    tx.run("make_listed")
    days = sorted({row.expires_on for row in cohorts})
    tx.run("list_expired", days=days, cohorts=[row.cohort_id for row in cohorts])


def list_aimed(tx: Tx) -> None:
    """List everything of the subjects (and under the slots) that the table ``aimed`` names."""
    tx.run("analyze_aimed")
    tx.run("make_listed")
    tx.run("list_aimed")


def list_selection(tx: Tx, selection: Selection) -> None:
    """List the records of a steward's selection."""
    tx.run("make_listed")
    until = date.fromisoformat(selection.collected_until)
    tx.run("list_selected", plan=selection.plan, collected_until=until)


def describe(
    tx: Tx,
    categories: Mapping[str, Sequence[str]],
    cohorts: Sequence[Any],
    slots: Sequence[int] = (),
    holders: int = 0,
    selection: Selection | None = None,
) -> Manifest:
    """Describe what is listed.

    Args:
        tx: the transaction that listed it, under the writers' lock.
        categories: plan → categories of information that its records hold.
        cohorts: rows with the ``cohort_id`` and ``expires_on`` of the keys to be blanked.
        slots: slots of the subject ring to be blanked, in order.
        holders: how many of them hold quarantined rows and are no subject's own.
        selection: what a steward selected.
    """
    rows = tx.rows("listed_by_plan")
    by_plan, by_level, names = Counter[str](), Counter[str](), Counter[str]()
    for row in rows:
        by_plan[row.plan] += row.records
        by_level[f"L{row.level}" if row.level else QUARANTINE.lower()] += row.records
        names[row.retention_class if slots else f"{row.retention_class}/{row.expires_on}"] += row.records
    by_category: Counter[str] = Counter()
    for plan, records in by_plan.items():
        for category in categories.get(plan, ()):
            by_category[category] += records
    numbers = sorted(row.cohort_id for row in cohorts)
    root, digest = _roots(tx)
    return Manifest(
        cohorts=tuple(numbers),
        days=tuple(sorted({row.expires_on.isoformat() for row in cohorts})),
        names=dict(names),
        records=by_plan.total(),
        quarantined=by_level[QUARANTINE.lower()],
        by_plan=dict(by_plan),
        by_level={level: records for level, records in by_level.items() if records},
        by_category=dict(by_category),
        root=root,
        digest=digest,
        subjects=len(slots) - holders,
        holders=holders,
        keys_root=keys_root(numbers, slots),
        selection=asdict(selection) if selection else None,
    )


def keys_root(cohorts: Iterable[int], subjects: Iterable[int]) -> str:
    """Compute the root over the keys that a destruction is to blank; hex."""
    names = [f"{COHORT}/{number}".encode() for number in cohorts]
    names += [f"{SUBJECT}/{number}".encode() for number in subjects]
    return merkle.root(merkle.leaf_hashes(names)).hex()


def stands(tx: Tx, listed: Manifest) -> bool:
    """Tell whether what is listed now is what the manifest has, none of it held. Call it under the writers' lock."""
    if tx.scalar("listed_held"):
        return False
    if listed.selection and {row.cohort_id for row in tx.rows("listed_cohorts")} != set(listed.cohorts):
        return False  # Something of it lies under other keys now.
    if not listed.digest:  # applied for by version 0.1
        return _roots(tx)[0] == listed.root
    return bool(tx.scalar("listed_digest") == listed.digest)


def _roots(tx: Tx) -> tuple[str, str]:
    ids = bytes(tx.scalar("listed_record_ids") or b"")
    each = [ids[start : start + 16] for start in range(0, len(ids), 16)]
    return merkle.root(merkle.leaf_hashes(each)).hex(), sha256(ids).hexdigest()


def categories(policy: Policy) -> dict[str, list[str]]:
    """List the categories of information that the records of each plan hold."""
    return {
        name: sorted({policy.taxonomy[declared.item].category for declared in plan.fields})
        for name, plan in policy.plans.items()
    }
