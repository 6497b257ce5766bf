"""``tutela evidence``: verify and print evidence that was taken out of the house, and lay down what shows it up if cut.

`verify` and `page` need no platform, no database and no settings. Not where verification happens:
`pipelines.evidence.verify`.
"""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.errors import EvidenceInvalid, TutelaError

if TYPE_CHECKING:
    from pipelines.evidence.report import Report

app = typer.Typer(help="Evidence that anyone can verify.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
PublicKey = Annotated[
    str | None, typer.Option(help="The installation's key: hexadecimal, base64, or a file with one or a PEM.")
]


@app.callback()
def evidence() -> None:
    """Evidence that anyone can verify."""


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(readable=False, help="An evidence bundle or a certificate.")],
    public_key: PublicKey = None,
    anchors: Annotated[Path | None, typer.Option(help="The anchor file; its checkpoints must be found.")] = None,
    timestamps: Annotated[
        Path | None, typer.Option(help="The file of time stamps; their checkpoints must be found. Needs --authority.")
    ] = None,
    authority: Annotated[
        Path | None, typer.Option(help="The time-stamp authority's certificates, as you know them (PEM).")
    ] = None,
    git: Annotated[
        Path | None, typer.Option(help="A clone with anchors; all that were ever committed must be found.")
    ] = None,
    json: Json = False,
) -> None:
    """Verify a bundle or a certificate, offline; exit 0 only if everything holds.

    Raises:
        KeyUnavailable: The public key or the authority's certificates can't be read, or are not given.
        SourceMissing: The file can't be read.
    """
    from pipelines.evidence.outside import places
    from pipelines.evidence.signature import read_public_key
    from pipelines.evidence.verify import verify_file

    key = read_public_key(public_key) if public_key else None
    report = verify_file(file, key, anchors, places(timestamps, authority, git))
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
    json: Json = False,
) -> None:
    """Write the whole ledger, its signed heads and all certificates into one file that `verify` reads."""
    from datetime import UTC, datetime
    from getpass import getuser

    from pipelines.jobs import evidence as job
    from pipelines.settings import Settings

    entries = job.export(Settings(), file, getuser(), datetime.now(UTC))
    typer.echo(json_format.dumps({"entries": entries, "file": str(file)}) if json else f"{entries:,} entries in {file}")


@app.command()
def page(
    file: Annotated[Path, typer.Argument(readable=False, help="A certificate.")],
    language: Annotated[str, typer.Option(help="zh-CN or en.")] = "zh-CN",
    out: Annotated[
        Path | None, typer.Option(help="An .html or .pdf file; without it, an .html file beside the certificate.")
    ] = None,
    public_key: PublicKey = None,
    json: Json = False,
) -> None:
    """Print a certificate that holds as a page, in Chinese or English.

    Raises:
        EvidenceInvalid: It does not hold, or is no certificate: there is nothing to print.
        TutelaError: PDF was asked for, and WeasyPrint, Pango or a font is missing.
    """
    from pipelines.evidence import page as pages
    from pipelines.evidence.certificate import from_bytes
    from pipelines.evidence.signature import read_public_key
    from pipelines.moments import CHINA

    path = out or file.with_name(f"{file.stem}.{language}.html")
    if path.suffix not in {".html", ".pdf"}:
        raise TutelaError(f"A page is written as .html or .pdf, not as {path.suffix or 'a file without suffix'}.")
    _require_certificate(file, read_public_key(public_key) if public_key else None)
    html = pages.render(from_bytes(file.read_bytes()), language, names=_names(language), zone=CHINA)
    if path.suffix == ".pdf":
        from pipelines.evidence import pdf

        pages.write(path, pdf.from_html(html))
    else:
        pages.write(path, html.encode())
    typer.echo(json_format.dumps({"file": str(path)}, ensure_ascii=False) if json else str(path))


@app.command()
def anchor(
    git: Annotated[Path | None, typer.Option(help="A git clone to lay it down in too, as a commit.")] = None,
    *,
    push: Annotated[bool, typer.Option("--push", help="Push that commit to where the branch comes from.")] = False,
    json: Json = False,
) -> None:
    """Lay the newest checkpoint down outside the database: in the anchor file, and in a git repository."""
    from pipelines.jobs import evidence as job
    from pipelines.settings import Settings

    head = job.anchor(Settings(), git, push=push)
    told = {"origin": head.origin, "size": head.size, "root": head.root.hex()}
    typer.echo(json_format.dumps(told) if json else f"{head.size:,} entries of {head.origin}: {head.root.hex()}")


@app.command()
def timestamp(
    url: Annotated[str, typer.Option(help="The time-stamp authority (RFC 3161 over HTTP or HTTPS).")],
    authority: Annotated[Path, typer.Option(help="Its certificates, as you know them (PEM).")],
    *,
    json: Json = False,
) -> None:
    """Have the newest checkpoint stamped by a time-stamp authority; it sees a hash and nothing else."""
    from pipelines.evidence.canonical import moment
    from pipelines.jobs import evidence as job
    from pipelines.settings import Settings

    head, at = job.timestamp(Settings(), url, authority)
    told = {"size": head.size, "stamped": moment(at)}
    typer.echo(json_format.dumps(told) if json else f"{head.size:,} entries, stamped {moment(at)}")


def _require_certificate(file: Path, key: bytes | None) -> None:
    from pipelines.evidence.verify import Kind, verify_file

    report = verify_file(file, key)
    if report.kind is Kind.BUNDLE:
        raise EvidenceInvalid(f"{file.name} is a bundle; a page is printed of one certificate.")
    if not report.valid:
        wrong = next(check.detail for check in report.checks if not check.ok)
        raise EvidenceInvalid(f"{file.name} does not hold ({report.finding}: {wrong}); nothing is printed of it.")


def _names(language: str) -> dict[str, str]:
    """Name codes as the policy does, where there is one; elsewhere codes stay codes."""
    from pipelines.jobs import evidence as job
    from pipelines.policy import load_policy
    from pipelines.settings import Settings

    try:
        return job.names(load_policy(Settings().policy)).get(language, {})
    except TutelaError:
        return {}


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
