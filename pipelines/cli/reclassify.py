"""`tutela reclassify`: look at what lies in the vault again, once recognizers, weights or the taxonomy have changed."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipelines.cli import tables
from pipelines.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from pipelines.jobs.classification import Reclassified

ALIKE = "Everything was read with the present recognizers; nothing was opened."


def reclassify(
    *,
    plan: Annotated[str | None, typer.Option(help="Only this collection plan; by default all of them.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell how many batches wait.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look at sealed records again that were last read with other recognizers, weights or another taxonomy.

    Profiles and findings become another look in the catalogue; no record is changed. It goes on where it was stopped.
    """
    from pipelines.jobs import classification

    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TextColumn("records"), TimeElapsedColumn())
    screen = Console(stderr=True)
    with Progress(*columns, console=screen, transient=True, disable=json or not screen.is_terminal) as progress:
        task = progress.add_task("reclassify", total=None)
        found = classification.reclassify(
            Settings(),
            lambda: datetime.now(UTC),
            plan,
            dry_run=dry_run,
            step=lambda name, records: progress.update(task, description=name, advance=records),
        )
    if json:
        shown = {"dry_run": dry_run, "plans": [each.as_json() for each in found]}
        typer.echo(json_format.dumps(shown, ensure_ascii=False))
        return
    if not any(each.waiting for each in found):
        typer.echo(ALIKE)
        return
    console = Console()
    console.print(_plans(found))
    if any(each.findings for each in found):
        console.print(_findings(found))


def _plans(found: Sequence[Reclassified]) -> Table:
    drawn = tables.table(
        "!plan|采集计划", ">batches waiting|待重读批次", ">looked at|已重读", ">records|记录", ">records/s|每秒",
        caption=f"read with {found[0].recognizers}",
    )  # fmt: skip
    for each in found:
        speed = f"{each.records / each.seconds:,.0f}" if each.seconds else "–"
        drawn.add_row(each.plan, f"{each.waiting:,}", f"{each.batches:,}", f"{each.records:,}", speed)
    return drawn


def _findings(found: Sequence[Reclassified]) -> Table:
    drawn = tables.table(
        "plan, field|计划、字段", "kind|类型", "declared, found|声明、发现", ">level|级别", ">cells|单元格"
    )
    for each in found:
        for row in each.findings:
            what = f"{row['declared']}\n{row['found'] or '–'}"
            drawn.add_row(f"{each.plan}\n{row['field']}", row["kind"], what, str(row["level"]), f"{row['cells']:,}")
    return drawn
