"""`tutela hold`: legal holds, which block destruction."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli import tables
from pipelines.settings import Settings

app = typer.Typer(help="Legal holds, which block destruction.", no_args_is_help=True)


@app.command()
def add(
    subject: Annotated[str | None, typer.Argument(help="The subject's code, e.g. CP01…; or name a plan.")] = None,
    *,
    plan: Annotated[str | None, typer.Option(help="A collection plan: all its records and quarantined rows.")] = None,
    reason: Annotated[str, typer.Option(help="Why; kept in the database, never in the ledger.")],
    owner: Annotated[str, typer.Option(help="Who answers for it.")],
    review_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="When it is looked at again.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Block the destruction of one subject's records, or of a plan's; prints the hold's id."""
    from pipelines.jobs import holds

    hold = holds.add(Settings(), subject, reason, owner, review_on.date(), datetime.now(UTC), plan)
    named = {"subject": subject} if plan is None else {"plan": plan}
    typer.echo(json_format.dumps({**named, "hold": hold}) if json else hold)


@app.command("list")
def list_(
    *,
    released: Annotated[bool, typer.Option("--all", help="Released ones too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the holds in force, those that are to be looked at first."""
    from pipelines.jobs import holds

    found = holds.listed(Settings(), released=released)
    if json:
        typer.echo(json_format.dumps({"holds": found}, ensure_ascii=False))
        return
    table = tables.table(
        "!hold, protects|冻结、对象", "owner|负责人", "!look again|复核日", "reason|理由", "released|解除"
    )
    for hold in found:
        protects = hold["subject"] or hold["plan"] or "destroyed on request"
        released_on = (hold["released_at"] or "")[:10]
        table.add_row(f"{hold['hold']}\n{protects}", hold["owner"], hold["review_on"], hold["reason"], released_on)
    Console().print(table)


@app.command()
def release(
    hold: Annotated[str, typer.Argument(help="The hold's id.")],
    *,
    by: Annotated[str, typer.Option(help="Who decides.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """End a hold; what it kept past its day is due again at once."""
    from pipelines.jobs import holds

    freed = holds.release(Settings(), hold, by, datetime.now(UTC))
    if json:
        typer.echo(json_format.dumps({"hold": hold, "released": True, "due_again": freed}))
    else:
        typer.echo(f"Released; {freed:,} records are due again.")
