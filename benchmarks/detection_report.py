"""The table of what was asked of detection and what was measured, and the section of docs/detection.md made from it."""

from __future__ import annotations

import datetime as dt
import os
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import detection_tables, detection_texts
from benchmarks.detection_parts import CHECKOUT
from benchmarks.detection_scores import LabelScore, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.detection_identifiers import BareCells, Found
    from benchmarks.detection_speed import Pace, TableSpeed
    from benchmarks.detection_tables import ColumnScore
    from benchmarks.detection_texts import TextScore

DOCUMENT: Final = CHECKOUT / "docs" / "detection.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
ABSENT: Final = "not measured"


@dataclass(slots=True)
class Measured:
    """What the parts that ran have measured; None for those that did not run."""

    engine: str
    quick: bool = False
    identifiers: list[Found] | None = None
    bare: list[BareCells] | None = None
    columns: list[ColumnScore] | None = None
    texts: dict[str, TextScore | None] | None = None
    table: TableSpeed | None = None
    remarks: Pace | None = None
    missing: list[str] = field(default_factory=list)
    """Names of public data that is not here."""

    def as_json(self) -> dict[str, Any]:
        """Return all figures for programs."""
        return {
            "engine": self.engine,
            "quick": self.quick,
            "missing": self.missing,
            "asked": [row.as_json() for row in asked(self)],
            "identifiers": [each.as_json() for each in self.identifiers or []],
            "bare_cells": [each.as_json() for each in self.bare or []],
            "columns": detection_tables.as_json(self.columns or []),
            "texts": [each.as_json() for each in (self.texts or {}).values() if each],
            "table_speed": self.table.as_json() if self.table else None,
            "remarks_speed": self.remarks.as_json() if self.remarks else None,
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """A figure that was asked for. ``reached`` is None where it was not measured."""

    what: str
    measured: str
    asked: str
    reached: bool | None

    def as_json(self) -> dict[str, Any]:
        """Return the row for programs."""
        return {"what": self.what, "measured": self.measured, "asked": self.asked, "reached": self.reached}

    def cells(self) -> tuple[str, ...]:
        """Return the row for people."""
        reached = {True: "yes", False: "**no**", None: "–"}[self.reached]
        return (self.what, self.measured, self.asked, reached)


def asked(measured: Measured) -> list[Asked]:
    """Return every figure that was asked for."""
    return [
        *_identifiers(measured.identifiers),
        *_bare(measured.bare),
        *_columns(measured.columns),
        *_texts(measured.texts or {}),
        *_speed(measured.table, measured.remarks),
    ]


def _identifiers(found: Sequence[Found] | None) -> list[Asked]:
    what = "checksum-valid USCC, resident ID, bank card: alone, glued, in registry rows"
    goal = "all; no failing check digit reported"
    if not found:
        return [Asked(what, ABSENT, goal, None)]
    values, right, wrong = (sum(getattr(each, part) for each in found) for part in ("values", "found", "wrong"))
    text = f"{right:,} of {values:,}; {wrong} failing reported"
    return [Asked(what, text, goal, right == values and not wrong)]


def _bare(cells: Sequence[BareCells] | None) -> list[Asked]:
    names = next((each for each in cells or [] if each.what == "names in résumés"), None)
    firms = next((each for each in cells or [] if each.what == "registry: companies"), None)
    real = next((each for each in cells or [] if each.what == "registry: legal representatives"), None)
    few = f"; registry: {round(real.exact * real.cells)} of {real.cells}" if real else ""
    return [
        Asked(
            "real name cells → PERSON, the whole cell",
            f"{names.exact:.1%} of {names.cells} from résumés{few}" if names else ABSENT,
            "≥ 98 %",
            names.exact >= 0.98 if names else None,
        ),
        Asked(
            "real company cells wrongly holding a PERSON",
            f"{firms.wrong:.2%} of {firms.cells:,}" if firms else ABSENT,
            "≤ 0.5 %",
            firms.wrong <= 0.005 if firms else None,
        ),
    ]


def _columns(scores: Sequence[ColumnScore] | None) -> list[Asked]:
    goals = {
        detection_tables.NAMED: ("100 %", 1.0),
        detection_tables.NUMBERED: ("≥ 97 %", 0.97),
        detection_tables.HEADLESS: ("≥ 97 %", 0.97),
    }
    counts = detection_tables.shares(scores or [])
    rows = []
    for way, (text, least) in goals.items():
        right, whole = counts.get(way, (0, 0))
        told = f"{share(right, whole):.1%} ({right} of {whole})" if whole else ABSENT
        rows.append(Asked(f"column entity right, {way}", told, text, right >= least * whole if whole else None))
    return rows


_GOALS: Final = (
    ("zh PERSON, news", "zh_cluener_train", 0.70, 0.80),
    ("zh PERSON, news of 1998", "zh_peoplesdaily_dev", 0.70, 0.80),
    ("zh PERSON, social media", "zh_weibo_dev", 0.60, 0.68),
    ("zh PERSON, résumé-like prose", "zh_resume_dev", 0.90, 0.95),
    ("en PERSON, made-up business text", detection_texts.MADE_UP, 0.78, 0.85),
    ("en PERSON, tweets", "en_wnut17_dev", 0.42, 0.50),
)


def _texts(scores: dict[str, TextScore | None]) -> list[Asked]:
    rows = []
    for what, name, strict, relaxed in _GOALS:
        person = _label(scores.get(name), "PERSON")
        told, reached = ABSENT, None
        if person:
            told = f"{person.strict.f1:.3f} / {person.relaxed.f1:.3f}"
            reached = person.strict.f1 >= strict and person.relaxed.f1 >= relaxed
            if name in detection_texts.TRAINED_ON:
                told, reached = f"{told} (training data: says little)", None
        rows.append(Asked(f"{what}, strict / relaxed F1 ({name})", told, f"≥ {strict:.2f} / {relaxed:.2f}", reached))
    place = _label(scores.get("zh_addr_dev"), "LOCATION")
    told = f"{place.coverage:.1%}" if place else ABSENT
    reached = place.coverage >= 0.95 if place else None
    rows.insert(4, Asked("zh address in delivery-like text, characters covered (zh_addr_dev)", told, "≥ 95 %", reached))
    return rows


def _label(score: TextScore | None, label: str) -> LabelScore | None:
    return score.labels.get(label) if score else None


def _speed(table: TableSpeed | None, remarks: Pace | None) -> list[Asked]:
    what = "12-column customer table, nearly unique rows, two processes"
    return [
        Asked(
            f"{what}: cells/s",
            f"{table.ours.per_second:,.0f} ({table.ours.per_cpu_second:,.0f} a core's second)" if table else ABSENT,
            "≥ 100,000",
            table.ours.per_second >= 100_000 if table else None,
        ),
        Asked(
            f"{what}: times plain `BatchAnalyzerEngine`, same recognizers",
            f"{table.ratio:,.0f} × its {table.presidio.per_second:,.0f} cells/s" if table else ABSENT,
            "≥ 40 ×",
            table.ratio >= 40 if table else None,
        ),
        Asked(
            f"{what}: cells whose declared entity Presidio finds and the columns' counts lack",
            f"{table.lost} of {sum(each.presidio for each in table.columns.values()):,}" if table else ABSENT,
            "0",
            table.lost == 0 if table else None,
        ),
        Asked(
            "free text, unique Chinese remarks of 20–40 characters, two processes, names included: texts/s",
            f"{remarks.per_second:,.0f} ({remarks.per_cpu_second:,.0f} a core's second)" if remarks else ABSENT,
            "≥ 6,000",
            remarks.per_second >= 6000 if remarks else None,
        ),
    ]


def markdown(measured: Measured) -> str:
    """Return the section of docs/detection.md that holds the figures."""
    parts = [BEGIN, f"{_circumstances(measured)}\n"]
    parts.append(_table([("what", "measured", "asked", "reached"), *(row.cells() for row in asked(measured))]))
    if measured.texts:
        here = [each for each in measured.texts.values() if each]
        parts += ["\n### Texts, by label\n", _table(detection_texts.table(here))]
    if measured.columns:
        parts.append("\n### Columns told wrong\n")
        wrong = detection_tables.table(measured.columns, wrong_only=True)
        parts.append(_table(wrong) if len(wrong) > 1 else "None.")
    parts += _cells(measured)
    return "\n".join([*parts, END])


def _cells(measured: Measured) -> list[str]:
    parts = []
    if measured.identifiers:
        rows: list[tuple[str, ...]] = [("values", "number", "found", "failing reported")]
        rows += [(e.what, f"{e.values:,}", f"{e.found:,}", str(e.wrong)) for e in measured.identifiers]
        parts += ["\n### Identifiers\n", _table(rows)]
    if measured.bare:
        head = (
            "cells",
            "number",
            "whole cell of its kind",
            "some finding of its kind",
            "wrongly¹",
            "whole cell wrongly",
        )
        rows = [(e.what, f"{e.cells:,}", *(f"{x:.1%}" for x in _shares(e))) for e in measured.bare]
        note = (
            "\n¹ companies and addresses: a PERSON in it; names: the whole cell taken for a place or an organization."
        )
        parts += ["\n### Cells that are one name\n", _table([head, *rows]), note]
    if measured.table:
        rows = [("column", "entity", "cells by Presidio", "by us", "lost", "spans differing²")]
        rows += [(n, c.entity, *map(str, c[1:])) for n, c in measured.table.columns.items()]
        note = "\n² cell by cell, without the column's name."
        parts += ["\n### The customer table against Presidio, cell by cell\n", _table(rows), note]
    return parts


def _shares(cells: BareCells) -> tuple[float, ...]:
    return (cells.exact, cells.any_of_kind, cells.wrong, cells.wrong_whole)


def _circumstances(measured: Measured) -> str:
    quick = "; small samples (`--quick`): only a hint" if measured.quick else ""
    lacking = f" Not here, so not measured: {', '.join(measured.missing)}." if measured.missing else ""
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, {_processor()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}, taggers `{measured.engine}`{quick}.{lacking}"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _table(rows: Iterable[Sequence[str]]) -> str:
    head, *rest = [tuple(cell.replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *rest))


def plain(rows: Sequence[Sequence[str]]) -> str:
    """Return a table for the terminal."""
    widths = [max(_width(row[at]) for row in rows) for at in range(len(rows[0]))]
    padded = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)) for row in rows
    ]
    return "\n".join(line.rstrip() for line in padded)


def _width(text: str) -> int:
    return sum(2 if "\u2e80" <= char <= "\uffef" else 1 for char in text)


def write(section: str) -> None:
    """Put the section into docs/detection.md, in place of the one that is there.

    Raises:
        SystemExit: the document has no place for it.
    """
    text = DOCUMENT.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"docs/detection.md needs the lines {BEGIN} and {END}, between which the figures go")
    DOCUMENT.write_text(before + section + after, "utf-8")
