"""Runs of ingestion: whole in one call (`collect`, for the CLI), or task by task (for the DAGs), with the same stages.

A run has a key in the KMS under which its staging files are encrypted; it is destroyed when the run ends, however it
ends. All chunks of all files are read and staged before the first is stored, so that a file with a broken row in its
middle stores nothing. What passes between tasks is a `ChunkRef`: names and counts.

The stages that need Great Expectations and Presidio are imported by what runs them: a delivery that is refused, and a
purge, need not wait for them.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache, lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pyarrow as pa

from pipelines.bench import Bench
from pipelines.consent.gate import Reason
from pipelines.errors import DeliveryRefused, TutelaError
from pipelines.evidence import entries, names
from pipelines.jobs import drift, runs
from pipelines.jobs.home import Home, open_home, stamp, verify_ed25519
from pipelines.jobs.runs import end, staging_of, sweep
from pipelines.jobs.workers import end_with_parent
from pipelines.moments import day_of
from pipelines.policy import Plan, load_policy
from pipelines.records import Arrivals, Origin, Outcome
from pipelines.settings import Settings
from pipelines.sources import arrange, fingerprint, normalise, open_delivery, read_chunks
from pipelines.store import vault
from pipelines.store.database import Role

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.classify.engine import Analyzer
    from pipelines.quality.suite import Suite
    from pipelines.store.staging import Staging

CHUNKS_OF_A_WORKER = 4
"""A worker process is replaced after so many chunks: what its heap has lost to fragments goes with it."""


@dataclass(frozen=True, slots=True)
class ChunkRef:
    """Where a staged chunk is: fit for XCom."""

    plan: str
    run: str
    name: str
    delivery: str
    chunk: int
    rows: int
    entered_by: str = "unknown"

    @property
    def origin(self) -> Origin:
        """The chunk's origin."""
        return Origin(self.plan, self.run, UUID(self.delivery), self.chunk, self.entered_by)


@dataclass(frozen=True, slots=True)
class Gated:
    """What came through the gate."""

    plan: str
    run: str
    chunks: tuple[ChunkRef, ...]
    already: int
    """Rows of chunks that were brought in before."""
    outside: tuple[str, ...]
    """Headings of columns outside the plan; their cells were dropped unread."""

    def as_json(self) -> dict[str, Any]:
        """Return it for XCom."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Gated:
        """Read what `as_json` wrote."""
        chunks = tuple(ChunkRef(**ref) for ref in data["chunks"])
        return cls(data["plan"], data["run"], chunks, data["already"], tuple(data["outside"]))


def collect(
    settings: Settings,
    plan: str,
    files: Sequence[Path],
    at: datetime,
    tick: Callable[[int, dict[str, float]], None] = lambda _, __: None,
    by: str = "unknown",
) -> Outcome:
    """Run the whole pipeline over some files, chunks in parallel processes.

    Args:
        settings: where things are.
        plan: the collection plan's name.
        files: files, or a partner's delivery folder.
        at: the time of the run.
        tick: told the number of rows done, and the seconds of each stage, chunk by chunk.
        by: who brings them in, and so may not decide about those of them that are quarantined.

    Raises:
        TutelaError: one of its families; everything stored before stays stored, and the same command goes on.
    """
    sweep(settings)
    run = names.run_of_command(at, os.getpid(), secrets.token_bytes(3))
    try:
        laps = Laps()
        gated = gate(settings, plan, files, run, at, by)
        laps("gate")
        tick(gated.already, laps.seconds)
        for ref, seconds in _in_parallel(settings, gated.chunks, at):
            tick(ref.rows, seconds)
        return report(settings, gated, at)
    finally:
        end(settings, run, at)


def gate(
    settings: Settings, plan_name: str, files: Sequence[Path], run: str, at: datetime, by: str = "unknown"
) -> Gated:
    """Check plan and delivery, read every file to its end, and stage its chunks.

    Raises:
        DeliveryRefused: the plan is not in force, or the delivery is not what its partner signed.
        SourceError: a file can't be read as the plan says; nothing is stored.
    """
    home = open_home(settings)
    plan = home.policy.plan(plan_name)
    if not plan.valid.covers(day_of(at)):
        raise DeliveryRefused(
            f"The plan {plan.name} is not in force on {day_of(at)} ({plan.valid.since} to {plan.valid.until}); have it renewed."
        )
    staging = runs.begin(home, plan.name, run, files, at)
    chunks, already, outside = [], 0, dict[str, None]()
    for path in _verified(plan, files, home, at):
        delivery = fingerprint(path, home.index_key)
        with home.database.begin(Role.INGEST) as tx:
            size = vault.register_delivery(tx, plan.name, delivery, settings.chunk_rows, at)
        for number, chunk in enumerate(read_chunks(path, chunk_rows=size, encoding=plan.source.encoding)):
            name = f"{delivery.hex[:12]}-{number:05d}"
            ref = ChunkRef(plan.name, run, name, str(delivery), number, len(chunk), entries.actor(by))
            frame, dropped = arrange(chunk.frame, plan)
            outside |= dict.fromkeys(dropped)
            with home.database.begin(Role.INGEST) as tx:
                done = vault.is_done(tx, ref.origin)
            if done:
                already += len(chunk)
            else:
                _stage(staging, ref.name, normalise(frame, plan), plan)
                chunks.append(ref)
    home.database.close()
    _give_memory_back()
    return Gated(plan.name, run, tuple(chunks), already, tuple(outside))


def _stage(staging: Staging, name: str, frame: pd.DataFrame, plan: Plan) -> None:
    """Stage a chunk without the rows that hold payment authentication data: that is written nowhere, not even sealed."""
    from pipelines.classify.entry import payment_rows

    held = payment_rows(frame, plan.headers)
    refused = {Reason.PAYMENT_AUTHENTICATION.value: int(held.sum())} if held.any() else {}
    staging.write(name, frame[~held] if refused else frame, {"refused": refused})


def _arrivals(staging: Staging, ref: ChunkRef) -> Arrivals:
    frame, facts = staging.read(ref.name)
    return Arrivals(ref.origin, frame, facts["refused"])


def ingest_chunk(settings: Settings, ref: ChunkRef, at: datetime) -> tuple[ChunkRef, dict[str, float]]:
    """Take one staged chunk through all stages into the vault; tell how many seconds each took."""
    from pipelines import ingest as story

    laps = Laps()
    bench, staging = _bench(settings, ref.plan), staging_of(_home(settings), ref.run)
    arrivals = _arrivals(staging, ref)
    laps("read")
    story.ingest(arrivals, bench, at, laps)
    del arrivals
    _give_memory_back()
    return ref, laps.seconds


def _give_memory_back() -> None:
    """Return freed memory to the system: a worker's size is that of a chunk, however many it takes."""
    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):  # glibc only
        ctypes.CDLL(None).malloc_trim(0)


class Laps:
    """A stopwatch: told a name, it adds the time since the last."""

    def __init__(self) -> None:
        """Start."""
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def __call__(self, name: str) -> None:
        """Add the time since the last lap to a name."""
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now


def ask_consent(settings: Settings, ref: ChunkRef, at: datetime) -> ChunkRef:
    """Task: the consent gate."""
    from pipelines import ingest as story
    from pipelines.jobs import stages

    bench, staging = _bench(settings, ref.plan), staging_of(_home(settings), ref.run)
    stages.write_admitted(staging, ref.name, *story.ask_consent(_arrivals(staging, ref), bench, at))
    return ref


def check_quality(settings: Settings, ref: ChunkRef, at: datetime) -> ChunkRef:
    """Task: the plan's suite."""
    from pipelines import ingest as story
    from pipelines.jobs import stages

    bench, staging = _bench(settings, ref.plan), staging_of(_home(settings), ref.run)
    admitted, _ = stages.read_admitted(staging, ref.name, ref.origin)
    stages.write_checked(staging, ref.name, *story.check_quality(admitted, bench, at))
    return ref


def classify(settings: Settings, ref: ChunkRef) -> ChunkRef:
    """Task: label every field."""
    from pipelines import ingest as story
    from pipelines.jobs import stages

    bench, staging = _bench(settings, ref.plan), staging_of(_home(settings), ref.run)
    sound, _, _ = stages.read_checked(staging, ref.name, ref.origin)
    stages.write_labelled(staging, ref.name, *story.classify(sound, bench))
    return ref


def seal_and_store(settings: Settings, ref: ChunkRef, at: datetime) -> ChunkRef:
    """Task: into the vault, with the evidence."""
    from pipelines import ingest as story
    from pipelines.jobs import stages

    bench, staging = _bench(settings, ref.plan), staging_of(_home(settings), ref.run)
    _, refused = stages.read_admitted(staging, ref.name, ref.origin)
    _, quarantined, verdict = stages.read_checked(staging, ref.name, ref.origin)
    labelled, set_apart, profiles = stages.read_labelled(staging, ref.name, ref.origin)
    waiting = story.together(quarantined, set_apart, verdict)
    story.seal_and_store(labelled, waiting, refused, bench, at, verdict, profiles)
    return ref


def report(settings: Settings, gated: Gated, at: datetime) -> Outcome:
    """Add up what became of the run's rows, and put it into the ledger."""
    from pipelines import ingest as story

    home = open_home(settings)
    outcome = Outcome(gated.plan, gated.run)
    if gated.already:
        outcome += story.already_received(gated.plan, gated.run, gated.already)
    with home.database.begin(Role.INGEST) as tx:
        tx.run("lock_writers")
        for row in tx.rows("batches_of_run", run=gated.run):
            outcome += Outcome(gated.plan, gated.run, row.arrived, row.refused, row.quarantined, row.stored)
        missing = sum(ref.rows for ref in gated.chunks) + gated.already - outcome.arrived
        if missing:
            # Another run brought these chunks in between our gate and our turn.
            outcome += story.already_received(gated.plan, gated.run, missing)
        drift.compare(tx, gated.plan, gated.run, at)
        head = home.ledger.append(tx, [entries.run_finished(outcome, at)], at)
    home.anchor(head)
    home.database.close()
    return outcome


def _verified(plan: Plan, files: Sequence[Path], home: Home, at: datetime) -> Iterable[Path]:
    if plan.partner is None:
        return files
    partner = home.policy.partners[plan.partner]
    found: list[Path] = []
    for folder in dict.fromkeys(
        path if path.is_dir() or path.name == "manifest.json" else path.parent for path in files
    ):
        delivery = open_delivery(folder, partner, verify_ed25519, at)
        if delivery.plan != plan.name:
            raise DeliveryRefused(
                f"The delivery's manifest is for the plan {delivery.plan}, not {plan.name}; name that plan."
            )
        found += [file.path for file in delivery.files]
    return found


def _in_parallel(
    settings: Settings, refs: Sequence[ChunkRef], at: datetime
) -> Iterable[tuple[ChunkRef, dict[str, float]]]:
    workers = min(settings.workers, len(refs))
    if workers <= 1:
        for ref in refs:
            yield ingest_chunk(settings, ref, at)
        return
    # Libraries and instruments are there before the fork and shared by copy-on-write; connections are each process's own.
    for plan in {ref.plan for ref in refs}:
        load_instruments(settings, plan)
    for start in range(0, len(refs), workers * CHUNKS_OF_A_WORKER):
        yield from _round(settings, refs[start : start + workers * CHUNKS_OF_A_WORKER], workers, at)


def load_instruments(settings: Settings, plan: str) -> None:
    """Load the libraries, the suite and the analyzer of a plan into this process, once."""
    import pipelines.ingest  # noqa: F401

    _instruments_now(settings, plan)


def _round(
    settings: Settings, refs: Sequence[ChunkRef], workers: int, at: datetime
) -> Iterable[tuple[ChunkRef, dict[str, float]]]:
    with ProcessPoolExecutor(workers, get_context("fork"), end_with_parent) as pool:
        futures = [pool.submit(ingest_chunk, settings, ref, at) for ref in refs]
        try:
            for future in futures:
                yield future.result()
        except BrokenProcessPool:
            raise TutelaError(
                "A worker process was killed (out of memory?); what was stored is whole, and the same command goes on."
            ) from None
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _home(settings: Settings) -> Home:
    return _home_of_process(settings, os.getpid())  # pyright: ignore[reportArgumentType]  frozen settings are hashable


@cache
def _home_of_process(settings: Settings, _process: int) -> Home:
    return open_home(settings)


def _instruments_now(settings: Settings, plan: str) -> tuple[Suite, Analyzer]:
    return _instruments(
        settings.policy, settings.expectations, plan, stamp(settings.policy), stamp(settings.expectations)
    )


@lru_cache(maxsize=16)
def _instruments(policy: Path, expectations: Path, plan: str, *_stamps: int) -> tuple[Suite, Analyzer]:
    from pipelines.classify.engine import Analyzer
    from pipelines.classify.labels import entity_labels
    from pipelines.quality.suite import load_suite

    suite = load_suite(expectations / f"{plan}.yaml")
    return suite, Analyzer(entity_labels(load_policy(policy).taxonomy.items))


def _bench(settings: Settings, plan_name: str) -> Bench:
    return bench_of(_home(settings), plan_name)


def bench_of(home: Home, plan_name: str) -> Bench:
    """Return what the stages of a plan work with, in an open home."""
    from pipelines.classify.fingerprint import fingerprint as reading
    from pipelines.classify.labels import entity_labels

    suite, analyzer = _instruments_now(home.settings, plan_name)
    return Bench(
        plan=home.policy.plan(plan_name),
        policy=home.policy,
        suite=suite,
        analyzer=analyzer,
        labels=entity_labels(home.policy.taxonomy.items),
        database=home.database,
        custodian=home.custodian,
        ledger=home.ledger,
        index_key=home.index_key,
        randomness=secrets.token_bytes,
        recognizers=reading(analyzer.engine, home.policy.taxonomy),
    )
