"""`tutela erase`: ask for the destruction of all that is held about some subjects."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.jobs.erasure import Asked


def erase(
    subject: Annotated[list[str] | None, typer.Argument(help="Codes of subjects, e.g. CP01…")] = None,
    *,
    reason: Annotated[str, typer.Option(help="Why; kept in the database, never in the ledger.")],
    by: Annotated[str | None, typer.Option(help="Who applies; by default who is logged in.")] = None,
    codes_from: Annotated[
        Path | None, typer.Option("--from", readable=False, help="A file with a code a line, for many subjects.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Ask for erasure; what was asked for waits for a leader, and `tutela purge` does it once it is approved."""
    from pipelines.jobs import erasure

    codes = [*(subject or ()), *_codes(codes_from)]
    if not codes:
        raise typer.BadParameter("name at least one subject, or a file of them with --from", param_hint="SUBJECT")
    say(erasure.erase(Settings(), codes, reason, by or getuser(), lambda: datetime.now(UTC)), json=json)


def say(asked: Asked, *, json: bool) -> None:
    """Tell what came of asking."""
    if json:
        typer.echo(json_format.dumps(asked.as_json()))
        return
    typer.echo(f"Request {asked.request}: {asked.records:,} records of {asked.subjects:,} subjects.")
    if asked.held:
        typer.echo(f"{asked.held:,} subjects are under a legal hold: they are applied for once it is lifted.")
    if asked.kept:
        typer.echo(
            f"A law keeps records of {asked.kept:,} subjects: those are restricted now and go when it lets them, the rest goes in its time."
        )
    if asked.destruction is None:
        typer.echo("Nothing of it can be destroyed now.")
    else:
        typer.echo(
            f"{asked.destruction} waits for a leader: tutela approve destruction {asked.destruction} --by LEADER --key LEADER.pem"
        )


def _codes(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return path.read_text(encoding="utf-8-sig").split()
    except (OSError, UnicodeDecodeError):
        raise typer.BadParameter(f"{path.name} can't be read as text", param_hint="--from") from None
