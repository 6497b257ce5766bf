"""`tutela hold`: legal holds, which block destruction."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.settings import Settings

app = typer.Typer(help="Legal holds, which block destruction.", no_args_is_help=True)


@app.command()
def add(
    subject: Annotated[str, typer.Argument(help="The subject's code, e.g. CP01…")],
    *,
    reason: Annotated[str, typer.Option(help="Why; kept in the database, never in the ledger.")],
    owner: Annotated[str, typer.Option(help="Who answers for it.")],
    review_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="When it is looked at again.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Block the destruction of one subject's records; prints the hold's id."""
    from pipelines.jobs import holds

    hold = holds.add(Settings(), subject, reason, owner, review_on.date(), datetime.now(UTC))
    typer.echo(json_format.dumps({"subject": subject, "hold": hold}) if json else hold)


@app.command()
def release(
    hold: Annotated[str, typer.Argument(help="The hold's id.")],
    *,
    by: Annotated[str, typer.Option(help="Who decides.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """End a hold; what it kept is due again on its review day."""
    from pipelines.jobs import holds

    holds.release(Settings(), hold, by, datetime.now(UTC))
    if json:
        typer.echo(json_format.dumps({"hold": hold, "released": True}))
