"""Homes for tests: one embedded server for all, a database a home; and a portrait of what a vault holds.

A portrait names subjects by their records, so that two vaults with the same content have equal portraits, whatever
numbers and random codes they gave out. It is read by the superuser's own connection, past every part of the platform.
"""

from __future__ import annotations

import csv
import os
import shutil
import signal
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from pydantic import SecretStr

from examples.leader import LEADER_KEY
from pipelines.custody import COHORT, SUBJECT
from pipelines.evidence.verify import verify_file
from pipelines.jobs import destruction, evidence
from pipelines.jobs.collection import collect
from pipelines.jobs.home import init, open_home
from pipelines.platform.postgres import EmbeddedPostgres
from pipelines.policy import META_HEADINGS, load_policy
from pipelines.records import Outcome
from pipelines.retention.approval import StandingApproval, sign_approval, write_approval
from pipelines.seal import envelope
from pipelines.seal import keyring as ring
from pipelines.settings import CHECKOUT, Settings
from pipelines.store.keyring import StoredPage

LOGIN = "tester"
PASSWORD = "not-a-secret"
NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
"""Noon in China of the day on which tests play."""
TODAY = date(2026, 6, 1)
INDEX_KEY = bytes(range(32))


@dataclass(frozen=True)
class Home:
    """An initialised home in a database of its own."""

    settings: Settings
    admin: str = field(repr=False)

    @property
    def folder(self) -> Path:
        return self.settings.home

    def collect(self, plan: str, *files: Path, at: datetime = NOON, **more: Any) -> Outcome:
        return collect(self.settings, plan, list(files), at, **more)

    def purge(self, as_of: date = TODAY, at: datetime = NOON, **more: Any) -> destruction.Purge:
        return destruction.purge(self.settings, as_of, lambda: at, **more)

    @contextmanager
    def sql(self, role: str | None = None) -> Iterator[psycopg.Connection[Any]]:
        """Open the superuser's connection, or one that took a role."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            if role:
                connection.execute(f"SET ROLE {role}")
            yield connection

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self.sql() as connection:
            return connection.execute(statement, parameters).fetchall()

    def value(self, statement: str, *parameters: object) -> Any:
        return self.rows(statement, *parameters)[0][0]

    def ledger_holds(self) -> bool:
        """Export all evidence and verify it as an outsider would, anchors included."""
        opened = open_home(self.settings)
        path = self.folder / "evidence.jsonl"
        path.unlink(missing_ok=True)
        evidence.export(self.settings, path, "auditor", NOON)
        return verify_file(path, opened.public_key, opened.anchors).valid

    def keys(self, name: str) -> dict[int, bytes]:
        """Open every page of one ring."""
        opened = open_home(self.settings)
        pages = self.rows(
            "SELECT p.page, p.sealed, p.wrapped, g.kms_key FROM keyring.page p JOIN keyring.generation g "
            "USING (generation) WHERE p.ring = %s",
            name,
        )
        return opened.custodian.open(StoredPage(name, *row) for row in pages)

    def records(self) -> dict[str, dict[str, Any]]:
        """Open every record: id → fields."""
        rows = self.rows(
            "SELECT record_id, subject_id, cohort_id, schema_version, part_1, part_2, part_3, part_4, part_5 "
            "FROM vault.record ORDER BY record_id"
        )
        subjects = ring.pick(np.array([row[1] for row in rows], dtype=np.int64), self.keys(SUBJECT))
        cohorts = ring.pick(np.array([row[2] for row in rows], dtype=np.int64), self.keys(COHORT))
        return {
            str(row[0]): envelope.open_record(row[0].bytes, subject.tobytes(), cohort.tobytes(), row[4:], row[3])
            for row, subject, cohort in zip(rows, subjects, cohorts, strict=True)
        }

    def quarantined(self) -> dict[str, dict[str, Any]]:
        """Open every quarantined row: id → columns."""
        rows = self.rows("SELECT record_id, holder_id, cohort_id, schema_version, sealed FROM quality.quarantine")
        holders = ring.pick(np.array([row[1] for row in rows], dtype=np.int64), self.keys(SUBJECT))
        cohorts = ring.pick(np.array([row[2] for row in rows], dtype=np.int64), self.keys(COHORT))
        return {
            str(row[0]): envelope.open_record(
                row[0].bytes, holder.tobytes(), cohort.tobytes(), [None] * 4 + [row[4]], row[3]
            )
            for row, holder, cohort in zip(rows, holders, cohorts, strict=True)
        }

    def people(self) -> set[frozenset[str]]:
        """Say which records are about the same subject."""
        found = defaultdict(set)
        for record, subject in self.rows("SELECT record_id, subject_id FROM vault.record"):
            found[subject].add(str(record))
        return {frozenset(records) for records in found.values()}

    def portrait(self) -> dict[str, Any]:
        """Describe all that the vault holds, without the numbers and codes that chance gave out."""
        of_subject: dict[int, list[str]] = defaultdict(list)
        for record, subject in self.rows("SELECT record_id, subject_id FROM vault.record ORDER BY record_id"):
            of_subject[subject].append(str(record))
        name = {subject: ",".join(records) for subject, records in of_subject.items()}
        about = self.rows(
            "SELECT r.record_id, r.expires_on, r.level, c.retention_class, c.expires_on, b.plan, b.chunk "
            "FROM vault.record r JOIN keyring.cohort c USING (cohort_id) JOIN vault.batch b USING (batch_id)"
        )
        index = self.rows("SELECT kind, digest, subject_id, strong, expires_on FROM vault.blind_index")
        return {
            "records": self.records(),
            "about": {str(row[0]): row[1:] for row in about},
            "people": sorted(name.values()),
            "subjects": sorted(
                (name.get(subject, "nobody"), kind, expires)
                for subject, kind, expires in self.rows("SELECT subject_id, kind, expires_on FROM vault.subject")
            ),
            "index": sorted((name.get(row[2], "nobody"), row[0], str(row[1]), row[3], row[4]) for row in index),
            "quarantine": self.quarantined(),
            "receipts": sorted(
                (str(row[0]), *row[1:])
                for row in self.rows(
                    "SELECT r.receipt_id, t.plan, t.notice, t.purposes, t.method, r.action, r.at, r.valid_until "
                    "FROM consent.receipt r JOIN consent.terms t USING (terms_id)"
                )
            ),
            "batches": sorted(
                (plan, str(delivery), chunk, arrived, stored, sorted(refused.items()), sorted(quarantined.items()))
                for plan, delivery, chunk, arrived, stored, refused, quarantined in self.rows(
                    "SELECT plan, delivery_id, chunk, arrived, stored, refused, quarantined FROM vault.batch"
                )
            ),
            "scores": sorted(
                self.rows("SELECT expectation, sum(evaluated), sum(failed) FROM quality.score GROUP BY 1")
            ),
            "cohorts": sorted(
                self.rows("SELECT retention_class, expires_on, destroyed_by IS NULL FROM keyring.cohort")
            ),
            "partitions": self.rows(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'vault.record'::regclass ORDER BY 1"
            ),
            "generations": sorted(row[0] for row in self.rows("SELECT state FROM keyring.generation")),
            "samples": self.value("SELECT count(*) FROM destruction.sample"),
        }

    def root_keys(self) -> list[str]:
        return sorted(path.stem for path in (self.folder / "kms").glob("generation-*.key"))

    def run_keys(self) -> list[str]:
        return sorted(path.stem for path in (self.folder / "kms").glob("run-*.key"))


class Homes:
    """Makes homes, and copies of homes, in one server."""

    def __init__(self, server: EmbeddedPostgres, folder: Path) -> None:
        self._server, self._folder, self._made = server, folder, 0
        server.ensure_running()
        server.create_login(LOGIN, PASSWORD)
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            # Tests kill clients, never this server: what it has said is safe without waiting for the disk.
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        self._blank = self.fresh()

    def fresh(self, **changes: Any) -> Home:
        """Make and initialise a home; all of them hash identifiers alike, so that record ids can be compared."""
        home = self._home(self._new_database("template0"), **changes)
        (home.folder / "keys").mkdir(mode=0o700, parents=True)
        (home.folder / "keys" / "index.key").write_bytes(INDEX_KEY)
        init(home.settings, NOON)
        return home

    def blank(self, **changes: Any) -> Home:
        """Copy an initialised home without anything in it: cheaper than a fresh one."""
        return self.copy(self._blank, **changes)

    def copy(self, home: Home, **changes: Any) -> Home:
        """Copy a home with all that it holds."""
        source = home.admin.rpartition("/")[2]
        made = self._home(self._new_database(source), **changes)
        shutil.copytree(home.folder, made.folder, ignore=shutil.ignore_patterns("*.lock"))
        return made

    def drop(self, home: Home) -> None:
        """Forget a home that a test is done with."""
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {home.admin.rpartition('/')[2]} WITH (FORCE)")
        shutil.rmtree(home.folder)

    def _new_database(self, template: str) -> str:
        self._made += 1
        name = f"home_{self._made}"
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [template])
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _home(self, database: str, **changes: Any) -> Home:
        settings = {
            "home": self._folder / database,
            "database_url": SecretStr(self._server.url(database, LOGIN, PASSWORD)),
            "database_admin_url": SecretStr(self._server.url(database)),
            "workers": 1,
            **changes,
        }
        return Home(Settings(**settings), self._server.url(database))


def policy_copy(folder: Path, **changes: Callable[[str], str]) -> Path:
    """Copy the policy, with some files rewritten: ``retention=lambda text: …``."""
    shutil.copytree(CHECKOUT / "policy", folder)
    for name, change in changes.items():
        path = folder / f"{name}.yaml"
        path.write_text(change(path.read_text("utf-8")), "utf-8")
    return folder


def approve(policy: Path, **changes: Any) -> StandingApproval:
    """Have the example leader sign the schedule of a policy folder."""
    draft = StandingApproval(
        **{
            "approval": "SA-2026-02",
            "schedule_hash": load_policy(policy).schedule_hash(),
            "approved_by": "leader",
            "approved_on": date(2026, 1, 5),
            "valid_until": date(2027, 12, 31),
            "signature": "00",
            **changes,
        }
    )
    signed = sign_approval(LEADER_KEY, draft)
    write_approval(policy, signed)
    return signed


def fork(work: Callable[[], object]) -> int:
    """Do something in a process of its own; return its exit status, negative for the signal that ended it."""
    child = os.fork()
    if not child:
        status = 1
        try:
            work()
            status = 0
        except BaseException:  # noqa: BLE001 - a forked test may never go on as the test run
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die() -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


# --- deliveries of a few rows ------------------------------------------------------------------------------------


def resident_id(number: int, area: str = "110101", born: str = "19800101") -> str:
    """Make up the ID number of nobody, with its check character (GB 11643)."""
    body = f"{area}{born}{number % 1000:03d}"
    weighted = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    return body + "10X98765432"[weighted % 11]


def mobile(number: int) -> str:
    """Make up a mobile number."""
    return f"138{number:08d}"


COUNTER_ROW = {
    "姓名": "甄无名", "身份证号": resident_id(1), "手机号": mobile(1), "备注": "",
    "告知书版本": "N-COUNTER-2", "同意时间": "2026-05-01", "同意有效期": "2036-05-01", "同意方式": "e_signature",
    "同意用途": "account_service", "采集时间": "2026-05-01", "最近业务时间": "2026-05-01",
}  # fmt: skip
SHARED_HEADINGS = {names[0] for names in META_HEADINGS.values()}


def counter(path: Path, *rows: dict[str, str]) -> Path:
    """Write a counter's file: each row is COUNTER_ROW with some cells changed."""
    return _write(path, [{**COUNTER_ROW, **row} for row in rows])


def customers(path: Path, numbers: Sequence[int], last: str = "2026-05-01", **cells: str) -> Path:
    """Write a counter's file of people who are told apart by number, last active on a day."""
    rows = [
        {
            "姓名": "甄无名",
            "身份证号": resident_id(number),
            "手机号": mobile(number),
            "同意时间": min(last, "2026-05-01"),
            "采集时间": min(last, "2026-05-01"),
            "告知书版本": "N-COUNTER-2" if min(last, "2026-05-01") >= "2025" else "N-COUNTER-1",
            "最近业务时间": last,
            **cells,
        }
        for number in numbers
    ]
    return counter(path, *rows)


def _write(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
