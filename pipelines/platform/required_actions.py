"""Airflow's required actions of one DAG: who was asked what, who answered and who that is. Not for judging the answer.

A run of the DAG asks one question about one subject, by one task. What is told about an answer comes from Airflow's
database through its API, never from XCom: also which roles the user has who answered, at the moment of looking.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pipelines.errors import PlatformError
from pipelines.platform.rest import AirflowClient, path_of
from pipelines.platform.roles import SERVICE
from pipelines.platform.secrets import Secrets
from pipelines.settings import Settings

UNDER_WAY = ("queued", "running")
UNANSWERED = ("awaiting_input", "deferred")
LONGEST_NOTE = 1000
MOST_TIMES = 500
EXECUTION = "/execution"
"""What the address that tasks report to ends with, beyond the server's own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered, and as whom."""

    chosen: str
    user: str
    roles: tuple[str, ...]
    """As Airflow has them now; none where the account is closed or gone."""
    shown: str
    """The text that the question was asked with."""


@contextmanager
def as_service(settings: Settings, execution_api: str) -> Iterator[AirflowClient]:
    """Give tasks a client of the API, under the account that is theirs alone.

    Args:
        settings: where the account's password lies.
        execution_api: the address that tasks report to; the public API is on the same server.

    Raises:
        PlatformError: the password can't be read.
    """
    address = execution_api.rstrip("/").removesuffix(EXECUTION)
    password = Secrets(settings.resolved_home).get(f"airflow_user_{SERVICE}")
    with AirflowClient(address, SERVICE, password) as client:
        yield client


class RequiredActions:
    """The questions that runs of one DAG ask. Every method raises PlatformError where Airflow does not answer or refuses."""

    def __init__(self, client: AirflowClient, dag_id: str, task_id: str, about: str) -> None:
        """Name the DAG, the task that asks, and the parameter of a run that says what it is about."""
        self._client, self._dag, self._task, self._about = client, dag_id, task_id, about
        self._path = "/api/v2" + path_of("dags", dag_id, "dagRuns")

    def under_way(self) -> dict[str, str]:
        """List the runs that have not ended: run → what it is about."""
        runs = self._client.pages(self._path, "dag_runs", state=UNDER_WAY)
        return {str(run["dag_run_id"]): str((run.get("conf") or {}).get(self._about)) for run in runs}

    def unanswered(self) -> list[str]:
        """List the runs whose question waits."""
        found = self._client.pages(
            f"{self._path}/~/hitlDetails", "hitl_details", response_received=False, state=UNANSWERED, task_id=self._task
        )
        return [str(one["task_instance"]["dag_run_id"]) for one in found]

    def ask(self, about: str) -> str:
        """Start a run about something, named after it; where it was asked about before, with a number. Give the name."""
        for time in range(1, MOST_TIMES + 1):
            run = about if time == 1 else f"{about}.{time}"
            body = {"dag_run_id": run, "logical_date": None, "conf": {self._about: about}}
            if self._client.send("POST", self._path, body, f"start a run of {self._dag}"):
                return run
        raise PlatformError(f"{self._dag} asked about {about} {MOST_TIMES} times and is not going to ask again.")

    def withdraw(self, run: str) -> None:
        """Take a question back that nobody need answer any more; the run goes on without an answer."""
        self._client.send("PATCH", self._of(run), {"new_state": "skipped"}, f"take back the question of {run}")

    def answer(self, run: str) -> Answer | None:
        """Give the answer to a run's question; None where there is none."""
        detail = self._client.find(f"{self._of(run)}/-1/hitlDetails")
        if not detail or not detail.get("response_received") or not detail.get("responded_by_user"):
            return None
        user = str(detail["responded_by_user"]["name"])
        chosen = detail.get("chosen_options") or [""]
        return Answer(str(chosen[0]), user, self._roles(user), str(detail.get("body") or ""))

    def note(self, run: str, text: str) -> None:
        """Write on a run's page what became of it."""
        self._client.send("PATCH", self._path + path_of(run), {"note": text[:LONGEST_NOTE]}, f"note on {run}")

    def _of(self, run: str) -> str:
        return self._path + path_of(run, "taskInstances", self._task)

    def _roles(self, user: str) -> tuple[str, ...]:
        found: dict[str, Any] | None = self._client.find("/auth/fab/v1" + path_of("users", user))
        if not found or not found.get("active") or found["username"] != user:
            return ()
        return tuple(str(role["name"]) for role in found.get("roles") or ())
