"""The model of destruction: its properties hold, and each precaution that is taken away is missed."""

from __future__ import annotations

import importlib.util
import re
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

MODEL = Path(__file__).resolve().parent.parent.parent / "docs" / "model"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("model_check", MODEL / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


check = _load()
QUICK = [run for run in check.RUNS if not run.deep]
needs_spin = pytest.mark.skipif(bool(check.missing()), reason=f"not installed: {check.missing()}")


@pytest.fixture(scope="module")
def found():
    """Start all runs, two at a time; each test waits for its own."""
    with ThreadPoolExecutor(check.TOGETHER) as pool:
        yield {run.name: pool.submit(check.check, run) for run in QUICK}


@needs_spin
@pytest.mark.parametrize("run", [run for run in QUICK if not run.breaks], ids=lambda run: run.name)
def test_no_history_breaks_a_property(run, found: dict[str, Future]) -> None:
    result = found[run.name].result()
    assert result.broken == ""
    assert result.states > 10_000


@needs_spin
@pytest.mark.parametrize("run", [run for run in QUICK if run.breaks], ids=lambda run: run.name)
def test_without_a_precaution_there_is_a_history_that_breaks_what_it_is_for(run, found: dict[str, Future]) -> None:
    result = found[run.name].result()
    assert result.broken.startswith(run.breaks)
    assert any(line.startswith("worker") for line in result.history)


def test_every_precaution_of_the_model_has_its_control_and_is_described() -> None:
    text = (MODEL / "destruction.pml").read_text("utf-8")
    named = set(re.findall(r"#if(?:n)?def ([A-Z_]+)", text))
    bounds = {"WORKERS", "JOBS", "ROOTS", "MANIFESTS", "KILLS", "BACKUPS", "LOSSES", "FOLDER_LOSSES", "HOLDS",
              "ARRIVALS", "LIVENESS"}  # fmt: skip
    controls = {run.name for run in check.RUNS if run.breaks}
    assert named - bounds == controls
    readme = (MODEL / "README.md").read_text("utf-8")
    assert [name for name in sorted(controls) if name not in readme] == []
