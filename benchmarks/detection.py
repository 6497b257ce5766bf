"""What detection finds and how fast: `python benchmarks/detection.py [--only PART …] [--quick] [--json | --markdown]`.

Without further arguments it prints what was asked of detection and what is reached, from the public data in `--data`
and from made-up data with fixed seeds. Data that is not there is named, its figures are left open.

    --spans FILE …                     scores any JSON lines of {"text", "spans": [{"start", "end", "label"}]}
    --table FILE --labels a=PERSON,b=- scores any labelled table, with its headers and without
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from benchmarks import (
    detection_identifiers,
    detection_parts,
    detection_report,
    detection_speed,
    detection_tables,
    detection_texts,
)
from benchmarks.detection_report import Measured
from benchmarks.detection_synthetic import LabelledTable
from pipelines.errors import SourceError

PARTS = ("identifiers", "cells", "columns", "texts", "table-speed", "text-speed")
FULL = {"identifiers": 2000, "cells": 4000, "texts": None, "rows": 40_000, "sample": 2000, "remarks": 40_000}
QUICK = {"identifiers": 300, "cells": 500, "texts": 300, "rows": 8000, "sample": 200, "remarks": 4000}


def main() -> int:
    """Run what was asked for and print the figures."""
    options = arguments()
    if options.spans:
        return score_files(options)
    if options.table:
        return score_table(options)
    measured = measure(options)
    if options.json:
        print(json.dumps(measured.as_json(), ensure_ascii=False))
    elif options.markdown or options.write_docs:
        section = detection_report.markdown(measured)
        if options.write_docs:
            detection_report.write(section)
        print(section)
    else:
        show(measured)
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=detection_parts.DATA, help="folder of the public data")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS), help="parts to run")
    parser.add_argument("--quick", action="store_true", help="small samples")
    parser.add_argument("--spans", type=Path, nargs="+", metavar="FILE", help="JSON lines to score")
    parser.add_argument("--language", choices=["zh", "en", "auto"], default="auto", help="of --spans")
    parser.add_argument("--table", type=Path, metavar="FILE", help="labelled table to score")
    parser.add_argument("--labels", default="", help="its right answers: column=ENTITY,…; or a file of such lines")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--markdown", action="store_true", help="print the figures' section of docs/detection.md")
    parser.add_argument("--write-docs", action="store_true", help="put that section into docs/detection.md")
    return parser.parse_args()


def measure(options: argparse.Namespace) -> Measured:
    """Run the parts that were asked for."""
    size = QUICK if options.quick else FULL
    analyzer = detection_parts.analyzer()
    measured = Measured(analyzer.engine, options.quick)
    if "identifiers" in options.only:
        count = size["identifiers"] or 0
        measured.identifiers = detection_identifiers.score_identifiers(analyzer, options.data, count)
    if "cells" in options.only:
        measured.bare = detection_identifiers.score_bare_cells(analyzer, options.data, size["cells"] or 0)
    if "columns" in options.only:
        tables, measured.missing = detection_tables.all_tables(options.data)
        measured.columns = detection_tables.score_tables(analyzer, tables)
    if "texts" in options.only:
        measured.texts = detection_texts.score_corpora(analyzer, options.data, size["texts"])
        measured.missing += [name for name, score in measured.texts.items() if score is None]
    if "table-speed" in options.only:
        measured.table = detection_speed.measure_table(size["rows"] or 0, size["sample"] or 0)
    if "text-speed" in options.only:
        measured.remarks = detection_speed.measure_texts(size["remarks"] or 0)
    return measured


def show(measured: Measured) -> None:
    """Print the table of what was asked, then what is behind it."""
    rows = [("what", "measured", "asked", "reached"), *(row.cells() for row in detection_report.asked(measured))]
    print(detection_report.plain([tuple(cell.replace("*", "") for cell in row) for row in rows]))
    if measured.texts:
        here = [each for each in measured.texts.values() if each]
        print("", detection_report.plain(detection_texts.table(here)), sep="\n")
    wrong = detection_tables.table(measured.columns or [], wrong_only=True)
    if len(wrong) > 1:
        print("", detection_report.plain(wrong), sep="\n")
    figures = [each.as_json() for each in measured.identifiers or []]
    figures += [each.as_json() for each in measured.bare or []]
    for line in figures:
        print(json.dumps(line, ensure_ascii=False))
    if measured.table:
        print(json.dumps(measured.table.as_json(), ensure_ascii=False))
    if measured.missing:
        print(f"not here, so not measured: {', '.join(measured.missing)}")
    print(f"taggers: {measured.engine}")


def score_files(options: argparse.Namespace) -> int:
    """Score files of JSON lines."""
    analyzer = detection_parts.analyzer()
    scores = [
        detection_texts.score_lines(analyzer, file.stem, detection_texts.read_lines(file), options.language)
        for file in options.spans
    ]
    if options.json:
        print(json.dumps({"engine": analyzer.engine, "sets": [each.as_json() for each in scores]}, ensure_ascii=False))
    else:
        print(detection_report.plain(detection_texts.table(scores)))
        print(f"taggers: {analyzer.engine}")
    return 0


def score_table(options: argparse.Namespace) -> int:
    """Score a labelled table."""
    file = Path(options.labels)
    text = file.read_text("utf-8") if options.labels.count("=") == 0 and file.is_file() else options.labels
    try:
        frame = detection_tables.read_table(options.table).rename(columns=str.strip)
    except (SourceError, OSError) as exc:
        raise SystemExit(str(exc)) from None
    answers = detection_tables.labels_of(text)
    if not answers or not set(answers) <= set(frame.columns):
        raise SystemExit("--labels wants the right answers of columns of the table: column=ENTITY,…")
    labelled = LabelledTable(options.table.name, frame, answers)
    scores = detection_tables.score_table(detection_parts.analyzer(), labelled)
    if options.json:
        print(json.dumps(detection_tables.as_json(scores), ensure_ascii=False))
        return 0
    print(detection_report.plain(detection_tables.table(scores)))
    for way, (right, whole) in detection_tables.shares(scores).items():
        print(f"{way}: {right} of {whole} columns right")
    return 0


if __name__ == "__main__":
    sys.exit(main())
