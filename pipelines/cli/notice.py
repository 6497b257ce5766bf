"""`tutela notice`: recipients of shared copies are told to destroy them, and answer."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli import tables
from pipelines.settings import Settings

app = typer.Typer(help="Destruction notices to recipients of shared copies.", no_args_is_help=True)


class Answer(StrEnum):
    """What a recipient says."""

    destroyed = "destroyed"
    not_held = "not_held"
    refused = "refused"


@app.command("list")
def list_notices(*, json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """List all notices, overdue ones first; the files to send are in the home's folder `notices`."""
    from pipelines.jobs import notices

    found = notices.listed(Settings(), datetime.now(UTC))
    if json:
        typer.echo(json_format.dumps({"notices": found}, ensure_ascii=False))
        return
    table = tables.table("notice|通知", "recipient|接收方", ">subjects|主体数", "due|应答期限", "answer|应答")
    for notice in found:
        answer = notice["outcome"] or ("OVERDUE 逾期" if notice["overdue"] else "open 待应答")
        about = "all 全部" if notice["whole"] else f"{notice['subjects']:,}"
        table.add_row(notice["notice_id"], notice["recipient"], about, notice["due_on"], answer)
    Console().print(table)


@app.command()
def show(notice: Annotated[str, typer.Argument(help="The notice's id.")]) -> None:
    """Print a notice as it was signed, with the codes of the subjects; of an answered one, what is left of it."""
    from pipelines.jobs import notices

    typer.echo(json_format.dumps(notices.show(Settings(), notice), ensure_ascii=False, indent=2))


@app.command()
def acknowledge(
    notice: Annotated[str, typer.Argument(help="The notice's id.")],
    *,
    by: Annotated[str, typer.Option(help="Who takes the answer.")],
    outcome: Annotated[Answer, typer.Option(help="What the recipient says.")],
    evidence: Annotated[Path, typer.Option(help="The recipient's answer; its SHA-256 is kept, not the file.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Take a recipient's answer; a refusal leaves the notice open."""
    from pipelines.jobs import notices

    notices.acknowledge(Settings(), notice, by, outcome.value, evidence, datetime.now(UTC))
    if json:
        typer.echo(json_format.dumps({"notice": notice, "outcome": outcome.value}))
