"""What a task raises is logged by Airflow with its text; no value of a row may be in it."""

from __future__ import annotations

import errno
import traceback
from types import ModuleType

import pytest

from pipelines.errors import SourceMissing, StorageFull, TutelaError
from pipelines.jobs import approval_tasks, asking, classification_tasks, collection, quality_tasks, tasks

CANARY = "金丝雀13988887766"
CHUNK = {"plan": "p", "run": "r", "name": "n", "delivery": "0" * 32, "chunk": 0, "rows": 1}


def _raising(monkeypatch: pytest.MonkeyPatch, error: Exception) -> pytest.ExceptionInfo[TutelaError]:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(collection, "ask_consent", broken)
    with pytest.raises(TutelaError) as raised:
        tasks.ask_consent(CHUNK)
    return raised


@pytest.mark.parametrize(
    "error", [KeyError(CANARY), ValueError(CANARY), UnicodeEncodeError("ascii", CANARY, 0, 1, CANARY)]
)
def test_a_librarys_error_is_told_by_its_kind_and_place_alone(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised = _raising(monkeypatch, error)
    shown = "".join(traceback.format_exception(raised.value))
    assert CANARY not in shown
    assert type(error).__name__ in str(raised.value)
    assert "test_tasks_are_impersonal.py" in str(raised.value)


def test_an_error_of_our_own_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    error = SourceMissing("x.csv: there is no such file.")
    assert _raising(monkeypatch, error).value is error


def test_a_full_disk_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(_raising(monkeypatch, OSError(errno.ENOSPC, "no room")).value, StorageFull)


@pytest.mark.parametrize(
    ("module", "others"),
    [
        (tasks, {"landed", "impersonal"}),
        (approval_tasks, set()),
        (classification_tasks, set()),
        (quality_tasks, {"collect_news"}),
    ],
)
def test_every_task_is_guarded(module: ModuleType, others: set[str]) -> None:
    public = [
        task for task in vars(module).values() if callable(task) and getattr(task, "__module__", "") == module.__name__
    ]
    named = {task.__name__ for task in public if not task.__name__.startswith("_")}
    assert named - {task.__name__ for task in public if hasattr(task, "__wrapped__")} == others


def test_nor_does_a_librarys_error_leave_a_task_that_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(asking, "question", broken)
    with pytest.raises(TutelaError) as raised:
        approval_tasks.describe("DS-1")
    assert CANARY not in "".join(traceback.format_exception(raised.value))
