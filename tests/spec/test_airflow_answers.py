"""What an answer in Airflow is worth: whose it is, about which manifest; and what the question tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipelines.errors import ApprovalMissing, DestructionFailed
from pipelines.jobs import approvals, asking, erasure
from pipelines.jobs.wiring import ANSWERS, APPROVE
from pipelines.platform.required_actions import Answer
from pipelines.retention.decision import Decision
from tests.homes import NOON, Home, Homes, customers

REJECT = list(ANSWERS)[1]


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two people with a record each; nothing is past its retention."""
    home = homes.blank()
    home.collect("counter_customers", customers(tmp_path_factory.mktemp("delivery") / "counter.csv", [1, 2]))
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    homes.drop(home)


@pytest.fixture(scope="module")
def waiting(homes: Homes, stocked: Home) -> tuple[Home, str]:
    """A home with a destruction that waits; for tests that decide nothing."""
    home = homes.copy(stocked)
    return home, ask(home)


def ask(home: Home, by: str = "steward") -> str:
    """Ask for the erasure of one person; name the destruction."""
    code = str(home.value("SELECT code FROM vault.subject ORDER BY subject_id LIMIT 1"))
    asked = erasure.erase(home.settings, [code], "asked by letter", by, lambda: NOON)
    return str(asked.destruction)


def answered(home: Home, job: str, **changes: object) -> Answer:
    """A leader's approval as Airflow tells it, or another answer."""
    question = asking.question(home.settings, job)
    assert question is not None
    usual = Answer(APPROVE, "leader", ("leader",), question["body"])
    return replace(usual, **changes)  # type: ignore[arg-type]


def undecided(home: Home) -> bool:
    return not home.value("SELECT count(*) FROM destruction.approval")


# --- the question ------------------------------------------------------------------------------------------------


def test_the_question_tells_counts_and_the_manifests_hash_and_nobodys_code(vault: Home) -> None:
    job = ask(vault, by="li.lei@example.com")
    question = asking.question(vault.settings, job)
    assert question is not None
    text = question["subject"] + question["body"]
    manifest_hash = vault.value("SELECT manifest_hash FROM destruction.job")
    for wanted in (job, "records: 1, subjects: 1", "counter_customers: 1", "L4: 1", "R-REL", "民法典", manifest_hash):
        assert str(wanted) in text
    codes = [row[0] for row in vault.rows("SELECT code FROM vault.subject")]
    for kept in (*codes, "asked by letter", "li.lei@example.com", "甄无名"):
        assert kept not in text


def test_a_stewards_question_tells_what_was_selected_and_when_it_would_be_due(vault: Home) -> None:
    asked = erasure.no_longer_needed(
        vault.settings, "counter_customers", date(2026, 5, 10), "campaign ended", "steward", lambda: NOON
    )
    question = asking.question(vault.settings, str(asked.destruction))
    assert question is not None
    for wanted in ("counter_customers, 采集截至 collected until 2026-05-10", "到期 due 2029-05-01", "keys of cohorts"):
        assert wanted in question["body"]
    assert "campaign" not in question["body"]


def test_about_what_is_decided_nothing_is_asked(vault: Home) -> None:
    job = ask(vault)
    asking.decide(vault.settings, job, answered(vault, job), NOON)
    assert asking.question(vault.settings, job) is None


# --- the answer --------------------------------------------------------------------------------------------------


def test_a_leaders_approval_counts_and_the_destruction_is_carried_out(vault: Home) -> None:
    job = ask(vault)
    told = asking.decide(vault.settings, job, answered(vault, job, roles=("steward", "leader")), NOON)
    assert told is not None
    assert (told["decision"], told["door"], told["approver"], told["counts"]) == ("approved", "airflow", "leader", True)
    done = asking.carry_out(vault.settings, job, lambda: NOON)
    assert (done["state"], done["records"]) == ("confirmed", 1)
    assert '"approver":"leader"' in Path(done["certificate"]).read_text()
    assert asking.carry_out(vault.settings, job, lambda: NOON) == done, "a task that is tried again tells the same"


def test_a_rejection_keeps_its_reason_and_destroys_nothing(vault: Home) -> None:
    job = ask(vault)
    told = asking.decide(vault.settings, job, answered(vault, job, chosen=REJECT), NOON)
    assert told is not None
    assert (told["decision"], told["counts"]) == ("rejected", True)
    assert vault.value("SELECT reason FROM destruction.approval") == ANSWERS[REJECT]
    done = asking.carry_out(vault.settings, job, lambda: NOON)
    assert (done["state"], done["records"], done["certificate"]) == ("rejected", 0, None)
    assert len(vault.records()) == 2


REFUSED: dict[str, tuple[str, dict[str, object]]] = {
    "of somebody without the role": ("steward", {"user": "olga", "roles": ("steward", "privacy_officer")}),
    "of the administrator, who may answer everything": ("Admin", {"user": "admin", "roles": ("Admin",)}),
    "of an account that is closed or gone": ("none", {"roles": ()}),
    "of who applied, leader or not": ("applied", {"user": "steward", "roles": ("leader",)}),
    "about another manifest than the one there is": ("manifest", {"shown": f"{asking.HASH_LABEL} | `{'0' * 64}` |"}),
    "to a question that showed none": ("showed no manifest", {"shown": "Destroy?"}),
    "in own words": ("not among the answers", {"chosen": "Reject"}),
}


@pytest.mark.parametrize(("why", "change"), REFUSED.values(), ids=REFUSED.keys())
def test_an_answer_does_not_count(waiting: tuple[Home, str], why: str, change: dict[str, object]) -> None:
    home, job = waiting
    with pytest.raises(ApprovalMissing, match=why):
        asking.decide(home.settings, job, answered(home, job, **change), NOON)
    assert undecided(home)
    assert [each["job_id"] for each in approvals.waiting(home.settings)] == [job]


def test_without_any_answer_nothing_is_decided(waiting: tuple[Home, str]) -> None:
    home, job = waiting
    assert asking.decide(home.settings, job, None, NOON) is None
    assert undecided(home)


def test_an_answer_after_the_first_changes_nothing_and_is_told_so(vault: Home) -> None:
    job = ask(vault)
    answer = answered(vault, job, user="wang")
    manifest_hash = vault.value("SELECT manifest_hash FROM destruction.job")
    first = Decision(job, "rejected", "console", "leader", "leader", str(manifest_hash), NOON, reason="a dispute")
    approvals.decide(vault.settings, first, NOON)
    for late in (APPROVE, REJECT, "Reject"):
        told = asking.decide(vault.settings, job, replace(answer, chosen=late), NOON)
        assert told is not None
        assert (told["decision"], told["door"], told["counts"]) == ("rejected", "console", False)
        assert "wang answered here: that answer changes nothing" in told["told"]
    assert asking.carry_out(vault.settings, job, lambda: NOON)["state"] == "rejected"
    assert len(vault.records()) == 2


def test_a_decision_elsewhere_is_found_where_the_question_was_taken_back(vault: Home) -> None:
    job = ask(vault)
    asking.decide(vault.settings, job, answered(vault, job), NOON)
    told = asking.decide(vault.settings, job, None, NOON)
    assert told is not None
    assert told["told"] == f"{job} is approved by leader, through the door airflow."


def test_what_changed_since_the_approval_is_no_success(vault: Home, tmp_path: Path) -> None:
    job = ask(vault)
    asking.decide(vault.settings, job, answered(vault, job), NOON)
    vault.collect("counter_customers", customers(tmp_path / "new.csv", [1, 2], 职业="医生"))
    with pytest.raises(DestructionFailed, match="not what lies there now"):
        asking.carry_out(vault.settings, job, lambda: NOON)
    assert len(vault.records()) == 4
