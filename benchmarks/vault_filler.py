"""Fill a vault for benchmarks: real keys, real sealing, real blind indexes, real COPY; only the reading is left out.

What stands in a file, its quality and its classification are skipped: labelled rows are made here and go through the
same `sealing` as those of `tutela ingest`. Some subjects have one record each that is due, the others one record in each
plan that is not. Everybody is made up; the same numbers give the same people.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, cast
from uuid import NAMESPACE_OID, uuid5

import numpy as np
import pandas as pd
import yaml

from examples.leader import LEADER_KEY
from pipelines import sealing
from pipelines.bench import Bench
from pipelines.evidence import entries, merkle
from pipelines.jobs.home import Home, open_home
from pipelines.moments import Days
from pipelines.policy import Plan, Policy, load_policy
from pipelines.records import Label, Labelled, Origin, Quarantined
from pipelines.retention.approval import StandingApproval, sign_approval, write_approval
from pipelines.settings import CHECKOUT, Settings
from pipelines.store import vault
from pipelines.store.database import Role

AS_OF = date(2026, 6, 20)
AT = datetime(2026, 6, 20, 4, 0, tzinfo=UTC)
"""The day of the purge, and noon in China of it."""
PAST_MONTH = ("2026-05-01", "2026-06-01")
THIS_MONTH = ("2026-06-01", "2026-06-21")
"""Days on which records are due (the second one not included): a whole month, and the begun one, which survivors share."""
SHARE_OF_PAST_MONTH = 0.7
FUTURE = ("2026-06-21", "2028-06-01")
LAST = ("2028-06-01", "2028-12-01")
"""Days on which survivors are due; the record that comes first outlasts the others, so that no index is moved twice."""
CLASSES = ("R-CREDIT", "R-REL", "R-SERV", "R-MKT", "R-PARTNER")
"""Classes for which no law sets a minimum: whoever asks may be erased from them at once."""
CHUNK_ROWS = 20_000
CITIES = ("北京市", "上海市", "广州市", "深圳市", "成都市", "杭州市", "武汉市", "西安市")
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚"


@dataclass(frozen=True, slots=True)
class Layout:
    """How much lies in the vault."""

    due: int
    """Subjects with one record each, which is due."""
    total: int
    """Records, the due ones included."""
    plans: int
    """Plans, in each of which every surviving subject has a record."""

    @property
    def survivors(self) -> int:
        """Subjects that have nothing due."""
        return (self.total - self.due) // self.plans

    @property
    def records(self) -> int:
        """Records that there really are."""
        return self.due + self.survivors * self.plans

    @property
    def name(self) -> str:
        """A name for its database."""
        return f"due{self.due}_total{self.total}_plans{self.plans}"


@dataclass(frozen=True, slots=True)
class Part:
    """One chunk: some subjects' records of one plan."""

    plan: str
    number: int
    """Of the chunk, in its plan."""
    subjects: range
    due: bool
    first: bool


def write_policy(folder: Path, plans: int) -> Path:
    """Copy the policy with plans of the benchmark in place of its own, the schedule approved by the example leader."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CHECKOUT / "policy", folder, ignore=shutil.ignore_patterns("plans"))
    (folder / "plans").mkdir()
    for number in range(plans):
        text = yaml.safe_dump(_plan(number), allow_unicode=True, sort_keys=False)
        (folder / "plans" / f"{plan_name(number)}.yaml").write_text(text, "utf-8")
    draft = StandingApproval(
        approval="SA-BENCH-1",
        schedule_hash=load_policy(folder).schedule_hash(),
        approved_by="leader",
        approved_on=date(2026, 1, 5),
        valid_until=date(2027, 12, 31),
        signature="00",
    )
    write_approval(folder, sign_approval(LEADER_KEY, draft))
    return folder


def plan_name(number: int) -> str:
    """Name a plan of the benchmark."""
    return f"bench_{number:02d}"


def _plan(number: int) -> dict[str, Any]:
    fields: list[dict[str, Any]] = [
        {"name": "name", "item": "person_name", "headers": ["姓名"], "required": True},
        {"name": "id_number", "item": "resident_id", "headers": ["身份证号"], "identifies": "strong"},
        {"name": "mobile", "item": "mobile", "headers": ["手机号"], "identifies": "weak"},
        {"name": "address", "item": "home_address", "headers": ["地址"]},
    ]
    # Every second plan has a third part.
    fields += [{"name": "city", "item": "city", "headers": ["城市"]}] if number % 2 else []
    return {
        "plan": plan_name(number),
        "version": 1,
        "title": {"zh": "基准", "en": "Benchmark"},
        "goal": {"zh": "测量销毁", "en": "Measure destruction"},
        "channel": "web",
        "subject": "person",
        "owner": {"department": "sales", "steward": "steward"},
        "approved": {"by": "leader", "on": date(2026, 1, 5)},
        "valid": {"from": date(2020, 1, 1), "until": date(2027, 12, 31)},
        "purposes": ["account_service"],
        "legal_basis": "contract",
        "retention": CLASSES[number % len(CLASSES)],
        "source": {"formats": ["csv"], "pattern": f"{plan_name(number)}_*"},
        "fields": [{**field, "necessity": "Benchmark"} for field in fields],
    }


def fill(settings: Settings, layout: Layout, tick: Callable[[int], None] = lambda _: None) -> None:
    """Fill an initialised home's vault in as many processes as the settings say; ``tick`` is told rows done."""
    parts = list(_parts(layout))
    early = [part for part in parts if part.first]
    with ProcessPoolExecutor(settings.workers, get_context("fork")) as pool:
        # Subjects come into being with their first record; only then the others find them.
        for some in (early, [part for part in parts if not part.first]):
            for rows in pool.map(_put, [settings] * len(some), some):
                tick(rows)


def _parts(layout: Layout) -> Iterator[Part]:
    chunks = [0] * layout.plans

    def part(plan: int, subjects: range, *, due: bool, first: bool) -> Part:
        chunks[plan] += 1
        return Part(plan_name(plan), chunks[plan] - 1, subjects, due, first)

    for position, subjects in enumerate(_cut(0, layout.due)):
        yield part(position % layout.plans, subjects, due=True, first=True)
    for subjects in _cut(layout.due, layout.due + layout.survivors):
        for plan in range(layout.plans):
            yield part(plan, subjects, due=False, first=plan == 0)


def _cut(start: int, end: int) -> Iterator[range]:
    return (range(at, min(at + CHUNK_ROWS, end)) for at in range(start, end, CHUNK_ROWS))


def _put(settings: Settings, part: Part) -> int:
    home = _home(settings)
    plan = home.policy.plan(part.plan)
    bench = Bench(
        plan, home.policy, cast("Any", None), cast("Any", None), {}, home.database, home.custodian, home.ledger,
        home.index_key, secrets.token_bytes,
    )  # fmt: skip
    origin = Origin(plan.name, "bench-fill", uuid5(NAMESPACE_OID, plan.name), part.number)
    frame = _frame(part, plan, home.policy)
    labelled = Labelled(origin, frame, _labels(plan, home.policy))
    prepared = sealing.prepare(labelled, Quarantined(origin, frame.iloc[:0], {}), bench)
    with home.database.begin(Role.INGEST) as tx:
        tx.run("lock_writers")
        vault.register_delivery(tx, plan.name, origin.delivery, CHUNK_ROWS, AT)
        rows = len(frame)
        batch = vault.put_batch(tx, origin, arrived=rows, stored=rows, refused={}, quarantined={}, level=4, at=AT)
        ids = sealing.put(tx, prepared, batch, bench, AT)
        root = merkle.root(merkle.leaf_hashes(ids))
        home.ledger.append(tx, [entries.batch_stored(origin, rows, rows, root, AT)], AT)
    return rows


@cache
def _home(settings: Settings) -> Home:
    return open_home(settings)


def _labels(plan: Plan, policy: Policy) -> tuple[Label, ...]:
    items = [(field.name, policy.taxonomy[field.item]) for field in plan.fields]
    return tuple(Label(name, item.entity, item.category, item.level, item.code) for name, item in items)


def _frame(part: Part, plan: Plan, policy: Policy) -> pd.DataFrame:
    """Make up the rows of a chunk; row numbers go on through the plan's chunks."""
    chance = np.random.default_rng([part.number, int(plan.name[-2:])])
    starts = _start_days(part, plan.retention, policy, chance).astype(str)
    people = [person(number) for number in part.subjects]
    columns: dict[str, Any] = {
        "name": [name for name, _, _ in people],
        "id_number": [strong for _, strong, _ in people],
        "mobile": [weak for _, _, weak in people],
        "address": [f"幸福路{number % 977}号{number % 31}单元{number % 2003}室" for number in part.subjects],
        "city": [CITIES[number % len(CITIES)] for number in part.subjects],
        "collected_at": starts,
        "last_activity_at": starts,
    }
    first = part.number * CHUNK_ROWS + 1
    kept = {name: columns[name] for name in (*plan.columns, "collected_at", "last_activity_at")}
    return pd.DataFrame(kept, index=np.arange(first, first + len(people), dtype=np.int64), dtype="str")


def person(number: int) -> tuple[str, str, str]:
    """Make up a person: name, strong identifier, weak identifier; unique for each number, nobody's for certain."""
    name = SURNAMES[number % 20] + GIVEN[number // 20 % 20] + GIVEN[number // 400 % 20]
    return name, f"990101{number:011d}X", f"199{number:08d}"


def _start_days(part: Part, retention: str, policy: Policy, chance: np.random.Generator) -> Days:
    """Draw the days on which retention starts, so that it ends when the layout wants."""
    rows = len(part.subjects)
    if not part.due:
        return _starts(policy, retention, LAST if part.first else FUTURE, rows, chance)
    past = int(rows * SHARE_OF_PAST_MONTH)
    before = _starts(policy, retention, PAST_MONTH, past, chance)
    return np.concatenate([before, _starts(policy, retention, THIS_MONTH, rows - past, chance)])


def _starts(policy: Policy, retention: str, window: tuple[str, str], rows: int, chance: np.random.Generator) -> Days:
    days = np.arange("2019-01-01", AS_OF.isoformat(), dtype="datetime64[D]")
    due = policy.retention[retention].due_days(days)
    fitting = days[(due >= np.datetime64(window[0])) & (due < np.datetime64(window[1]))]
    if not len(fitting):  # a short class can't have so late a record
        fitting = days[due >= np.datetime64(AS_OF)][1:]
    return fitting[chance.integers(0, len(fitting), rows)]
