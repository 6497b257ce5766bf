"""`tutela work-order`: what only people can destroy, with method, witness and photo."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli import tables
from pipelines.settings import Settings

app = typer.Typer(help="Work orders to keepers of paper and other carriers.", no_args_is_help=True)


@app.command("list")
def list_orders(*, json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """List all work orders, overdue ones first; the lists to work by are in the home's folder `work_orders`."""
    from pipelines.jobs import work_orders

    found = work_orders.listed(Settings(), datetime.now(UTC))
    if json:
        typer.echo(json_format.dumps({"work_orders": found}, ensure_ascii=False))
        return
    table = tables.table(
        "order|工单", "carrier|介质", "place|位置", ">subjects|主体数", "method|方式", "due|期限", "state|状态"
    )
    for order in found:
        state = "OVERDUE 逾期" if order["overdue"] else "open 待办" if order["open"] else "completed 已完成"
        about = "all 全部" if order["whole"] else f"{order['subjects']:,}"
        method = order["method"] or f"{order['least_method']} +"
        table.add_row(order["order_id"], order["kind"], order["place"], about, method, order["due_on"], state)
    Console().print(table)


@app.command()
def show(order: Annotated[str, typer.Argument(help="The work order's id.")]) -> None:
    """Print a work order as it was signed, with the codes of the subjects; of a completed one, what is left of it."""
    from pipelines.jobs import work_orders

    typer.echo(json_format.dumps(work_orders.show(Settings(), order), ensure_ascii=False, indent=2))


@app.command()
def complete(
    order: Annotated[str, typer.Argument(help="The work order's id.")],
    *,
    by: Annotated[str, typer.Option(help="Who carried it out.")],
    witness: Annotated[list[str], typer.Option(help="Who watched: another person; two for pulping and incineration.")],
    method: Annotated[str, typer.Option(help="shred_P4 … shred_P7, pulping, incineration; overwrite for files.")],
    photo: Annotated[list[Path], typer.Option(help="A photo of it; its SHA-256 is kept, not the photo.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Note that a carrier was destroyed."""
    from pipelines.jobs import work_orders

    work_orders.complete(Settings(), order, by, witness, method, photo, datetime.now(UTC))
    if json:
        typer.echo(json_format.dumps({"work_order": order, "completed": True}))
