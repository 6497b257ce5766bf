"""The made-up people of a restore drill, and a home of their own to live in. Nobody real is ever in it.

Their plan and their leader exist in that home only; retention schedule and taxonomy are the company's.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pandas as pd
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines import sealing
from pipelines.bench import Bench
from pipelines.errors import PolicyError
from pipelines.evidence import entries, merkle, signature
from pipelines.jobs.home import Home
from pipelines.moments import day_of
from pipelines.policy import load_policy
from pipelines.records import META_COLUMNS, Label, Labelled, Origin, Quarantined
from pipelines.retention.approval import LEADERS_FILE, StandingApproval, sign_approval, write_approval
from pipelines.settings import Settings
from pipelines.store import vault
from pipelines.store.database import Role

PLAN, LEADER = "restore_drill", "drill_leader"
FIELDS = {"customer_name": "person_name", "id_number": "resident_id", "mobile": "mobile"}
"""Field of the plan → item of the taxonomy."""
YEARS = 40
"""So long ago was what is due collected."""


@dataclass(frozen=True)
class Ground:
    """Where a drill takes place."""

    settings: Settings
    leader: Ed25519PrivateKey = field(repr=False)
    run: str
    """Its name is in every store that the platform writes: what does not have it was not read."""


@dataclass(frozen=True, slots=True)
class People:
    """Made-up people, by what they look for in every file."""

    rows: tuple[dict[str, str], ...] = field(repr=False)

    def __len__(self) -> int:
        """Count them."""
        return len(self.rows)


def ground(settings: Settings, folder: Path, at: datetime) -> Ground:
    """Make the folder of a drill: the company's policy with the drill's own plan, leader and standing approval.

    Raises:
        PolicyError: the schedule has no class that destroys, counted from collection.
    """
    folder.mkdir(mode=0o700, parents=True)
    policy, leader = folder / "policy", Ed25519PrivateKey.generate()
    shutil.copytree(settings.policy, policy, ignore=shutil.ignore_patterns("plans"))
    (policy / "plans").mkdir()
    words = load_policy(settings.policy)
    chosen = [key for key, found in words.retention.items() if (found.start, found.action) == ("collected", "destroy")]
    usable = [key for key in chosen if key != "QUARANTINE"]
    if not usable:
        raise PolicyError(
            "The retention schedule has no class that destroys, counted from collection; a drill needs one."
        )
    plan = _plan(usable[0], next(iter(words.purposes)), day_of(at))
    (policy / "plans" / f"{PLAN}.yaml").write_text(yaml.safe_dump(plan, allow_unicode=True), encoding="utf-8")
    public = signature.public_bytes(leader).hex()
    leaders = {"leaders": {LEADER: {"name": {"zh": "演练", "en": "Drill"}, "public_key": public}}}
    (policy / LEADERS_FILE).write_text(yaml.safe_dump(leaders, allow_unicode=True), encoding="utf-8")
    approval = StandingApproval(
        approval="SA-DRILL", schedule_hash=words.schedule_hash(), approved_by=LEADER, approved_on=day_of(at),
        valid_until=day_of(at) + timedelta(days=2), signature="00",
    )  # fmt: skip
    write_approval(policy, sign_approval(leader, approval))
    changes = {"home": folder, "policy": policy, "kms": "file:", "database_url": None, "database_admin_url": None}
    apart = {"backups": None, "snapshots": None, "workers": 1}
    return Ground(settings.model_copy(update=changes | apart), leader, f"drill-{secrets.token_hex(8)}")


def _plan(retention: str, purpose: str, today: date) -> dict[str, Any]:
    said = "Made-up people of a restore drill"
    strength = {"id_number": "strong", "mobile": "weak"}
    return {
        "plan": PLAN,
        "version": 1,
        "title": {"zh": "恢复演练", "en": "Restore drill"},
        "goal": {"zh": "恢复演练", "en": said},
        "channel": "direct",
        "subject": "person",
        "owner": {"department": "customer_service", "steward": "drill_steward"},
        "approved": {"by": LEADER, "on": today},
        "valid": {"from": today - timedelta(days=1), "until": today + timedelta(days=2)},
        "purposes": [purpose],
        "legal_basis": "contract",
        "retention": retention,
        "source": {"formats": ["csv"], "pattern": "drill_*"},
        "fields": [
            {"name": name, "item": item, "headers": [name], "necessity": said, "identifies": strength.get(name, "none")}
            for name, item in FIELDS.items()
        ],
    }


def make_up(count: int) -> People:
    """Make people up; each value occurs nowhere else."""
    return People(
        tuple(
            {
                "customer_name": f"演练无此人{secrets.token_hex(6)}",
                "id_number": f"DRILL-ID-{secrets.token_hex(8)}",
                "mobile": f"DRILL-MOBILE-{secrets.token_hex(8)}",
            }
            for _ in range(count)
        )
    )


def store(home: Home, where: Ground, people: People, collected: date, at: datetime) -> list[str]:
    """Seal people into the vault, as a collection does; nothing is asked of consent and quality. Return their codes."""
    plan = home.policy.plan(PLAN)
    index = pd.RangeIndex(1, len(people) + 1, dtype="int64")
    frame = pd.DataFrame(
        {name: pd.Series([row[name] for row in people.rows], index=index, dtype="str") for name in FIELDS}
    )
    for name in META_COLUMNS:
        frame[name] = pd.Series([None] * len(people), index=index, dtype="str")
    frame["collected_at"] = collected.isoformat()
    origin = Origin(PLAN, where.run, uuid4(), 0)
    nobody: Sequence[str] = ()
    labelled = Labelled(origin, frame, tuple(_label(home, name, item) for name, item in FIELDS.items()))
    bare: dict[str, Any] = {"suite": None, "analyzer": None, "labels": {}}
    bench = Bench(
        plan=plan, policy=home.policy, database=home.database, custodian=home.custodian, ledger=home.ledger,
        index_key=home.index_key, randomness=secrets.token_bytes, **bare,
    )  # fmt: skip
    prepared = sealing.prepare(labelled, Quarantined(origin, frame.iloc[:0], dict.fromkeys(nobody)), bench)  # type: ignore[arg-type]
    with home.database.begin(Role.INGEST) as tx:
        tx.run("lock_writers")
        vault.register_delivery(tx, PLAN, origin.delivery, len(people), at)
        batch = vault.put_batch(
            tx, origin, arrived=len(people), stored=len(people), refused={}, quarantined={}, level=4, at=at
        )  # fmt: skip
        ids = sealing.put(tx, prepared, batch, bench, at)
        root = merkle.root(merkle.leaf_hashes(ids))
        home.ledger.append(tx, [entries.batch_stored(origin, len(people), len(people), root, at)], at)
    with home.database.begin(Role.VERIFY) as tx:
        return [row.code for row in tx.rows("codes_of_records", records=[UUID(bytes=each) for each in ids])]


def _label(home: Home, name: str, item: str) -> Label:
    found = home.policy.taxonomy[item]
    return Label(name, found.entity, found.category, found.level, found.code)


def long_ago(at: datetime) -> date:
    """Give a day of which everything is due."""
    today = day_of(at)
    return today.replace(year=today.year - YEARS, day=1)
