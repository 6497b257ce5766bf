"""File → vault, stage by stage: `python benchmarks/pipeline.py --rows 1000000 [--profile text] [--json]`.

A seeded file of the counter's plan, nearly unique clean rows, into an own home with an own PostgreSQL, through the same
code as `tutela ingest`. Stages are summed over the processes, so they add up to more than the wall clock. Peak memory is
the proportional set size of the process tree without PostgreSQL, sampled.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from examples.structured import write_structured
from pipelines import jobs
from pipelines.jobs import collection
from pipelines.moments import day_of
from pipelines.platform.postgres import EmbeddedPostgres
from pipelines.settings import Settings


def main() -> int:
    """Run the benchmark and print its figures."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), options)
    if options.json:
        print(json.dumps(figures))
        return 0
    print(
        f"{figures['rows']:,} rows ({options.profile}), {options.workers} processes, chunks of {options.chunk_rows:,}"
    )
    for stage, seconds in figures["stages"].items():
        print(f"  {stage:<28}{seconds:>9.2f} s {1e6 * seconds / figures['rows']:>8.2f} µs a row")
    print(
        f"{figures['records_per_second']:,.0f} records/s, {figures['seconds']:.1f} s, peak {figures['peak_mb']:,.0f} MB"
    )
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--profile", choices=["structured", "text"], default="structured")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=Settings().workers)
    parser.add_argument("--chunk-rows", type=int, default=Settings().chunk_rows)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Make the file, ingest it, and return the figures."""
    at = datetime.now(UTC)
    file = folder / "counter.csv"
    write_structured(file, options.rows, options.seed, as_of=day_of(at), profile=options.profile)
    settings = Settings(home=folder / "home", workers=options.workers, chunk_rows=options.chunk_rows)
    jobs.init(settings, at)
    stages: Counter[str] = Counter()
    loading = time.perf_counter()
    # What a process loads once, whatever it then brings in; a long-running worker has it loaded.
    collection.load_instruments(settings, "counter_customers")
    startup = time.perf_counter() - loading
    peak = Peak()
    try:
        started = time.perf_counter()
        outcome = collection.collect(
            settings, "counter_customers", [file], at, tick=lambda _, laps: stages.update(laps)
        )
        seconds = time.perf_counter() - started
    finally:
        peak.stop()
        EmbeddedPostgres(settings.resolved_home).remove()
        shutil.rmtree(settings.resolved_home, ignore_errors=True)
    if outcome.stored + sum(outcome.quarantined.values()) != options.rows:
        raise SystemExit(f"only {outcome.stored} of {options.rows} rows arrived in the vault")
    return {
        "rows": options.rows,
        "records_per_second": round(options.rows / seconds, 1),
        "seconds": round(seconds, 3),
        "startup_seconds": round(startup, 3),
        "peak_mb": round(peak.megabytes, 1),
        "stages": {stage: round(spent, 3) for stage, spent in stages.items()},
    }


class Peak:
    """Samples the proportional set size of this process and its children."""

    def __init__(self) -> None:
        """Start sampling."""
        self.megabytes = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop sampling."""
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(0.2):
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
            self.megabytes = max(self.megabytes, sum(_pss(pid) for pid in ["self", *children]))


def _pss(pid: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    sys.exit(main())
