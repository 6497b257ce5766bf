"""`tutela approve`: what a leader signs."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.settings import Settings

app = typer.Typer(help="What a leader signs.", no_args_is_help=True)


@app.callback()
def approve() -> None:
    """Sign approvals with a leader's own key."""


@app.command()
def schedule(
    *,
    by: Annotated[str, typer.Option(help="The leader, as named in policy/leaders.yaml.")],
    key: Annotated[
        Path, typer.Option(readable=False, help="The leader's private key: an Ed25519 PEM, kept by the leader.")
    ],
    valid_until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day it covers.")],
) -> None:
    """Approve the nightly destruction under the retention schedule as it stands now."""
    from pipelines.jobs import approvals

    path = approvals.approve_schedule(Settings(), by, key, valid_until.date(), datetime.now(UTC))
    typer.echo(f"Signed {path}; have it reviewed and committed.")


@app.command()
def destruction(
    job: Annotated[str, typer.Argument(help="The destruction, as `tutela destruction list` names it.")],
    *,
    by: Annotated[str, typer.Option(help="The leader, as named in policy/leaders.yaml.")],
    key: Annotated[
        Path, typer.Option(readable=False, help="The leader's private key: an Ed25519 PEM, kept by the leader.")
    ],
    reject: Annotated[bool, typer.Option("--reject", help="Refuse it instead.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why; kept in the database, never in the ledger.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Approve one destruction exactly as it was applied for, or refuse it; the first decision counts."""
    from pipelines.jobs import approvals

    made = approvals.decide_signed(Settings(), job, by, key, datetime.now(UTC), approve=not reject, reason=reason)
    if json:
        said = {"destruction": job, "decision": made.decision, "approver": made.approver, "door": made.door}
        typer.echo(json_format.dumps(said))
    else:
        done = "; the next `tutela purge` destroys it" if made.decision == "approved" else ""
        typer.echo(f"{job} is {made.decision} by {made.approver} ({made.door}){done}.")
