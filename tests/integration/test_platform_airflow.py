"""The supervisor: a real Airflow on a folder with one trivial DAG, hurt, looked at by each role, and put down."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipelines.errors import PlatformError
from pipelines.platform import processes, roles
from pipelines.platform.airflow import COMPONENTS, AirflowPlatform
from pipelines.platform.airflow_environment import COMPONENT, airflow_home
from pipelines.platform.postgres import EmbeddedPostgres
from pipelines.settings import Settings

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]

DAG = """
from airflow.sdk import dag, task

@dag(schedule=None)
def quality_docs():
    @task
    def one():
        return 1

    @task(pool="heavy")
    def two(number):
        return number + 1

    two(one())

quality_docs()
"""


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    ground = Path(tempfile.mkdtemp(prefix="tutela-up-"))
    ground.chmod(0o711)
    (ground / "dags").mkdir()
    (ground / "dags" / "trivial_dag.py").write_text(DAG)
    (ground / "dags" / "broken_dag.py").write_text("from airflow.sdk import dag\nimport nothing_of_that_name\n")
    yield Settings(home=ground / "home", dags=ground / "dags")
    shutil.rmtree(ground)


@pytest.fixture(scope="module")
def platform(settings: Settings) -> Iterator[AirflowPlatform]:
    postgres = EmbeddedPostgres(settings.resolved_home)
    platform = AirflowPlatform(settings, postgres)
    try:
        platform.up()
        yield platform
    finally:
        platform.down()
        postgres.remove()


def ours(settings: Settings) -> list[psutil.Process]:
    """Find the platform's processes by what they were started with, whatever the supervisor's notes say."""
    return processes.marked(COMPONENT, COMPONENTS, {"AIRFLOW_HOME": str(airflow_home(settings))})


def alive_in(process: psutil.Process, sessions: set[int]) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and os.getsid(process.pid) in sessions
    except (psutil.Error, OSError):
        return False


def pids(platform: AirflowPlatform) -> dict[str, int | None]:
    return {part.name: part.pid for part in platform.status()}


def test_all_parts_run_and_a_second_up_changes_nothing(platform: AirflowPlatform) -> None:
    before = pids(platform)
    assert {part.name: part.state for part in platform.status()} == dict.fromkeys(
        ["postgresql", *COMPONENTS], "running"
    )
    steps: list[str] = []
    platform.up(steps.append)
    assert (pids(platform), steps) == (before, [])


def test_a_run_is_triggered_waited_for_and_read(platform: AirflowPlatform) -> None:
    with platform.client() as client:
        run = client.trigger("quality_docs", {})
        assert client.wait("quality_docs", run, 60) == "success"
        tasks = {task.task_id: (task.state, task.try_number) for task in client.task_instances("quality_docs", run)}
        assert tasks == {"one": ("success", 1), "two": ("success", 1)}
        assert client.xcom("quality_docs", run, "two") == 2
        assert client.dags() == ["quality_docs"]


def test_a_file_that_cannot_be_loaded_is_named_where_its_dag_is_missed(platform: AirflowPlatform) -> None:
    with platform.client() as client:
        deadline = time.monotonic() + 30
        while not (problems := client.import_errors()) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert [Path(problem.file).name for problem in problems] == ["broken_dag.py"]
        with pytest.raises(PlatformError, match=r"broken_dag\.py"):
            client.trigger("broken", {}, timeout=1)


@pytest.mark.parametrize(
    ("user", "looks", "starts", "answers", "audits"),
    [
        pytest.param("engineer", True, True, False, False, id="an engineer looks and starts"),
        pytest.param("steward", True, True, False, False, id="a steward looks and starts the quality check"),
        pytest.param("requester", False, False, False, False, id="a requester does neither"),
        pytest.param("leader", True, False, False, False, id="a leader looks; this check has nothing to answer"),
        pytest.param("auditor", True, False, False, True, id="an auditor looks at runs and audit logs"),
        pytest.param("privacy_officer", True, False, False, True, id="a privacy officer looks at runs and audit logs"),
    ],
)
def test_each_role_may_do_its_own_part_only(
    platform: AirflowPlatform, user: str, looks: bool, starts: bool, answers: bool, audits: bool
) -> None:
    dag = "/api/v2/dags/quality_docs"
    answer = f"{dag}/dagRuns/none/taskInstances/none/-1/hitlDetails"
    with platform.client(user) as client:

        def may(method: str, path: str, body: dict | None = None) -> bool:
            return client._authorised(method, path, {"json": body} if body else {}).status_code != 403

        assert may("GET", dag) is looks
        assert may("POST", f"{dag}/dagRuns", {"logical_date": None}) is starts
        assert may("PATCH", answer, {"chosen_options": ["Approve"], "params_input": {}}) is answers
        assert may("GET", "/api/v2/eventLogs") is audits
        assert not may("GET", "/api/v2/connections")
        assert not may("GET", "/api/v2/variables")
        assert not may("GET", "/api/v2/config")


def test_without_a_password_nothing_but_health_is_told(platform: AirflowPlatform) -> None:
    from pipelines.platform.rest import AirflowClient

    with AirflowClient(platform.base_url, roles.ADMIN, "wrong") as client:
        assert client.health()["scheduler"]["status"] == "healthy"
        assert client._send("GET", "/api/v2/dags", {}).status_code == 401
        with pytest.raises(PlatformError, match="does not let admin in"):
            client.dags()


def test_every_port_listens_on_the_loopback_only(platform: AirflowPlatform, settings: Settings) -> None:
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for process in ours(settings)
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert {f"http://{ip}:{port}" for ip, port in listening} == {platform.base_url}


def test_logs_are_closed_to_others_and_hold_no_secret(platform: AirflowPlatform, settings: Settings) -> None:
    home = airflow_home(settings)
    words = [path.read_text().strip().encode() for path in (settings.resolved_home / "secrets").iterdir()]
    found = [path for path in home.rglob("*") if path.is_file() and any(word in path.read_bytes() for word in words)]
    assert found == []
    logs = [home, home / "logs", *(home / "logs").rglob("*")]
    assert [path for path in logs if stat.S_IMODE(path.lstat().st_mode) & 0o077 and not path.is_symlink()] == []


def test_a_killed_part_is_told_and_started_again_alone(platform: AirflowPlatform, settings: Settings) -> None:
    before = pids(platform)
    victim = before["triggerer"]
    assert victim
    os.kill(victim, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while pids(platform)["triggerer"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {part.name: part.state for part in platform.status()}["triggerer"] == "stopped"
    platform.up()
    after = pids(platform)
    assert after.pop("triggerer") not in {None, before.pop("triggerer")}
    assert after == before
    # Its orphaned child went too.
    assert len([process for process in ours(settings) if process.environ().get(COMPONENT) == "triggerer"]) == 2


def test_down_leaves_no_process_and_can_be_said_twice(platform: AirflowPlatform, settings: Settings) -> None:
    before = ours(settings)
    sessions = {os.getsid(process.pid) for process in before}
    assert {process.environ()[COMPONENT] for process in before} == set(COMPONENTS)
    platform.down()
    assert ours(settings) == []
    assert [process for process in psutil.process_iter() if alive_in(process, sessions)] == []
    assert {part.state for part in platform.status()} == {"stopped"}
    platform.down()
