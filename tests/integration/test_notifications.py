"""Who is named is told of bad scores, drift, overdue rows and the month: once, by mail and webhook, without a value."""

from __future__ import annotations

import hmac
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.jobs import months, quality_tasks
from pipelines.jobs.home import open_home
from pipelines.platform.airflow_environment import environment, prepare_folders
from pipelines.settings import CHECKOUT
from tests.homes import NOON, Home, Homes, counter, customers
from tests.receivers import Hook, Mailbox, receiving

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAN = "counter_customers"
NOW = datetime.now(UTC)
KEY = "only-for-this-test"
NAME = "甄无名"
LAST_MONTH = f"{(NOW.replace(day=1) - timedelta(days=1)):%Y-%m}"
RUN = """
import sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
print("STATE", bag.dags["quality_report"].test().state)
"""


@pytest.fixture(scope="module")
def sick(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A sound delivery of long ago; two thirds of today's are wrong, and overdue."""
    home = homes.blank(
        notify_email="steward@example.com, leader@example.com", notify_webhook="tutela_hook", notify_language="en",
        quality_floor=0.99, console_url="https://tutela.example.com/console",
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("sick")
    home.collect(PLAN, customers(folder / "old.csv", [9]), at=NOW - timedelta(days=40))
    home.collect(PLAN, counter(folder / "a.csv", {"姓名": ""}, {"手机号": "1"}, {}), at=NOW)
    with home.sql() as connection:
        connection.execute("UPDATE quality.quarantine SET due_at = now() - interval '1 day'")
    return home


@pytest.fixture(scope="module")
def airflow(sick: Home) -> dict[str, str]:
    prepare_folders(sick.settings)
    database = f"sqlite:///{sick.folder}/airflow.db"
    values = environment(sick.settings, database, 1)
    values["AIRFLOW__CORE__EXECUTOR"] = "SequentialExecutor"
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(command, env=values, check=True, capture_output=True)
    return values


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with receiving(Mailbox()) as server:
        yield server


@pytest.fixture
def hook() -> Iterator[Hook]:
    with receiving(Hook()) as server:
        yield server


def _dag(home: Home, values: dict[str, str], mailbox: Mailbox, hook: Hook) -> str:
    mail = {"conn_type": "smtp", "host": "127.0.0.1", "port": mailbox.port}
    mail |= {"extra": {"from_email": "tutela@example.com", "disable_ssl": True, "disable_tls": True}}
    web = {
        "conn_type": "http",
        "host": "http://127.0.0.1",
        "port": hook.port,
        "password": KEY,
        "extra": {"path": "/in"},
    }
    values = values | {"AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(mail), "AIRFLOW_CONN_TUTELA_HOOK": json.dumps(web)}
    command = [sys.executable, "-c", RUN, str(home.settings.dags)]
    done = subprocess.run(command, env=values, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=120)
    assert NAME not in done.stdout + done.stderr
    assert "STATE success" in done.stdout, (done.stdout + done.stderr)[-3000:]
    return done.stdout


def test_the_dag_tells_once_by_mail_and_by_signed_webhook(
    sick: Home, airflow: dict[str, str], mailbox: Mailbox, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    _dag(sick, airflow, mailbox, hook)
    subjects = sorted(str(mail["Subject"]) for mail in mailbox.mails)
    assert subjects == [
        "[Tutela] Customers at the counter: 2 rows are overdue",
        "[Tutela] Customers at the counter: this delivery scored " + subjects[1].split("scored ")[1],
        f"[Tutela] The quality report of {LAST_MONTH} is ready",
    ]
    assert sorted(set(mailbox.to)) == ["leader@example.com", "steward@example.com"]
    posts = [(path, headers, json.loads(body)) for path, headers, body in hook.posts]
    assert sorted(told["kind"] for _, _, told in posts) == ["month", "overdue", "score"]
    assert {path for path, _, _ in posts} == {"/in"}
    for _, headers, body in hook.posts:
        moment = headers["X-Tutela-Timestamp"]
        expected = hmac.new(KEY.encode(), moment.encode() + b"." + body, sha256).hexdigest()
        assert headers["X-Tutela-Signature"] == f"sha256={expected}"
    overdue = next(told for _, _, told in posts if told["kind"] == "overdue")
    assert overdue["link"] == f"https://tutela.example.com/console/quarantine?plan={PLAN}"
    assert overdue["figures"] == {"overdue": 2, "waiting": 2}
    assert NAME not in json.dumps([told for _, _, told in posts], ensure_ascii=False)
    assert not any(NAME in str(mail.get_payload()) for mail in mailbox.mails)

    assert sick.value("SELECT count(*) FROM quality.told") == 6
    monkeypatch.setattr(quality_tasks, "Settings", lambda: sick.settings)
    assert quality_tasks.news_to_tell() == []


NOTIFY = """
import sys
from datetime import UTC, datetime
from pipelines.errors import PlatformError
from pipelines.platform.notifiers import WebhookNotifier
for name in sys.argv[1:]:
    try:
        WebhookNotifier(name, {"kind": "test"}, datetime.now(UTC)).notify({})
        print(name, "told")
    except PlatformError as error:
        print(name, error)
"""
WEBHOOKS = {
    "safe": ({}, "told"),
    "clear": ({"host": "http://hooks.example.com"}, "must use https"),
    "nowhere": ({"host": ""}, "has no host"),
    "unsigned": ({"password": ""}, "no password"),
    "broken": ({"extra": {"path": "500"}}, "answered 500"),
    "moved": ({"extra": {"path": "302"}}, "answered 302"),
    "closed": ({"port": 1}, "could not be reached"),
    "unknown": (None, "no connection unknown"),
}


def test_a_webhook_that_can_not_be_told_safely_is_an_error(airflow: dict[str, str], hook: Hook) -> None:
    web = {"conn_type": "http", "host": "http://127.0.0.1", "port": hook.port, "password": KEY}
    made = {
        f"AIRFLOW_CONN_{name.upper()}": json.dumps(web | changes)
        for name, (changes, _) in WEBHOOKS.items()
        if changes is not None
    }
    command = [sys.executable, "-c", NOTIFY, *WEBHOOKS]
    done = subprocess.run(command, env=airflow | made, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines() if line.split(" ")[0] in WEBHOOKS)
    assert {name: said in told.get(name, "") for name, (_, said) in WEBHOOKS.items()} == dict.fromkeys(WEBHOOKS, True)
    assert KEY not in done.stdout + done.stderr
    assert sorted(path for path, _, _ in hook.posts) == ["/", "/302", "/500"]


def test_months_before_the_first_delivery_are_not_drawn_up(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality_tasks, "Settings", lambda: home.settings)
    assert quality_tasks.report_last_month() == {}
    assert [entry["kind"] for entry in _entries(home) if entry["kind"].startswith("quality.")] == []


def test_nobody_is_told_where_nobody_is_named(sick: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = sick.settings.model_copy(update={"notify_email": "", "notify_webhook": ""})
    monkeypatch.setattr(quality_tasks, "Settings", lambda: quiet)
    assert quality_tasks.news_to_tell() == []


def test_a_month_is_on_record_once_with_its_figures(homes: Homes, tmp_path: Path) -> None:
    home = homes.blank()
    home.collect(PLAN, customers(tmp_path / "a.csv", [1, 2, 3], 同意时间=""), at=NOON - timedelta(days=3))
    home.collect(PLAN, counter(tmp_path / "b.csv", {"姓名": ""}, {}), at=NOON - timedelta(days=2))
    opened = open_home(home.settings)
    first, again = (months.report_month(opened, "2026-05", NOON, "schedule") for _ in range(2))
    assert (first.new, again.new, first.sha256, first.departments) == (True, False, again.sha256, again.departments)
    sales = next(each for each in first.departments if each.department == "sales")
    assert (sales.arrived, sales.stored, sales.consent) == (5, 1, 400_000)
    scored = (
        "SELECT trunc(1000000 * (1 - sum(failed) / sum(evaluated)))::int FROM quality.daily WHERE dimension LIKE %s"
    )
    assert (sales.quality, sales.completeness) == (home.value(scored, "%"), home.value(scored, "completeness"))
    nothing = next(each for each in first.departments if each.department == "marketing")
    assert (nothing.quality, nothing.consent) == (None, None)
    told = [entry for entry in _entries(home) if entry["kind"] == "quality.month_reported"]
    assert len(told) == 1
    assert told[0]["body"]["report"] == f"sha256:{first.sha256}"
    assert home.ledger_holds()
    opened.database.close()


def test_a_month_that_is_not_over_is_not_drawn_up(home: Home) -> None:
    opened = open_home(home.settings)
    with pytest.raises(Exception, match="2026-06 is not over"):
        months.report_month(opened, "2026-06", NOON, "schedule")
    opened.database.close()


def _entries(home: Home) -> list[dict[str, Any]]:
    return [json.loads(row[0]) for row in home.rows("SELECT body FROM evidence.entry ORDER BY seq")]
