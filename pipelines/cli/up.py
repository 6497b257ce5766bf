"""`tutela up`, `status`, `down`: the platform on this machine."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.platform.airflow import AirflowPlatform, ComponentStatus


def platform_of(settings: Settings) -> AirflowPlatform:
    """Name the platform of a home; nothing is started."""
    from pipelines.platform.airflow import AirflowPlatform
    from pipelines.platform.postgres import EmbeddedPostgres

    return AirflowPlatform(settings, EmbeddedPostgres(settings.resolved_home, bin=settings.pg_bin))


def up() -> None:
    """Start PostgreSQL and Airflow, making the home where there is none; running it again changes nothing."""
    from pipelines import jobs

    settings, console = Settings(), Console()
    with console.status("starting …") as status:
        jobs.init(settings, datetime.now(UTC))
        platform = platform_of(settings)
        platform.up(status.update)
    console.print(f"Airflow  {platform.base_url}", soft_wrap=True)
    console.print(f"console  {platform.console_url}", soft_wrap=True)
    console.print(f"user admin, password in {platform.password_path()}; a user for each role beside it", soft_wrap=True)


def status(*, json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Tell how each component is; exit 0 only if all run."""
    found = platform_of(Settings()).status()
    if json:
        lines = [{"name": part.name, "state": part.state, "pid": part.pid, "detail": part.detail} for part in found]
        typer.echo(json_format.dumps({"components": lines}))
    else:
        Console().print(_table(found))
    if any(part.state != "running" for part in found):
        raise typer.Exit(1)


def down() -> None:
    """Stop Airflow and PostgreSQL; no process is left."""
    from pipelines.platform.postgres import EmbeddedPostgres

    settings = Settings()
    platform_of(settings).down()
    if settings.database_url is None:
        EmbeddedPostgres(settings.resolved_home, bin=settings.pg_bin).stop()
    typer.echo("Stopped.")


def _table(found: list[ComponentStatus]) -> Table:
    table = Table("component", "state", "process", "address or log")
    colours = {"running": "green", "unhealthy": "yellow", "stopped": "red"}
    for part in found:
        colour = colours[part.state]
        table.add_row(part.name, f"[{colour}]{part.state}[/{colour}]", str(part.pid or "–"), part.detail)
    return table
