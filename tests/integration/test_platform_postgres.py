"""The embedded PostgreSQL: a real server, started, killed, moved aside, asked for its password."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from pipelines.errors import DatabaseUnavailable, PlatformError, StorageFull
from pipelines.platform import hosting
from pipelines.platform.postgres import EmbeddedPostgres

AS_ROOT = os.geteuid() == 0
ORDINARY = 65_534
"""The account nobody."""
CHECKOUT = Path(__file__).resolve().parents[2]
SECRET = "canary-5e1f"


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """A folder that every account may pass through; pytest's own temporary folders are closed."""
    folder = Path(tempfile.mkdtemp(prefix="tutela-pg-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def server(ground: Path) -> Iterator[EmbeddedPostgres]:
    """A running server that the tests of this module share; each leaves it running."""
    server = EmbeddedPostgres(ground / "shared")
    server.ensure_running()
    server.create_database("vault")
    yield server
    server.remove()


def answer(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(server.url("vault"), autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


def postmaster(server: EmbeddedPostgres) -> int:
    return int((server.data_dir / "postmaster.pid").read_text().splitlines()[0])


def test_a_server_keeps_its_data_and_its_port_over_a_stop(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url("vault"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS value")
    port = server.port
    server.stop()
    assert not server.running()
    server.stop()
    server.ensure_running()
    assert (server.running(), server.port, answer(server, "SELECT value FROM kept")) == (True, port, 42)


def test_the_cluster_has_checksums_utf8_and_the_c_locale(server: EmbeddedPostgres) -> None:
    assert [answer(server, f"SHOW {name}") for name in ("data_checksums", "server_encoding")] == ["on", "UTF8"]
    assert answer(server, "SELECT datcollate FROM pg_database WHERE datname = 'vault'") == "C"


@pytest.mark.parametrize(
    ("user", "password"),
    [
        pytest.param("postgres", "wrong", id="a wrong password"),
        pytest.param("postgres", "", id="no password"),
        pytest.param("nobody", "x", id="a role that does not exist"),
    ],
)
@pytest.mark.parametrize("door", ["tcp", "socket"])
def test_nobody_enters_without_the_password(server: EmbeddedPostgres, user: str, password: str, door: str) -> None:
    host = "127.0.0.1" if door == "tcp" else str(server.place / "run")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=host, port=server.port, user=user, password=password, dbname="postgres")


def test_the_password_and_the_cluster_are_readable_by_their_owner_only(server: EmbeddedPostgres) -> None:
    private = [server.home / "secrets", server.home / "secrets" / "postgres", server.data_dir, server.log_path]
    assert [stat.S_IMODE(path.stat().st_mode) & 0o077 for path in private] == [0, 0, 0, 0]
    assert stat.S_IMODE((server.place / "run").stat().st_mode) == 0o700


def test_only_the_loopback_listens(server: EmbeddedPostgres) -> None:
    family = psutil.Process(postmaster(server))
    listening = {
        connection.laddr.ip
        for process in [family, *family.children(recursive=True)]
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


@pytest.mark.skipif(not AS_ROOT, reason="only root switches accounts")
def test_as_root_the_server_runs_as_a_private_account_without_groups(server: EmbeddedPostgres) -> None:
    process = psutil.Process(postmaster(server))
    uids = process.uids()
    assert hosting.FIRST_UID <= uids.real <= hosting.LAST_UID
    assert {uids.real, uids.effective, uids.saved, server.data_dir.stat().st_uid} == {uids.real}
    assert Path(f"/proc/{process.pid}/status").read_text().split("Groups:")[1].splitlines()[0].strip() == ""


def test_no_value_and_no_statement_reaches_the_log(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url("vault"), autocommit=True) as connection:
        connection.execute("CREATE TABLE people (id int, phone text UNIQUE)")
        connection.execute("INSERT INTO people VALUES (1, %s)", [SECRET])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES (2, %s)", [SECRET])
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute(f"SELECT '{SECRET}'::int".encode())
        with (
            pytest.raises(psycopg.errors.InvalidTextRepresentation),
            connection.cursor().copy("COPY people FROM STDIN") as copy,
        ):
            copy.write(f"{SECRET}\t{SECRET}\n")
        connection.execute(f"DO $$ BEGIN RAISE WARNING '{SECRET}'; END $$".encode())
    # A crash tells which statement ran, in the DETAIL that a terse log leaves out.
    with psycopg.connect(server.url("vault"), autocommit=True) as connection:
        backend = connection.info.backend_pid
        threading.Timer(0.3, os.kill, (backend, signal.SIGKILL)).start()
        with pytest.raises(psycopg.OperationalError):
            connection.execute(f"SELECT pg_sleep(20), '{SECRET}'".encode())
    deadline = time.monotonic() + 10
    while "terminated by signal 9" not in server.log_path.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    log = server.log_path.read_text()
    assert "terminated by signal 9" in log
    assert SECRET not in log
    assert "COPY" not in log
    wait_for_answers(server)


def wait_for_answers(server: EmbeddedPostgres) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            assert answer(server, "SELECT 1") == 1
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


def test_committed_rows_survive_kill_9(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url("vault"), autocommit=True) as connection:
        connection.execute("CREATE TABLE survivors AS SELECT generate_series(1, 1000)")
        kill(server)
    server.ensure_running()
    assert answer(server, "SELECT count(*) FROM survivors") == 1000


def kill(server: EmbeddedPostgres) -> None:
    os.kill(postmaster(server), signal.SIGKILL)
    while server.running():  # a signal takes a moment
        time.sleep(0.01)


def test_a_pid_file_whose_number_another_program_has_does_not_keep_the_server_down(server: EmbeddedPostgres) -> None:
    kill(server)
    with subprocess.Popen(["sleep", "60"], **hosting.account_of(server.data_dir, server.home).options()) as other:
        try:
            note = server.data_dir / "postmaster.pid"
            note.write_text("\n".join([str(other.pid), *note.read_text().splitlines()[1:]]) + "\n")
            assert not server.running()
            server.stop()
            server.ensure_running()
            assert other.poll() is None
        finally:
            other.kill()
    assert answer(server, "SELECT 1") == 1


def test_a_taken_port_is_chosen_anew(server: EmbeddedPostgres) -> None:
    server.stop()
    before = server.port
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", before))
        squatter.listen()
        server.ensure_running()
    assert server.port != before
    assert answer(server, "SELECT 1") == 1


def test_two_homes_run_side_by_side_and_never_share(server: EmbeddedPostgres, ground: Path) -> None:
    other = EmbeddedPostgres(ground / "other")
    try:
        other.ensure_running()
        assert other.port != server.port
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(other.url("postgres", "postgres", (server.home / "secrets/postgres").read_text().strip()))
        other.stop()
        assert server.running()
    finally:
        other.remove()


def test_many_callers_at_once_start_one_server(ground: Path) -> None:
    home = ground / "crowd"
    failures: list[Exception] = []

    def start() -> None:
        try:
            EmbeddedPostgres(home).ensure_running()
        except Exception as exc:  # noqa: BLE001  # shown below
            failures.append(exc)

    crowd = [threading.Thread(target=start) for _ in range(5)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    server = EmbeddedPostgres(home)
    try:
        assert (failures, server.running()) == ([], True)
    finally:
        server.remove()


def test_a_first_start_that_was_killed_half_way_is_begun_anew(ground: Path) -> None:
    server = EmbeddedPostgres(ground / "halfway")
    (ground / "halfway" / "postgres" / "data.new" / "base").mkdir(parents=True)
    try:
        server.ensure_running()
        assert server.running()
    finally:
        server.remove()


def test_an_owned_database_admits_its_owner_and_no_other_login(server: EmbeddedPostgres) -> None:
    server.create_login("owner", "first")
    server.create_login("owner", "one")
    server.create_login("stranger", "two")
    for _ in range(2):
        server.create_database("owned", owner="owner")
    with psycopg.connect(server.url("owned", "owner", "one")) as connection:
        connection.execute("CREATE TABLE mine (id int)")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url("owned", "stranger", "two"))


def test_a_home_that_was_never_started_says_so(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "unborn")
    assert not server.running()
    server.stop()
    with pytest.raises(DatabaseUnavailable, match="tutela init"):
        server.url("vault")
    assert not (tmp_path / "unborn" / "postgres").exists()


def test_programs_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="TUTELA_PG_BIN"):
        EmbeddedPostgres(tmp_path, bin=tmp_path / "nowhere").ensure_running()


@pytest.mark.parametrize(
    ("said", "error", "sentence"),
    [
        pytest.param("FATAL: could not write: No space left on device 'x'", StorageFull, "free some room", id="full"),
        pytest.param("Cannot allocate memory 'x'", DatabaseUnavailable, "memory", id="memory"),
        pytest.param(f"FATAL: {SECRET}", DatabaseUnavailable, "server.log", id="anything else"),
    ],
)
def test_what_the_programs_say_is_explained_not_shown(
    tmp_path: Path, said: str, error: type[Exception], sentence: str
) -> None:
    explained = EmbeddedPostgres(tmp_path)._explain(said, "did not start")
    assert type(explained) is error
    assert sentence in str(explained)
    assert SECRET not in str(explained)


ROUND = """
import sys
from pathlib import Path
import psycopg
from pipelines.platform.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), bin=Path(sys.argv[2]) if len(sys.argv) > 2 else None)
try:
    server.ensure_running()
    with psycopg.connect(server.url("postgres")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.stop()
    server.ensure_running()
    print(server.place)
finally:
    server.remove()
"""


def round_trip(*arguments: Path, account: int | None = None) -> Path:
    identity = {"user": account, "group": account, "extra_groups": []} if account else {}
    command = [sys.executable, "-c", ROUND, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHECKOUT, **identity)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.mark.skipif(not AS_ROOT, reason="needs root to become another account")
def test_an_ordinary_account_runs_its_own_server(ground: Path) -> None:
    home = ground / "ordinary"
    home.mkdir()
    os.chown(home, ORDINARY, ORDINARY)
    readable = subprocess.run([sys.executable, "-c", ""], check=False, user=ORDINARY, group=ORDINARY, extra_groups=[])
    if readable.returncode:
        pytest.skip("the checkout is closed to other accounts")
    assert round_trip(home, account=ORDINARY) == home / "postgres"


@pytest.mark.skipif(not AS_ROOT, reason="a closed folder matters to root only")
def test_below_a_closed_folder_root_keeps_the_cluster_and_a_copy_of_the_programs_elsewhere(ground: Path) -> None:
    closed = ground / "closed"
    closed.mkdir(mode=0o700)
    wheel = hosting.programs(None).parent
    # As in a checkout below /root: programs and home are both out of the account's reach.
    shutil.copytree(wheel, closed / hosting.WHEEL, symlinks=True)
    shutil.copytree(wheel.parents[1] / hosting.WHEEL_LIBRARIES, closed / hosting.WHEEL_LIBRARIES)
    copies = set(hosting.SHARED.glob("programs-*")) if hosting.SHARED.exists() else set()
    try:
        place = round_trip(closed / "home", closed / hosting.WHEEL / "bin")
        assert place.parent == hosting.SHARED
        assert not place.exists()
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        for copy in set(hosting.SHARED.glob("programs-*")) - copies:
            shutil.rmtree(copy)


@pytest.mark.skipif(not AS_ROOT, reason="only root switches accounts")
def test_of_a_home_nothing_but_the_way_through_is_opened_and_to_the_database_alone(server: EmbeddedPostgres) -> None:
    home = server.home.stat()
    assert server.place.parent == server.home
    assert (stat.S_IMODE(home.st_mode), home.st_gid) == (0o710, server.data_dir.stat().st_gid)


@pytest.mark.skipif(not AS_ROOT, reason="only root switches accounts")
def test_a_closed_folder_that_holds_other_things_stays_closed(ground: Path) -> None:
    lived_in = ground / "lived-in"
    lived_in.mkdir(mode=0o700)
    (lived_in / "letters").write_text("private")
    server = EmbeddedPostgres(lived_in)
    try:
        server.ensure_running()
        assert server.place.parent == hosting.SHARED
        assert stat.S_IMODE(lived_in.stat().st_mode) == 0o700
    finally:
        server.remove()


@pytest.mark.skipif(not AS_ROOT, reason="a closed folder matters to root only")
def test_a_copy_of_a_home_does_not_take_over_the_cluster_of_its_original(ground: Path) -> None:
    closed = ground / "twins"
    closed.mkdir(mode=0o700)
    original = EmbeddedPostgres(closed / "one")
    try:
        original.ensure_running()
        original.stop()
        shutil.copytree(closed / "one", closed / "two")
        with pytest.raises(PlatformError, match="is a copy of"):
            EmbeddedPostgres(closed / "two").ensure_running()
        shutil.rmtree(closed / "two")
        (closed / "one").rename(closed / "moved")
        moved = EmbeddedPostgres(closed / "moved")
        moved.ensure_running()
        assert moved.running()
    finally:
        EmbeddedPostgres(closed / "moved").remove()
