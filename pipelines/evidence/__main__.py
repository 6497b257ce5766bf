"""``python -m pipelines.evidence FILE``: verification on a machine where only ``cryptography`` is installed.

Not the command of an installation: that is ``tutela evidence verify``, which says the same. Time stamps need
rfc3161-client as well, anchors in git need git, and neither is looked for unless it is asked for.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pipelines.errors import EvidenceInvalid, TutelaError
from pipelines.evidence.outside import places
from pipelines.evidence.report import Report
from pipelines.evidence.signature import read_public_key
from pipelines.evidence.verify import verify_file


def main(arguments: list[str] | None = None) -> int:
    """Verify one file, print the report, and give the exit code: 0 only if everything holds."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.evidence", description="Verify evidence of Tutela.")
    parser.add_argument("file", type=Path, help="an evidence bundle or a certificate")
    parser.add_argument("--public-key", help="hexadecimal, base64, or a file with one of them or a PEM")
    parser.add_argument("--anchors", type=Path, help="the anchor file, whose checkpoints must be found")
    parser.add_argument("--timestamps", type=Path, help="the file of time stamps; needs --authority")
    parser.add_argument("--authority", type=Path, help="the time-stamp authority's certificates (PEM)")
    parser.add_argument("--git", type=Path, help="a clone with anchors; all that were committed must be found")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    try:
        key = read_public_key(given.public_key) if given.public_key else None
        outside = places(given.timestamps, given.authority, given.git)
        report = verify_file(given.file, key, given.anchors, outside)
    except TutelaError as exc:
        sys.stderr.write(f"{exc}\n")
        return exc.exit_code
    sys.stdout.write(json.dumps(report.to_json(), ensure_ascii=False) + "\n" if given.json else describe(report))
    return 0 if report.valid else EvidenceInvalid.exit_code


def describe(report: Report) -> str:
    """Write a report for people: a line a check, and what it comes to."""
    lines = [f"{'holds ' if check.ok else 'FAILS '} {check.name:<13} {check.detail}" for check in report.checks]
    return "\n".join((*lines, "", f"{report.kind}: {report.finding}", ""))


if __name__ == "__main__":
    sys.exit(main())
