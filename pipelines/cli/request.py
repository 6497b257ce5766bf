"""`tutela request`: applications that wait for a leader."""

from __future__ import annotations

from datetime import UTC, datetime
from getpass import getuser
from typing import Annotated

import typer

from pipelines.cli.erase import say
from pipelines.settings import Settings

app = typer.Typer(help="Applications that wait for a leader.", no_args_is_help=True)


@app.callback()
def request() -> None:
    """Apply for something that a leader decides."""


@app.command()
def destroy(
    *,
    plan: Annotated[str, typer.Option(help="The collection plan whose records are no longer needed.")],
    collected_until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day of collection that it is about.")
    ],
    reason: Annotated[str, typer.Option(help="Why; kept in the database, never in the ledger.")],
    by: Annotated[str | None, typer.Option(help="Who applies; by default who is logged in.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Ask for the destruction of records that are no longer needed, before their retention has run out."""
    from pipelines.jobs import erasure

    asked = erasure.no_longer_needed(
        Settings(), plan, collected_until.date(), reason, by or getuser(), lambda: datetime.now(UTC)
    )
    say(asked, json=json)
