"""``tutela evidence``: verify evidence that was taken out of the house.

`verify` needs no platform, no database and no settings. Not where verification happens: `pipelines.evidence.verify`.
"""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.errors import EvidenceInvalid

if TYPE_CHECKING:
    from pipelines.evidence.report import Report

app = typer.Typer(help="Evidence that anyone can verify.", no_args_is_help=True)


@app.callback()
def evidence() -> None:
    """Evidence that anyone can verify."""


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(readable=False, help="An evidence bundle or a certificate.")],
    public_key: Annotated[
        str | None, typer.Option(help="The installation's key: hexadecimal, base64, or a file with one or a PEM.")
    ] = None,
    anchors: Annotated[Path | None, typer.Option(help="The anchor file; its checkpoints must be found.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Verify a bundle or a certificate, offline; exit 0 only if everything holds.

    Raises:
        KeyUnavailable: The public key can't be read.
        SourceMissing: The file can't be read.
    """
    from pipelines.evidence.signature import read_public_key
    from pipelines.evidence.verify import verify_file

    key = read_public_key(public_key) if public_key else None
    report = verify_file(file, key, anchors)
    if json:
        typer.echo(json_format.dumps(report.to_json(), ensure_ascii=False))
    else:
        _print(report, file)
    if not report.valid:
        raise typer.Exit(EvidenceInvalid.exit_code)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(readable=False, help="Where; what was there is replaced.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write the whole ledger, its signed heads and all certificates into one file that `verify` reads."""
    from datetime import UTC, datetime
    from getpass import getuser

    from pipelines.jobs import evidence as job
    from pipelines.settings import Settings

    entries = job.export(Settings(), file, getuser(), datetime.now(UTC))
    typer.echo(json_format.dumps({"entries": entries, "file": str(file)}) if json else f"{entries:,} entries in {file}")


def _print(report: Report, file: Path) -> None:
    table = Table(title=f"{file.name}: {report.kind.value}", title_justify="left")
    table.add_column("check")
    table.add_column("holds")
    table.add_column("what was found", overflow="fold")
    for check in report.checks:
        table.add_row(check.name, "[green]yes[/]" if check.ok else "[bold red]NO[/]", escape(check.detail))
    console = Console()
    console.print(table)
    colour = "green" if report.valid else "bold red"
    console.print(f"[{colour}]{report.finding.value}[/]")
