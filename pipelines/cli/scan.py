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

from pipelines.cli.scan_report import Report, show
from pipelines.encodings import EncodingName
from pipelines.errors import SourceError, SourceMalformed, SourceMissing
from pipelines.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelines.classify import Analyzer, ColumnProfile, Grade, Span, Votes
    from pipelines.sources import Skipped
    from pipelines.sources.encoding import Text

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
    encoding: Annotated[EncodingName | None, typer.Option(help="Encoding of a text file; told from its bytes.")] = None,
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
    taxonomy = load_words(settings.policy).taxonomy
    analyzer = Analyzer(entity_labels(taxonomy.items), latest=int(time.strftime("%Y%m%d")))
    if spans:
        if out is None:
            message = "--spans needs --out FILE for its results."
            raise typer.BadParameter(message)
        counts = write_spans(analyzer, file, out, language, encoding)
        report: dict[str, Any] = {**counts, "seconds": round(time.perf_counter() - begun, 3), "engine": analyzer.engine}
        _show_counts(report, out, json=json)
        return
    skipped = Skipped()
    rows, profiles, text = profile_file(analyzer, file, settings.chunk_rows, skipped, encoding)
    grade = _graded(profiles, rows)
    seconds = round(time.perf_counter() - begun, 3)
    if json:
        report = {"rows": rows, "skipped": skipped.count, "seconds": seconds, "engine": analyzer.engine}
        report |= {"encoding": text and text.name, "lost": text.lost if text else 0}
        report |= {"level": grade.level, "reasons": [reason.value for reason in grade.reasons]}
        typer.echo(json_format.dumps(report | {"columns": [asdict(each) for each in profiles]}, ensure_ascii=False))
    else:
        facts = (f"{rows:,} rows", *([text.name] if text else []), f"{seconds:.1f} s")
        named = {name: category.en for name, category in taxonomy.categories.items()}
        told = Report(file.name, facts, analyzer.engine, grade, profiles, named, _told(skipped, text))
        show(told, Console())


def _graded(profiles: Sequence[ColumnProfile], rows: int) -> Grade:
    """Grade the file: as many people as rows, where a column says that its rows are of people."""
    from pipelines.classify import graded
    from pipelines.classify.neighbours import PEOPLE

    entities = {each.entity for each in profiles if each.entity is not None}
    return graded((each.level for each in profiles), people=rows if PEOPLE & entities else 0, entities=entities)


def profile_file(
    analyzer: Analyzer,
    file: Path,
    chunk_rows: int,
    skipped: Skipped | None = None,
    encoding: EncodingName | None = None,
) -> tuple[int, tuple[ColumnProfile, ...], Text | None]:
    """Return the number of rows, what each column holds, and how a text file is encoded; memory stays flat.

    Args:
        analyzer: What tells the kinds apart.
        file: The file.
        chunk_rows: Rows read at once.
        skipped: Given, rows that can't be read are stepped over and counted in it.
        encoding: The encoding of a text file; by default told from its bytes.

    Raises:
        SourceError: the file can't be read.
    """
    from pipelines.classify.headless import headings_of_data
    from pipelines.sources import Limits, read_chunks

    # Nothing is stored: cells may be large, and a first line that is no heading line may say the same twice.
    limits = Limits(cell_bytes=2 << 20, row_bytes=4 << 20, chunk_bytes=32 << 20, alike_headings=True)
    rows, votes, text = 0, dict[str, "Votes"](), None
    for chunk in read_chunks(file, chunk_rows=chunk_rows, limits=limits, skipped=skipped, encoding=encoding):
        text = chunk.text
        rows += len(chunk.frame)
        for vote in analyzer.votes(chunk.frame, ner_cells=NER_CELLS, note_cells=NOTE_CELLS):
            votes[vote.name] = votes[vote.name] + vote if vote.name in votes else vote
    hidden = headings_of_data(analyzer, tuple(votes.values()))
    named = [
        replace(vote, name=f"(column {place})") if hidden[place - 1] else vote
        for place, vote in enumerate(votes.values(), start=1)
    ]
    return rows, analyzer.decide(named), text


def write_spans(
    analyzer: Analyzer, file: Path, out: Path, language: Language, encoding: EncodingName | None = None
) -> dict[str, Any]:
    """Write one line of spans for each line of text; the file appears when it is complete.

    Raises:
        SourceEncoding: the encoding can't be told.
        SourceMissing: the file can't be opened, or its results can't be written.
        SourceMalformed: a line is not an object with a text.
    """
    text = _encoding(file, encoding)
    lines = found = 0
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as target:
            for batch in _batches(_texts(file, text)):
                results = analyzer.spans(batch, language=language.value)
                target.writelines(json_format.dumps(_line(each)) + "\n" for each in results)
                lines, found = lines + len(batch), found + sum(map(len, results))
        part.replace(out)
    except OSError:
        message = f"{out.name} can't be written; check its folder and the room on the disk."
        raise SourceMissing(message) from None
    finally:
        part.unlink(missing_ok=True)
    return {"texts": lines, "spans": found, "encoding": text.name}


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


def _encoding(file: Path, named: EncodingName | None) -> Text:
    from pipelines.sources.encoding import detect

    try:
        return detect(file, named)
    except OSError:
        message = f"{file.name} can't be read; check the name and who may read it."
        raise SourceMissing(message) from None


def _texts(file: Path, text: Text) -> Iterator[str]:
    with file.open(encoding=text.encoding, newline="\n") as source:
        for number, line in enumerate(source, 1):
            if line.strip():
                yield _text(line, number, file.name)


def _text(line: str, number: int, name: str) -> str:
    problem: SourceError
    try:
        parsed = json_format.loads(line)
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


def _told(skipped: Skipped, text: Text | None) -> list[str]:
    told = []
    if skipped.count:
        some = ", ".join(f"{row:,}" for row in skipped.rows[:SHOWN_ROWS])
        more = ", …" if skipped.count > SHOWN_ROWS else ""
        told.append(f"{skipped.count:,} skipped, which can't be read: row {some}{more}")
    if text is not None and text.lost:
        told.append(f"{text.lost:,} characters were lost when the file was converted; export it again from its source")
    return told
