"""Destructions on request through Airflow's required actions: asked for, answered, refused, too late, unanswered.

All are asked for at once and answered side by side, because each run of a DAG takes seconds.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from examples.leader import LEADER_KEY
from pipelines.jobs import approvals, erasure
from pipelines.jobs.approval_tasks import ABOUT, DAG, QUESTION
from pipelines.jobs.wiring import ANSWERS, APPROVE
from pipelines.platform.required_actions import RequiredActions
from pipelines.platform.rest import AirflowClient
from pipelines.retention.decision import Decision
from pipelines.settings import CHECKOUT
from tests.airflow_world import RUN_SECONDS, World

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]
REJECT = list(ANSWERS)[2]
WAIT_SECONDS = 60
APPLICANTS = {
    "approved": "steward", "rejected": "steward", "own": "leader", "late": "steward", "elsewhere": "steward",
    "silent": "steward",
}  # fmt: skip


class Asked:
    """Six destructions, a question about each, and what became of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.codes = [row[0] for row in self.sql(
            "SELECT code FROM vault.subject s WHERE EXISTS (SELECT FROM vault.record r JOIN vault.batch b USING (batch_id)"
            " WHERE r.subject_id = s.subject_id AND b.plan = 'web_registrations') ORDER BY subject_id LIMIT 6")]  # fmt: skip
        self.jobs = {
            case: str(erasure.erase(world.settings, [code], "by letter", who, lambda: datetime.now(UTC)).destruction)
            for (case, who), code in zip(APPLICANTS.items(), self.codes, strict=True)
        }
        self.ask("steward")
        self.questions = self.wait_for_questions()

    def ask(self, user: str) -> None:
        """Have somebody run the DAG that asks, without waiting for its hour."""
        with self.world.platform.client(user) as client:
            assert client.wait("ask_for_approval", client.trigger("ask_for_approval"), RUN_SECONDS) == "success"

    def wait_for_questions(self) -> dict[str, dict]:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            # Everybody who may look sees them; the leader is one.
            with self.world.platform.client("leader") as client:
                path = f"/api/v2/dags/{DAG}/dagRuns/~/hitlDetails"
                found = client.pages(path, "hitl_details", response_received=False, state=["awaiting_input"])
            if len(found) == len(self.jobs) or time.monotonic() > deadline:
                return {each["task_instance"]["dag_run_id"]: each for each in found}
            time.sleep(0.3)

    def answer(self, user: str, case: str, chosen: str) -> int:
        path = f"/api/v2/dags/{DAG}/dagRuns/{self.jobs[case]}/taskInstances/{QUESTION}/-1/hitlDetails"
        with self.world.platform.client(user) as client:
            return client._authorised("PATCH", path, {"json": {"chosen_options": [chosen]}}).status_code

    def sign(self, case: str, folder: Path) -> None:
        """The leader approves on the command line."""
        key = folder / "leader.pem"
        key.write_bytes(LEADER_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        approvals.decide_signed(self.world.settings, self.jobs[case], "leader", key, datetime.now(UTC), approve=True)

    def end(self, case: str, run: str | None = None) -> tuple[str, dict[str, str | None]]:
        """Wait for a run's end; give its state and those of its tasks."""
        run = run or self.jobs[case]
        with self.world.platform.client() as client:
            state = client.wait(DAG, run, RUN_SECONDS)
            return state, {task.task_id: task.state for task in client.task_instances(DAG, run)}

    def handed_on(self, case: str, task: str) -> dict:
        with self.world.platform.client() as client:
            return client.xcom(DAG, self.jobs[case], task)

    def state(self, case: str) -> str:
        return str(self.sql("SELECT state::text FROM destruction.job WHERE job_id = %s", self.jobs[case])[0][0])

    def subject_is_there(self, case: str) -> bool:
        code = self.codes[list(self.jobs).index(case)]
        return bool(self.sql("SELECT 1 FROM vault.subject WHERE code = %s", code))

    def sql(self, query: str, *values: object, database: str = "tutela") -> list[tuple]:
        with psycopg.connect(self.world.postgres.url(database)) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def asked(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """Ask about six, let nobody answer one, answer the others in Airflow or on the command line."""
    asked = Asked(world)
    asked.sql("UPDATE task_instance SET trigger_timeout = now() WHERE run_id = %s AND task_id = %s",
              asked.jobs["silent"], QUESTION, database="airflow")  # fmt: skip
    for case in ("late", "elsewhere"):
        asked.sign(case, tmp_path_factory.mktemp("key"))
    asked.refused = {user: asked.answer(user, "approved", APPROVE) for user in NOBODY_ELSE}
    asked.unknown = asked.answer("leader", "rejected", "Reject")
    asked.accepted = [
        asked.answer("leader", case, REJECT if case in {"rejected", "late"} else APPROVE)
        for case in ("approved", "rejected", "own", "late")
    ]
    asked.second = asked.answer("leader", "approved", REJECT)
    asked.ask("privacy_officer")
    yield asked
    tidy(asked)


NOBODY_ELSE = ("steward", "privacy_officer", "auditor", "engineer", "service")


def tidy(asked: Asked) -> None:
    """Leave nothing that waits: the tests after these purge."""
    for waiting in approvals.waiting(asked.world.settings):
        no = Decision(
            waiting["job_id"], "rejected", "console", "li", "leader", waiting["manifest_hash"], datetime.now(UTC)
        )
        approvals.decide(asked.world.settings, no, datetime.now(UTC))


def test_each_destruction_that_waits_is_asked_about_once(asked: Asked) -> None:
    assert set(asked.questions) == set(asked.jobs.values())


def test_the_question_tells_what_a_leader_must_know_and_nobodys_code(asked: Asked) -> None:
    for case, applicant in APPLICANTS.items():
        question = asked.questions[asked.jobs[case]]
        hash_ = asked.sql("SELECT manifest_hash FROM destruction.job WHERE job_id = %s", asked.jobs[case])[0][0]
        assert question["options"] == list(ANSWERS)
        for wanted in (asked.jobs[case], f"`{applicant}`", hash_, "web_registrations: ", "R-"):
            assert wanted in question["subject"] + question["body"]
    assert not [code for code in asked.codes if code in str(asked.questions)]


def test_only_a_leader_may_answer_and_only_what_is_listed(asked: Asked) -> None:
    assert asked.refused == dict.fromkeys(NOBODY_ELSE, 403)
    assert asked.unknown == 400
    assert asked.accepted == [200, 200, 200, 200]
    assert asked.second == 409


def test_what_a_leader_approves_is_destroyed_and_the_certificate_says_by_whom_through_which_door(asked: Asked) -> None:
    state, tasks = asked.end("approved")
    assert (state, set(tasks.values())) == ("success", {"success"})
    done = asked.handed_on("approved", "destroy")
    assert (done["state"], asked.state("approved"), asked.subject_is_there("approved")) == (
        "confirmed",
        "confirmed",
        False,
    )
    text = Path(done["certificate"]).read_text()
    for wanted in ('"approver":"leader"', '"door":"airflow"', '"applicant":"steward"', '"verdict":"PASS"'):
        assert wanted in text
    key = asked.world.settings.resolved_home / "keys" / "ledger.pub"
    command = [sys.executable, "-m", "pipelines.evidence", done["certificate"], "--public-key", str(key)]
    assert subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=False).returncode == 0


def test_what_a_leader_rejects_stays_and_the_reason_is_kept(asked: Asked) -> None:
    assert asked.end("rejected")[0] == "success"
    kept = asked.sql("SELECT decision, door, approver, role, reason FROM destruction.approval WHERE job_id = %s",
                     asked.jobs["rejected"])  # fmt: skip
    assert kept == [("rejected", "airflow", "leader", "leader", ANSWERS[REJECT])]
    assert (asked.state("rejected"), asked.subject_is_there("rejected")) == ("rejected", True)


def test_an_answer_after_the_command_line_changes_nothing_and_is_told_so(asked: Asked) -> None:
    assert asked.end("late")[0] == "success"
    told = asked.handed_on("late", "decide")
    assert (told["decision"], told["door"], told["counts"]) == ("approved", "command", False)
    assert "changes nothing" in told["told"]
    with asked.world.platform.client("leader") as client:
        assert client.get(f"/api/v2/dags/{DAG}/dagRuns/{asked.jobs['late']}")["note"] == told["told"]
    assert (asked.state("late"), asked.subject_is_there("late")) == ("confirmed", False)


def test_a_question_that_was_decided_elsewhere_is_taken_back_and_its_run_goes_on(asked: Asked) -> None:
    state, tasks = asked.end("elsewhere")
    assert (state, tasks[QUESTION], tasks["destroy"]) == ("success", "skipped", "success")
    assert asked.handed_on("elsewhere", "decide")["door"] == "command"
    assert (asked.state("elsewhere"), asked.subject_is_there("elsewhere")) == ("confirmed", False)


def test_who_applied_can_not_approve_not_even_past_the_task_that_takes_the_answer(asked: Asked) -> None:
    state, tasks = asked.end("own")
    assert (state, tasks["decide"], tasks["destroy"]) == ("failed", "failed", "upstream_failed")
    job = asked.jobs["own"]
    # Somebody writes the approval into the database: the task that destroys looks for itself.
    asked.sql("INSERT INTO destruction.approval (job_id, approval_id, decision, door, approver, role, manifest_hash, decided_at)"
              " SELECT job_id, 'AP-1', 'approved', 'airflow', 'leader', 'leader', manifest_hash, now() FROM destruction.job"
              " WHERE job_id = %s", job)  # fmt: skip
    with asked.world.platform.client() as client:
        run = RequiredActions(client, DAG, QUESTION, ABOUT).ask(job)
    assert run.startswith(f"{job}.")
    state, tasks = asked.end("own", run)
    assert (state, tasks["decide"], tasks["destroy"]) == ("failed", "success", "failed")
    assert (asked.state("own"), asked.subject_is_there("own")) == ("applied", True)
    asked.sql("ALTER TABLE destruction.approval DISABLE TRIGGER decision_append_only")
    asked.sql("DELETE FROM destruction.approval WHERE job_id = %s", job)
    asked.sql("ALTER TABLE destruction.approval ENABLE TRIGGER decision_append_only")


def test_silence_destroys_nothing_and_is_asked_about_anew(asked: Asked) -> None:
    state, tasks = asked.end("silent")
    assert (state, tasks[QUESTION], tasks["decide"]) == ("failed", "failed", "upstream_failed")
    assert (asked.state("silent"), asked.subject_is_there("silent")) == ("applied", True)
    asked.ask("steward")
    with asked.world.platform.client() as client:
        runs = [run for run, job in RequiredActions(client, DAG, QUESTION, ABOUT).under_way().items()
                if job == asked.jobs["silent"]]  # fmt: skip
    assert runs == [f"{asked.jobs['silent']}.2"]


def test_nobody_but_the_tasks_own_account_and_administrators_may_look_up_who_holds_which_role(asked: Asked) -> None:
    def allowed(user: str) -> bool:
        with asked.world.platform.client(user) as client:
            return looks_up(client)

    assert [user for user in ("service", "leader", "steward", "engineer", "auditor") if allowed(user)] == ["service"]


def looks_up(client: AirflowClient) -> bool:
    return client._authorised("GET", "/auth/fab/v1/users/leader", {}).status_code == 200
