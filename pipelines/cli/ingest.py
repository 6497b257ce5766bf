"""`tutela ingest`: the pipeline in one process tree, without Airflow."""

from __future__ import annotations

import json as json_format
import time
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, Group
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from pipelines.cli import tables
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.records import Outcome


def ingest(
    plan: Annotated[str, typer.Argument(help="The collection plan; `tutela plan list` shows them.")],
    files: Annotated[list[Path], typer.Argument(readable=False, help="Files, or the folder of a partner's delivery.")],
    *,
    by: Annotated[str | None, typer.Option(help="Who brings them in; by default who is logged in.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bring files in under a plan: gate, consent, quality, classify, seal, store."""
    started = time.monotonic()
    from pipelines.jobs import collection

    settings, at = Settings(), datetime.now(UTC)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TextColumn("rows"), TimeElapsedColumn())
    screen = Console(stderr=True)
    with Progress(*columns, console=screen, transient=True, disable=json or not screen.is_terminal) as progress:
        task = progress.add_task(plan, total=None)
        outcome = collection.collect(
            settings, plan, files, at, tick=lambda rows, _: progress.advance(task, rows), by=by or getuser()
        )
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


def table(outcomes: list[Outcome], caption: str) -> Group:
    """Draw what became of the rows: a line a plan, and under it the reasons."""
    drawn = tables.table(
        "plan|采集计划", ">arrived|到达", ">refused|拒收", ">quarantined|隔离", ">stored|入库", caption=caption
    )
    for outcome in outcomes:
        counts = (outcome.arrived, sum(outcome.refused.values()), sum(outcome.quarantined.values()), outcome.stored)
        drawn.add_row(outcome.plan, *(f"{count:,}" for count in counts))
    reasons = [Text.from_markup(line) for outcome in outcomes for line in _reasons(outcome)]
    return Group(drawn, *reasons)


def _reasons(outcome: Outcome) -> list[str]:
    lines = []
    for what, counts in (("refused", outcome.refused), ("quarantined", outcome.quarantined)):
        if counts:
            parts = sorted(counts.items(), key=lambda item: -item[1])
            told = " · ".join(f"{name} {count:,}" for name, count in parts)
            lines.append(f"  {outcome.plan} [bold]{what}[/bold]: {told}")
    return lines
