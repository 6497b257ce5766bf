"""`tutela approve`: what a leader signs."""

from __future__ import annotations

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
