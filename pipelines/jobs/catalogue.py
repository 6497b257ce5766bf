"""The catalogue as stewards see it: what columns hold, where that is not what was declared, and their word on it.

A correction is a row and a ledger entry in one transaction. It changes no record: levels in the vault are those under
which the records were sealed. What is shown comes from the summary that each writer keeps (sql/schema/73), so that it
costs the same after a year of batches; `columns` and `column` need nothing of what reads cells, and start at once.
"""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipelines.classify import entity_labels
from pipelines.classify.corrections import Decision, Seen, Standing, Word, held, key_of, standing
from pipelines.classify.fingerprint import fingerprint
from pipelines.errors import PolicyError, UnknownReference
from pipelines.evidence import entries, names
from pipelines.evidence.guard import LONGEST_TEXT, is_impersonal_text
from pipelines.jobs.home import Home
from pipelines.policy.problems import suggestion
from pipelines.store.database import Role, Tx

if TYPE_CHECKING:
    from collections.abc import Mapping

Column = tuple[str, str]
"""Plan and field."""
PROFILE = ("declared", "entity", "level", "run", "look")
"""What a column's history tells of a run."""
NOW = ("plan", "field", "declared", "entity", "category", "level", "code", "cells", "found", "recognizers", "run")
"""What is told of a column's newest run."""
LATEST = 50
"""Changes of a column that a page shows at most, the newest of them."""


def show(home: Home, plan: str | None) -> dict[str, Any]:
    """Say of each column what it holds, since when and what before, what a steward says, and how its findings stand.

    Beside the columns: the fingerprint of what reads today, and how many batches of each plan something else read last.

    Raises:
        UnknownPlan: there is no such plan.
    """
    named, reading = _named(home, plan), _reading(home)
    with home.database.begin(Role.AUDIT) as tx:
        otherwise = tx.rows("batches_read_otherwise", plan=named, recognizers=reading)
        rows, words = tx.rows("column_history", plan=named, field=None), _words(tx, named)
        stands = _stands(_found(home, tx, named, words))
    told = []
    for column, runs in groupby(rows, lambda row: (row.plan, row.field)):
        history = list(runs)
        told.append(
            {**_newest(history[-1]), "history": [_change(row) for row in history if row.changed]}
            | {"current": history[-1].recognizers == reading}
            | stands[column]
            | {"correction": _told(words.get(column))}
        )
    return {
        "recognizers": reading,
        "read_otherwise": {row.plan: row.batches for row in otherwise},
        "columns": _in_order(home, told),
    }


def columns(home: Home, plan: str | None = None) -> list[dict[str, Any]]:
    """Say of each column what it holds by its newest run, since when and after how many changes.

    With it: what a steward says of it, and how many of its findings are open, closed and past.

    Raises:
        UnknownPlan: there is no such plan.
    """
    named = _named(home, plan)
    with home.database.begin(Role.AUDIT) as tx:
        rows, words = tx.rows("columns_now", plan=named), _words(tx, named)
        stands = _stands(_found(home, tx, named, words))
    told = []
    for row in rows:
        column = (row.plan, row.field)
        more = {"since": row.since, "changes": row.changes, "correction": _told(words.get(column))}
        told.append(_newest(row) | stands[column] | more)
    return _in_order(home, told)


def column(home: Home, plan: str, field: str) -> dict[str, Any]:
    """Say all of one column: what it holds, its changes and all that stewards said, the newest first; and its findings.

    Raises:
        UnknownPlan: there is no such plan.
        UnknownReference: nothing was collected under it that has such a column, and it declares no such field.
    """
    named = home.policy.plan(plan).name
    declared = _declared(home).get((named, field))
    with home.database.begin(Role.AUDIT) as tx:
        history = tx.rows("column_history", plan=named, field=field)
        said = tx.rows("corrections_of_column", plan=named, field=field)
        words = {each: row for each, row in _words(tx, named).items() if each[1] == field}
        found = _found(home, tx, named, words, field)
    if declared is None and not history:
        raise UnknownReference(
            f"The plan {named} has no column {field[:40]}; the catalogue lists those that there are."
        )
    changes = [row for row in history if row.changed]
    return {
        "plan": named,
        "field": field,
        "declared": declared,
        "now": _newest(history[-1]) if history else None,
        "since": changes[-1].at if changes else None,
        "changes": len(changes) - 1 if changes else 0,
        "history": [_change(row) for row in reversed(changes[-LATEST:])],
        "findings": _first_open(found),
        "corrections": [_said(row) | {"closed": row.closed} for row in said],
    }


def readings(home: Home) -> dict[str, Any]:
    """Say with what the newest batch was read, and how many batches of each plan something else read last.

    Where this process has read cells itself, it compares with what reads today; else the newest reading stands for that.
    """
    with home.database.begin(Role.AUDIT) as tx:
        known = _engine.cache_info().currsize
        newest = _reading(home) if known else tx.scalar("newest_recognizers")
        otherwise = tx.rows("batches_read_otherwise", plan=None, recognizers=newest)
    return {"recognizers": newest, "read_otherwise": {row.plan: row.batches for row in otherwise}}


def entities(home: Home) -> dict[str, tuple[str, int]]:
    """List what a steward can say that a column holds: the name to give, its category and its level."""
    labels = entity_labels(home.policy.taxonomy.items)
    return {key: (label.category, label.level) for key, label in sorted(labels.items())}


def findings(home: Home, plan: str | None) -> list[dict[str, Any]]:
    """List where columns are not what their plan declares: the open findings first, the most sensitive before others.

    Raises:
        UnknownPlan: there is no such plan.
    """
    named = _named(home, plan)
    with home.database.begin(Role.AUDIT) as tx:
        return _first_open(_found(home, tx, named, _words(tx, named)))


def correct(
    home: Home, plan: str, field: str, entity: str | None, reason: str, steward: str, at: datetime
) -> dict[str, Any]:
    """Record a steward's word on a column: accept what the catalogue shows (no entity), or say what it holds.

    It ends the findings that there are, for the runs to come as well; another finding is opened as ever.

    Raises:
        UnknownPlan: there is no such plan.
        UnknownReference: there is no such field or entity; nothing was collected that could be accepted; or the reason
            or the steward is missing.
    """
    _named(home, plan)
    declared = _declared(home).get((plan, field))
    if declared is None:
        hint = suggestion(field[:40], home.policy.plan(plan).columns)
        raise UnknownReference(f"The plan {plan} has no field {field[:40]}: {hint}")
    _require_reason(reason, steward)
    with home.database.begin(Role.STEWARD) as tx:
        tx.run("lock_writers")
        holds, level = _shown(tx, plan, field) if entity is None else _meant(home, entity)
        known = {Seen(row.kind, row.declared, row.found) for row in tx.rows("findings_known", plan=plan, field=field)}
        closes = [seen._asdict() for seen in sorted(known, key=str) if seen.declared == declared]
        name, decision = names.correction(at, secrets.token_bytes(4)), _decision(entity).value
        said = {"correction": name, "plan": plan, "field": field, "decision": decision, "entity": holds, "level": level}
        tx.run("insert_correction", **said, closes=json.dumps(closes), reason=reason.strip(), steward=steward, at=at)
        told = entries.column_corrected(name, plan, field, decision, holds, level, closes, steward, at)
        home.ledger.append(tx, [told], at)
    home.anchor()
    return {**said, "closed": len(closes)}


def _named(home: Home, plan: str | None) -> str | None:
    return None if plan is None else home.policy.plan(plan).name


def _declared(home: Home) -> dict[Column, str]:
    """Return what the plans declare their fields to be, in their order."""
    return {(plan.name, field): kind for plan in home.policy.plans.values() for field, kind in plan.declared.items()}


def _reading(home: Home) -> str:
    """Return the fingerprint of what would read columns today."""
    return fingerprint(_engine(), home.policy.taxonomy)


@cache
def _engine() -> str:
    """Name what reads names here; once a process, because asking for it brings all that reads cells."""
    from pipelines.classify import Analyzer

    return Analyzer({}).engine


def _decision(entity: str | None) -> Decision:
    return Decision.ACCEPTED if entity is None else Decision.OVERRIDDEN


def _require_reason(reason: str, steward: str) -> None:
    if not steward.strip():
        raise PolicyError("A correction needs a steward who answers for it; nothing was recorded.")
    if not is_impersonal_text(reason.strip()):
        raise PolicyError(
            f"A correction needs a reason: one line of at most {LONGEST_TEXT:,} characters, without the number or address"
            " of a person; nothing was recorded."
        )


def _shown(tx: Tx, plan: str, field: str) -> tuple[str | None, int]:
    """Return what the newest run shows of a column, and its level."""
    newest = [row for row in tx.rows("column_history", plan=plan, field=field) if row.newest]
    if not newest:
        raise UnknownReference(
            f"Nothing was collected under {plan} yet, so there is nothing to accept; --entity says what {field} holds."
        )
    return newest[0].entity, int(newest[0].level)


def _meant(home: Home, entity: str) -> tuple[str, int]:
    labels = entity_labels(home.policy.taxonomy.items)
    key = key_of(entity, labels)
    if key is None:
        hint = suggestion(entity[:40].upper(), labels)
        raise UnknownReference(f"There is no entity or item {entity[:40]} in the taxonomy: {hint}")
    return held(key, labels), labels[key].level


def _words(tx: Tx, plan: str | None) -> dict[Column, Any]:
    return {(row.plan, row.field): row for row in tx.rows("corrections", plan=plan)}


def _found(
    home: Home, tx: Tx, plan: str | None, words: Mapping[Column, Any], field: str | None = None
) -> list[dict[str, Any]]:
    """Return the findings and how they stand."""
    declared = _declared(home)
    told = []
    for row in tx.rows("findings_known", plan=plan, field=field):
        column = (row.plan, row.field)
        stands = standing(Seen(row.kind, row.declared, row.found), declared.get(column), _word(words.get(column)))
        moments = {name: getattr(row, name).isoformat() for name in ("first_at", "last_at")}
        told.append({**row._asdict(), **moments, "share": round(row.share, 4), "standing": stands.value})
    return told


def _word(row: Any) -> Word | None:
    return None if row is None else Word(row.entity, frozenset(Seen(**each) for each in row.closes))


def _stands(found: list[dict[str, Any]]) -> dict[Column, dict[str, int]]:
    """Count the findings of each column by how they stand."""
    counts: dict[Column, dict[str, int]] = defaultdict(lambda: {Standing.OPEN.value: 0, Standing.CLOSED.value: 0})
    for each in found:
        if each["standing"] != Standing.PAST:
            counts[each["plan"], each["field"]][each["standing"]] += 1
    return counts


def _first_open(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order = [each.value for each in Standing]
    return sorted(found, key=lambda each: (order.index(each["standing"]), -each["level"], each["plan"], each["field"]))


def _in_order(home: Home, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put columns into the order in which the plans declare them."""
    places = {column: place for place, column in enumerate(_declared(home))}
    return sorted(told, key=lambda each: places.get((each["plan"], each["field"]), len(places)))


def _told(row: Any) -> dict[str, Any] | None:
    return None if row is None else _said(row)


def _said(row: Any) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in ("decision", "entity", "level", "reason", "steward")}
    return {"correction": row.correction_id, **said, "at": row.at.isoformat()}


def _newest(row: Any) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in NOW},
        "confidence": round(row.confidence, 4),
        "share": round(row.found / row.cells if row.cells else 0.0, 4),
        "at": row.at.isoformat(),
    }


def _change(row: Any) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in PROFILE}, "at": row.at.isoformat()}
