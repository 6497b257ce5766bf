"""`tutela report`: what stewards read."""

from __future__ import annotations

import json as json_format
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from pipelines.cli import tables
from pipelines.settings import Settings

if TYPE_CHECKING:
    from rich.table import Table

app = typer.Typer(help="Reports.", no_args_is_help=True)


@app.callback()
def report() -> None:
    """Print reports."""


@app.command()
def quality(
    *,
    run: Annotated[str | None, typer.Option(help="Only this run.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    docs: Annotated[bool, typer.Option(help="Also build Data Docs, without any value in them.")] = False,
) -> None:
    """Print the scorecard of each plan: what fails, how often, in which dimension."""
    from pipelines.jobs import reports

    settings = Settings()
    cards = reports.quality(settings, run)
    if json:
        typer.echo(json_format.dumps({"plans": cards}, ensure_ascii=False))
    else:
        console = Console()
        for plan, card in cards.items():
            console.print(_table(plan, card))
    if docs:
        typer.echo(f"Data Docs: {reports.build_docs(settings)}", err=json)


def _table(plan: str, card: dict[str, Any]) -> Table:
    failing = [score for score in card["expectations"] if score["failed"]]
    drawn = tables.table(
        "expectation|规则", "dimension|维度", "severity|级别", ">evaluated|评估", ">failed|未通过", ">passed|通过率",
        title=f"{plan}: {_rate(card['overall'])} passed",
        caption=f"{len(card['expectations']) - len(failing)} expectations without a failure are not shown",
    )  # fmt: skip
    for score in sorted(failing, key=lambda score: -score["failed"]):
        colour = {"critical": "red", "warning": "yellow"}.get(score["severity"], "default")
        severity = f"[{colour}]{score['severity']}[/{colour}]"
        counts = (f"{score['evaluated']:,}", f"{score['failed']:,}", _rate(score))
        drawn.add_row(score["id"], score["dimension"], severity, *counts)
    return drawn


def _rate(score: dict[str, Any]) -> str:
    return "–" if not score["evaluated"] else f"{1 - score['failed'] / score['evaluated']:.2%}"
