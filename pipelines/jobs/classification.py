"""Look at what lies in the vault again, once recognizers, weights or the taxonomy have changed.

Each batch knows the fingerprint of what it was last read with. Those with another one are opened batch by batch, their
columns counted with the present recognizers, and the profiles and findings stored as another look; values are neither
changed nor moved. A kill loses the batch under way at most: what was looked at is current, and is passed over. The
transaction of a plan's last batch holds the ledger entry for all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.classify import notes, planned
from pipelines.classify.engine import Analyzer
from pipelines.classify.findings import Finding, Kind
from pipelines.classify.fingerprint import fingerprint
from pipelines.classify.labels import entity_labels
from pipelines.classify.relevel import too_low
from pipelines.evidence import entries
from pipelines.jobs.home import Home, open_home
from pipelines.jobs.sealed_columns import Opened, open_batch
from pipelines.settings import Settings
from pipelines.store import catalogue
from pipelines.store.database import Role, Tx

if TYPE_CHECKING:
    from pipelines.classify.labels import EntityLabel
    from pipelines.classify.votes import ColumnProfile
    from pipelines.policy import Plan


@dataclass(frozen=True, slots=True)
class Reclassified:
    """What came of looking at one plan again."""

    plan: str
    recognizers: str
    """Fingerprint of what reads now."""
    waiting: int
    """Batches that were last read with something else, when this began."""
    batches: int = 0
    """Batches that were looked at."""
    records: int = 0
    findings: tuple[dict[str, Any], ...] = ()
    """What was found in the plan's batches with these recognizers: field, kind, declared, found, level, cells."""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return it for programs and XCom."""
        return {**asdict(self), "findings": list(self.findings)}


@dataclass(frozen=True)
class _Desk:
    """What a plan is looked at with."""

    home: Home
    plan: Plan
    analyzer: Analyzer
    labels: dict[str, EntityLabel]
    recognizers: str


def reclassify(
    settings: Settings,
    clock: Callable[[], datetime],
    plan: str | None = None,
    *,
    dry_run: bool = False,
    step: Callable[[str, int], None] = lambda _plan, _records: None,
) -> list[Reclassified]:
    """Look at all plans' records again, or one plan's, as far as they were last read with something else.

    Args:
        settings: where things are.
        clock: tells the time.
        plan: the one plan; None: all of the policy.
        dry_run: only tell how many batches wait.
        step: told the plan and the number of records after each batch.

    Raises:
        UnknownPlan: there is no such plan.
        KeyUnavailable: a record does not open. What was looked at stays so; the same command goes on.
    """
    home = open_home(settings)
    names = sorted(home.policy.plans) if plan is None else [home.policy.plan(plan).name]
    labels = entity_labels(home.policy.taxonomy.items)
    analyzer = Analyzer(labels)
    reads = fingerprint(analyzer.engine, home.policy.taxonomy)
    desks = [_Desk(home, home.policy.plan(name), analyzer, labels, reads) for name in names]
    try:
        return [_plan(desk, clock, step, dry_run=dry_run) for desk in desks]
    finally:
        home.database.close()


def _plan(
    desk: _Desk, clock: Callable[[], datetime], step: Callable[[str, int], None], *, dry_run: bool
) -> Reclassified:
    waiting = _waiting(desk)
    found = Reclassified(desk.plan.name, desk.recognizers, len(waiting))
    if dry_run or not waiting:
        return found
    begun = time.perf_counter()
    for batch in waiting:
        records = _batch(desk, batch, clock)
        found = replace(found, batches=found.batches + 1, records=found.records + records)
        step(desk.plan.name, records)
    desk.home.anchor()
    with desk.home.database.begin(Role.CLASSIFY) as tx:
        told = tuple(_told(row) for row in tx.rows("found_again", plan=desk.plan.name, recognizers=desk.recognizers))
    return replace(found, findings=told, seconds=round(time.perf_counter() - begun, 3))


def _waiting(desk: _Desk) -> list[Any]:
    with desk.home.database.begin(Role.CLASSIFY) as tx:
        return tx.rows("batches_to_look_at", plan=desk.plan.name, recognizers=desk.recognizers)


def _batch(desk: _Desk, batch: Any, clock: Callable[[], datetime]) -> int:
    opened = open_batch(desk.home, desk.plan, batch)
    records = len(opened.frame)
    profiles = planned.profiled(opened.frame, desk.plan, desk.analyzer) if records else ()
    sealed = _sealed(desk.plan, opened)
    low = [*too_low(desk.plan.declared, profiles, sealed, desk.labels), *_notes_too_low(desk, opened)]
    del opened
    with desk.home.database.begin(Role.CLASSIFY) as tx:
        tx.run("lock_writers")
        newest = tx.one("look_of_batch", batch_id=batch.batch_id)
        if newest.recognizers != desk.recognizers:  # another run may have been here meanwhile
            _put(tx, desk, batch, newest.look + 1, (records, profiles, sealed, low), clock())
    return records


def _sealed(plan: Plan, opened: Opened) -> dict[str, int]:
    """Tell the lowest level of each structured field; the cells of a note were raised one by one."""
    levels = {field.name: opened.lowest(field.name) for field in plan.fields if field.free_text is None}
    return {name: level for name, level in levels.items() if level is not None}


def _notes_too_low(desk: _Desk, opened: Opened) -> list[Finding]:
    """Find the notes with an identifier in them that lie under a lower level than it needs."""
    found, levels = [], {key: label.level for key, label in desk.labels.items()}
    for field in desk.plan.fields:
        if field.free_text is None:
            continue
        column = opened.frame[field.name]
        hits = desk.analyzer.free_text(column, names=False)
        wanted = notes.raised(column, hits, 0, levels)
        low = wanted > opened.levels[field.name]
        if low.any():
            cells, of = int(low.sum()), int(column.notna().sum())
            level, share = int(wanted[low].max()), round(cells / of, 4)
            found.append(Finding(field.name, Kind.LEVEL_RAISED, field.item.upper(), None, level, 1.0, cells, share))
    return found


def _put(
    tx: Tx,
    desk: _Desk,
    batch: Any,
    look: int,
    seen: tuple[int, Sequence[ColumnProfile], dict[str, int], Sequence[Finding]],
    at: datetime,
) -> None:
    """Store a look, and what its delivery shows up to here; with a plan's last one, the ledger entry for all of them."""
    records, profiles, sealed, low = seen
    number = int(batch.batch_id)
    codes = {field.name: desk.home.policy.taxonomy[field.item].code for field in desk.plan.fields}
    tx.run("insert_look", batch_id=number, look=look, recognizers=desk.recognizers, records=records, at=at)
    catalogue.put_profiles(tx, number, profiles, codes, desk.recognizers, look, sealed)
    delivery = catalogue.profiles_of_delivery(tx, desk.plan.name, batch.delivery_id)
    found = planned.disagreements(delivery, desk.plan, desk.labels)
    catalogue.put_findings(tx, number, [*found, *low], look)
    if tx.one("last_batch_to_look_at", plan=desk.plan.name, recognizers=desk.recognizers):
        return
    done = tx.one("looked_at", plan=desk.plan.name, recognizers=desk.recognizers)
    told = [_told(row) for row in tx.rows("found_again", plan=desk.plan.name, recognizers=desk.recognizers)]
    entry = entries.plan_reclassified(desk.plan.name, desk.recognizers, (done.batches, done.records), told, at)
    desk.home.ledger.append(tx, [entry], at)


def _told(row: Any) -> dict[str, Any]:
    return dict(row._asdict())
