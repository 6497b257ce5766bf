"""THE STORY: how customer information comes in. Read it aloud.

Rows arrive under a plan. Consent decides who may be held at all. Quality decides what is sound. Classification says what
it is and how sensitive. Each record is sealed under its own key and stored, in one transaction with its evidence.

`ingest` tells it in one go; the DAGs tell it task by task with the same functions. Nothing here reads a file, the
environment or a clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipelines import sealing
from pipelines.classify import notes, planned
from pipelines.classify.levels import data_set_level
from pipelines.consent import gate
from pipelines.consent.gate import Grounds, Reason
from pipelines.evidence import entries, merkle
from pipelines.moments import day_of
from pipelines.quality.check import check
from pipelines.quality.shape import closed_sets, shapes
from pipelines.quality.verdict import Severity, rules_by_row
from pipelines.records import Admitted, Arrivals, Label, Labelled, Outcome, Quarantined, Refused, Sound
from pipelines.store import catalogue, scores, vault
from pipelines.store.database import Role, Tx

if TYPE_CHECKING:
    from pipelines.bench import Bench
    from pipelines.classify.findings import Finding
    from pipelines.classify.votes import ColumnProfile
    from pipelines.quality.verdict import Verdict

UNDATED = "retention.undated"
"""The reason for which a row is quarantined that retention can't count for."""


def ingest(arrivals: Arrivals, bench: Bench, at: datetime, lap: Callable[[str], None] = lambda _: None) -> Outcome:
    """Take one chunk from the door to the vault; refuse what may not be held. ``lap`` is told each stage passed."""
    admitted, refused = ask_consent(arrivals, bench, at)
    lap("consent")
    sound, quarantined, verdict = check_quality(admitted, bench, at)
    lap("quality")
    labelled, set_apart, profiles = classify(sound, bench)
    lap("classify")
    quarantined = together(quarantined, set_apart, verdict)
    outcome = seal_and_store(labelled, quarantined, refused, bench, at, verdict, profiles, lap)
    lap("commit")
    return outcome


def ask_consent(arrivals: Arrivals, bench: Bench, at: datetime) -> tuple[Admitted, Refused]:
    """Admit the rows that consent, or another legal basis, covers."""

    def withdrawals(frame: pd.DataFrame) -> pd.DataFrame:
        with bench.database.begin(Role.CONSENT) as tx:
            return sealing.withdrawals(tx, frame, bench.plan, bench.index_key)

    grounds = Grounds(bench.plan, bench.policy.notices, withdrawals)
    return gate.admit(arrivals, grounds, day_of(at))


def check_quality(admitted: Admitted, bench: Bench, at: datetime) -> tuple[Sound, Quarantined, Verdict]:
    """Set apart the rows that failed a critical expectation."""
    with bench.database.begin(Role.INGEST) as tx:
        received = vault.received(tx, admitted.origin)
        marks = sealing.marks(tx, admitted.frame, bench.plan, bench.index_key) if bench.suite.marks else {}
    verdict = check(admitted.frame, bench.suite, at=at, received=received, marks=marks)
    # Whatever the suite lets pass: a row without a due day could never be destroyed on time.
    undated = admitted.frame.index[sealing.undated_rows(admitted.frame, bench)].to_numpy(dtype=np.int64)
    reasons = rules_by_row({**verdict.failing(Severity.CRITICAL), UNDATED: undated})
    failed = admitted.frame.index.isin(list(reasons))
    sound = Sound(admitted.origin, admitted.frame[~failed])
    return sound, Quarantined(admitted.origin, admitted.frame[failed], reasons), verdict


def classify(sound: Sound, bench: Bench) -> tuple[Labelled, Quarantined, tuple[ColumnProfile, ...]]:
    """Label every field; treat free text that holds more than it should as the plan says, which may set rows apart."""
    profiles = planned.profiled(sound.frame, bench.plan, bench.analyzer)
    labels = tuple(_label(field.name, bench) for field in bench.plan.fields)
    treated = _free_text(sound.frame, labels, bench)
    apart = sound.frame.index.isin(list(treated.reasons))
    stays = {field: levels[~apart] for field, levels in treated.raised.items()}
    labelled = Labelled(sound.origin, treated.frame[~apart], labels, stays)
    profiles = tuple(replace(each, also=treated.counts.get(each.name, each.also)) for each in profiles)
    return labelled, Quarantined(sound.origin, sound.frame[apart], treated.reasons), profiles


def seal_and_store(
    labelled: Labelled,
    quarantined: Quarantined,
    refused: Refused,
    bench: Bench,
    at: datetime,
    verdict: Verdict,
    profiles: Sequence[ColumnProfile],
    lap: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Seal the records and store them, in one transaction with what is known about them and with the evidence."""
    prepared = sealing.prepare(labelled, quarantined, bench)
    looks = shapes([labelled.frame, quarantined.frame], closed_sets(bench.suite, bench.plan.notices))
    outcome = outcome_of(labelled, quarantined, refused)
    lap("prepare")
    with bench.database.begin(Role.INGEST) as tx:
        tx.run("lock_writers")
        lap("wait for the writers' lock")
        if vault.is_done(tx, labelled.origin):
            return already_received(labelled.origin.plan, labelled.origin.run, outcome.arrived)
        batch = put_batch(tx, labelled, outcome, bench, at)
        ids = sealing.put(tx, prepared, batch, bench, at, lap)
        scores.put(tx, batch, labelled.origin.plan, day_of(at), verdict.scores, verdict.document)
        scores.put_shapes(tx, batch, looks)
        codes = {label.field: label.code for label in labelled.labels}
        catalogue.put_profiles(tx, batch, profiles, codes, bench.recognizers)
        delivery = catalogue.profiles_of_delivery(tx, labelled.origin.plan, labelled.origin.delivery)
        found = planned.disagreements(delivery, bench.plan, bench.labels)
        catalogue.put_findings(tx, batch, found)
        bench.ledger.append(tx, [*evidence_of(labelled, outcome, ids, at), *_told(labelled, found, at)], at)
    return outcome


def together(quarantined: Quarantined, set_apart: Quarantined, verdict: Verdict) -> Quarantined:
    """Join the rows of a chunk that quality and classification set apart; no row is in both.

    Each is told all that it broke: what set it apart comes first, then the warnings, then what is only counted.
    """
    frames = [each.frame for each in (quarantined, set_apart) if len(each)] or [quarantined.frame]
    frame = pd.concat(frames).sort_index()
    apart = {**quarantined.reasons, **set_apart.reasons}
    waiting = frame.index.to_numpy(dtype=np.int64)
    lesser = verdict.failing(Severity.WARNING, Severity.INFO)
    also = rules_by_row({name: np.intersect1d(rows, waiting, assume_unique=True) for name, rows in lesser.items()})
    reasons = {row: (*why, *also.get(row, ())) for row, why in apart.items()}
    return Quarantined(quarantined.origin, frame, reasons)


def already_received(plan: str, run: str, rows: int) -> Outcome:
    """Say that a chunk was brought in before: its rows are not looked at again."""
    return Outcome(plan, run, arrived=rows, refused={Reason.ALREADY_RECEIVED.value: rows})


def _label(name: str, bench: Bench) -> Label:
    declared = bench.plan.field(name)
    if declared is None:
        raise RuntimeError("a column outside the plan came past the gate")
    item = bench.policy.taxonomy[declared.item]
    return Label(name, item.entity, item.category, item.level, item.code)


@dataclass(slots=True)
class _Treated:
    """What became of the free text of some rows."""

    frame: pd.DataFrame = field(repr=False)
    """The rows, with what is to be masked masked."""
    raised: dict[str, Any] = field(default_factory=dict)
    reasons: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Why rows are set apart."""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Field that was read in full, names and all → cells by what was found in them."""


def _free_text(frame: pd.DataFrame, labels: Sequence[Label], bench: Bench) -> _Treated:
    """Do with free text what the plan says."""
    levels = {entity: label.level for entity, label in bench.labels.items()}
    treated = _Treated(frame)
    for label in labels:
        declared = bench.plan.field(label.field)
        way = declared and declared.free_text
        if not way:
            continue
        column = frame[label.field]
        # A name is no more sensitive than the note itself and raises nothing; looking for names costs most.
        found = notes.told(bench.analyzer.free_text(column, names=way != "raise"))
        if way == "raise":
            treated.raised[label.field] = notes.raised(column, found, label.level, levels)
            continue
        treated.counts[label.field] = notes.cells_by_kind(found)
        personal = notes.personal(found, levels)
        if way == "mask":
            treated.frame = treated.frame.assign(**{label.field: notes.masked(column, personal)})
        else:
            for row, own in notes.reasons(personal).items():
                treated.reasons[row] = (*treated.reasons.get(row, ()), *own)
    return treated


def outcome_of(labelled: Labelled, quarantined: Quarantined, refused: Refused) -> Outcome:
    """Count what became of the rows; one that is quarantined counts under the first rule that it broke."""
    first = Counter(reasons[0] for reasons in quarantined.reasons.values())
    return Outcome(
        plan=labelled.origin.plan,
        run=labelled.origin.run,
        arrived=len(labelled) + len(quarantined) + len(refused),
        refused=dict(refused.counts),
        quarantined=dict(sorted(first.items())),
        stored=len(labelled),
    )


def put_batch(tx: Tx, labelled: Labelled, outcome: Outcome, bench: Bench, at: datetime) -> int:
    """Record that a chunk is done, with the level of all that the plan holds; return its number."""
    levels = [label.level for label in labelled.labels]
    # The data set is all that the plan holds, not this chunk. Rows that were destroyed since count too: the higher.
    people = tx.scalar("rows_of_plan", plan=labelled.origin.plan) + outcome.stored
    levels += [int(raised.max()) for raised in labelled.raised.values() if len(raised)]
    entities = [label.entity for label in labelled.labels if label.entity]
    level = data_set_level(levels, people=people if bench.plan.subject == "person" else 0, entities=entities)
    return vault.put_batch(
        tx, labelled.origin, arrived=outcome.arrived, stored=outcome.stored, refused=outcome.refused,
        quarantined=outcome.quarantined, level=level, at=at,
    )  # fmt: skip


def evidence_of(labelled: Labelled, outcome: Outcome, ids: Sequence[bytes], at: datetime) -> list[entries.Entry]:
    """Say in the ledger what became of a chunk."""
    origin = labelled.origin
    refused = [entries.rows_refused(origin, reason, count, at) for reason, count in outcome.refused.items()]
    waiting = [entries.rows_quarantined(origin, name, count, at) for name, count in outcome.quarantined.items()]
    root = merkle.root(merkle.leaf_hashes(ids))
    return [entries.batch_stored(origin, outcome.arrived, outcome.stored, root, at), *refused, *waiting]


def _told(labelled: Labelled, found: Sequence[Finding], at: datetime) -> list[entries.Entry]:
    told = [
        {"field": each.field, "kind": each.kind.value, "declared": each.declared, "found": each.found}
        | {"cells": each.cells}
        for each in found
    ]
    return [entries.findings_recorded(labelled.origin, told, at)] if told else []
