"""The tasks of the DAGs: read settings and the clock, take and give what fits into XCom (names, ids, counts).

Airflow logs what a task raises, with its text. So nothing but an error of our own leaves a task.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from pipelines.errors import EvidenceInvalid, without_values
from pipelines.evidence.verify import verify_file
from pipelines.jobs import collection, destruction, reports, runs
from pipelines.jobs.collection import ChunkRef, Gated
from pipelines.jobs.home import open_home
from pipelines.moments import day_of
from pipelines.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


def impersonal(task: Callable[P, T]) -> Callable[P, T]:
    """Let nothing but an error of our own leave a task."""

    @functools.wraps(task)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return task(*args, **kwargs)
        except Exception as exc:  # noqa: BLE001 - whatever it is, its text may hold a value
            raise without_values(exc) from None

    return guarded


@impersonal
def gate(plan: str, files: list[str], run: str, by: str = "schedule") -> dict[str, Any] | None:
    """Check plan and files and stage the chunks; None where nothing is named and nothing has landed.

    ``by`` is who triggered the run.
    """
    settings = Settings()
    here = [] if files else landed(settings, plan)
    paths = [Path(file) for file in files] or here
    if not paths:
        return None
    runs.sweep(settings)
    gated = collection.gate(settings, plan, paths, run, _now(), by)
    return {
        **gated.as_json(),
        "chunks": [_ref_json(ref) for ref in gated.chunks],
        "landed": [path.name for path in here],
    }


def landed(settings: Settings, plan_name: str) -> list[Path]:
    """List what lies in a plan's landing folder."""
    folder = _landing(settings, plan_name)
    plan = open_home(settings).policy.plan(plan_name)
    if plan.partner:
        return sorted(path.parent for path in folder.glob("*/manifest.json"))
    return sorted(folder.glob(plan.source.pattern))


def _landing(settings: Settings, plan: str) -> Path:
    return settings.resolved_home / "landing" / plan


@impersonal
def ask_consent(chunk: dict[str, Any]) -> dict[str, Any]:
    """Run the consent gate on a chunk."""
    return _ref_json(collection.ask_consent(Settings(), ChunkRef(**chunk), _now()))


@impersonal
def check_quality(chunk: dict[str, Any]) -> dict[str, Any]:
    """Run the plan's suite on a chunk."""
    return _ref_json(collection.check_quality(Settings(), ChunkRef(**chunk), _now()))


@impersonal
def classify(chunk: dict[str, Any]) -> dict[str, Any]:
    """Label a chunk."""
    return _ref_json(collection.classify(Settings(), ChunkRef(**chunk)))


@impersonal
def seal_and_store(chunk: dict[str, Any]) -> dict[str, Any]:
    """Put a chunk into the vault."""
    return _ref_json(collection.seal_and_store(Settings(), ChunkRef(**chunk), _now()))


@impersonal
def report(gated: dict[str, Any]) -> dict[str, Any]:
    """Add up what became of the run's rows; then remove what was landed, which is in the vault now."""
    settings, names = Settings(), gated.pop("landed")
    outcome = collection.report(settings, Gated.from_json(gated), _now())
    runs.remove_landed(settings, outcome.plan, names, outcome.run, _now())
    return {
        "plan": outcome.plan,
        "run": outcome.run,
        "arrived": outcome.arrived,
        "refused": dict(outcome.refused),
        "quarantined": dict(outcome.quarantined),
        "stored": outcome.stored,
    }


@impersonal
def end(run: str) -> None:
    """Destroy the run's key and staging files."""
    runs.end(Settings(), run, _now())


@impersonal
def list_due(as_of: str | None) -> dict[str, Any]:
    """Say what is due."""
    return destruction.purge(Settings(), _day(as_of), _now, dry_run=True).as_json()


@impersonal
def purge(as_of: str | None) -> dict[str, Any]:
    """Destroy what is due."""
    return destruction.purge(Settings(), _day(as_of), _now).as_json()


@impersonal
def verify_certificate(purged: dict[str, Any]) -> dict[str, Any]:
    """Verify the purge's certificate offline, as an outsider would.

    Raises:
        EvidenceInvalid: it does not hold.
    """
    if purged["certificate"] is None:
        return {"certificate": None, "valid": None}
    home = open_home(Settings())
    report = verify_file(Path(purged["certificate"]), home.public_key, home.anchors)
    home.database.close()
    if not report.valid:
        raise EvidenceInvalid(f"The certificate {Path(purged['certificate']).name} does not verify; call the auditor.")
    return {"certificate": purged["certificate"], "valid": True}


@impersonal
def build_docs() -> str:
    """Build Data Docs; return the index page's path."""
    return str(reports.build_docs(Settings()))


def _ref_json(ref: ChunkRef) -> dict[str, Any]:
    return {
        "plan": ref.plan,
        "run": ref.run,
        "name": ref.name,
        "delivery": ref.delivery,
        "chunk": ref.chunk,
        "rows": ref.rows,
        "entered_by": ref.entered_by,
    }


def _day(as_of: str | None) -> date:
    today = day_of(_now())
    # A day in the future would destroy what may still be kept.
    return min(date.fromisoformat(as_of), today) if as_of else today


def _now() -> datetime:
    return datetime.now(UTC)
