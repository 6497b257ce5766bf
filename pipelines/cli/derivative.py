"""`tutela derivative`: the register of copies; what exists outside is added here."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli import tables
from pipelines.settings import Settings

app = typer.Typer(help="The register of derivatives: every copy, where it is and until when.", no_args_is_help=True)


@app.command()
def add(
    *,
    kind: Annotated[str, typer.Option(help="shared_copy, paper, export or release.")],
    place: Annotated[str, typer.Option(help="Where it is: an archive and box, a file share. No personal information.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day on which it is due.")],
    by: Annotated[str, typer.Option(help="Who registers it.")],
    recipient: Annotated[str | None, typer.Option(help="Who received it; told by a notice.")] = None,
    keeper: Annotated[str | None, typer.Option(help="Who keeps it; given a work order.")] = None,
    plan: Annotated[list[str] | None, typer.Option(help="A plan whose records it holds.")] = None,
    subjects: Annotated[
        Path | None, typer.Option(help="A file with one subject's code a line: whom it is about.")
    ] = None,
    quantity: Annotated[str | None, typer.Option(help="How much, e.g. 2 boxes.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Register a copy that exists outside; prints its id."""
    from pipelines.jobs import derivatives

    copy = derivatives.of_outside(kind, place, by, until.date(), plan or [], recipient, keeper, quantity)
    derivative = derivatives.add(Settings(), copy, subjects, datetime.now(UTC))
    typer.echo(json_format.dumps({"derivative": derivative, "kind": kind}) if json else derivative)


@app.command("list")
def list_derivatives(
    *,
    everything: Annotated[bool, typer.Option("--all", help="With those that are destroyed.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List every copy, where it is and until when; those due first come first."""
    from pipelines.jobs import derivatives

    found = derivatives.listed(Settings(), everything=everything)
    if json:
        typer.echo(json_format.dumps({"derivatives": found}, ensure_ascii=False))
        return
    table = tables.table("!copy|副本", "place, with|位置、持有人", ">subjects|主体", "!until, state|期限、状态")
    for copy in found:
        holder = copy["recipient"] or copy["keeper"]
        table.add_row(
            f"{copy['derivative_id']}\n{copy['kind']}", f"{copy['place']}\n{holder}" if holder else copy["place"],
            f"{copy['subjects'] or ''}", f"{copy['expires_on'] or '—'}\n{copy['state']}",
        )  # fmt: skip
    Console().print(table)
