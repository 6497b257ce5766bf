"""`tutela retention`: when records are due and why; what happened to a subject; moving what was rescheduled."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from pipelines.cli import tables
from pipelines.settings import Settings

app = typer.Typer(help="When records are due, and why.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class Kind(StrEnum):
    """What may happen to a data subject that retention counts from."""

    RELATIONSHIP_END = "relationship_end"
    CONSENT_END = "consent_end"
    ACTIVITY = "activity"


@app.command()
def event(
    subject: Annotated[str, typer.Argument(help="The subject's code, e.g. CP01…")],
    *,
    kind: Annotated[Kind, typer.Option(help="What happened.")],
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day.")] = None,
    not_yet: Annotated[bool, typer.Option("--not-yet", help="The relationship has not ended after all.")] = False,
    plan: Annotated[str | None, typer.Option(help="For the records of one plan; of all by default.")] = None,
    json: Json = False,
) -> None:
    """Record what happened to a subject; its records move at once to where they belong now."""
    from pipelines.jobs import events

    if (on is None) != not_yet:
        raise typer.BadParameter("say on which day it happened, or that it has not", param_hint="--on, --not-yet")
    day = on.date() if on else None
    told = events.record(Settings(), subject, kind.value, day, plan, datetime.now(UTC))
    if json:
        typer.echo(json_format.dumps({"subject": subject, **told}))
        return
    moved = told["moved"]
    typer.echo(
        f"Recorded as {told['event']}; {moved['records']} records moved, {moved['restricted']} are restricted now."
    )


@app.command()
def show(
    subject: Annotated[str | None, typer.Argument(help="The subject's code; or --schedule.")] = None,
    *,
    schedule: Annotated[bool, typer.Option("--schedule", help="The retention schedule itself.")] = False,
    json: Json = False,
) -> None:
    """Show when a subject's records are due, and why; or the schedule. Opens nothing."""
    from pipelines.jobs import events

    if (subject is None) != schedule:
        raise typer.BadParameter("name a subject, or ask for the schedule", param_hint="SUBJECT, --schedule")
    if subject is None:
        shown = events.schedule(Settings())
        found: dict[str, Any] = {"classes": shown}
    else:
        shown = events.show(Settings(), subject, datetime.now(UTC))
        found = {"subject": subject, "records": shown}
    if json:
        typer.echo(json_format.dumps(found, ensure_ascii=False))
    else:
        Console().print(_schedule(shown) if subject is None else _records(shown))


@app.command()
def reschedule(*, json: Json = False) -> None:
    """Move the records of plans whose class or rule was changed; the nightly purge does it too."""
    from pipelines.jobs import events

    moved = events.reschedule(Settings(), lambda: datetime.now(UTC))
    if json:
        typer.echo(json_format.dumps({"plans": list(moved.plans), "records": moved.records}))
    else:
        typer.echo(f"{moved.records:,} records of {len(moved.plans)} plans moved.")


def _records(shown: list[dict[str, Any]]) -> Any:
    table = tables.table(
        "record, plan|记录、计划", "class|类别", "!events|事件", "!due, then|到期、处置", "kept by|保留依据"
    )
    for row in shown:
        names = ("collected", "last_activity", "relationship_end", "consent_end", "consent_until")
        happened = "\n".join(f"{name} {row[name]}" for name in names if row[name])
        kept = [f"a hold, until {row['held_until']}"] if row["held_until"] else []
        kept += ["the law: restricted"] if row["restricted"] and not row["kept_by_hold"] else []
        table.add_row(
            f"{row['record'][-12:]}\n{row['plan']}",
            row["class"],
            happened,
            f"{row['due']}\n{row['action']}",
            "\n".join(kept),
        )
    return table


def _schedule(shown: list[dict[str, Any]]) -> Any:
    table = tables.table("class|类别", "!kept for|期限", "also|另", "!plans|计划")
    for row in shown:
        kept = f"{_period(row['duration'])}\nfrom {row['start']}\nthen {row['action']}"
        also = [f"law: at least {_period(row['minimum']['duration'])}"] if "minimum" in row else []
        also += [f"looked at every {_period(row['review'])}"] if "review" in row else []
        also += [f"{_period(row['withdrawal'])} after the end of consent"] if "withdrawal" in row else []
        table.add_row(f"{row['key']}\n{row['zh']}", kept, "\n".join(also), "\n".join(row["plans"]))
    return table


def _period(duration: dict[str, int]) -> str:
    return " ".join(f"{number} {unit if number > 1 else unit[:-1]}" for unit, number in duration.items())
