"""`tutela quarantine`: the stewards' queue. Rows are named by plan, delivery and row number; no value is shown."""

from __future__ import annotations

import json as json_format
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli import tables
from pipelines.settings import Settings

app = typer.Typer(help="The stewards' queue.", no_args_is_help=True)


@app.callback()
def quarantine() -> None:
    """See which rows wait for a steward."""


@app.command("list")
def list_rows(
    *,
    plan: Annotated[str | None, typer.Option(help="Only this plan.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List waiting rows by plan and by the expectations they failed, oldest first."""
    from pipelines.jobs import reports

    waiting = reports.quarantine(Settings(), plan)
    if json:
        typer.echo(json_format.dumps({"waiting": waiting}, ensure_ascii=False))
        return
    table = tables.table("plan|采集计划", "failed|未通过规则", ">rows|行数", "oldest|最早", "destroyed on|到期销毁")
    for line in waiting:
        table.add_row(
            line["plan"], "\n".join(line["failed"]), f"{line['rows']:,}", line["oldest"][:10], line["expires_on"]
        )
    Console().print(table)
