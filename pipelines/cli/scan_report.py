"""How ``tutela scan`` tells people what a file holds: its level and why, then a line for each column that matters.

Counts and kinds only. The same facts for programs are printed by ``scan --json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.markup import escape
from rich.text import Text

from pipelines.cli.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from pipelines.classify import ColumnProfile, Grade

LEVELS: Final = {
    1: ("public 公开", ""),
    2: ("internal 内部", ""),
    3: ("personal 一般", "yellow"),
    4: ("sensitive 敏感", "bold yellow"),
    5: ("special control 特控", "bold red"),
}
"""What each level is called, and how it looks."""
WIDE: Final = 100
"""Characters of a terminal from which on categories are written out."""
DOUBTFUL: Final = 0.5
"""Confidence below which somebody should look."""
NAMED: Final = 4
"""Columns that are named at once."""
STRAY: Final = 0.05
"""Share of cells from which on names in a column of something else are told; identifiers are at once."""
NAMES: Final = frozenset({"PERSON", "LOCATION", "ORGANIZATION"})
HIGHEST: Final = "highest_field"
ALSO: Final = 3
"""Other kinds of a column that are named; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that is told of a file."""

    file: str
    facts: Sequence[str]
    """Rows, encoding, time: what stands beside the name."""
    engine: str
    grade: Grade
    profiles: Sequence[ColumnProfile]
    categories: Mapping[str, str]
    """Category → its name."""
    warnings: Sequence[str]
    """What could not be read."""


def show(report: Report, console: Console) -> None:
    """Print a report."""
    told = [each for each in report.profiles if _matters(each)]
    console.print(f"[bold]{escape(report.file)}[/bold]  {escape(' · '.join(report.facts))}", highlight=False)
    name, style = LEVELS[report.grade.level]
    console.print(
        Text.assemble("Level ", (f"L{report.grade.level} {name}", style or "bold"), f" · {_summary(report, told)}")
    )
    for reason in report.grade.reasons:
        console.print(Text(f"  · {_highest(told) if reason == HIGHEST else reason.words}"))
    if told:
        console.print(_columns(told, report.categories, wide=console.width >= WIDE))
    rest = [each.name for each in report.profiles if not _matters(each)]
    if rest:
        console.print(Text.assemble(("Nothing personal: ", "bold"), ", ".join(rest)))
    doubtful = [each.name for each in told if each.entity and each.confidence < DOUBTFUL]
    if doubtful:
        console.print(Text.assemble(("Doubtful, look yourself: ", "bold yellow"), ", ".join(doubtful)))
    for warning in report.warnings:
        console.print(Text(warning, style="yellow"))
    console.print(Text(f"Read by {report.engine}.", style="dim"))


def _matters(profile: ColumnProfile) -> bool:
    told = profile.entity is not None or profile.category is not None or profile.level > 1
    return told or bool(_also(profile))


def _summary(report: Report, told: Sequence[ColumnProfile]) -> str:
    personal = sum(each.entity is not None for each in told)
    return f"{len(report.profiles):,} columns, {personal:,} of them classified"


def _highest(told: Sequence[ColumnProfile]) -> str:
    level = max(each.level for each in told)
    names = [each.name for each in told if each.level == level]
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"most sensitive, L{level}: {', '.join(names[:NAMED])}{more}"


def _columns(profiles: Sequence[ColumnProfile], categories: Mapping[str, str], *, wide: bool) -> object:
    made = table("column|列", "holds|内容", "category|类别", "!level|级别", ">!share|占比", ">!sure|置信", "also|另含")
    for each in profiles:
        category = each.category or "–"
        made.add_row(
            escape(each.name),
            each.entity or "–",
            f"{category} {categories.get(category, '')}".strip() if wide else category,
            Text(f"L{each.level}", style=LEVELS[each.level][1]),
            _share(each),
            _sure(each),
            Text(_also(each), style="dim"),
        )
    return made


def _share(profile: ColumnProfile) -> str:
    """Return the share of cells in which the entity was found; nothing where only the column's name tells."""
    if profile.entity is None or not profile.found:
        return "–"
    percent = 100 * profile.found / profile.cells
    return "<1 %" if percent < 1 else f"{int(percent)} %"


def _sure(profile: ColumnProfile) -> Text:
    if profile.entity is None:
        return Text("–")
    return Text(f"{profile.confidence:.2f}", style="yellow" if profile.confidence < DOUBTFUL else "")


def _also(profile: ColumnProfile) -> str:
    told = [pair for pair in profile.also.items() if pair[0] not in NAMES or pair[1] >= STRAY * profile.cells]
    most = sorted(told, key=lambda pair: -pair[1])
    named = [f"{entity} {count:,}" for entity, count in most[:ALSO]]
    return ", ".join([*named, f"{len(most) - ALSO} more"] if len(most) > ALSO else named)
