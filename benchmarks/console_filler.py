"""Fill a home for the console's benchmark: a year of batches, quarantined rows that can be opened, records beside them.

Records are those of `vault_filler`. Batches, scores, shapes, profiles and ledger entries go through the functions of
ingestion, their counts drawn by chance from a seed; quarantined rows are sealed as ingestion seals them. Everybody is
made up.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import NAMESPACE_OID, uuid5

import numpy as np
import pandas as pd
import psycopg
import yaml

from benchmarks.vault_filler import Layout, fill, write_policy
from pipelines import jobs, sealing
from pipelines.bench import Bench
from pipelines.classify.votes import ColumnProfile
from pipelines.evidence import entries, merkle
from pipelines.jobs.home import Home, open_home
from pipelines.moments import day_of
from pipelines.platform.postgres import EmbeddedPostgres
from pipelines.policy import Plan
from pipelines.quality.shape import FieldShape
from pipelines.quality.suite import Suite, load_suite
from pipelines.quality.verdict import Score, Severity
from pipelines.records import Label, Labelled, Origin, Quarantined
from pipelines.settings import CHECKOUT, Settings
from pipelines.store import catalogue, scores, vault
from pipelines.store.database import Role, Tx

END = datetime(2026, 6, 20, 4, 0, tzinfo=UTC)
"""Noon in China of the day on which the year ends, and on which the console is looked at."""
PLANS = ("counter_customers", "partner_enterprises", "web_registrations")
RECORD_PLANS = 10
BATCH_ROWS, QUARANTINED_BATCH = 2_000, 5_000
RULE = {"expect": "present", "dimension": "completeness", "severity": "critical", "zh": "姓名必填", "en": "Required"}


def make(folder: Path, workers: int) -> Settings:
    """Make an empty home with the example plans and those of the records."""
    policy, expectations = write_policy(folder / "policy", RECORD_PLANS), folder / "expectations"
    expectations.mkdir(parents=True)
    for path in (CHECKOUT / "policy" / "plans").glob("*.yaml"):
        shutil.copy(path, policy / "plans")
        shutil.copy(CHECKOUT / "expectations" / path.name, expectations)
    for path in (policy / "plans").glob("bench_*.yaml"):
        suite = [{"id": "name.present", "column": "name", **RULE}]
        (expectations / path.name).write_text(yaml.safe_dump(suite, allow_unicode=True), "utf-8")
    settings = Settings(home=folder / "home", policy=policy, expectations=expectations, workers=workers)
    jobs.init(settings, END - timedelta(days=366))
    return settings


def fill_all(settings: Settings, records: int, batches: int, quarantined: int, tell: Callable[[str], None]) -> None:
    """Fill the home."""
    if records:
        tell(f"{records:,} records")
        fill(settings, Layout(due=records // 100, total=records, plans=RECORD_PLANS))
    home = open_home(settings)
    tell(f"{batches:,} batches")
    chance = np.random.default_rng(7)
    suites = {plan: load_suite(settings.expectations / f"{plan}.yaml") for plan in PLANS}
    for day, number in _days(batches):
        _put_day(home, suites, day, number, chance)
    tell(f"{quarantined:,} quarantined rows")
    for number in range(0, quarantined, QUARANTINED_BATCH):
        plan = PLANS[number // QUARANTINED_BATCH % 2 * 2]
        _put_quarantined(home, suites[plan], number, min(QUARANTINED_BATCH, quarantined - number), chance)
    home.anchor()
    home.database.close()
    postgres = EmbeddedPostgres(settings.resolved_home)
    with superuser(postgres) as connection:
        # As nightly upkeep leaves it.
        connection.execute("VACUUM (ANALYZE)")


def superuser(postgres: EmbeddedPostgres) -> Any:
    """Open the superuser's connection to the home's database."""
    return psycopg.connect(postgres.url("tutela"), autocommit=True)


def _days(batches: int) -> Iterator[tuple[date, int]]:
    """Spread batches over the year before the end."""
    for back in range(365, -1, -1):
        share = batches * (366 - back) // 366 - batches * (365 - back) // 366
        yield day_of(END) - timedelta(days=back), share


def _put_day(home: Home, suites: dict[str, Suite], day: date, batches: int, chance: np.random.Generator) -> None:
    at = datetime(day.year, day.month, day.day, 1, 0, tzinfo=UTC)
    for number in range(batches):
        plan = home.policy.plan(PLANS[number % len(PLANS)])
        run = f"bench-{day:%Y%m%d}-n{number // 6 * 3 + number % 3}"
        origin = Origin(plan.name, run, uuid5(NAMESPACE_OID, run), number // 3 % 2, "bench")
        with home.database.begin(Role.INGEST) as tx:
            tx.run("lock_writers")
            batch, told = _put_batch(tx, origin, at + timedelta(minutes=number), chance)
            _put_findings(tx, batch, plan, suites[plan.name], day, chance)
            home.ledger.append(tx, told, at)


def _put_batch(tx: Tx, origin: Origin, at: datetime, chance: np.random.Generator) -> tuple[int, list[Any]]:
    refused, waiting = int(chance.integers(0, 40)), int(chance.integers(0, 30))
    counts = {"refused": {"no_consent": refused}, "quarantined": {"id_number.checksum": waiting}}
    stored = BATCH_ROWS - refused - waiting
    vault.register_delivery(tx, origin.plan, origin.delivery, BATCH_ROWS, at)
    batch = vault.put_batch(tx, origin, arrived=BATCH_ROWS, stored=stored, level=4, at=at, **counts)
    told = [
        entries.batch_stored(origin, BATCH_ROWS, stored, merkle.root([]), at),
        entries.rows_refused(origin, "no_consent", refused, at),
        entries.rows_quarantined(origin, "id_number.checksum", waiting, at),
    ]
    return batch, told


def _put_findings(tx: Tx, batch: int, plan: Plan, suite: Suite, day: date, chance: np.random.Generator) -> None:
    failed = chance.integers(0, 30, len(suite.rules))
    found = [
        Score(rule.id, rule.column, rule.dimension, rule.severity, BATCH_ROWS, int(rows))
        for rule, rows in zip(suite.rules, failed, strict=True)
    ]
    scores.put(tx, batch, plan.name, day, found, {"results": []})
    scores.put_shapes(
        tx, batch, [FieldShape(name, BATCH_ROWS, int(chance.integers(0, 99)), None) for name in plan.columns]
    )
    profiles = [
        ColumnProfile(
            field.name, field.item.upper(), "I01", 3, f"CI-P-I01-{field.name}-3", 0.98, BATCH_ROWS, 1_900, {}, 0.95
        )
        for field in plan.fields
    ]
    catalogue.put_profiles(tx, batch, profiles, {each.name: each.code or "" for each in profiles}, "0" * 16)
    catalogue.put_findings(tx, batch, [])


def _put_quarantined(home: Home, suite: Suite, number: int, rows: int, chance: np.random.Generator) -> None:
    plan = home.policy.plan(suite.name)
    at = END - timedelta(minutes=int(chance.integers(10, 14 * 24 * 60)))
    run = f"bench-q{number}"
    origin = Origin(plan.name, run, uuid5(NAMESPACE_OID, run), 0, "bench")
    frame = _rows(plan, rows, chance)
    critical = [rule.id for rule in suite.rules if rule.severity is Severity.CRITICAL]
    lesser = [rule.id for rule in suite.rules if rule.severity is not Severity.CRITICAL]
    reasons = {
        int(row): (critical[int(row) * 7 % len(critical)], lesser[int(row) % len(lesser)]) for row in frame.index
    }
    waiting = Quarantined(origin, frame, reasons)
    bench = Bench(
        plan, home.policy, suite, cast("Any", None), {}, home.database, home.custodian, home.ledger, home.index_key,
        secrets.token_bytes,
    )  # fmt: skip
    labels = tuple(Label(each.name, None, "I01", 3, "CI-P-I01-x-3") for each in plan.fields)
    prepared = sealing.prepare(Labelled(origin, frame.iloc[:0], labels), waiting, bench)
    with home.database.begin(Role.INGEST) as tx:
        tx.run("lock_writers")
        counts: dict[str, int] = {}
        for why in reasons.values():
            counts[why[0]] = counts.get(why[0], 0) + 1
        vault.register_delivery(tx, plan.name, origin.delivery, rows, at)
        batch = vault.put_batch(tx, origin, arrived=rows, stored=0, refused={}, quarantined=counts, level=4, at=at)
        sealing.put(tx, prepared, batch, replace(bench), at)
        told = [entries.rows_quarantined(origin, name, count, at) for name, count in counts.items()]
        home.ledger.append(tx, told, at)


def _rows(plan: Plan, rows: int, chance: np.random.Generator) -> pd.DataFrame:
    """Make up rows whose numbers fail their check digits."""
    numbers = chance.integers(0, 10**8, rows)
    made: dict[str, Any] = {field.name: [f"甲乙{number % 977}" for number in numbers] for field in plan.fields}
    for name in ("id_number",):
        if name in made:
            made[name] = [f"11010119800101{number % 10_000:04d}" for number in numbers]
    for name in ("mobile",):
        if name in made:
            made[name] = [f"138{number:08d}" for number in numbers]
    day = (END - timedelta(days=20)).date().isoformat()
    shared = {
        "consent_notice": plan.notices[0] if plan.notices else None,
        "consent_at": day,
        "consent_until": "2036-01-01",
    }
    shared |= {"consent_method": "e_signature", "consent_purposes": ";".join(plan.purposes)}
    made |= {name: [value] * rows for name, value in shared.items()}
    made |= {"collected_at": [day] * rows, "last_activity_at": [day] * rows}
    return pd.DataFrame(made, index=pd.RangeIndex(1, rows + 1, name="row"), dtype="str")
