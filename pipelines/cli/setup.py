"""`tutela init`: make the home folder, keys and schema."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from pipelines.settings import Settings


def init() -> None:
    """Make the home folder, keys and schema; safe to run again."""
    from pipelines import jobs

    settings = Settings()
    made = jobs.init(settings, datetime.now(UTC))
    typer.echo(f"{'Made' if made else 'Found'} the home {settings.resolved_home}")
    if made:
        typer.echo(
            f"Keep these apart from the database and its backups: {settings.resolved_home}/keys, {settings.resolved_home}/kms"
        )
