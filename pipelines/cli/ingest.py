"""`tutela ingest`: the pipeline in one process tree, without Airflow."""

from __future__ import annotations

import json as json_format
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.records import Outcome


def ingest(
    plan: Annotated[str, typer.Argument(help="The collection plan; `tutela plan list` shows them.")],
    files: Annotated[list[Path], typer.Argument(help="Files, or the folder of a partner's delivery.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bring files in under a plan: gate, consent, quality, classify, seal, store."""
    started = time.monotonic()
    from pipelines.jobs import collection

    settings, at = Settings(), datetime.now(UTC)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TextColumn("rows"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=json) as progress:
        task = progress.add_task(plan, total=None)
        outcome = collection.collect(settings, plan, files, at, tick=lambda rows, _: progress.advance(task, rows))
    seconds = round(time.monotonic() - started, 3)
    if json:
        typer.echo(json_format.dumps(as_json(outcome, seconds), ensure_ascii=False))
    else:
        Console().print(table([outcome], f"{outcome.arrived:,} rows in {seconds:.1f} s"))


def as_json(outcome: Outcome, seconds: float) -> dict[str, Any]:
    """Return the outcome as DESIGN §8 has it."""
    return {
        "plan": outcome.plan,
        "run": outcome.run,
        "arrived": outcome.arrived,
        "refused": dict(outcome.refused),
        "quarantined": dict(outcome.quarantined),
        "stored": outcome.stored,
        "seconds": seconds,
    }


def table(outcomes: list[Outcome], caption: str) -> Table:
    """Draw what became of the rows, a line a plan."""
    drawn = Table(caption=caption, caption_justify="right")
    for heading in ("plan 采集计划", "arrived 到达", "refused 拒收", "quarantined 隔离", "stored 入库"):
        drawn.add_column(heading, justify="left" if heading.startswith("plan") else "right", vertical="top")
    for outcome in outcomes:
        drawn.add_row(
            outcome.plan,
            f"{outcome.arrived:,}",
            _counts(outcome.refused),
            _counts(outcome.quarantined),
            f"{outcome.stored:,}",
        )
    return drawn


def _counts(counts: Any) -> str:
    total = f"{sum(counts.values()):,}"
    return "\n".join([total, *(f"[dim]{name} {count:,}[/dim]" for name, count in sorted(counts.items()))])
