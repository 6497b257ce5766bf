"""``tutela scan``: say what the columns of any file hold, or find the entities in texts.

Needs no platform and no home, only the policy folder. Prints counts and offsets, never a value: a heading that is
somebody's data, because the file has no heading line, is told by its position. Rows that can't be read are stepped over
and counted: nothing is lost by it, as nothing is taken in.
"""

from __future__ import annotations

import json as json_format
import time
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.errors import SourceEncoding, SourceError, SourceMalformed, SourceMissing
from pipelines.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.classify import Analyzer, ColumnProfile, Span, Votes
    from pipelines.sources import Skipped

NER_CELLS: Final = 500
"""Distinct cells of a column and chunk that the tagger reads where the rest leaves doubt."""
NOTE_CELLS: Final = 1000
"""Distinct notes of a chunk in which names are looked for; identifiers are looked for in all of them."""
SHOWN_ROWS: Final = 5
"""Rows stepped over that people are told by number."""
LINES: Final = 2000
"""Texts that are read together."""


class Language(StrEnum):
    """Whose rules read the texts."""

    ZH = "zh"
    EN = "en"
    AUTO = "auto"


def scan(
    file: Annotated[
        Path,
        typer.Argument(readable=False, help="CSV, Excel, JSON lines or Parquet; with --spans JSON lines of texts."),
    ],
    spans: Annotated[bool, typer.Option("--spans", help='Find the entities of each {"text": …} line.')] = False,
    out: Annotated[Path | None, typer.Option(readable=False, help="Where --spans writes its JSON lines.")] = None,
    language: Annotated[Language, typer.Option(help="Language of the texts.")] = Language.AUTO,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Classify every column of a file, or find the entities in each of its texts.

    Raises:
        PolicyError: the policy folder holds a mistake.
        SourceError: the file can't be read; the message names it and the line.
    """
    # Presidio and spaCy take seconds to import, which no other command shall pay.
    from pipelines.classify import Analyzer, entity_labels
    from pipelines.policy.load import load_words
    from pipelines.sources import Skipped

    begun = time.perf_counter()
    settings = Settings()
    labels = entity_labels(load_words(settings.policy).taxonomy.items)
    analyzer = Analyzer(labels, latest=int(time.strftime("%Y%m%d")))
    if spans:
        if out is None:
            message = "--spans needs --out FILE for its results."
            raise typer.BadParameter(message)
        counts = write_spans(analyzer, file, out, language)
        report: dict[str, Any] = {**counts, "seconds": round(time.perf_counter() - begun, 3), "engine": analyzer.engine}
        _show_counts(report, out, json=json)
        return
    skipped = Skipped()
    rows, profiles = profile_file(analyzer, file, settings.chunk_rows, skipped)
    seconds = round(time.perf_counter() - begun, 3)
    if json:
        report = {"rows": rows, "skipped": skipped.count, "seconds": seconds, "engine": analyzer.engine}
        typer.echo(json_format.dumps(report | {"columns": [asdict(each) for each in profiles]}, ensure_ascii=False))
    else:
        _show_columns(profiles, f"{file.name}: {rows:,} rows, {seconds} s, {analyzer.engine}", _told(skipped))


def profile_file(
    analyzer: Analyzer, file: Path, chunk_rows: int, skipped: Skipped | None = None
) -> tuple[int, tuple[ColumnProfile, ...]]:
    """Return the number of rows and what each column holds; memory does not grow with the file.

    Args:
        analyzer: What tells the kinds apart.
        file: The file.
        chunk_rows: Rows read at once.
        skipped: Given, rows that can't be read are stepped over and counted in it.

    Raises:
        SourceError: the file can't be read.
    """
    from pipelines.classify.headless import headings_of_data
    from pipelines.sources import read_chunks

    rows, votes = 0, dict[str, "Votes"]()
    for chunk in read_chunks(file, chunk_rows=chunk_rows, skipped=skipped):
        rows += len(chunk.frame)
        for vote in analyzer.votes(chunk.frame, ner_cells=NER_CELLS, note_cells=NOTE_CELLS):
            votes[vote.name] = votes[vote.name] + vote if vote.name in votes else vote
    hidden = headings_of_data(analyzer, tuple(votes.values()))
    profiles = analyzer.decide(votes.values())
    return rows, tuple(
        replace(profile, name=f"(column {place})") if hidden[place - 1] else profile
        for place, profile in enumerate(profiles, start=1)
    )


def write_spans(analyzer: Analyzer, file: Path, out: Path, language: Language) -> dict[str, int]:
    """Write one line of spans for each line of text; the file appears when it is complete.

    Raises:
        SourceMissing: the file can't be opened, or its results can't be written.
        SourceMalformed: a line is not an object with a text.
    """
    lines = found = 0
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as target:
            for batch in _batches(_texts(file)):
                results = analyzer.spans(batch, language=language.value)
                target.writelines(json_format.dumps(_line(each)) + "\n" for each in results)
                lines, found = lines + len(batch), found + sum(map(len, results))
        part.replace(out)
    except OSError:
        message = f"{out.name} can't be written; check its folder and the room on the disk."
        raise SourceMissing(message) from None
    finally:
        part.unlink(missing_ok=True)
    return {"texts": lines, "spans": found}


def _line(spans: Iterable[Span]) -> dict[str, Any]:
    return {"spans": [asdict(span) for span in spans]}


def _batches(texts: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == LINES:
            yield batch
            batch = []
    if batch:
        yield batch


def _texts(file: Path) -> Iterator[str]:
    try:
        with file.open("rb") as source:
            for number, raw in enumerate(source, 1):
                line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
                if line.strip():
                    yield _text(line, number, file.name)
    except OSError:
        message = f"{file.name} can't be read; check the name and who may read it."
        raise SourceMissing(message) from None


def _text(line: bytes, number: int, name: str) -> str:
    problem: SourceError
    try:
        parsed = json_format.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        problem = SourceEncoding(f"{name}, line {number}: not UTF-8; save the file as UTF-8.")
        raise problem from None
    except (ValueError, RecursionError):
        problem = SourceMalformed(f"{name}, line {number}: not JSON.")
        raise problem from None
    text = parsed.get("text") if isinstance(parsed, dict) else None
    if not isinstance(text, str):
        problem = SourceMalformed(f'{name}, line {number}: not an object with a "text".')
        raise problem
    return text


def _show_counts(report: dict[str, Any], out: Path, *, json: bool) -> None:
    if json:
        typer.echo(json_format.dumps(report, ensure_ascii=False))
    else:
        Console().print(f"{report['texts']:,} texts, {report['spans']:,} entities → {escape(out.name)}")


def _told(skipped: Skipped) -> str | None:
    if not skipped.count:
        return None
    some = ", ".join(f"{row:,}" for row in skipped.rows[:SHOWN_ROWS])
    more = ", …" if skipped.count > SHOWN_ROWS else ""
    return f"{skipped.count:,} skipped, which can't be read: row {some}{more}"


def _show_columns(profiles: Iterable[ColumnProfile], title: str, caption: str | None) -> None:
    table = Table(title=escape(title), title_justify="left", caption=caption, caption_justify="left")
    for heading in ("column", "entity", "category", "level", "code"):
        table.add_column(heading)
    for heading in ("confidence", "cells", "found"):
        table.add_column(heading, justify="right")
    table.add_column("also")
    for each in profiles:
        also = ", ".join(f"{entity} {count:,}" for entity, count in each.also.items())
        shown = (each.name, each.entity or "–", each.category or "–", f"L{each.level}", each.code or "–")
        table.add_row(*map(escape, shown), f"{each.confidence:.2f}", f"{each.cells:,}", f"{each.found:,}", also)
    Console().print(table)
