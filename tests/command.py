"""The real command in a process of its own, and rows to give it. Every value in them is a canary: none may be printed.

Importing pandas, SQLAlchemy and Presidio takes longer than most commands. So `python -m tests.command` imports them once
and forks for each command: every one still has its own process, arguments, environment and outputs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from pipelines.platform.postgres import EmbeddedPostgres

CHECKOUT = Path(__file__).resolve().parent.parent
LOUD = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "COLUMNS"}
NAME, MOBILE, NOTE = "曾无此名", "13987654321", "canary-7b2e5f"
HEADINGS = "姓名,身份证号,手机号,备注,告知书版本,同意时间,同意有效期,同意方式,同意用途,采集时间,最近业务时间"
TODAY = datetime.now(UTC).date()
"""Commands go by the real clock."""


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Read standard output, which must be one JSON object on one line and nothing else."""
        assert self.code == 0, self.err
        assert self.out.count("\n") == 1, self.out
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True)
class Command:
    """`tutela` with a home."""

    home: Path
    server: subprocess.Popen[str] | None = None

    def __call__(self, *arguments: str | Path, **settings: str | Path) -> Result:
        """Run a command, in a fork of the server that has the libraries loaded if there is one."""
        if self.server is None or self.server.stdin is None or self.server.stdout is None:
            return self.apart(*arguments, **settings)
        with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
            call = {"arguments": [*map(str, arguments)], "environment": self._environment(settings)}
            call["outputs"] = [out.name, err.name]
            self.server.stdin.write(json.dumps(call) + "\n")
            self.server.stdin.flush()
            code = int(self.server.stdout.readline())
            return Result(code, out.read(), err.read())

    def apart(self, *arguments: str | Path, user: int | None = None, **settings: str | Path) -> Result:
        """Run a command in a process from scratch, as somebody at a terminal does."""
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.cli.main", *map(str, arguments)], cwd=CHECKOUT, text=True, timeout=120,
            env=self._environment(settings), capture_output=True, check=False, user=user,
        )  # fmt: skip
        return Result(done.returncode, done.stdout, done.stderr)

    def at(self, home: Path) -> Command:
        """The same command with another home."""
        return Command(home, self.server)

    def _environment(self, settings: dict[str, str | Path]) -> dict[str, str]:
        environment = {key: value for key, value in os.environ.items() if key not in LOUD}
        environment |= {"TUTELA_HOME": str(self.home), "TUTELA_WORKERS": "1", "COLUMNS": "160"}
        return environment | {f"TUTELA_{name.upper()}": str(value) for name, value in settings.items()}

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the home's database as its superuser."""
        with psycopg.connect(EmbeddedPostgres(self.home).url("tutela"), autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def state(self) -> tuple[Any, ...]:
        """Count what a refused delivery must leave as it was."""
        counts = self.rows(
            "SELECT (SELECT count(*) FROM vault.batch), (SELECT count(*) FROM vault.record),"
            " (SELECT count(*) FROM vault.subject), (SELECT count(*) FROM evidence.entry)"
        )
        staged = sorted(path.name for path in (self.home / "staging").glob("*"))
        return (*counts[0], staged, sorted(path.name for path in (self.home / "kms").glob("run-*.key")))


@contextmanager
def made(folder: Path) -> Iterator[Command]:
    """Make a home with an embedded server; remove the server at the end."""
    loaded = [sys.executable, "-m", "tests.command"]
    with subprocess.Popen(loaded, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        command = Command(folder, server)
        try:
            result = command.apart("init")
            assert result.code == 0, result.err
            yield command
        finally:
            EmbeddedPostgres(folder).remove()


def serve() -> None:
    """Load what commands load, then run each call in a fork and answer with its exit code."""
    import pipelines.classify.engine
    import pipelines.cli.main
    import pipelines.ingest
    import pipelines.jobs.destruction
    import pipelines.jobs.reports  # noqa: F401

    for line in sys.stdin:
        call = json.loads(line)
        child = os.fork()
        if not child:
            _become(**call)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _become(arguments: list[str], environment: dict[str, str], outputs: list[str]) -> None:
    from pipelines.cli.main import main

    code = 70
    try:
        os.environ.clear()
        os.environ.update(environment)
        for descriptor, path in enumerate(outputs, start=1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), descriptor)
        sys.argv = ["tutela", *arguments]
        main()
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def resident_id(number: int) -> str:
    """Make up the ID number of nobody, with its check character (GB 11643-1999)."""
    body = f"11010119800101{number % 1000:03d}"
    return body + "10X98765432"[sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body)) % 11]


def customer(number: int, *, note: str = NOTE, last: date = TODAY - timedelta(days=3), name: str = NAME) -> list[str]:
    """Make one row of the counter's, in order; ``last`` is the day of collection, consent and last business."""
    notice = "N-COUNTER-2" if last.year >= 2025 else "N-COUNTER-1"
    mobile = f"{int(MOBILE) + number}"
    day = last.isoformat()
    until = (TODAY + timedelta(days=300)).isoformat()
    return [name, resident_id(number), mobile, note, notice, day, until, "e_signature", "account_service", day, day]


def counter_file(path: Path, rows: Sequence[Sequence[str]], headings: str = HEADINGS) -> Path:
    """Write a counter's file."""
    path.write_text("\n".join([headings, *(",".join(row) for row in rows)]) + "\n", "utf-8")
    return path


if __name__ == "__main__":
    serve()
