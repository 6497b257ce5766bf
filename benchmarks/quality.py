"""The verdict on every row: `python benchmarks/quality.py --rows 1000000 [--workers 2] [--chunk-rows 20000] [--json]`.

Rows of the counter, about 2 % of them wrong, against the counter's suite, chunk by chunk in worker processes as
ingestion does it: each chunk is read from its file, judged, and its failures put under its rows. Making the rows is not
counted. On a sample the verdict is held against rules written a second time, in plain Python, a row at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "ARROW_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.quality_oracle import failures
from examples import dirt
from examples.identities import Pools
from examples.rows import Maker
from pipelines.quality.check import check
from pipelines.quality.suite import Suite, load_suite
from pipelines.quality.verdict import Severity, Verdict, rules_by_row

SUITE = Path(__file__).resolve().parent.parent / "expectations" / "counter_customers.yaml"
AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
RECEIVED = AT - timedelta(hours=3)
MISTAKES = ("wrong_check", "missing_mobile", "swapped", "other_sex", "half_email", "filler_name", "lost_character")
SHARE = 0.02
SAMPLE = 2_000


def main() -> int:
    """Run the benchmark and print its figures; 1 if a verdict was wrong."""
    options = arguments()
    suite = load_suite(SUITE)
    with tempfile.TemporaryDirectory() as folder:
        files = make(Path(folder), options)
        figures = measure(files, suite, options)
        wrong = disagreements(read(files[0])[0].head(SAMPLE), suite)
        each = {} if options.no_costs else costs(read(files[0])[0], suite)
    figures |= {"sample": min(SAMPLE, options.rows), "disagreements": wrong, "expectations": each}
    if options.json:
        print(json.dumps(figures))
        return int(bool(wrong))
    print(f"{figures['rows']:,} rows × {figures['rules']} expectations, {options.workers} processes, "
          f"chunks of {options.chunk_rows:,}: {figures['seconds']:.1f} s, {figures['rows_per_second']:,.0f} rows/s "
          f"({figures['process_seconds']:.1f} s of processes), {figures['failing_rows']:,} rows with a failure")  # fmt: skip
    for rule, micros in sorted(each.items(), key=lambda item: -item[1]):
        print(f"  {rule:<28}{micros:>8.3f} µs a row")
    print(f"{len(wrong)} disagreements with the oracle on {figures['sample']:,} rows")
    return int(bool(wrong))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--chunk-rows", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-costs", action="store_true", help="don't measure expectation by expectation")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def make(folder: Path, options: argparse.Namespace) -> list[Path]:
    """Write the chunks' files."""
    maker = Maker(options.seed, date(2026, 3, 2), Pools.of(options.seed))
    rng = np.random.default_rng(options.seed)
    files = []
    for start in range(0, options.rows, options.chunk_rows):
        numbers = np.arange(start, min(start + options.chunk_rows, options.rows), dtype=np.uint64)
        columns = maker.counter(numbers, np.zeros(len(numbers), bool))
        spoil(columns, rng)
        columns |= {name: pa.array(rng.random(len(numbers)) < SHARE) for name in ("known", "another")}
        columns["row"] = pa.array(numbers.astype(np.int64) + 1)
        files.append(folder / f"{start:09d}.arrow")
        with pa.OSFile(str(files[-1]), "wb") as file:
            table = pa.table(columns)
            with pa.ipc.new_file(file, table.schema) as writer:
                writer.write_table(table)
    return files


def spoil(columns: dirt.Columns, rng: np.random.Generator) -> None:
    """Plant one mistake in about 2 % of the rows."""
    kind = np.where(
        rng.random(len(columns["sex"])) < SHARE, rng.integers(0, len(MISTAKES), len(columns["sex"])), len(MISTAKES)
    )
    masks = {mistake: kind == place for place, mistake in enumerate(MISTAKES)}
    dirt.change(columns, "id_number", masks["wrong_check"], dirt.wrong_last)
    dirt.blank(columns, ("mobile",), masks["missing_mobile"])
    dirt.swap(columns, "customer_name", "mobile", masks["swapped"])
    dirt.put(columns, "sex", masks["other_sex"], "男")
    dirt.put(columns, "email", masks["half_email"], "user@")
    dirt.put(columns, "customer_name", masks["filler_name"], "测试")
    dirt.put(columns, "customer_name", masks["lost_character"], "王\ufffd")


def read(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read a chunk: the rows, and what a look-up in the vault would have marked."""
    with pa.memory_map(str(path)) as source:
        frame = pa.ipc.open_file(source).read_all().to_pandas().set_index("row")
    marks = {"id_number.new": frame.pop("known").to_numpy(), "mobile.own": frame.pop("another").to_numpy()}
    return frame, {"id_number.known_before": marks["id_number.new"], "mobile.of_another": marks["mobile.own"]}


def judge(path: Path, suite: Suite) -> tuple[int, float]:
    """Judge one chunk; return its failing rows and the seconds it took this process."""
    began = time.process_time()
    frame, marks = read(path)
    verdict = check(frame, suite, at=AT, received=RECEIVED, marks=marks)
    failing = rules_by_row(verdict.failing(*Severity))
    return len(failing), time.process_time() - began


def measure(files: Sequence[Path], suite: Suite, options: argparse.Namespace) -> dict[str, Any]:
    """Judge all chunks in worker processes."""
    judge(files[0], suite)
    began = time.perf_counter()
    with ProcessPoolExecutor(options.workers, get_context("fork")) as pool:
        found = list(pool.map(judge, files, [suite] * len(files)))
    seconds = time.perf_counter() - began
    return {
        "rows": options.rows,
        "rules": len(suite.rules),
        "workers": options.workers,
        "chunk_rows": options.chunk_rows,
        "seconds": round(seconds, 2),
        "rows_per_second": round(options.rows / seconds),
        "process_seconds": round(sum(each for _, each in found), 2),
        "failing_rows": sum(count for count, _ in found),
    }


def costs(frame: pd.DataFrame, suite: Suite) -> dict[str, float]:
    """Measure what each expectation costs a row beyond the cost of a call, in microseconds."""
    found = {}
    for rule in suite.rules:
        alone = replace(suite, rules=(rule,), gx=type(suite.gx)(name=suite.name, expectations=[rule.build()]))
        found[rule.id] = round(1e6 * max(0.0, _seconds(frame, alone) - _seconds(frame.head(1), alone)) / len(frame), 4)
    return found


def _seconds(frame: pd.DataFrame, suite: Suite) -> float:
    marks = {name: np.zeros(len(frame), np.bool_) for name in suite.marks}
    times = []
    for _ in range(3):
        began = time.process_time()
        check(frame, suite, at=AT, received=RECEIVED, marks=marks)
        times.append(time.process_time() - began)
    return min(times)


def disagreements(frame: pd.DataFrame, suite: Suite) -> list[str]:
    """Name the expectations whose verdict on a sample is not the oracle's."""
    marks = {name: np.arange(len(frame)) % 7 == place for place, name in enumerate(suite.marks)}
    verdict: Verdict = check(frame, suite, at=AT, received=RECEIVED, marks=marks)
    expected = failures(frame, suite, marks, AT, RECEIVED)
    return [rule.id for rule in suite.rules if verdict.failed[rule.id].tolist() != expected[rule.id]]


if __name__ == "__main__":
    raise SystemExit(main())
