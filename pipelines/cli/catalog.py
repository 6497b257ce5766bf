"""`tutela catalog`: what the columns of a plan hold, where that is not what was declared, and what a steward says of it."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from pipelines.cli import tables
from pipelines.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from pipelines.jobs.home import Home

app = typer.Typer(help="What columns hold, findings against plans, corrections by stewards.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Plan = Annotated[str | None, typer.Argument(help="One collection plan; all by default.")]
STYLES = {"open": "bold red", "closed": "green", "past": "dim"}


@app.command()
def show(plan: Plan = None, *, json: Json = False) -> None:
    """Show what each column was found to hold in its newest run, what it held before, and the steward's word on it."""
    from pipelines.jobs import catalogue

    shown = catalogue.show(_home(), plan)
    if json:
        typer.echo(json_format.dumps(shown, ensure_ascii=False))
        return
    console = Console()
    for name, columns in groupby(shown["columns"], key=itemgetter("plan")):
        console.print(Text(str(name), "bold"))
        console.print(_columns(columns))
    for name, batches in shown["read_otherwise"].items():
        said = f"{name}: {batches:,} batches were read by other recognizers than today's; `tutela reclassify` reads them again."
        console.print(Text(said, style="yellow"))


@app.command()
def findings(plan: Plan = None, *, json: Json = False) -> None:
    """List where columns are not what their plan declares; those that a steward has to look at come first."""
    from pipelines.jobs import catalogue

    found = catalogue.findings(_home(), plan)
    if json:
        typer.echo(json_format.dumps({"findings": found}, ensure_ascii=False))
        return
    table = tables.table(
        "!standing|状态", "column|列", "finding|发现", "declared → found|申报 → 实际", "!level|级别", ">!cells|单元格"
    )
    for each in found:
        table.add_row(
            Text(each["standing"], STYLES[each["standing"]]),
            f"{each['plan']}\n{each['field']}",
            f"{each['kind'].replace('_', ' ')}\n{each['first_at'][:10]} – {each['last_at'][:10]}",
            f"{each['declared']}\n→ {each['found'] or 'nothing of it'}",
            f"L{each['level']}",
            f"{each['cells']:,}\n{each['share']:.1%}",
        )
    Console().print(table)


@app.command()
def correct(
    plan: Annotated[str, typer.Argument(help="The collection plan.")],
    field: Annotated[str, typer.Argument(help="One of its fields.")],
    *,
    accept: Annotated[bool, typer.Option("--accept", help="The column holds what the catalogue shows.")] = False,
    entity: Annotated[str | None, typer.Option(help="What it holds: an entity, or an item of the taxonomy.")] = None,
    reason: Annotated[str, typer.Option(help="Why; kept in the database, never in the ledger.")],
    by: Annotated[str, typer.Option(help="The steward who answers for it.")],
    json: Json = False,
) -> None:
    """Give a steward's word on a column; it closes the findings that there are, for the deliveries to come as well."""
    from pipelines.jobs import catalogue

    if accept == (entity is not None):
        raise typer.BadParameter("accept what is shown, or say what the column holds", param_hint="--accept, --entity")
    said = catalogue.correct(_home(), plan, field, entity, reason, by, datetime.now(UTC))
    if json:
        typer.echo(json_format.dumps(said, ensure_ascii=False))
        return
    holds = "is as the catalogue shows it" if accept else f"holds {said['entity'] or 'nothing personal'}"
    typer.echo(f"{said['correction']}: {plan}.{field} {holds}, L{said['level']}; findings closed: {said['closed']}.")


def _home() -> Home:
    from pipelines.jobs.home import open_home

    return open_home(Settings())


def _columns(columns: Iterable[dict[str, Any]]) -> Table:
    table = tables.table("column|列", "holds|内容", "!level|级别", ">!share|占比", "!findings|发现", "steward|管理员")
    for each in columns:
        stands = [(each[name], name) for name in ("open", "closed") if each[name]]
        table.add_row(
            each["field"],
            _holds(each),
            f"L{each['level']}",
            f"{each['share']:.0%}" if each["share"] else "–",
            Text("\n").join(Text(f"{count} {name}", STYLES[name]) for count, name in stands),
            Text(_word(each["correction"])),
        )
    return table


def _holds(column: dict[str, Any]) -> str:
    """Return what a column holds, and what it held before it last changed."""
    now = column["entity"] or column["category"] or "nothing personal"
    before = column["history"][:-1]
    if not before:
        return str(now)
    return f"{now}\nuntil {column['history'][-1]['at'][:10]}: {before[-1]['entity'] or '–'}, L{before[-1]['level']}"


def _word(correction: dict[str, Any] | None) -> str:
    if correction is None:
        return ""
    holds = "" if correction["decision"] == "accepted" else f": {correction['entity'] or 'nothing personal'}"
    said = f"{correction['decision']}{holds}, L{correction['level']}"
    return f"{said}\n{correction['steward']} {correction['at'][:10]}"
