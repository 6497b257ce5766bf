"""What evidence costs: `python benchmarks/evidence_figures.py [--entries 1000000] [--json]`.

Appending in batches to a ledger in a real PostgreSQL, each batch a transaction with its signed head; reading it as a
story, a page at a time; and verifying a bundle offline, from the file to the verdict. Beside each stands how long this machine needs, in the same run, merely
to hash as many entries one by one: figures of two machines, or of two hours of a busy one, compare by that ratio.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipelines import jobs
from pipelines.evidence import bundle, checkpoint, entries, merkle, signature
from pipelines.evidence.entries import Entry
from pipelines.evidence.verify import verify_file
from pipelines.jobs import ledger
from pipelines.jobs.home import open_home
from pipelines.platform.postgres import EmbeddedPostgres
from pipelines.records import Origin
from pipelines.settings import Settings
from pipelines.store.database import Role

AT = datetime(2026, 1, 5, 1, tzinfo=UTC)
ORIGIN = Origin("counter_customers", "scheduled__2026-01-05T01:00:00", UUID("7e1f0000-5d3c-4a5b-8c11-0123456789ab"), 0)
APPENDED, BATCH, VERIFIED = 200_000, 10_000, 1_000_000
HEADS = 100
"""Signed heads in the bundle: one for each batch that was appended."""


def main() -> int:
    """Run both and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=VERIFIED)
    parser.add_argument("--append", type=int, default=APPENDED)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home")
        jobs.init(settings, AT)
        try:
            figures = {
                **bench_append(settings, options.append),
                **bench_story(settings),
                **bench_verify(Path(folder), options.entries),
            }
        finally:
            EmbeddedPostgres(settings.resolved_home).remove()
    print(
        json.dumps(figures) if options.json else "\n".join(f"{name:<20}{each:>14,}" for name, each in figures.items())
    )
    return 0


def bench_append(settings: Settings, total: int = APPENDED, batch: int = BATCH) -> dict[str, float]:
    """Append entries to the ledger of an initialised home, a transaction for each batch.

    Returns:
        Entries a second, from the entry's value to the commit; the same with building the values; and how many times
        as long as bare hashing the first takes.
    """
    home = open_home(settings)
    made, spent, hashed = 0.0, 0.0, 0.0
    source = _entries()
    for _ in range(total // batch):
        began = time.perf_counter()
        new = list(islice(source, batch))
        built = time.perf_counter()
        with home.database.begin(Role.INGEST) as tx:
            tx.run("lock_writers")
            home.ledger.append(tx, new, AT)
        ended = time.perf_counter()
        made, spent = made + built - began, spent + ended - built
        hashed += _hashing([entries.canonical(entry) for entry in new])
    home.database.close()
    return {
        "append_per_second": round(total / spent),
        "build_and_append_per_second": round(total / (made + spent)),
        "append_to_hashing": round(spent / hashed, 1),
    }


def bench_story(settings: Settings) -> dict[str, float]:
    """Read a ledger as a story that nobody read before, then its pages.

    Returns:
        How many entries, seconds of the first read, and milliseconds of a page: the newest, one deep inside, and the
        slowest of those that a filter chose; each the median of several.
    """
    home = open_home(settings)
    began = time.perf_counter()
    size = ledger.story(home, limit=1)[0].seq + 1
    first = time.perf_counter() - began
    filters: tuple[dict[str, Any], ...] = (
        {"plan": ORIGIN.plan},
        {"kinds": ["ingest.batch_stored"]},
        {"kinds": ["key.generation_created"]},
        {"plan": ORIGIN.plan, "kinds": ["hold.added"]},
        {"person": "nobody"},
        {"since": AT, "until": AT + timedelta(days=1)},
    )
    chosen = [_milliseconds(partial(ledger.story, home, **asked)) for asked in filters]
    figures = {
        "story_entries": size,
        "story_first_seconds": round(first, 2),
        "story_newest_ms": _milliseconds(partial(ledger.story, home)),
        "story_deep_ms": _milliseconds(partial(ledger.story, home, before=size // 3)),
        "story_filtered_ms": max(chosen),
    }
    home.database.close()
    return figures


def bench_verify(folder: Path, total: int = VERIFIED) -> dict[str, float]:
    """Write a bundle into a folder and verify it with its public key.

    Returns:
        How many entries, how many seconds, and how many times as long as bare hashing of the entries that is.
    """
    path, key = folder / "figures.jsonl", Ed25519PrivateKey.generate()
    log = list(islice((entries.canonical(entry) for entry in _entries()), total))
    heads, frontier, step = [], merkle.EMPTY, max(1, total // HEADS)
    for start in range(0, total, step):
        frontier = frontier.extend(merkle.leaf_hashes(log[start : start + step]))
        heads.append(checkpoint.sign(key, "tutela-1", frontier.size, frontier.root(), AT))
    public = signature.public_bytes(key)
    bundle.write_bundle(path, bundle.Header("tutela-1", public, total, AT), log, heads, [])
    hashed = _hashing(log)
    del log
    gc.collect()
    began = time.perf_counter()
    report = verify_file(path, public)
    seconds = time.perf_counter() - began
    path.unlink()
    if not report.valid:
        raise SystemExit(f"the bundle does not verify: {report.finding}")
    return {
        "verify_entries": total,
        "verify_seconds": round(seconds, 3),
        "verify_to_hashing": round(seconds / hashed, 1),
    }


def _milliseconds(read: Callable[[], object]) -> float:
    spent = []
    for _ in range(9):
        began = time.perf_counter()
        read()
        spent.append(time.perf_counter() - began)
    return round(median(spent) * 1000, 1)


def _entries() -> Iterator[Entry]:
    number = 0
    while True:
        root = sha256(number.to_bytes(8, "big")).digest()
        yield entries.batch_stored(ORIGIN, 10_000, 9_900 + number % 100, root, AT)
        number += 1


def _hashing(log: list[bytes]) -> float:
    began = time.perf_counter()
    for data in log:
        sha256(data).digest()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
