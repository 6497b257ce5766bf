"""`tutela purge`: the retention destruction of what is due; the nightly DAG runs the same job."""

from __future__ import annotations

import json as json_format
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from pipelines.cli import tables
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.jobs.destruction import Purge


def purge(
    *,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; today by default, never later.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Only say what is due.")] = False,
    residual_scan: Annotated[
        bool, typer.Option("--residual-scan", help="Afterwards read all files for what was destroyed; takes its time.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Destroy what is past its retention, verify it independently, and write the certificate."""
    started = time.monotonic()
    from pipelines.jobs import destruction
    from pipelines.moments import day_of

    day = as_of.date() if as_of else day_of(datetime.now(UTC))
    _not_in_the_future(day)
    result = destruction.purge(Settings(), day, lambda: datetime.now(UTC), dry_run=dry_run, residual_scan=residual_scan)
    seconds = round(time.monotonic() - started, 3)
    if json:
        typer.echo(json_format.dumps({**result.as_json(), "seconds": seconds}, ensure_ascii=False))
    else:
        _print(result, day, dry_run=dry_run, seconds=seconds)


def _not_in_the_future(day: date) -> None:
    from pipelines.moments import day_of

    if day > day_of(datetime.now(UTC)):
        raise typer.BadParameter("a day in the future would destroy what may still be kept", param_hint="--as-of")


def _print(result: Purge, day: date, *, dry_run: bool, seconds: float) -> None:
    table = tables.table(
        ">due|到期", ">held|冻结", ">destroyed|已销毁", "verdict|结论",
        title=f"Past retention on {day}", caption=f"{seconds:.1f} s",
    )  # fmt: skip
    verdict = result.verdict or ("not run" if dry_run else "nothing was due")
    table.add_row(f"{result.due:,}", f"{result.held:,}", f"{result.destroyed:,}", verdict)
    console = Console()
    console.print(table)
    for path in result.certificates:
        console.print(f"certificate 销毁证明: {path}", soft_wrap=True)
    if result.certificate:
        console.print(
            f"verify it anywhere: tutela evidence verify {result.certificate} --public-key …/keys/ledger.pub",
            soft_wrap=True,
        )
    if result.residual is not None:
        console.print(_residual(result.residual), soft_wrap=True)


def _residual(found: dict[str, Any]) -> str:
    """Say what lies in the files still; none of it opens, but it is there."""
    if not found["patterns"]:
        return "residual scan 残留扫描: nothing was destroyed, so nothing was looked for"
    counts = ", ".join(
        f"{count} {what} in {store}" for store, names in found["found"].items() for what, count in names.items()
    )
    whole = "all files were read" if found["complete"] else "NOT all files could be read"
    return (
        f"residual scan 残留扫描: {found['patterns']} patterns in {found['bytes'] / 1e6:,.0f} MB: {counts or 'none found'}; {whole}. "
        "What is found is unreadable ciphertext or a keyed hash in freed space or WAL, until it is written over."
    )
