"""`tutela consent`: receipts of one subject, and withdrawal."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipelines.settings import Settings

app = typer.Typer(help="Consent receipts.", no_args_is_help=True)
Subject = Annotated[str, typer.Argument(help="The subject's code, e.g. CP01…")]


@app.command()
def show(
    subject: Subject, *, json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False
) -> None:
    """Show a subject's receipts, oldest first."""
    from pipelines.jobs import consents

    receipts = consents.show(Settings(), subject)
    if json:
        typer.echo(json_format.dumps({"subject": subject, "receipts": receipts}, ensure_ascii=False))
        return
    table = Table("action", "at", "until", "plan", "notice", "purposes", "method")
    for receipt in receipts:
        table.add_row(
            *(
                str(receipt[key] or "")
                for key in ("action", "at", "valid_until", "plan", "notice", "purposes", "method")
            )
        )
    Console().print(table)


@app.command()
def withdraw(
    subject: Subject,
    *,
    plan: Annotated[str, typer.Option(help="The plan whose consent is withdrawn.")],
    purpose: Annotated[list[str] | None, typer.Option(help="A purpose; all of the plan's by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Withdraw consent: another receipt; rows collected under the old consent are refused from now on."""
    from pipelines.jobs import consents

    receipt = consents.withdraw(Settings(), subject, plan, purpose, datetime.now(UTC))
    typer.echo(json_format.dumps({"subject": subject, "receipt": receipt}) if json else receipt)
