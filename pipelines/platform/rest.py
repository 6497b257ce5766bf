"""A small client of Airflow's public API. Not for pages: the console asks Airflow's user object itself.

What it receives are states, counts and ids; tasks hand on nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote

import httpx

from pipelines.errors import PlatformError

REQUEST_SECONDS = 30.0
WARM_UP_SECONDS = 90.0
PARSE_SECONDS = 90.0
POLL_SECONDS = 0.25
PAGE = 100  # Airflow gives no more in one answer
FINISHED = frozenset({"success", "failed"})
Query = str | int | bool | Sequence[str]


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """A DAG file that can't be loaded."""

    file: str
    trace: str
    """For engineers' eyes: the traceback."""


@dataclass(frozen=True, slots=True)
class TaskState:
    """What became of one task of a run."""

    task_id: str
    map_index: int
    state: str | None
    seconds: float | None
    try_number: int


class AirflowClient:
    """Airflow's API as one user."""

    def __init__(self, base_url: str, user: str, password: str) -> None:
        """Name the address and the account; nothing is sent before the first question."""
        self.base_url = base_url.rstrip("/")
        self._account = {"username": user, "password": password}
        self._http = httpx.Client(base_url=self.base_url, timeout=REQUEST_SECONDS, trust_env=False)
        self._token: str | None = None

    def __enter__(self) -> Self:
        """Use as a context that closes the connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # --- questions -----------------------------------------------------------------------------------------------

    def health(self) -> dict[str, Any]:
        """Give the state of the components, as Airflow sees it; needs no account.

        Raises:
            PlatformError: Airflow does not answer.
        """
        return _object(self._send("GET", "/api/v2/monitor/health", {}))

    def warm_up(self) -> None:
        """Let Airflow build the routes that tasks report to: done by their first call, it would keep that task waiting.

        Raises:
            PlatformError: Airflow does not answer.
        """
        self._send("GET", "/execution/health", {"timeout": WARM_UP_SECONDS})

    def token(self) -> str:
        """Give a bearer token of the account.

        Raises:
            PlatformError: Airflow does not answer, or refuses the account.
        """
        if self._token is None:
            response = self._send("POST", "/auth/token", {"json": self._account})
            if response.status_code not in {HTTPStatus.OK, HTTPStatus.CREATED}:
                user = self._account["username"]
                raise PlatformError(f"Airflow does not let {user} in; the passwords are in the home folder's secrets.")
            self._token = str(_object(response)["access_token"])
        return self._token

    def dags(self) -> list[str]:
        """List the DAGs that Airflow has read.

        Raises:
            PlatformError: Airflow does not answer or refuses.
        """
        return [str(dag["dag_id"]) for dag in self.pages("/api/v2/dags", "dags")]

    def import_errors(self) -> list[ImportProblem]:
        """List the DAG files that can't be loaded.

        Raises:
            PlatformError: Airflow does not answer or refuses.
        """
        found = self.pages("/api/v2/importErrors", "import_errors")
        return [ImportProblem(str(one.get("filename")), str(one.get("stack_trace"))) for one in found]

    def state(self, dag_id: str, run_id: str) -> str:
        """Give the state of a run: queued, running, success or failed.

        Raises:
            PlatformError: there is no such run, or Airflow does not answer.
        """
        return str(self.get(_run(dag_id, run_id))["state"])

    def task_instances(self, dag_id: str, run_id: str) -> list[TaskState]:
        """List the tasks of a run.

        Raises:
            PlatformError: there is no such run, or Airflow does not answer.
        """
        found = self.pages(f"{_run(dag_id, run_id)}/taskInstances", "task_instances")
        return [
            TaskState(
                task_id=str(one["task_id"]),
                map_index=int(one.get("map_index", -1)),
                state=one.get("state"),
                seconds=one.get("duration"),
                try_number=int(one.get("try_number") or 0),
            )
            for one in found
        ]

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
        """Give what a task handed on: references and counts.

        Raises:
            PlatformError: there is nothing under that name, or Airflow does not answer.
        """
        path = f"{_run(dag_id, run_id)}/taskInstances/{_quoted(task_id)}/xcomEntries/{_quoted(key)}"
        return self.get(path, map_index=map_index, deserialize=False)["value"]

    # --- actions -------------------------------------------------------------------------------------------------

    def wait_for_dag(self, dag_id: str, timeout: float = PARSE_SECONDS) -> None:
        """Wait until Airflow has read the file that defines the DAG.

        Raises:
            PlatformError: it was not read in time; a file that can't be loaded is named.
        """
        deadline = time.monotonic() + timeout
        path = f"/api/v2/dags/{_quoted(dag_id)}"
        while self._authorised("GET", path, {}).status_code != HTTPStatus.OK:
            if time.monotonic() > deadline:
                files = sorted({problem.file for problem in self.import_errors()})
                reason = f"these files can't be loaded: {', '.join(files)}" if files else "no file defines it"
                raise PlatformError(f"Airflow has not found the DAG {dag_id} within {timeout:.0f} s; {reason}.")
            time.sleep(POLL_SECONDS)

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None, timeout: float = PARSE_SECONDS) -> str:
        """Start a run of a DAG, as soon as Airflow has read it; give the run's id.

        Raises:
            PlatformError: Airflow does not know the DAG in time, or refuses.
        """
        self.wait_for_dag(dag_id, timeout)
        body = {"logical_date": None, "conf": dict(conf or {})}
        response = self._authorised("POST", f"/api/v2/dags/{_quoted(dag_id)}/dagRuns", {"json": body})
        return str(self._checked(response, f"start a run of {dag_id}")["dag_run_id"])

    def wait(self, dag_id: str, run_id: str, timeout: float) -> str:
        """Wait for the end of a run; give ``success`` or ``failed``.

        Raises:
            PlatformError: it has not ended in time, or Airflow does not answer.
        """
        deadline = time.monotonic() + timeout
        while (state := self.state(dag_id, run_id)) not in FINISHED:
            if time.monotonic() > deadline:
                message = f"The run {run_id} of {dag_id} is still {state} after {timeout:.0f} s; see {self.base_url}"
                raise PlatformError(f"{message}/dags/{_quoted(dag_id)}/runs/{_quoted(run_id)}.")
            time.sleep(POLL_SECONDS)
        return state

    # --- any path ------------------------------------------------------------------------------------------------

    def get(self, path: str, **query: Query) -> dict[str, Any]:
        """Give what lies under a path of the API.

        Raises:
            PlatformError: there is nothing, or Airflow does not answer or refuses.
        """
        return self._checked(self._authorised("GET", path, {"params": query}), f"show {path}")

    def find(self, path: str, **query: Query) -> dict[str, Any] | None:
        """Give what lies under a path; None where there is nothing.

        Raises:
            PlatformError: Airflow does not answer or refuses.
        """
        response = self._authorised("GET", path, {"params": query})
        return None if response.status_code == HTTPStatus.NOT_FOUND else self._checked(response, f"show {path}")

    def pages(self, path: str, name: str, **query: Query) -> list[dict[str, Any]]:
        """Give all that a path lists, page after page.

        Raises:
            PlatformError: Airflow does not answer or refuses.
        """
        found: list[dict[str, Any]] = []
        while True:
            content = self.get(path, **query, limit=PAGE, offset=len(found))
            found += content[name]
            if not content[name] or len(found) >= int(content["total_entries"]):
                return found

    def send(self, method: str, path: str, body: Mapping[str, Any], wish: str) -> bool:
        """Have something changed; tell whether it was: False where it conflicts with what is there already.

        Raises:
            PlatformError: Airflow does not answer or refuses; the wish says what it does not do.
        """
        response = self._authorised(method, path, {"json": body})
        if response.status_code == HTTPStatus.CONFLICT:
            return False
        self._checked(response, wish)
        return True

    # --- transport -----------------------------------------------------------------------------------------------

    def _checked(self, response: httpx.Response, wish: str) -> dict[str, Any]:
        if response.is_success:
            return _object(response)
        user = self._account["username"]
        reasons = {
            HTTPStatus.FORBIDDEN: f"{user} may not do that",
            HTTPStatus.NOT_FOUND: "there is no such thing",
            HTTPStatus.CONFLICT: "it exists already",
        }
        reason = reasons.get(HTTPStatus(response.status_code), f"it answers {response.status_code}")
        raise PlatformError(f"Airflow does not {wish}: {reason}.")

    def _authorised(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        response = self._send(method, path, options | {"headers": {"Authorization": f"Bearer {self.token()}"}})
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            # A token lives for a day; a demonstration that stays up lives longer.
            self._token = None
            response = self._send(method, path, options | {"headers": {"Authorization": f"Bearer {self.token()}"}})
        return response

    def _send(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        try:
            return self._http.request(method, path, **options)
        except httpx.HTTPError:
            raise PlatformError(f"Airflow does not answer at {self.base_url}; run `tutela up`.") from None


def path_of(*parts: str) -> str:
    """Put a path of the API together from names that people chose."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _run(dag_id: str, run_id: str) -> str:
    return "/api/v2" + path_of("dags", dag_id, "dagRuns", run_id)


def _quoted(part: str) -> str:
    return quote(part, safe="")


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        content = response.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise PlatformError("What answers at Airflow's address is not Airflow; run `tutela status`.")
    return content
