"""The platform's small parts: secrets, remembered state, background processes, the preloader, the table of roles."""

from __future__ import annotations

import base64
import json
import os
import re
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from pipelines.errors import PlatformError
from pipelines.platform import folders, processes, roles
from pipelines.platform.airflow_environment import environment
from pipelines.platform.folders import State, write_whole
from pipelines.platform.ports import free_port, is_free
from pipelines.platform.preload import preload_if_worthwhile
from pipelines.platform.processes import Service
from pipelines.platform.rest import AirflowClient
from pipelines.platform.secrets import Secrets, new_fernet_key, new_password, new_signing_key
from pipelines.settings import CHECKOUT, Settings

# --- secrets ---------------------------------------------------------------------------------------------------------


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path)
    first = secrets.get("one")
    assert secrets.get("one") == first == Secrets(tmp_path).get("one")
    assert secrets.get("two") != first
    assert stat.S_IMODE(secrets.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(secrets.path("one").stat().st_mode) == 0o600


def test_a_secret_is_closed_and_complete_from_its_first_moment_whatever_the_umask(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            found = [path.stat() for path in (tmp_path / "secrets").glob("s*")]
            seen.extend((stat.S_IMODE(each.st_mode), each.st_size) for each in found)

    before = os.umask(0)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for number in range(40):
            Secrets(tmp_path).get(f"s{number}", lambda: "x" * 50)
    finally:
        stop.set()
        watcher.join()
        os.umask(before)
    assert set(seen) <= {(0o600, 51)}


def test_of_many_makers_at_once_all_get_the_secret_of_one(tmp_path: Path) -> None:
    got: list[str] = []
    makers = [threading.Thread(target=lambda: got.append(Secrets(tmp_path).get("shared"))) for _ in range(16)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert (len(got), len(set(got))) == (16, 1)
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["shared"]


def test_an_emptied_secret_is_not_replaced_by_a_new_one(tmp_path: Path) -> None:
    Secrets(tmp_path).get("lost")
    Secrets(tmp_path).path("lost").write_text("")
    with pytest.raises(PlatformError, match="restore"):
        Secrets(tmp_path).get("lost")


def test_secrets_have_the_lengths_their_users_need() -> None:
    assert len(base64.urlsafe_b64decode(new_fernet_key())) == 32
    assert len(new_signing_key()) >= 64
    assert len(new_password()) >= 32


# --- state and ports -------------------------------------------------------------------------------------------------


def test_components_remember_side_by_side_and_forget_alone(tmp_path: Path) -> None:
    State(tmp_path, "one").set(port=1)
    State(tmp_path, "two").set(port=2, place="there")
    State(tmp_path, "one").forget()
    assert (State(tmp_path, "one").get("port"), State(tmp_path, "two").get("place")) == (None, "there")


def test_a_damaged_state_file_is_named_not_guessed(tmp_path: Path) -> None:
    (tmp_path / folders.STATE).write_text("{")
    with pytest.raises(PlatformError, match=re.escape(folders.STATE)):
        State(tmp_path, "one").get("port")


def test_a_file_is_replaced_whole_with_the_mode_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "note"
    write_whole(path, "old")
    write_whole(path, "new", 0o640)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode), len(list(tmp_path.iterdir()))) == ("new", 0o640, 1)


def test_a_free_port_is_kept_if_it_is_still_free() -> None:
    port = free_port()
    assert is_free(port)
    assert free_port(port) == port


# --- processes -------------------------------------------------------------------------------------------------------


def service(tmp_path: Path, name: str = "sleeper") -> Service:
    return Service(name, tmp_path / f"{name}.json", tmp_path / f"{name}.log")


FAMILY = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); {}"


def wait_for_children(process: psutil.Process) -> list[psutil.Process]:
    deadline = time.monotonic() + 10
    while not (children := process.children()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return children


@pytest.mark.parametrize(
    "manner",
    [
        pytest.param("time.sleep(60)", id="that ends when asked, its child not"),
        pytest.param("import signal; signal.signal(15, signal.SIG_IGN); time.sleep(60)", id="that ignores being asked"),
    ],
)
def test_a_service_is_ended_with_all_it_started(tmp_path: Path, manner: str) -> None:
    sleeper = service(tmp_path)
    process = sleeper.start([sys.executable, "-c", FAMILY.format(manner)], os.environ)
    children = wait_for_children(process)
    assert sleeper.process() == process
    assert set(sleeper.family()) == {process, *children}
    time.sleep(0.2)
    processes.stop([sleeper], 0.5)
    assert sleeper.process() is None
    assert [child for child in children if processes._lives(child)] == []
    assert not sleeper.note.exists()


def test_a_number_that_another_program_has_meanwhile_is_never_signalled(tmp_path: Path) -> None:
    sleeper = service(tmp_path)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        try:
            sleeper.note.write_text(json.dumps({"pid": stranger.pid, "birth": "another boot:1"}))
            assert sleeper.process() is None
            processes.stop([sleeper], 0.5)
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_what_a_killed_service_left_is_ended(tmp_path: Path) -> None:
    sleeper = service(tmp_path)
    process = sleeper.start([sys.executable, "-c", FAMILY.format("time.sleep(60)")], os.environ)
    children = wait_for_children(process)
    process.kill()
    process.wait()
    assert sleeper.process() is None
    assert sleeper.family() == children
    processes.stop([sleeper], 0.5)
    assert sleeper.family() == []


@pytest.mark.parametrize("note", ["", "{", "[]", '{"pid": "x", "birth": ""}', '{"pid": 1}', '"text"'])
def test_a_damaged_note_means_not_running(tmp_path: Path, note: str) -> None:
    sleeper = service(tmp_path)
    sleeper.note.write_text(note)
    assert sleeper.process() is None


def test_a_process_that_lost_its_note_is_found_by_its_mark(tmp_path: Path) -> None:
    sleeper = service(tmp_path)
    process = sleeper.start(["sleep", "60"], {"MARK": "mine", "HOME": str(tmp_path)})
    try:
        assert processes.marked("MARK", ["mine"], {"HOME": str(tmp_path)}) == [process]
        assert processes.marked("MARK", ["mine"], {"HOME": "/elsewhere"}) == []
    finally:
        assert processes.kill([process]) == []


# --- Airflow's surroundings ------------------------------------------------------------------------------------------


def test_only_processes_that_fork_tasks_preload() -> None:
    assert preload_if_worthwhile(["airflow", "api-server"]) == ()
    assert preload_if_worthwhile(["airflow"]) == ()


def test_airflow_inherits_nothing_that_could_change_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "True")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("TUTELA_HOME", "/elsewhere")
    given = environment(Settings(home=tmp_path, workers=3), "postgresql+psycopg2://x", 1234)
    assert given["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert given["TUTELA_HOME"] == str(tmp_path)
    assert (given["TUTELA_WORKERS"], given["AIRFLOW__CORE__PARALLELISM"]) == ("3", "3")
    assert "PYTHONDONTWRITEBYTECODE" not in given
    assert "TUTELA_DATABASE_URL" not in given


def test_every_dag_that_a_role_names_exists() -> None:
    named = {*roles.CHECKS, *roles.ASKING, *roles.DECIDED_BY_LEADERS, *roles.PRIVACY}
    defined = {
        name
        for path in (CHECKOUT / "dags").glob("*.py")
        for name in re.findall(r"^def (\w+)\(", path.read_text(), re.MULTILINE)
    }
    assert named <= defined


def test_no_role_both_starts_a_destruction_and_answers_for_it() -> None:
    for permissions in roles.ROLES.values():
        starts = any(action == roles.CREATE and resource.startswith("DAG Run") for action, resource in permissions)
        assert not (starts and (roles.EDIT, "HITL Detail") in permissions)


def test_leaders_alone_may_answer_a_required_action() -> None:
    def may_answer(permissions: roles.Permissions) -> bool:
        edits = {resource for action, resource in permissions if action == roles.EDIT}
        return "HITL Detail" in edits and bool(edits & {"DAGs", *(f"DAG:{name}" for name in roles.DECIDED_BY_LEADERS)})

    assert [name for name, permissions in roles.ROLES.items() if may_answer(permissions)] == ["leader"]


def test_a_client_says_that_nobody_answers_and_what_to_do() -> None:
    with (
        AirflowClient(f"http://127.0.0.1:{free_port()}", "admin", "x") as client,
        pytest.raises(PlatformError, match="tutela up"),
    ):
        client.dags()
