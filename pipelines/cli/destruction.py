"""`tutela destruction`: what was destroyed, what waits, who decided."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from pipelines.cli import tables
from pipelines.settings import Settings

app = typer.Typer(help="Destructions: waiting, under way, done.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list")
def list_jobs(
    *, waiting: Annotated[bool, typer.Option(help="Only what waits for a leader.")] = False, json: Json = False
) -> None:
    """List destructions, newest first: state, counts, and what a leader decided."""
    from pipelines.jobs import approvals, destruction

    found = approvals.waiting(Settings()) if waiting else destruction.show(Settings())
    if json:
        typer.echo(json_format.dumps({"destructions": found}, ensure_ascii=False))
        return
    if not found:
        typer.echo("Nothing waits for a leader." if waiting else "Nothing was destroyed yet.")
        return
    table = tables.table(
        "!destruction|销毁", "state|状态", ">records|记录", "applied, decided|申请、审批", "verdict|结论"
    )
    for job in found:
        table.add_row(*_cells(job))
    Console().print(table)


@app.command()
def run(
    job: Annotated[str, typer.Argument(help="The destruction that a leader has approved.")],
    *,
    json: Json = False,
) -> None:
    """Do one approved destruction now instead of with the next purge."""
    from pipelines.jobs import destruction

    done = destruction.destroy_one(Settings(), job, lambda: datetime.now(UTC))
    if json:
        typer.echo(json_format.dumps(done.as_json()))
    else:
        typer.echo(f"{done.destroyed:,} records destroyed, verdict {done.verdict}; certificate {done.certificate}")


def _cells(job: dict[str, Any]) -> list[str]:
    decided = f"{job['decision']} by {job['approver']} ({job['door']})" if job["decision"] else "waits for a leader"
    if job["state"] == "blocked":
        decided = "what lay there had changed; applied for anew"
    subjects = f"\n{job['subjects']:,} subjects" if job["subjects"] else ""
    said = f"{job['applicant']}\n{decided}"
    return [
        job["job_id"],
        f"{job['state']}\n{job['origin']}",
        f"{job['records']:,}{subjects}",
        said,
        job["verdict"] or "—",
    ]
