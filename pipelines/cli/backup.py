"""`tutela backup`: make backups, list them, bring one back, and drill that; the DAGs run the same jobs."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli import tables
from pipelines.errors import EvidenceInvalid
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.jobs.drill import Drill

app = typer.Typer(help="Backups: made, listed, brought back, drilled.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def backup() -> None:
    """Backups: made, listed, brought back, drilled."""


@app.command()
def create(*, json: Json = False) -> None:
    """Make a backup and the keyring's snapshot, and destroy the backups whose time is up."""
    from pipelines.jobs import backups

    made = backups.create(Settings(), _now)
    if json:
        _print(made.as_json())
        return
    removed = f"; {made.removed} older ones destroyed, their time was up" if made.removed else ""
    typer.echo(
        f"{made.manifest.id}: {_size(made.manifest.dump_bytes)}, until {made.manifest.expires_on}, in {made.folder}{removed}"
    )


@app.command("list")
def list_(*, json: Json = False) -> None:
    """List the backups that lie in the backup place, oldest first; needs no database."""
    from pipelines.jobs import backups

    found = backups.listed(Settings())
    if json:
        _print({"backups": found})
        return
    table = tables.table(
        "!backup|备份", "!made, until|时间、到期", ">size|大小", ">entries|账目", ">root|根密钥", "state|状态"
    )  # fmt: skip
    for item in found:
        if item["state"] == "ok":
            days = f"{item['made_at'][:16].replace('T', ' ')}\n{item['expires_on']}"
            facts = (days, _size(item["bytes"]), f"{item['entries']:,}")
            table.add_row(item["backup"], *facts, str(item["generation"]), "ok")
        else:
            table.add_row(item["backup"], "", "", "", "", escape(item["state"]))
    Console().print(table)


@app.command()
def restore(
    chosen: Annotated[
        str | None, typer.Argument(metavar="[BACKUP]", help="A backup's name, or its folder; the newest by default.")
    ] = None,
    *,
    snapshot: Annotated[
        Path | None, typer.Option(help="A keyring snapshot from elsewhere; the newest in its folder by default.")
    ] = None,
    database_url: Annotated[
        str | None, typer.Option(help="Another database than the settings name: postgresql://user:password@host/name.")
    ] = None,
    abandon: Annotated[
        bool, typer.Option("--abandon", help="The home's present database still answers and is given up.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring a backup back into an empty or missing database: survivors readable, the destroyed gone, the ledger whole."""
    from pipelines.jobs import restores

    done = restores.restore(
        Settings(), _now, chosen, snapshot=snapshot, database_url=database_url, abandon=abandon
    ).as_json()  # fmt: skip
    if json:
        _print(done)
    else:
        _print_restored(done)


@app.command()
def drill(
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Try the newest real backup instead; nothing of the home is changed.")
    ] = False,
    sample: Annotated[int, typer.Option(min=0, help="With --live: open one record in so many; 0: all.")] = 0,
    json: Json = False,
) -> None:
    """Back up made-up people, destroy some, lose the database, bring it back, try every key, read every file."""
    from pipelines.jobs import drill as job

    done = job.try_newest(Settings(), _now, sample) if live else job.drill(Settings(), _now)
    if json:
        _print(done.as_json())
    else:
        _print_drill(done)
    if not done.ok:
        raise typer.Exit(EvidenceInvalid.exit_code)


def _print_restored(done: dict[str, Any]) -> None:
    made, seconds = done["backup"], done["seconds"]
    table = tables.table("what|项目", ">count|数量", title=f"{made['backup']} of {made['made_at'][:16]} is back")
    table.add_row("survivors, all opened 存续", f"{done['survivors']:,}")
    table.add_row("quarantined 隔离", f"{done['quarantined']:,}")
    table.add_row("identifiers, built again 索引", f"{done['indexed']:,}")
    for what, count in done["removed"].items():
        if count:
            table.add_row(f"{what.replace('_', ' ')}, replayed 重放销毁", f"{count:,}")
    table.add_row("ledger entries 账目", f"{done['entries']:,}")
    table.add_row("seconds 秒", f"{sum(seconds.values()):.1f}")
    console = Console()
    console.print(table)
    if done["under_way"]:
        console.print(f"The destruction {done['under_way']} was under way; the next `tutela purge` ends it.")
    for item in done["deliver_again"]:
        console.print(
            f"lost: {item['records']:,} records of {item['plan']}, delivery {item['delivery']}; deliver them again"
        )
    for plan, records in done["not_indexed"].items():
        console.print(f"{records:,} records of {plan} are not found by their identifiers: the policy has no such plan")
    for hold in done["lost_holds"]:
        console.print(f"lost: the legal hold {hold}; nothing is destroyed until it is laid anew and released")
    lost = {
        what: count for what, count in done["lost"].items() if count and what not in {"deliveries", "records", "holds"}
    }
    if lost:
        console.print("lost: " + ", ".join(f"{count:,} {what}" for what, count in lost.items()))


def _print_drill(done: Drill) -> None:
    table = tables.table("check|检查", "holds|结论", "what was found|结果", title=f"Restore drill of {done.backup}")
    for check in done.checks:
        table.add_row(check.name, "[green]yes[/]" if check.ok else "[bold red]NO[/]", escape(check.detail))
    console = Console()
    console.print(table)
    console.print(", ".join(f"{name} {seconds:.1f} s" for name, seconds in done.seconds.items()))
    console.print("[green]PASS[/]" if done.ok else "[bold red]FAILED[/]")


def _print(found: dict[str, Any]) -> None:
    typer.echo(json_format.dumps(found, ensure_ascii=False))


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def _now() -> datetime:
    return datetime.now(UTC)
