"""The planner's statistics after a real ANALYZE: no value of the vault, and none of what finds it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipelines.evidence.verdict import Verdict
from pipelines.jobs import residues
from pipelines.jobs.home import open_home
from pipelines.retention import statistics
from pipelines.settings import CHECKOUT
from pipelines.store import schema
from pipelines.store.database import Database, Role
from tests.homes import Home, Homes, counter, customers, resident_id

SAMPLED = (
    "SELECT schemaname || '.' || tablename || '.' || attname FROM pg_stats s "
    "WHERE schemaname IN ('vault', 'keyring', 'consent', 'quality', 'catalog', 'destruction')"
)


@pytest.fixture(scope="module")
def vault(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Records in many months, quarantined rows, receipts: all that statistics could be made of."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    for number, day in enumerate(("2024-02-01", "2025-07-01", "2026-05-01")):
        home.collect(
            "counter_customers", customers(folder / f"{number}.csv", range(number * 40, number * 40 + 40), day)
        )
    broken = [{"姓名": "甄无名", "身份证号": resident_id(500 + number)[:-1] + "?"} for number in range(5)]
    home.collect("counter_customers", counter(folder / "broken.csv", *broken))
    yield home
    homes.drop(home)


def check(home: Home) -> Verdict:
    opened = open_home(home.settings)
    with opened.database.begin(Role.VERIFY) as tx:
        found = statistics.check(tx)
        assert found.of - (found.held or 0) == statistics.residue(tx)
    opened.database.close()
    return found.status


def test_after_a_real_analyze_no_column_of_the_vault_has_statistics(vault: Home) -> None:
    with vault.sql() as connection:
        connection.execute("ANALYZE")
    sampled = {row[0] for row in vault.rows(SAMPLED)}
    assert "vault.subject.expires_on" in sampled, "what the planner may know it does"
    kept = {row[0].partition(".")[2] for row in vault.rows("SELECT relation || '.' || attribute FROM tutela.unsampled")}
    assert {name for name in sampled if name.partition(".")[2] in kept} == set()
    assert check(vault) is Verdict.PASS
    values = vault.value(
        "SELECT string_agg(coalesce(most_common_vals::text, '') || coalesce(histogram_bounds::text, ''), ' ') FROM pg_stats"
        " WHERE schemaname IN ('vault', 'keyring', 'consent', 'quality', 'catalog', 'destruction')"
    )
    for (code,) in vault.rows("SELECT code FROM vault.subject"):
        assert code not in values
    for (digest,) in vault.rows("SELECT digest FROM vault.blind_index"):
        assert str(digest) not in values


def test_every_column_that_could_hold_such_a_value_is_on_the_list(vault: Home) -> None:
    left = vault.rows(
        "SELECT c.oid::regclass, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('vault', 'keyring', 'consent', 'quality',"
        " 'destruction') AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped"
        " AND a.atttypid IN ('bytea'::regtype, 'uuid'::regtype) AND a.attstattarget IS DISTINCT FROM 0"
    )
    assert left == []


def test_one_column_with_statistics_is_no_pass_until_they_are_forgotten(homes: Homes, vault: Home) -> None:
    other = homes.copy(vault)
    with other.sql() as connection:
        for table, column in (("vault.record", "record_id"), ("vault.blind_index", "digest")):
            connection.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 100")
            connection.execute(f"ANALYZE {table}")
    assert check(other) is Verdict.FAILED
    before = other.portrait()
    residues.lower(other.settings)
    with other.sql() as connection:
        connection.execute("ANALYZE")
    assert check(other) is Verdict.PASS
    assert other.portrait() == before
    homes.drop(other)


def test_what_an_earlier_version_sampled_is_forgotten_by_the_migration(homes: Homes, tmp_path: Path) -> None:
    older, url = tmp_path / "sql", homes._server.url(homes._new_database("template0"))
    shutil.copytree(CHECKOUT / "sql" / "queries", older / "queries")
    (older / "migrations").mkdir()
    for path in schema.migrations(CHECKOUT / "sql"):
        if path.stem < "00.02":
            shutil.copy(path, older / "migrations")
    database = Database(url, older)
    schema.migrate(database)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT vault.ensure_partition('2026-05-01')")
        connection.execute("INSERT INTO vault.delivery VALUES (gen_random_uuid(), 'p', 9, now())")
        connection.execute(
            "INSERT INTO vault.batch (plan, delivery_id, chunk, run, arrived, stored, refused, quarantined, level, at)"
            " SELECT plan, delivery_id, 0, 'r', 500, 500, '{}', '{}', 3, now() FROM vault.delivery"
        )
        connection.execute(
            "INSERT INTO vault.record (record_id, expires_on, cohort_id, subject_id, batch_id, schema_version, level, part_3)"
            " SELECT gen_random_uuid(), '2026-05-02', 1, n, 1, 1, 3, decode(md5(n::text), 'hex') FROM generate_series(1, 500) n"
        )
        connection.execute(
            "INSERT INTO vault.blind_index SELECT 'k', gen_random_uuid(), n, true, '2026-05-02' FROM generate_series(1, 500) n"
        )
        connection.execute("ANALYZE")
        sampled = "SELECT count(*) FROM pg_stats WHERE attname IN ('record_id', 'part_3', 'digest')"
        assert connection.execute(sampled).fetchone() == (5,), "the records' once more over all partitions"
        schema.migrate(Database(url, CHECKOUT / "sql"))
        assert connection.execute(sampled).fetchone() == (0,)
        connection.execute("ANALYZE")
        assert connection.execute(sampled).fetchone() == (0,)
        assert connection.execute("SELECT residue FROM tutela.count_unsampled()").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM vault.record").fetchone() == (500,)


def test_statistics_over_several_columns_are_seen_too(homes: Homes, vault: Home) -> None:
    other = homes.copy(vault)
    with other.sql() as connection:
        connection.execute("ALTER TABLE vault.blind_index ALTER COLUMN digest SET STATISTICS 100")
        connection.execute("CREATE STATISTICS vault.pairs (mcv) ON digest, kind FROM vault.blind_index")
        connection.execute("ANALYZE vault.blind_index")
    opened = open_home(other.settings)
    with opened.database.begin(Role.VERIFY) as tx:
        assert statistics.residue(tx) == 2
    opened.database.close()
    homes.drop(other)


def test_a_partition_made_later_keeps_none_either(vault: Home, tmp_path: Path) -> None:
    vault.collect("counter_customers", customers(tmp_path / "later.csv", range(300, 340), "2025-12-05"))
    with vault.sql() as connection:
        connection.execute("ANALYZE")
    assert check(vault) is Verdict.PASS
