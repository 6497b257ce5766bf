"""THE STORY of a decision: what a steward says of quarantined rows, and what becomes of them. Read it aloud.

A steward corrects a row, accepts rows as they are, rejects them, or sends them back to the department. What is corrected
or accepted goes through the stages of ingestion once more, as a batch of the steward's, and is stored or set apart again.
What is rejected is sealed for the next night, which destroys it with its key. What goes back stays where it is, sealed.

Nobody decides about what they brought in. Decisions, evidence, what is stored and what is removed are one transaction.
Nothing here reads a file, the environment or a clock.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pandas as pd

from pipelines import ingest as story
from pipelines import sealing
from pipelines.classify.entry import payment_rows
from pipelines.errors import DecisionRefused
from pipelines.evidence import entries, merkle
from pipelines.evidence.guard import LONGEST_TEXT, is_impersonal_text
from pipelines.moments import day_of
from pipelines.policy import Plan
from pipelines.records import CONSENT_COLUMNS, META_COLUMNS, Admitted, Arrivals, Labelled, Origin, Quarantined, Sound
from pipelines.retention import waiting
from pipelines.retention.reseal import note_passages
from pipelines.sources import normalise
from pipelines.sources.fingerprint import uuid_of
from pipelines.store import catalogue, quarantine, scores, vault
from pipelines.store.database import Database, Role, Tx
from pipelines.store.quarantine import LARGEST, Decided, Kind

if TYPE_CHECKING:
    from pipelines.bench import Bench
    from pipelines.classify.votes import ColumnProfile
    from pipelines.custody import Custodian
    from pipelines.evidence.ledger import Ledger
    from pipelines.quality.verdict import Verdict
    from pipelines.records import Outcome, Refused


@dataclass(frozen=True, slots=True)
class Decision:
    """What a steward says, and why."""

    id: str
    kind: Kind
    reason: str
    steward: str
    at: datetime
    changes: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Corrected: field → its new value; an empty one clears the field."""


@dataclass(frozen=True)
class Desk:
    """What a steward works with."""

    database: Database
    custodian: Custodian
    ledger: Ledger
    index_key: bytes = field(repr=False)
    bench: Callable[[str], Bench] = field(repr=False)
    """Gives a plan's instruments; asked for only where rows go through the stages again."""


@dataclass(frozen=True, slots=True)
class _Again:
    """Rows of one plan that went through the stages again; row 1 is the first of ``rows``."""

    rows: Sequence[Any]
    bench: Bench
    labelled: Labelled
    waiting: Quarantined
    refused: Refused
    verdict: Verdict
    profiles: Sequence[ColumnProfile] = field(repr=False)
    prepared: sealing.Prepared = field(repr=False)


def decide(desk: Desk, decision: Decision, ids: Sequence[UUID]) -> Counter[str]:
    """Do what a steward decided about some rows; return how many were stored, quarantined, refused, rejected, returned.

    Raises:
        DecisionRefused: the rows can't be decided about so, or not by this steward, or somebody else was faster.
    """
    _require_sense(decision, ids)
    with desk.database.begin(Role.REVIEW) as tx:
        rows = quarantine.rows(tx, ids)
        _require_all(tx, ids, rows)
        _require_allowed(decision, rows)
        opened = sealing.open_quarantined(tx, desk.custodian, rows) if _stores(decision) else []
    passed = [_again(desk, decision, *group) for group in _by_plan(rows, opened)]
    with desk.database.begin(Role.REVIEW) as tx:
        tx.run("lock_writers")
        found = quarantine.facts(tx, ids)
        _require_all(tx, ids, found)
        _require_allowed(decision, found)
        _require_undisturbed(tx, ids)
        decided = [each for again in passed for each in _store(tx, desk, decision, again)]
        decided = decided or [_as_said(decision, row) for row in found]
        _conclude(tx, desk, decision, decided)
    return Counter(each.outcome for each in decided)


# --- what may be decided -----------------------------------------------------------------------------------------


def _require_sense(decision: Decision, ids: Sequence[UUID]) -> None:
    if not is_impersonal_text(decision.reason.strip()):
        raise DecisionRefused(
            f"A decision needs a reason: one line of at most {LONGEST_TEXT:,} characters, without the number or address of a person; nothing was changed.",
            "reason",
        )
    if not ids or len(ids) > LARGEST:
        raise DecisionRefused(
            f"{len(ids):,} rows can't be decided about in one go; choose from 1 to {LARGEST:,}. Nothing was changed."
        )
    if decision.kind is Kind.CORRECTED and (len(ids) != 1 or not decision.changes):
        raise DecisionRefused("A correction is of one row, and names at least one field; nothing was changed.")


def _require_all(tx: Tx, ids: Sequence[UUID], rows: Sequence[Any]) -> None:
    """Refuse to decide about rows that are not there, or not any more."""
    missing = set(ids) - {row.record_id for row in rows if row.state != "rejected"}
    if not missing:
        return
    last = tx.rows("decisions_about", ids=list(missing))
    if not last:
        raise DecisionRefused(
            f"{_rows(len(missing))} not in quarantine (any more); look at the queue again. Nothing was changed.",
            "gone",
        )
    told = f"{last[-1].steward} decided at {last[-1].at:%Y-%m-%d %H:%M} UTC: {last[-1].kind}"
    raise DecisionRefused(f"{_rows(len(missing))} decided about already ({told}); nothing was changed.", "gone")


def _require_allowed(decision: Decision, rows: Sequence[Any]) -> None:
    own = sum(row.entered_by == decision.steward for row in rows)
    if own:
        raise DecisionRefused(
            f"{_rows(own)} brought in by {decision.steward}, and nobody decides about their own; another steward has to. Nothing was changed.",
            "own",
        )
    undated = sum(story.UNDATED in row.failed for row in rows)
    if decision.kind is Kind.ACCEPTED and undated:
        raise DecisionRefused(
            f"{_rows(undated)} without a date that retention counts from and can't be accepted: nobody would know when to destroy them. Correct the date, or reject them; nothing was changed.",
            "undated",
        )


def _require_undisturbed(tx: Tx, ids: Sequence[UUID]) -> None:
    """Refuse to decide about what a destruction that is under way lists."""
    tx.become(Role.DESTROY)
    listed = tx.scalar("rows_under_destruction", ids=list(ids))
    tx.become(Role.REVIEW)
    if listed:
        raise DecisionRefused(f"{_rows(listed)} being destroyed; nothing was changed.", "destroyed")


def _rows(count: int) -> str:
    return "1 row is" if count == 1 else f"{count:,} rows are"


def correctable(plan: Plan) -> tuple[str, ...]:
    """Name the fields that a steward may correct: consent is evidence of another's will, and nobody writes it."""
    return (*plan.columns, *(name for name in META_COLUMNS if name not in CONSENT_COLUMNS))


# --- through the stages again ------------------------------------------------------------------------------------


def _stores(decision: Decision) -> bool:
    return decision.kind in {Kind.CORRECTED, Kind.ACCEPTED}


def _by_plan(
    rows: Sequence[Any], opened: Sequence[Mapping[str, Any]]
) -> list[tuple[list[Any], list[Mapping[str, Any]]]]:
    plans: dict[str, tuple[list[Any], list[Mapping[str, Any]]]] = {}
    for row, values in zip(rows, opened, strict=False):
        of_plan = plans.setdefault(row.plan, ([], []))
        of_plan[0].append(row)
        of_plan[1].append(values)
    return list(plans.values())


def _again(desk: Desk, decision: Decision, rows: Sequence[Any], values: Sequence[Mapping[str, Any]]) -> _Again:
    """Take rows of one plan through consent, quality and classification; nothing is stored yet."""
    bench = desk.bench(rows[0].plan)
    arrivals = Arrivals(_origin(desk, decision, rows), _frame(bench.plan, values, decision.changes))
    if payment_rows(arrivals.frame, bench.plan.headers).any():
        raise DecisionRefused(
            "What was filled in holds payment authentication data, which nobody may keep; nothing was changed.",
            "payment",
        )
    admitted, refused = story.ask_consent(arrivals, bench, decision.at)
    sound, failed, verdict = story.check_quality(admitted, bench, decision.at)
    if decision.kind is Kind.ACCEPTED:
        sound, failed = _excuse(admitted, failed, rows)
        bench = replace(bench, plan=_lenient(bench.plan))
    labelled, apart, profiles = story.classify(sound, bench)
    waiting = story.together(failed, apart, verdict)
    prepared = sealing.prepare(labelled, waiting, bench)
    return _Again(rows, bench, labelled, waiting, refused, verdict, profiles, prepared)


def _origin(desk: Desk, decision: Decision, rows: Sequence[Any]) -> Origin:
    """Name the steward's delivery by the decision and its rows: the same decision stores nothing twice."""
    said = decision.id.encode() + b"".join(row.record_id.bytes for row in rows)
    digest = hmac.new(desk.index_key, b"tutela-decision/1\n" + said, hashlib.sha256).digest()
    return Origin(rows[0].plan, decision.id, uuid_of(digest), 0, decision.steward, "steward")


def _frame(plan: Plan, values: Sequence[Mapping[str, Any]], changes: Mapping[str, str]) -> pd.DataFrame:
    """Lay the rows out as they arrived, with what was corrected in its normal form."""
    for name in changes:
        if name not in correctable(plan):
            raise DecisionRefused(
                f"The field {name[:40]} is none that a steward corrects; they are {', '.join(correctable(plan))}. Nothing was changed."
            )
    index = pd.RangeIndex(1, len(values) + 1, name="row").astype("int64")
    columns = [*plan.columns, *META_COLUMNS]
    given = [{**row, **changes} for row in values]
    frame = pd.DataFrame.from_records(given, columns=columns, index=index).astype("str")
    return normalise(frame, plan) if changes else frame


def _excuse(admitted: Admitted, failed: Quarantined, rows: Sequence[Any]) -> tuple[Sound, Quarantined]:
    """Let rows pass that broke only what the steward saw; a row without a day of destruction passes never."""
    still = {
        row: rules
        for row, rules in failed.reasons.items()
        if story.UNDATED in rules or not set(rules) <= set(rows[row - 1].failed)
    }
    stays = admitted.frame.index.isin(list(still))
    sound = Sound(admitted.origin, admitted.frame[~stays])
    return sound, Quarantined(admitted.origin, admitted.frame[stays], still)


def _lenient(plan: Plan) -> Plan:
    """Return the plan as it treats a row whose free text was accepted: what was found raises the level, no more."""
    fields = [
        each.model_copy(update={"free_text": "raise"}) if each.free_text == "quarantine" else each
        for each in plan.fields
    ]
    return plan.model_copy(update={"fields": tuple(fields)})


# --- in one transaction ------------------------------------------------------------------------------------------


def _store(tx: Tx, desk: Desk, decision: Decision, again: _Again) -> list[Decided]:
    """Store what passed, as a batch of the steward's; tell what came of each row."""
    origin, at = again.labelled.origin, decision.at
    outcome: Outcome = story.outcome_of(again.labelled, again.waiting, again.refused)
    vault.register_delivery(tx, origin.plan, origin.delivery, len(again.rows), at)
    batch = story.put_batch(tx, again.labelled, outcome, again.bench, at)
    last_day = min(row.expires_on for row in again.rows)
    ids = sealing.put(tx, again.prepared, batch, again.bench, at, last_day=last_day)
    scores.put(tx, batch, origin.plan, day_of(at), again.verdict.scores, again.verdict.document, daily=False)
    codes = {label.field: label.code for label in again.labelled.labels}
    catalogue.put_profiles(tx, batch, again.profiles, codes, again.bench.recognizers)
    desk.ledger.append(tx, story.evidence_of(again.labelled, outcome, ids, at), at)
    became = {
        int(row): (what, UUID(bytes=record.tobytes()))
        for what, frame in (("stored", again.labelled.frame), ("quarantined", again.waiting.frame))
        for row, record in zip(frame.index, vault.record_ids(origin, frame.index.to_numpy()), strict=True)
    }
    told = []
    for number, row in enumerate(again.rows, start=1):
        what, record = became.get(number, ("refused", None))
        new = batch if record else None
        told.append(
            Decided(row.record_id, row.batch_id, row.holder_id, row.plan, row.failed, row.entered_by, what, new, record)
        )
    return told


def _as_said(decision: Decision, row: Any) -> Decided:
    return Decided(
        row.record_id, row.batch_id, row.holder_id, row.plan, row.failed, row.entered_by, decision.kind.value
    )


def _conclude(tx: Tx, desk: Desk, decision: Decision, decided: Sequence[Decided]) -> None:
    """Write down what was decided, and let the rows go where it sends them."""
    quarantine.put_decisions(
        tx, decided, decision.id, decision.kind.value, list(decision.changes), decision.reason.strip(),
        decision.steward, decision.at,
    )  # fmt: skip
    _settle(tx, decided)
    _leave(tx, decision, decided)
    gone = [each.record_id for each in decided if each.outcome in {"stored", "quarantined"}]
    # What may not be held any more goes as what is rejected does: with its key, and certified.
    doomed = [each.record_id for each in decided if each.outcome in {"rejected", "refused"}]
    quarantine.set_state(tx, [each.record_id for each in decided if each.outcome == "returned"], "returned")
    quarantine.set_state(tx, doomed, "rejected")
    quarantine.remove(tx, gone)
    if doomed:
        tx.become(Role.DESTROY)
        waiting.reject(tx, desk.custodian, doomed, day_of(decision.at))
        tx.become(Role.REVIEW)
    desk.ledger.append(tx, _evidence(decision, decided), decision.at)


def _leave(tx: Tx, decision: Decision, decided: Sequence[Decided]) -> None:
    """Remember where the old ciphertext of what is stored lies: in backups it goes no later than the record."""
    stored = [each.new_record for each in decided if each.outcome == "stored" and each.new_record]
    if stored:
        tx.become(Role.DESTROY)
        note_passages(tx, "passages_of_decided", decision=decision.id, first=min(stored), last=max(stored))
        tx.become(Role.REVIEW)


def _settle(tx: Tx, decided: Sequence[Decided]) -> None:
    """Count the failures that are out of the way, where and when the rows arrived first."""
    done = [each for each in decided if each.outcome in {"stored", "rejected", "refused"}]
    first = quarantine.first_of(tx, [each.record_id for each in done])
    counts: Counter[tuple[int, str]] = Counter()
    for each in done:
        arrived = first.get(each.record_id, each)
        counts.update((arrived.batch_id, rule) for rule in set(arrived.rules))
    scores.settle(tx, counts)


TOLD = {
    (Kind.CORRECTED, "stored"): "corrected",
    (Kind.ACCEPTED, "stored"): "accepted_as_is",
    (Kind.CORRECTED, "quarantined"): "quarantined_again",
    (Kind.ACCEPTED, "quarantined"): "quarantined_again",
    (Kind.CORRECTED, "refused"): "no_longer_allowed",
    (Kind.ACCEPTED, "refused"): "no_longer_allowed",
    (Kind.REJECTED, "rejected"): "rejected",
    (Kind.RETURNED, "returned"): "returned",
}
"""What came of a row, in the words of the ledger."""


def _evidence(decision: Decision, decided: Sequence[Decided]) -> list[entries.Entry]:
    said = []
    for plan in sorted({each.plan for each in decided}):
        ours = sorted((each for each in decided if each.plan == plan), key=lambda each: each.record_id.bytes)
        root = merkle.root(merkle.leaf_hashes([each.record_id.bytes for each in ours]))
        outcomes = Counter(TOLD[decision.kind, each.outcome] for each in ours)
        people = decision.steward, {each.entered_by for each in ours}
        said.append(entries.rows_decided(decision.id, decision.kind.value, plan, root, outcomes, people, decision.at))
    return said
