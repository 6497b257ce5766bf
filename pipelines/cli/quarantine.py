"""`tutela quarantine`: the stewards' queue, and what they decide. Values are masked; new ones are never arguments."""

from __future__ import annotations

import json as json_format
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from getpass import getpass, getuser
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.console import Console

from pipelines.cli import tables
from pipelines.errors import DecisionRefused
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.jobs.decisions import Preview, Selection
    from pipelines.jobs.home import Home

app = typer.Typer(help="The stewards' queue.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
By = Annotated[str | None, typer.Option(help="Who decides; by default who is logged in.")]
Record = Annotated[UUID, typer.Argument(help="The row's id; `tutela quarantine list --rows` shows it.")]
SIGNS = {"critical": "✕", "warning": "!", "info": "·"}


@app.callback()
def quarantine() -> None:
    """See which rows wait for a steward, and decide about them."""


@app.command("list")
def list_rows(
    *,
    plan: Annotated[str | None, typer.Option(help="Only this plan.")] = None,
    rule: Annotated[str | None, typer.Option(help="With --rows: only those that broke this rule.")] = None,
    rows: Annotated[bool, typer.Option("--rows", help="List the most urgent rows one by one.")] = False,
    json: Json = False,
) -> None:
    """List rows by plan and by the rules they broke, oldest first: how many, until when, and what is overdue."""
    from pipelines.jobs import quarantine as job

    home, at = _home(), datetime.now(UTC)
    if rows:
        _each(home, plan, rule, at, json=json)
        return
    waiting = job.groups(home, plan, at)
    if json:
        typer.echo(json_format.dumps({"waiting": waiting}, ensure_ascii=False))
        return
    table = tables.table(
        "plan|采集计划", "broken|未通过规则", ">rows|行数", ">overdue|超期", "due|应处理", "destroyed on|到期销毁"
    )
    for line in waiting:
        state = "" if line["state"] == "waiting" else " (sent back 已退回)"
        count, overdue = f"{line['rows']:,}", f"{line['overdue']:,}" if line["overdue"] else "–"
        failed = "\n".join(line["failed"])
        table.add_row(line["plan"] + state, failed, count, overdue, line["due"][:10], line["expires_on"])
    Console().print(table)


@app.command()
def show(record: Record, *, json: Json = False) -> None:
    """Show a row: every field masked, every rule it broke in words, and what was done about it."""
    from pipelines.jobs import quarantine as job

    home = _home()
    row, history = job.row(home, record), job.history(home, record)
    if json:
        cells = {cell.field: {"shown": cell.shown, "broken": [each.rule for each in cell.broken]} for cell in row.cells}
        told: dict[str, Any] = {"record": str(record), "row": row.number, "plan": row.plan, "state": row.state}
        told |= {"due": row.due_at.isoformat(), "entered_by": row.entered_by, "cells": cells, **history}
        typer.echo(json_format.dumps(told, ensure_ascii=False, default=str))
        return
    caption = (
        f"row {row.number} of the delivery {row.delivery}, brought in by {row.entered_by}, due {row.due_at:%Y-%m-%d}"
    )
    table = tables.table(
        "field|字段", "value|值（脱敏）", "broken rules|未通过规则", title=f"{row.plan} · {row.state}", caption=caption
    )
    for cell in row.cells:
        said = "\n".join(f"{SIGNS[each.severity]} {each.zh} / {each.en}" for each in cell.broken)
        table.add_row(f"{cell.field}\n{cell.zh}", cell.shown or "–", said)
    Console().print(table)
    for each in history["decisions"]:
        typer.echo(
            f"{each['at']:%Y-%m-%d %H:%M} {each['steward']}: {each['kind']} → {each['outcome']}. {each['reason']}"
        )


@app.command()
def reveal(
    record: Record,
    field: Annotated[str, typer.Argument(help="The field to look at.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; kept in the database, never in the ledger.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Show one value in clear; who looked and why goes on record first."""
    from pipelines.jobs import quarantine as job

    value = job.reveal(_home(), record, field, reason, by or getuser(), datetime.now(UTC))
    typer.echo(json_format.dumps({"field": field, "value": value}, ensure_ascii=False) if json else value or "(empty)")


@app.command()
def resolve(
    records: Annotated[
        list[UUID] | None, typer.Argument(help="Rows by their ids; else --plan and --rule choose.")
    ] = None,
    *,
    plan: Annotated[str | None, typer.Option(help="All waiting rows of this plan.")] = None,
    rule: Annotated[str | None, typer.Option(help="Of them, those that broke this rule.")] = None,
    change: Annotated[
        list[str] | None, typer.Option("--set", help="Correct: FIELD=- asks for the value; FIELD= clears.")
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Store them as they are.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Destroy them with the next purge.")] = False,
    send_back: Annotated[bool, typer.Option("--return", help="Send them back to the department.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the database, never in the ledger.")],
    by: By = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else it is only said what would happen.")] = False,
    json: Json = False,
) -> None:
    """Decide about rows: say first what will happen, and with --yes do it. It can't be undone."""
    from pipelines.jobs import decisions

    ways = {"corrected": bool(change), "accepted": accept, "rejected": reject, "returned": send_back}
    chosen = [kind for kind, meant in ways.items() if meant]
    if len(chosen) != 1 or bool(records) == bool(plan or rule):
        raise typer.BadParameter(
            "choose rows (ids, or --plan and --rule) and one of --set, --accept, --reject, --return"
        )
    home, at, steward = _home(), datetime.now(UTC), by or getuser()
    selection = _selection(records, plan, rule)
    seen = decisions.preview(home, selection, chosen[0], steward, at)
    if not yes:
        _say_preview(seen, json=json)
        return
    changes = _changes(change or [])
    token = None if records else seen.token
    done = decisions.decide(home, selection, chosen[0], reason, steward, at, token, changes)
    if json:
        said = {"decision": done.decision, "kind": done.kind.value, "rows": done.rows, "outcomes": dict(done.outcomes)}
        typer.echo(json_format.dumps(said, ensure_ascii=False))
        return
    told = ", ".join(f"{what} {count:,}" for what, count in done.outcomes.items())
    typer.echo(f"{done.decision}: {done.kind.value} {done.rows:,} — {told}.")


@app.command()
def slip(
    decision: Annotated[str, typer.Argument(help="The decision that sent rows back.")],
) -> None:
    """Print a return slip as CSV: which rows of which delivery, and what is wrong with them. No values."""
    from pipelines.jobs import decisions

    typer.echo(decisions.slip_csv(decisions.slip(_home(), decision)), nl=False)


def _home() -> Home:
    from pipelines.jobs.home import open_home

    return open_home(Settings())


def _selection(records: list[UUID] | None, plan: str | None, rule: str | None) -> Selection:
    from pipelines.jobs.decisions import Selection
    from pipelines.jobs.quarantine import View

    return Selection(tuple(records)) if records else Selection(view=View(plan=plan, rule=rule))


def _each(home: Home, plan: str | None, rule: str | None, at: datetime, *, json: bool) -> None:
    from pipelines.jobs import quarantine as job

    page = job.queue(home, job.View(plan=plan, rule=rule), at)
    if json:
        told = [
            {"record": str(row.record), "plan": row.plan, "row": row.number, "due": row.due_at.isoformat()}
            | {"broken": [each.rule for each in row.broken], "shown": {cell.field: cell.shown for cell in row.cells}}
            for row in page.rows
        ]
        typer.echo(json_format.dumps({"total": page.total, "rows": told}, ensure_ascii=False))
        return
    table = tables.table(
        "!record|编号", "plan|采集计划", ">row|行号", "due|应处理", "broken|未通过规则", caption=f"{page.total:,} rows"
    )
    for row in page.rows:
        broken = "\n".join(each.rule for each in row.broken)
        table.add_row(str(row.record), row.plan, str(row.number), f"{row.due_at:%Y-%m-%d}", broken)
    Console().print(table)


def _changes(given: list[str]) -> Mapping[str, str]:
    """Ask for the new values: an argument would stay in the shell's history and stand in the list of processes."""
    changes = {}
    for each in given:
        field, sign, value = each.partition("=")
        if not sign or value not in {"", "-"}:
            raise DecisionRefused(f"Write --set {field[:40]}=- and give the value when asked; nothing was changed.")
        if value == "-":
            value = getpass(f"{field}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
        changes[field] = value
    return changes


def _say_preview(seen: Preview, *, json: bool) -> None:
    if json:
        said: dict[str, Any] = {"kind": seen.kind.value, "rows": seen.rows, "by_plan": dict(seen.by_plan)}
        said |= {"by_rule": dict(seen.by_rule), "own": seen.own, "undated": seen.undated, "more": seen.more}
        typer.echo(json_format.dumps(said, ensure_ascii=False))
        return
    table = tables.table("broken rule|未通过规则", ">rows|行数")
    for rule, count in sorted(seen.by_rule.items(), key=lambda each: -each[1]):
        table.add_row(rule, f"{count:,}")
    Console().print(table)
    left = (
        (seen.own, "that you brought in"),
        (seen.undated, "without a date"),
        (seen.more, "beyond what is done in one go"),
    )
    spared = "".join(f"; {count:,} {why} are left out" for count, why in left if count)
    typer.echo(f"{seen.rows:,} rows would be {seen.kind.value}{spared}. Say it again with --yes; it can't be undone.")
