"""``tutela plan``: list the collection plans, check them, begin a new one.

Not for what a plan must satisfy: `pipelines.policy.rules` says that.
"""

from __future__ import annotations

import json as json_format
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.errors import PolicyError
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.policy import Policy, Problem

app = typer.Typer(help="Collection plans.", no_args_is_help=True)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
SKELETON = """\
# Fill in what is blank, then run: tutela plan check {file}
plan: {name}
version: 1
title: {{zh: "", en: ""}}
# What the collection is for, in one sentence.
goal: {{zh: "", en: ""}}
# direct: forms and contracts · third_party: a data partner (then add `partner:`) · web: site or app
channel: {channel}
# person or enterprise
subject: {subject}
# department: marketing, sales or customer_service; the steward decides quarantined rows.
owner: {{department: {department}, steward: steward}}
# Another person than the steward.
approved: {{by: leader, on: }}
# Collection outside these days is refused.
valid: {{from: , until: }}
# Five cron fields or @daily, @weekly …; leave the line out to run by hand only.
schedule: "@daily"
# Of policy/purposes.yaml: {purposes}
purposes: []
# consent, contract, legal_duty, emergency, public_interest, public_information, other_law (PIPL art. 13)
legal_basis: consent
# Of policy/notices.yaml, for this channel: {notices}
notices: []
# Of policy/retention.yaml: {retention}
retention:
# Within how many days a steward decides about a quarantined row.
review_days: 5
source: {{formats: [csv], pattern: "{name}_*"}}
# item: of policy/taxonomy.yaml · headers: how the column may be headed · necessity: why it can't be left out
# identifies: strong (alone tells who it is), weak or none · free_text: raise, mask or quarantine
fields:
  - {{name: , item: , headers: [], required: true, identifies: strong, necessity: ""}}
"""


@app.callback()
def plan() -> None:
    """Collection plans."""


@app.command("list")
def plan_list(*, json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """List the collection plans.

    Raises:
        PolicyError: a policy file holds a mistake.
    """
    from pipelines.policy.load import load_policy

    policy = load_policy(Settings().policy)
    rows = [_line(policy, name) for name in sorted(policy.plans)]
    if json:
        typer.echo(json_format.dumps({"plans": rows}, ensure_ascii=False))
        return
    table = Table(title="Collection plans", title_justify="left")
    table.add_column("plan", no_wrap=True)
    for heading in ("title", "channel", "fields", "retention", "until"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        title = f"{row['zh']}\n{row['en']}"
        shown = (row["plan"], title, row["channel"], row["fields"], row["retention"], row["until"])
        table.add_row(*(escape(str(cell)) for cell in shown))
    Console().print(table)


@app.command("check")
def plan_check(
    file: Annotated[Path | None, typer.Argument(readable=False, help="A plan; by default all of them.")] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check one plan, or all; exit 10 if anything is wrong.

    Raises:
        PolicyError: the policy that plans refer to holds a mistake.
    """
    from pipelines.policy.load import check_plan

    folder = Settings().policy
    files = [file] if file else sorted((folder / "plans").glob("*.yaml"))
    problems = [problem for each in files for problem in check_plan(each, folder)]
    if json:
        found = [problem.as_dict() for problem in problems]
        typer.echo(json_format.dumps({"plans": len(files), "problems": found}, ensure_ascii=False))
    else:
        _print(problems, len(files))
    if problems:
        raise typer.Exit(PolicyError.exit_code)


@app.command("new")
def plan_new(
    name: Annotated[str, typer.Argument(help="Lower case, digits and underscores; also the file's name.")],
    channel: Annotated[str, typer.Option(help="direct, third_party or web.")] = "direct",
    subject: Annotated[str, typer.Option(help="person or enterprise.")] = "person",
    department: Annotated[str, typer.Option(help="marketing, sales or customer_service.")] = "sales",
) -> None:
    """Write a commented skeleton of a plan; never overwrites one.

    Raises:
        PolicyError: the name can't be a plan's, there is such a plan, or the file can't be written.
    """
    if not _NAME.fullmatch(name):
        msg = "A plan's name has lower-case letters, digits and underscores and begins with a letter."
        raise PolicyError(msg)
    from pipelines.policy.load import load_words

    folder = Settings().policy
    words = load_words(folder)
    path = folder / "plans" / f"{name}.yaml"
    text = SKELETON.format(
        name=name, file=path.name, channel=channel, subject=subject, department=department,
        purposes=", ".join(words.purposes), retention=", ".join(words.retention),
        notices=", ".join(key for key, notice in words.notices.items() if notice.channel == channel) or "none yet",
    )  # fmt: skip
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        msg = f"{path.name}: there is such a plan already; choose another name or edit it."
        raise PolicyError(msg) from None
    except OSError:
        msg = f"{path.name}: the file can't be written; check the rights on the folder policy/plans."
        raise PolicyError(msg) from None
    Console().print(f"Wrote {escape(str(path))}. Fill it in, then: tutela plan check {escape(str(path))}")


def _line(policy: Policy, name: str) -> dict[str, object]:
    plan = policy.plan(name)
    return {
        "plan": plan.name,
        "version": plan.version,
        "zh": plan.title.zh,
        "en": plan.title.en,
        "channel": plan.channel,
        "subject": plan.subject,
        "fields": len(plan.fields),
        "purposes": list(plan.purposes),
        "retention": plan.retention,
        "from": plan.valid.since.isoformat(),
        "until": plan.valid.until.isoformat(),
        "owner": plan.owner.department,
        "schedule": plan.schedule,
    }


def _print(problems: list[Problem], files: int) -> None:
    console = Console()
    for problem in problems:
        console.print(f"[bold]{escape(problem.file)}:{problem.line}[/] {escape(problem.message)}", soft_wrap=True)
        console.print(f"    → {escape(problem.hint)}", soft_wrap=True)
    summary = f"{len(problems)} problem(s) in {files} plan(s)" if problems else f"{files} plan(s), nothing wrong"
    console.print(f"[red]{summary}[/]" if problems else f"[green]{summary}[/]")
