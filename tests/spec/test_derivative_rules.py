"""Every copy is registered, of a kind that is reviewed, with an end; and what people destroy is witnessed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.errors import ApprovalMissing, EvidenceInvalid, PolicyError, UnknownReference
from pipelines.evidence import signature
from pipelines.evidence.ledger import Ledger
from pipelines.jobs import derivatives as jobs
from pipelines.jobs.home import open_home
from pipelines.jobs.register import register_of
from pipelines.policy import Kind, load_policy
from pipelines.retention import letters
from pipelines.retention.derivatives import Copy, register
from pipelines.retention.work_orders import OF_PAPER, least_method, require_method
from pipelines.settings import CHECKOUT
from pipelines.store.database import Role
from tests.homes import NOON, TODAY, Home, Homes, policy_copy

POLICY = load_policy(CHECKOUT / "policy")


@pytest.fixture(scope="module")
def still(homes: Homes) -> Home:
    """A home to try things on that are refused."""
    return homes.blank()


# --- kinds -------------------------------------------------------------------------------------------------------


def test_database_code_and_reviewed_file_know_the_same_kinds(still: Home) -> None:
    in_database = [row[0] for row in still.rows("SELECT unnest(enum_range(NULL::destruction.derivative_kind))::text")]
    assert sorted(in_database) == sorted(Kind) == sorted(POLICY.derivatives)


def test_what_every_home_has_is_registered_from_its_first_day(still: Home) -> None:
    standing = {row[0] for row in still.rows("SELECT kind::text FROM destruction.derivative WHERE expires_on IS NULL")}
    assert standing == {kind for kind, about in POLICY.derivatives.items() if about.listed == "standing"}


@pytest.mark.parametrize("who", ["tutela_ingest", "tutela_destroy", "the owner"])
def test_the_database_refuses_a_copy_of_a_kind_that_nobody_reviewed(still: Home, who: str) -> None:
    with still.sql(None if who == "the owner" else who) as connection, pytest.raises(psycopg.errors.DataError):
        connection.execute(
            "INSERT INTO destruction.derivative (derivative_id, kind, place, made_by, made_at, expires_on, state)"
            " VALUES ('DV-1', 'search_index', 'x', 'y', now(), '2030-01-01', 'present')"
        )


CHANGES = {
    "a kind more": lambda text: text + "  search_index: {zh: 索引, en: x, listed: each, holds: sealed, destroyed_by: own_key, days: 1, remains: nothing}\n",
    "a kind less": lambda text: text[: text.index("  wal:")],
    "a copy without an end": lambda text: text.replace("days: 366, remains: freed_storage, answer_days: 15", "remains: freed_storage", 1),
    "nothing to destroy though it holds something": lambda text: text.replace("destroyed_by: own_key", "destroyed_by: not_held", 1),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_reviewed_file_with(change, tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        load_policy(policy_copy(tmp_path / "policy", derivatives=change))


WRITING = {
    "write_text", "write_bytes", "mkdir", "copytree", "copyfile", "copy2", "touch", "symlink_to", "ParquetWriter",
    "to_parquet", "to_csv", "mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryDirectory", "TemporaryFile", "FileHandler",
}  # fmt: skip
"""Calls that make a file or folder; `open` and `os.open` are looked at more closely."""
WRITERS: dict[str, Kind | str] = {
    "pipelines/store/staging.py": Kind.STAGING,
    "pipelines/retention/backup.py": Kind.BACKUP,
    "pipelines/retention/snapshot.py": Kind.KEYRING_SNAPSHOT,
    "pipelines/retention/snapshot_format.py": Kind.KEYRING_SNAPSHOT,
    "pipelines/quality/docs.py": Kind.DATA_DOCS,
    "pipelines/quality/pages.py": Kind.DATA_DOCS,
    "pipelines/platform/processes.py": Kind.TASK_LOG,
    "pipelines/platform/airflow.py": Kind.TASK_LOG,
    "pipelines/platform/postgres.py": "the cluster: its files hold sealed records, and its log no statement",
    "pipelines/platform/cluster_settings.py": "the server's configuration",
    "pipelines/platform/folders.py": "the home's own folders, locks and port numbers",
    "pipelines/platform/hosting.py": "programs",
    "pipelines/platform/secrets.py": "passwords of the platform",
    "pipelines/seal/kms/file.py": "keys",
    "pipelines/seal/kms/pkcs11.py": "the token's PIN",
    "pipelines/jobs/home.py": "keys",
    "pipelines/jobs/approvals.py": "a leader's signed approval",
    "pipelines/retention/approval.py": "a leader's signed approval",
    "pipelines/evidence/checkpoint.py": "evidence: names, counts and hashes",
    "pipelines/evidence/journal.py": "evidence: names, counts and hashes",
    "pipelines/evidence/bundle.py": "evidence: names, counts and hashes",
    "pipelines/evidence/page.py": "evidence: names, counts and hashes",
    "pipelines/jobs/destruction.py": "evidence: names, counts and hashes",
    "pipelines/jobs/destructions.py": "evidence: names, counts and hashes",
    "pipelines/jobs/ledger.py": "evidence: names, counts and hashes",
    "pipelines/console/pages/evidence.py": "evidence: names, counts and hashes",
    "pipelines/retention/restore.py": "evidence: names, counts and hashes",
    "pipelines/retention/letters.py": "subjects' codes, signed; kept until they are answered",
    "pipelines/retention/wiping.py": "random bytes over what is removed",
    "pipelines/store/dump.py": "sealed rows on their way, in a file without a name",
    "pipelines/jobs/drill.py": "made-up people of a drill, in a home of its own that is removed",
    "pipelines/jobs/drill_rows.py": "made-up people of a drill, in a home of its own that is removed",
    "pipelines/cli/demo.py": "the folder that the example deliveries land in",
    "pipelines/cli/plan.py": "the skeleton of a plan",
    "pipelines/cli/report.py": "where a command was told to: scorecards, counts and names only",
    "pipelines/cli/scan.py": "what a command was told to write where: findings without values",
    "pipelines/cli/main.py": "nowhere",
}
"""Who writes files: the kind that it is registered as, or why no information of a customer is in them."""


def test_whoever_writes_files_writes_a_registered_kind_or_nothing_of_a_customer() -> None:
    writing = {
        path.relative_to(CHECKOUT).as_posix()
        for path in (CHECKOUT / "pipelines").rglob("*.py")
        if any(_writes(ast.parse(path.read_text("utf-8"))))
    }
    assert writing - set(WRITERS) == set(), "say what these write: a kind of policy/derivatives.yaml, or why it is none"
    assert set(WRITERS) - writing == set(), "these write no files any more"
    assert {kind for kind in WRITERS.values() if isinstance(kind, Kind)} <= set(POLICY.derivatives)


def _writes(tree: ast.Module) -> Iterator[bool]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            values = [*node.args, *(word.value for word in node.keywords if word.arg == "mode")]
            flags = {part.attr for value in values for part in ast.walk(value) if isinstance(part, ast.Attribute)}
            modes = [
                value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)
            ]
            opened = name == "open" and any(set(mode) & set("wax+") and set(mode) <= set("rwaxbt+") for mode in modes)
            yield name in WRITING or opened or (name == "open" and bool(flags & {"O_WRONLY", "O_RDWR", "O_CREAT"}))


# --- registering -------------------------------------------------------------------------------------------------

LATE = TODAY + timedelta(days=40_000)
REFUSED = {
    "a day later than its kind allows": Copy(Kind.RELEASE, "releases/a", "x", LATE),
    "a copy of what is one place": Copy(Kind.BLIND_INDEX, "vault.blind_index", "x"),
    "a shared copy without a recipient": Copy(Kind.SHARED_COPY, "x", "x", keeper="wang"),
    "paper without a keeper": Copy(Kind.PAPER, "x", "x", recipient="partner-a"),
    "a place outside by a side door": Copy(Kind.EXPORT, "exports/../../etc/passwd", "x"),
}


@pytest.mark.parametrize("copy", REFUSED.values(), ids=REFUSED.keys())
def test_the_register_refuses(still: Home, copy: Copy) -> None:
    opened = open_home(still.settings)
    with opened.database.begin(Role.DESTROY) as tx, pytest.raises(PolicyError):
        register(register_of(opened), tx, copy, NOON)


def by_hand(**more: object) -> Copy:
    values = {"kind": "shared_copy", "place": "SFTP", "by": "li", "until": TODAY, "plans": ["counter_customers"],
              "recipient": "partner-a", "keeper": None, "quantity": None, **more}  # fmt: skip
    return jobs.of_outside(**values)  # type: ignore[arg-type]


BY_HAND = {
    "a kind that programs register": ({"kind": "staging"}, PolicyError),
    "a kind that nobody knows": ({"kind": "usb_stick"}, UnknownReference),
    "neither recipient nor keeper": ({"recipient": None}, PolicyError),
    "both recipient and keeper": ({"keeper": "wang"}, PolicyError),
    "neither plans nor subjects": ({"plans": []}, PolicyError),
    "a plan that is not there": ({"plans": ["nowhere"]}, PolicyError),
    "a telephone number in the place": ({"place": "with 13800138000"}, PolicyError),
    "a day later than its kind allows": ({"until": LATE}, PolicyError),
}


@pytest.mark.parametrize(("change", "error"), BY_HAND.values(), ids=BY_HAND.keys())
def test_people_can_not_register(still: Home, change: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        jobs.add(still.settings, by_hand(**change), None, NOON)
    assert still.value("SELECT count(*) FROM destruction.derivative WHERE kind = 'shared_copy'") == 0


def test_a_code_that_is_nobodys_stops_the_registration_and_names_the_line_only(still: Home, tmp_path: Path) -> None:
    path = tmp_path / "codes.txt"
    path.write_text("\ufeffCP01NOBODY\n\nCP01NOBODYELSE\n", "utf-8")
    with pytest.raises(UnknownReference, match="line 1 names no data subject \\(2 such lines\\)") as refused:
        jobs.add(still.settings, by_hand(), path, NOON)
    assert "NOBODY" not in str(refused.value)


# --- by which method ---------------------------------------------------------------------------------------------

METHODS = [
    (Kind.PAPER, "shred_P4", "shred_P4", ["zhao"], True),
    (Kind.PAPER, "shred_P5", "shred_P4", ["zhao"], False),
    (Kind.PAPER, "shred_P5", "shred_P7", ["zhao"], True),
    (Kind.PAPER, "shred_P5", "pulping", ["zhao"], False),
    (Kind.PAPER, "shred_P5", "pulping", ["zhao", "zhao"], False),
    (Kind.PAPER, "shred_P5", "incineration", ["zhao", "qian"], True),
    (Kind.PAPER, "shred_P4", "overwrite", ["zhao"], False),
    (Kind.PAPER, "shred_P4", "torn up", ["zhao"], False),
    (Kind.PAPER, "shred_P4", "shred_P4", [], False),
    (Kind.PAPER, "shred_P4", "shred_P4", ["wang"], False),
    (Kind.PAPER, "shred_P4", "shred_P4", ["zhao", "wang"], False),
    (Kind.EXPORT, "overwrite", "overwrite", ["zhao"], True),
    (Kind.EXPORT, "overwrite", "cryptographic_erase", ["zhao"], True),
    (Kind.EXPORT, "overwrite", "shred_P5", ["zhao"], False),
]


@pytest.mark.parametrize(("kind", "least", "method", "witnesses", "will_do"), METHODS)
def test_a_method_will_do_if_it_is_strong_enough_and_witnessed(kind, least, method, witnesses, will_do) -> None:
    if will_do:
        require_method(kind, least, method, "wang", witnesses)
    else:
        with pytest.raises(ApprovalMissing):
            require_method(kind, least, method, "wang", witnesses)


def test_paper_with_sensitive_information_is_shredded_finer_and_so_is_paper_of_plans_unknown() -> None:
    assert least_method(POLICY, Kind.PAPER, ["counter_customers"]) == OF_PAPER[1]
    assert least_method(POLICY, Kind.PAPER, ["counter_customers", "an old plan"]) == OF_PAPER[1]
    assert least_method(POLICY, Kind.PAPER, []) == OF_PAPER[1]
    ordinary = [
        name for name, plan in POLICY.plans.items()
        if max(POLICY.taxonomy[field.item].level for field in plan.fields) < 4
    ]  # fmt: skip
    assert all(least_method(POLICY, Kind.PAPER, [name]) == OF_PAPER[0] for name in ordinary)


# --- what the database keeps to ----------------------------------------------------------------------------------

HISTORY = {
    "a witness who is the executor": "UPDATE destruction.work_order SET completed_at = now(), method = 'shred_P5', executor = 'wang', witnesses = '{zhao,wang}', photos = '{00}', document = NULL",
    "a completion without photos": "UPDATE destruction.work_order SET completed_at = now(), method = 'shred_P5', executor = 'wang', witnesses = '{zhao}', photos = '{}', document = NULL",
    "an answer without evidence": "UPDATE destruction.notice SET acknowledged_at = now(), acknowledged_by = 'li', outcome = 'destroyed', document = NULL",
    "an answer after which the list is kept": f"UPDATE destruction.notice SET acknowledged_at = now(), acknowledged_by = 'li', outcome = 'destroyed', evidence = '{'0' * 64}'",
    "a copy that comes back": "UPDATE destruction.derivative SET state = 'present', destroyed_at = NULL, destroyed_by = NULL WHERE derivative_id = 'DV-gone'",
    "a copy that is forgotten": "DELETE FROM destruction.derivative",
    "a notice that is forgotten": "DELETE FROM destruction.notice",
    "a work order that is forgotten": "TRUNCATE destruction.work_order",
}  # fmt: skip


@pytest.fixture(scope="module")
def told(homes: Homes) -> Home:
    """A home with a copy that is gone, a notice and a work order."""
    home = homes.blank()
    columns = "(derivative_id, kind, place, made_by, made_at, expires_on, recipient, keeper, state, destroyed_at, destroyed_by)"
    with home.sql() as connection:
        connection.execute(
            f"INSERT INTO destruction.derivative {columns} VALUES"
            " ('DV-gone', 'export', 'x', 'y', now(), '2030-01-01', NULL, NULL, 'destroyed', now(), 'z'),"
            " ('DV-copy', 'shared_copy', 'x', 'y', now(), '2030-01-01', 'partner-a', NULL, 'handed_over', NULL, NULL),"
            " ('DV-paper', 'paper', 'x', 'y', now(), '2030-01-01', NULL, 'wang', 'present', NULL, NULL)"
        )
        connection.execute(
            "INSERT INTO destruction.notice VALUES ('DN-1', NULL, 'DV-copy', 'partner-a', true, 0, now(), '2030-01-01', 'h', '{}')"
        )
        connection.execute(
            "INSERT INTO destruction.work_order VALUES ('WO-1', NULL, 'DV-paper', 'wang', true, 0, 'shred_P5', now(), '2030-01-01', 'h', '{}')"
        )
    return home


@pytest.mark.parametrize("statement", HISTORY.values(), ids=HISTORY.keys())
def test_the_database_refuses(told: Home, statement: str) -> None:
    refused = (psycopg.errors.CheckViolation, psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)
    with told.sql() as connection, pytest.raises(refused):
        connection.execute(statement)


# --- letters -----------------------------------------------------------------------------------------------------


def test_a_letter_is_read_by_the_key_that_signed_it_as_it_was_and_not_otherwise() -> None:
    key, other = (Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32) for seed in (1, 2))
    letter = letters.write(
        Ledger("tutela-1", key), letters.NOTICE, {"notice": "DN-1", "whole": False}, ["CP01A", "CP01B"]
    )
    data = letter.text.encode()
    assert letters.read(data + b"\n", signature.public_bytes(key))["subjects"] == ["CP01A", "CP01B"]
    wrong = [
        data.replace(b"CP01A", b"CP01C"), data[:-1], data + b" ", data.replace(b"notice/1", b"notice/2"),
        data.replace(letters.NOTICE.encode(), letters.WORK_ORDER.encode()), b"{}", b"[]", b"\xff",
    ]  # fmt: skip
    for altered in wrong:
        with pytest.raises(EvidenceInvalid):
            letters.read(altered, signature.public_bytes(key))
    with pytest.raises(EvidenceInvalid):
        letters.read(data, signature.public_bytes(other))


def test_a_kind_has_no_longer_life_than_the_calendar() -> None:
    assert all(date.max - TODAY > timedelta(days=about.days or 0) for about in POLICY.derivatives.values())
