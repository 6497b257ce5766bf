"""`tutela up`, `tutela status`, `tutela down`: the platform on this machine. Not for a server: see docker-compose.yml."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.platform.airflow import AirflowPlatform

SIGNS = {
    "running": "[green]✓ running[/green]",
    "unhealthy": "[yellow]! unhealthy[/yellow]",
    "stopped": "[dim]– stopped[/dim]",
}


def platform_of(settings: Settings) -> AirflowPlatform:
    """Give the platform of a home; nothing is started."""
    from pipelines.platform.airflow import AirflowPlatform
    from pipelines.platform.postgres import EmbeddedPostgres

    return AirflowPlatform(settings, EmbeddedPostgres(settings.resolved_home, bin=settings.pg_bin))


def up() -> None:
    """Start PostgreSQL and Airflow, initialising the home first if need be; safe to run again."""
    from pipelines import jobs

    settings = Settings()
    platform = platform_of(settings)
    screen = Console(stderr=True)
    with screen.status("looking at the home") as spinner:

        def progress(text: str) -> None:
            spinner.update(text)
            screen.print(f"[dim]{text}[/dim]", soft_wrap=True)

        if jobs.init(settings, datetime.now(UTC)):
            progress(f"made the home {settings.resolved_home}")
        platform.up(progress)
    typer.echo(f"Airflow  {platform.base_url}")
    typer.echo(f"         user admin, password in {platform.password_path()}")
    typer.echo(f"         example users of each role: {platform.password_path('<role>')}")
    typer.echo("It stays up; `tutela status` shows it, `tutela down` stops it.")


def status(*, json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Show what runs; exit code 1 where something that was started does not work."""
    settings = Settings()
    components = platform_of(settings).status()
    healthy = all(component.state == "running" for component in components)
    if json:
        shown = {"home": str(settings.resolved_home), "running": healthy}
        typer.echo(json_format.dumps(shown | {"components": [asdict(component) for component in components]}))
    else:
        table = Table("component", "state", "process", "address or log", title=str(settings.resolved_home))
        for component in components:
            table.add_row(component.name, SIGNS[component.state], str(component.pid or ""), component.detail)
        Console().print(table)
    # All stopped is a state, not a fault; half of it is.
    if not healthy and any(component.state != "stopped" for component in components[1:]):
        raise typer.Exit(1)


def down() -> None:
    """Stop Airflow and PostgreSQL; nothing happens where they do not run."""
    settings = Settings()
    with Console(stderr=True).status("stopping"):
        platform_of(settings).down()
    typer.echo("Stopped; the data stays in the home folder.")
