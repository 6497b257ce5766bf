"""One running Airflow for all tests that need the whole of it: started, its plans collected, the first purge done."""

from __future__ import annotations

import csv
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from examples.generate import generate
from pipelines import jobs
from pipelines.platform.airflow import AirflowPlatform
from pipelines.platform.postgres import EmbeddedPostgres
from pipelines.platform.rest import AirflowClient
from pipelines.settings import Settings

RUN_SECONDS = 240
PLANS = {"counter_customers": "counter_*", "partner_enterprises": "partner", "web_registrations": "web_*"}
TOKEN = secrets.token_hex(6)
CANARIES = {
    "name": "金丝雀",
    "stored address": f"金丝雀路{TOKEN}号",
    "stored e-mail": f"canary.{TOKEN}@example.com",
    "stored remark": f"备注里的金丝雀{TOKEN}",
    "refused e-mail": f"refused.{TOKEN}@example.com",
    "quarantined remark": f"隔离的金丝雀{TOKEN}",
    "column outside the plan": f"secret-{TOKEN}",
    "mobile": "13988887766",
    "resident ID number": "110105194912310" + "02X",
    "bank card": "6210000000000000" + "009",
}


@dataclass
class World:
    """A home, its Airflow, and what came of the first runs."""

    settings: Settings
    platform: AirflowPlatform
    postgres: EmbeddedPostgres
    reports: dict[str, dict]
    purged: dict
    began: float


@contextmanager
def world() -> Iterator[World]:
    """Start everything, collect the three plans and purge through DAGs; end everything."""
    home = Path(tempfile.mkdtemp(prefix="tutela-airflow-"))
    settings = Settings(home=home / "home")
    postgres = EmbeddedPostgres(settings.resolved_home)
    platform = AirflowPlatform(settings, postgres)
    began = time.time()
    try:
        jobs.init(settings, datetime.now(UTC))
        platform.up()
        _land(settings, home / "examples")
        with platform.client() as client:
            reports = {plan: _collected(client, f"collect__{plan}") for plan in PLANS}
            purged = run_of(client, "destroy_expired", "destroy")
        yield World(settings, platform, postgres, reports, purged, began)
    finally:
        platform.down()
        postgres.remove()
        shutil.rmtree(home, ignore_errors=True)


def run_of(client: AirflowClient, dag: str, task: str) -> dict:
    """Run a DAG to its good end; give what one of its tasks handed on."""
    run = client.trigger(dag)
    state = client.wait(dag, run, RUN_SECONDS)
    states = {each.task_id: each.state for each in client.task_instances(dag, run)}
    assert state == "success", states
    return client.xcom(dag, run, task)


def _collected(client: AirflowClient, dag: str) -> dict:
    """Run a collection; give its report, or that of the run that the schedule brought and that took the files first."""
    assert client.wait(dag, client.trigger(dag), RUN_SECONDS) == "success"
    for run in [str(each["dag_run_id"]) for each in client.pages(f"/api/v2/dags/{dag}/dagRuns", "dag_runs")]:
        if {"report", "success"} in [{task.task_id, task.state} for task in client.task_instances(dag, run)]:
            return client.xcom(dag, run, "report")
    raise AssertionError(f"no run of {dag} found anything")


def _land(settings: Settings, made: Path) -> None:
    made.mkdir()
    generate(made, seed=7, rows=(90, 40, 50), as_of=datetime.now(UTC).date())
    for plan, pattern in PLANS.items():
        landing = settings.resolved_home / "landing" / plan
        landing.mkdir(parents=True)
        for path in made.glob(pattern):
            shutil.move(path, landing / path.name)
    _write_canaries(settings.resolved_home / "landing" / "counter_customers" / "counter_canary.csv")


def _write_canaries(path: Path) -> None:
    day = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    sound = {
        "姓名": CANARIES["name"], "身份证号": CANARIES["resident ID number"], "手机号": CANARIES["mobile"],
        "电子邮箱": CANARIES["stored e-mail"], "联系地址": CANARIES["stored address"],
        "银行卡号": CANARIES["bank card"], "备注": CANARIES["stored remark"], "密码": CANARIES["column outside the plan"],
        "告知书版本": "N-COUNTER-2", "同意时间": day, "同意有效期": "2027-12-31", "同意方式": "wet_signature",
        "同意用途": "account_service", "采集时间": day,
    }  # fmt: skip
    refused = {**sound, "电子邮箱": CANARIES["refused e-mail"], "告知书版本": ""}
    quarantined = {**sound, "身份证号": "110105194912310021", "备注": CANARIES["quarantined remark"]}
    # Old enough to be destroyed by the purge: canaries must be gone then too.
    past = {**sound, "采集时间": "2021-03-01", "同意时间": "2021-03-01", "告知书版本": "N-COUNTER-1"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, sound)
        writer.writeheader()
        writer.writerows([sound, refused, quarantined, past])
