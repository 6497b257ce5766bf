"""Seal labelled rows and put them into the vault: joins `seal` (keys, ciphertext) and `store` (sets of rows).

Cheap and lock-free work comes first (`prepare`), so that the writers' lock is held only for allotting subjects and
keys, sealing under them, and the copy itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.consent.gate import last_days, purposes_of
from pipelines.custody import COHORT, SUBJECT
from pipelines.errors import TutelaError
from pipelines.moments import day_of, days, moments, postgres_micros
from pipelines.policy import QUARANTINE, Plan
from pipelines.policy.due import ACTIONS, Decisions, EventDays, decide_all
from pipelines.seal import blind_index, envelope
from pipelines.store import catalogue, keyring, subjects, vault
from pipelines.store.subjects import Identifier
from pipelines.store.vault import RecordIds, SealedRecords

if TYPE_CHECKING:
    from pipelines.bench import Bench
    from pipelines.custody import Custodian
    from pipelines.policy.plans import PlanField
    from pipelines.records import Labelled, Quarantined
    from pipelines.store.database import Tx

NAMING_ITEMS = ("person_name", "enterprise_name")
CHANNELS = {"direct": 1, "third_party": 2, "web": 3}
"""Two-digit number of the channel in a subject's code."""
SUBJECT_KINDS = {"person": "P", "enterprise": "E"}
Plain = dict[int, list[bytes | None]]
"""Level → the plaintext of each record's part."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that can be computed before subjects and keys are known."""

    record_ids: RecordIds
    identifiers: tuple[Identifier, ...]
    events: EventDays
    levels: Any
    plain: Plain = field(repr=False)
    frame: pd.DataFrame = field(repr=False)
    quarantined: Quarantined = field(repr=False)


def prepare(labelled: Labelled, quarantined: Quarantined, bench: Bench) -> Prepared:
    """Compute ids, the days that retention counts from, blind indexes and the parts' plaintext.

    Raises:
        TutelaError: a row has no due date, so it could never be destroyed on time; it may not be stored.
    """
    frame = labelled.frame
    undated = int(undated_rows(frame, bench).sum())
    if undated:
        raise TutelaError(
            f"{undated} rows have no date that retention counts from; make collected_at.* critical in the plan's suite."
        )
    rows = frame.index.to_numpy(dtype=np.int64)
    plain, levels = _plain(labelled)
    identifiers = identify(frame, bench.plan, bench.index_key)
    events = event_days(frame, bench)
    return Prepared(vault.record_ids(labelled.origin, rows), identifiers, events, levels, plain, frame, quarantined)


def undated_rows(frame: pd.DataFrame, bench: Bench) -> npt.NDArray[np.bool_]:
    """Tell which rows have no day that their retention could count from, so that they could never be destroyed on time."""
    undated: npt.NDArray[np.bool_] = np.isnat(days(frame["collected_at"]))
    if bench.policy.retention[bench.plan.retention].start == "last_activity":
        undated &= np.isnat(days(frame["last_activity_at"]))
    return undated


def event_days(frame: pd.DataFrame, bench: Bench) -> EventDays:
    """Tell what is known of each row as far as its retention counts from it.

    A consent that was given for a time ends with it; that counts for the classes that count from the end of consent.
    """
    active = days(frame["last_activity_at"])
    collected = days(frame["collected_at"])
    unknown = np.full(len(frame), np.datetime64("NaT"), dtype="datetime64[D]")
    consent_end = unknown
    if bench.policy.retention[bench.plan.retention].start == "consent_end" and bench.plan.legal_basis == "consent":
        consent_end = last_days(frame, {name: bench.policy.notices[name] for name in bench.plan.notices})
        consent_end = consent_end + np.timedelta64(1, "D")
    return EventDays(np.where(np.isnat(collected), active, collected), active, unknown, consent_end)


def identify(frame: pd.DataFrame, plan: Plan, index_key: bytes) -> tuple[Identifier, ...]:
    """Hash the identifiers of each row: the strong ones alone, the weak ones together with the name."""
    names, found = _naming(plan), []
    for declared in _identifying(plan):
        values, strong = frame[declared.name], declared.identifies == "strong"
        kind = declared.item
        if not strong and names:
            values, kind = values + "\x1f" + frame[names], f"{declared.item}+name"
        present = values.notna().to_numpy()
        digests = blind_index.digests(index_key, kind, values[present])
        found.append(Identifier(kind, strong, present, digests))
    return tuple(found)


def _naming(plan: Plan) -> str | None:
    return next((field.name for field in plan.fields if field.item in NAMING_ITEMS), None)


def _identifying(plan: Plan) -> list[PlanField]:
    """List the fields that identify; a weak one does so only beside a name."""
    kinds = ("strong", "weak") if _naming(plan) else ("strong",)
    return [declared for declared in plan.fields if declared.identifies in kinds]


def marks(tx: Tx, frame: pd.DataFrame, plan: Plan, index_key: bytes) -> dict[str, npt.NDArray[np.bool_]]:
    """Look up which rows carry an identifier that the vault knows, and which one that is somebody else's there.

    Somebody else's: name and mobile number are known of a subject with a strong identifier, and this row's is another.
    Read without the writers' lock: of two chunks that come in at the same moment, neither sees the other.
    """
    identifiers = identify(frame, plan, index_key)
    known = subjects.find(tx, identifiers)
    position, subject = known["position"].to_numpy(np.int64), known["subject_id"].to_numpy(np.int64)
    of_kind, has_strong = known["kind"].to_numpy(np.int64), known["has_strong"].to_numpy(np.bool_)
    strongest = np.isin(of_kind, [number for number, each in enumerate(identifiers) if each.strong])
    who = np.full(len(frame), subjects.UNKNOWN)
    who[position[strongest]] = subject[strongest]
    named = np.any([each.present for each in identifiers if each.strong] or [np.zeros(len(frame), np.bool_)], axis=0)
    other = ~strongest & has_strong & named[position] & (who[position] != subject)
    found = {}
    for number, declared in enumerate(_identifying(plan)):
        hits = of_kind == number
        for mark, rows in (("known_before", position[hits]), ("of_another", position[hits & other])):
            flags = np.zeros(len(frame), dtype=np.bool_)
            flags[rows] = True
            found[f"{declared.name}.{mark}"] = flags
    return found


def withdrawals(tx: Tx, frame: pd.DataFrame, plan: Plan, index_key: bytes) -> pd.DataFrame:
    """Look up what the subjects behind some rows withdrew: columns row, purpose, at."""
    columns = ["position", "purpose", "at"]
    if not tx.scalar("any_withdrawal"):
        return pd.DataFrame({"row": [], "purpose": [], "at": []})
    identifiers = identify(frame, plan, index_key)
    subjects.stage_wanted(tx, identifiers)
    found = tx.rows("withdrawals", kinds=[identifier.kind for identifier in identifiers])
    table = pd.DataFrame.from_records([tuple(row) for row in found], columns=columns)
    rows = frame.index.to_numpy()[table["position"].to_numpy(dtype=np.int64)]
    return pd.DataFrame({"row": rows, "purpose": table["purpose"], "at": pd.to_datetime(table["at"], utc=True)})


def put(
    tx: Tx,
    prepared: Prepared,
    batch: int,
    bench: Bench,
    at: datetime,
    lap: Callable[[str], None] = lambda _: None,
    last_day: date | None = None,
) -> list[bytes]:
    """Allot subjects and keys, seal, and store; return the record ids. Call it under the writers' lock.

    ``last_day`` is the latest on which quarantined rows are destroyed: one that fails again waits no longer than before.
    """
    plan, retention = bench.plan, bench.policy.retention[bench.plan.retention]
    decided = decide_all(retention, prepared.events, day_of(at))
    who = subjects.resolve(
        tx, prepared.identifiers, len(prepared.frame), SUBJECT_KINDS[plan.subject], CHANNELS[plan.channel],
        decided.due, at, bench.randomness,
    )  # fmt: skip
    lap("subjects")
    cohorts = ensure_cohorts(tx, retention.key, decided)
    tx.run("adopt_rule", plan=plan.name, retention_class=retention.key, rule=retention.rule(), at=at)
    ids = [row.tobytes() for row in prepared.record_ids]
    parts = envelope.seal_records(
        ids,
        [key.tobytes() for key in bench.custodian.keys(tx, SUBJECT, who)],
        [key.tobytes() for key in bench.custodian.keys(tx, COHORT, cohorts.astype(np.int64))],
        prepared.plain,
        bench.randomness,
    )
    lap("seal")
    sealed = SealedRecords(
        prepared.record_ids, decided.due, cohorts, who, prepared.levels, prepared.events.collected,
        prepared.events.last_activity, parts, envelope.SCHEMA_VERSION,
    )  # fmt: skip
    vault.put_records(tx, sealed, batch)
    if plan.legal_basis == "consent":
        _put_receipts(tx, prepared, who, bench, at)
    _put_quarantine(tx, prepared.quarantined, batch, bench, at, last_day)
    lap("store")
    return ids


def ensure_cohorts(tx: Tx, retention_class: str, decided: Decisions) -> npt.NDArray[np.int32]:
    """Give each record of a class the cohort of what was decided: its day, what is done on it, and whether it is restricted."""
    cohorts = np.zeros(len(decided), dtype=np.int32)
    kinds = decided.actions * 2 + decided.restricted
    for kind in np.unique(kinds):
        rows = kinds == kind
        action, restricted = ACTIONS[kind // 2].value, bool(kind % 2)
        cohorts[rows] = keyring.ensure_cohorts(tx, retention_class, decided.due[rows], action, restricted=restricted)
    return cohorts


def _plain(labelled: Labelled) -> tuple[Plain, Any]:
    """Group the fields by level; a raised free-text cell goes to the part of its raised level."""
    by_level: dict[int, list[tuple[str, list[Any]]]] = {}
    record_levels = np.zeros(len(labelled), dtype=np.int16)
    for label in labelled.labels:
        column = labelled.frame[label.field]
        raised = labelled.raised.get(label.field)
        for level in [label.level] if raised is None else np.unique([label.level, *raised]).tolist():
            cells = column if raised is None else column.where(raised == level)
            by_level.setdefault(level, []).append((label.field, _values(cells)))
            record_levels = np.where(cells.notna().to_numpy(), np.maximum(record_levels, level), record_levels)
    plain = {
        level: envelope.encode_parts(
            [name for name, _ in columns], zip(*(values for _, values in columns), strict=True)
        )
        for level, columns in sorted(by_level.items())
    }
    return plain, np.maximum(record_levels, 1)


def _values(column: pd.Series[str]) -> list[Any]:
    values = column.astype(object)
    return values.where(column.notna(), None).tolist()


def _put_receipts(tx: Tx, prepared: Prepared, who: Any, bench: Bench, at: datetime) -> None:
    frame = prepared.frame
    if frame.empty:
        return
    stated = frame[["consent_notice", "consent_purposes", "consent_method"]].fillna("unstated")
    numbers = np.zeros(len(frame), dtype=np.int32)
    distinct, position = stated.drop_duplicates(), stated.groupby(list(stated.columns), sort=False).ngroup().to_numpy()
    for number, (notice, purposes, method) in enumerate(distinct.itertuples(index=False)):
        sha256 = bench.policy.notices[notice].sha256
        terms = vault.terms_id(tx, bench.plan.name, notice, sha256, purposes_of(purposes), method)
        numbers[position == number] = terms
    given = postgres_micros(moments(frame["consent_at"]))
    until = last_days(frame, {name: bench.policy.notices[name] for name in bench.plan.notices})
    vault.put_receipts(tx, prepared.record_ids, who, numbers, given, until, at)


def open_quarantined(tx: Tx, custodian: Custodian, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Open quarantined rows as `quarantined_rows` gives them: column → value, in their order.

    Raises:
        KeyUnavailable: a key was destroyed, or a row was altered.
    """
    if not rows:
        return []
    holders = custodian.keys(tx, SUBJECT, np.array([row.holder_id for row in rows], dtype=np.int64))
    cohorts = custodian.keys(tx, COHORT, np.array([row.cohort_id for row in rows], dtype=np.int64))
    return [
        envelope.open_whole(
            row.record_id.bytes, holder.tobytes(), cohort.tobytes(), bytes(row.sealed), row.schema_version
        )
        for row, holder, cohort in zip(rows, holders, cohorts, strict=True)
    ]


def _put_quarantine(
    tx: Tx, quarantined: Quarantined, batch: int, bench: Bench, at: datetime, last_day: date | None
) -> None:
    """Seal quarantined rows whole: under one new slot of the subject ring a batch, and their own cohort."""
    if not len(quarantined):
        return
    holder = subjects.allot(tx, 1)
    due: date = bench.policy.retention[QUARANTINE].due(day_of(at))
    due = due if last_day is None else min(due, last_day)
    expires = np.full(len(quarantined), np.datetime64(due), dtype="datetime64[D]")
    cohorts = keyring.ensure_cohorts(tx, QUARANTINE, expires).astype(np.int64)
    record_ids = [row.tobytes() for row in vault.record_ids(quarantined.origin, quarantined.frame.index.to_numpy())]
    columns = {name: _values(quarantined.frame[name]) for name in quarantined.frame.columns}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    sealed = envelope.seal_whole(
        record_ids,
        bench.custodian.keys(tx, SUBJECT, holder)[0].tobytes(),
        [key.tobytes() for key in bench.custodian.keys(tx, COHORT, cohorts)],
        rows,
        bench.randomness,
    )
    reasons = [list(quarantined.reasons[int(row)]) for row in quarantined.frame.index]
    catalogue.put_quarantine(
        tx, record_ids, batch, int(holder[0]), int(cohorts[0]), due, envelope.SCHEMA_VERSION, reasons, sealed, at,
        at + timedelta(days=bench.plan.review_days), quarantined.origin,
    )  # fmt: skip
