"""`tutela report`: what stewards read."""

from __future__ import annotations

import json as json_format
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from pipelines.cli import tables
from pipelines.errors import PolicyError, UnknownReference
from pipelines.settings import Settings

if TYPE_CHECKING:
    from rich.table import Table

    from pipelines.jobs.home import Home
    from pipelines.quality.card import Card

app = typer.Typer(help="Reports.", no_args_is_help=True)


@app.callback()
def report() -> None:
    """Print reports."""


@app.command()
def quality(
    *,
    run: Annotated[str | None, typer.Option(help="Only this run.")] = None,
    plan: Annotated[
        str | None, typer.Option(help="Only this plan: its last 30 days with deliveries, or --month.")
    ] = None,
    department: Annotated[str | None, typer.Option(help="Only this department's plans, for --month.")] = None,
    month: Annotated[
        str | None, typer.Option(help="A month, like 2026-05; with --department by default this one.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Write the scorecard as CSV.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page for print.")] = None,
    pdf: Annotated[
        Path | None, typer.Option(help="Write the report as PDF, where a Chinese font is installed.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of the page: zh or en.")] = "zh",
    docs: Annotated[bool, typer.Option(help="Also build Data Docs, without any value in them.")] = False,
) -> None:
    """Print the scorecard of each plan: what fails, how often, in which dimension; write it as CSV, page or PDF.

    Without --run, --plan, --department or --month it is about everything.
    """
    from pipelines.jobs import reports
    from pipelines.jobs.home import open_home

    settings, at = Settings(), datetime.now(UTC)
    home = open_home(settings)
    scoped = bool(plan or department or month)
    card = _card(home, run, plan, department, month, at) if scoped or json or csv or html or pdf else None
    if card is not None:
        _write(home, card, {"csv": csv, "html": html, "pdf": pdf}, language, at, quiet=json)
    cards = reports.quality(settings, run) if json or not scoped else {}
    if scoped and card is not None:
        cards = {part.plan: cards[part.plan] for part in card.parts if part.plan in cards}
    if json:
        typer.echo(json_format.dumps({"plans": cards, "card": card and card.as_json()}, ensure_ascii=False))
    else:
        _print([_card_table(card, language)] if scoped and card else [_table(*each) for each in cards.items()])
    home.database.close()
    if docs:
        typer.echo(f"Data Docs: {reports.build_docs(settings)}", err=json)


@app.command()
def month(
    name: Annotated[
        str | None, typer.Argument(metavar="MONTH", help="Like 2026-05; by default the last that is over.")
    ] = None,
    *,
    by: Annotated[str | None, typer.Option(help="Who draws it up; by default who is logged in.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Draw up the figures of a month that is over, by department, and put them on record; once, whoever asks again."""
    from pipelines.jobs import months
    from pipelines.jobs.home import open_home
    from pipelines.moments import day_of

    home, at = open_home(Settings()), datetime.now(UTC)
    last = day_of(at).replace(day=1) - timedelta(days=1)
    found = months.report_month(home, name or f"{last:%Y-%m}", at, by or getuser())
    home.database.close()
    if json:
        typer.echo(json_format.dumps(months.as_json(found), ensure_ascii=False))
        return
    drawn = tables.table(
        "department|部门", ">arrived|到达", ">stored|入库", ">quality|评分", ">completeness|完整性", ">consent|同意覆盖",
        ">findings|不符", title=f"{found.month}: {'put on record' if found.new else 'on record since'} {found.at:%Y-%m-%d %H:%M}",
        caption=f"sha256:{found.sha256}",
    )  # fmt: skip
    for each in found.departments:
        shares = [
            None if share is None else share / months.MILLION
            for share in (each.quality, each.completeness, each.consent)
        ]
        counts = (f"{each.arrived:,}", f"{each.stored:,}", *map(_share, shares), f"{each.findings:,}")
        drawn.add_row(each.department, *counts)
    Console().print(drawn)


def _card(
    home: Home, run: str | None, plan: str | None, department: str | None, month: str | None, at: datetime
) -> Card | None:
    from pipelines.jobs import scorecards
    from pipelines.moments import day_of

    if sum(map(bool, (run, plan, department))) > 1:
        raise PolicyError(
            "A report is about a run, a plan or a department: give one of --run, --plan and --department."
        )
    if run:
        with suppress(UnknownReference):
            return scorecards.batch(home, run, at)
        return None
    if plan:
        home.policy.plan(plan)
        return scorecards.plan(home, plan, at, month)
    if department:
        return scorecards.department(home, department, month or f"{day_of(at):%Y-%m}", at)
    return scorecards.month(home, month, at) if month else scorecards.everything(home, at)


def _print(drawn: Iterable[Table]) -> None:
    console = Console()
    for table in drawn:
        console.print(table)


def _write(home: Home, card: Card, files: dict[str, Path | None], language: str, at: datetime, *, quiet: bool) -> None:
    from pipelines.jobs.scorecards import as_csv

    if path := files["csv"]:
        _save(path, ("\ufeff" + as_csv(card)).encode(), quiet=quiet)
    if not (files["html"] or files["pdf"]):
        return
    # Late: drawing charts loads what most reports don't need.
    from pipelines.console import report
    from pipelines.console.words import LANGUAGES, Words
    from pipelines.jobs import months

    if language not in LANGUAGES:
        raise PolicyError(f"Reports are written in {' and '.join(LANGUAGES)}.")
    figures = months.figures(home, f"{card.first:%Y-%m}", card) if card.kind in {"month", "department"} else ()
    page = report.render(card, Words("zh" if language == "zh" else "en"), at, figures)
    if path := files["html"]:
        _save(path, page.encode(), quiet=quiet)
    if path := files["pdf"]:
        _save(path, report.as_pdf(page), quiet=quiet)


def _save(path: Path, content: bytes, *, quiet: bool) -> None:
    try:
        path.write_bytes(content)
    except OSError as exc:
        raise PolicyError(f"{path} can't be written ({exc.strerror}); name another file.") from None
    typer.echo(f"Written: {path}", err=quiet)


def _card_table(card: Card, language: str) -> Table:
    days = f"{card.first} … {card.last}" if card.first else "–"
    drawn = tables.table(
        "rule|规则", "severity|级别", ">failed|未通过", ">settled|已处理", ">now|现评分", "since|始于", ">waiting|待处理",
        title=f"{card.name or 'all'} ({days}): {_share(card.overall.now)} now, {_share(card.overall.arrived)} as it arrived",
        caption=f"{card.sla.waiting:,} rows wait, {card.sla.overdue:,} are overdue",
    )  # fmt: skip
    for rule in card.worst:
        words = rule.zh if language == "zh" else rule.en
        standing = rule.standing
        counts = (f"{standing.failed:,}", f"{standing.settled:,}", _share(standing.now))
        drawn.add_row(
            f"{words}\n{rule.rule}", rule.severity.value, *counts, str(rule.since or "–"), f"{rule.waiting:,}"
        )
    return drawn


def _share(value: float | None) -> str:
    return "–" if value is None else f"{int(value * 10000) / 100:.2f}%"


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
