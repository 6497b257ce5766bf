"""The catalogue as stewards see it: what columns hold, where that is not what was declared, and their word on it.

A correction is a row and a ledger entry in one transaction. It changes no record: levels in the vault are those under
which the records were sealed.
"""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipelines.classify import Analyzer, entity_labels
from pipelines.classify.corrections import Decision, Seen, Standing, Word, held, key_of, standing
from pipelines.classify.fingerprint import fingerprint
from pipelines.errors import PolicyError, UnknownReference
from pipelines.evidence import entries, names
from pipelines.evidence.guard import LONGEST_TEXT, is_impersonal_text
from pipelines.jobs.home import Home, open_home
from pipelines.policy.problems import suggestion
from pipelines.settings import Settings
from pipelines.store.database import Role, Tx

if TYPE_CHECKING:
    from collections.abc import Mapping

Column = tuple[str, str]
"""Plan and field."""
PROFILE = ("declared", "entity", "level", "run", "look")
"""What a column's history tells of a run."""


def show(settings: Settings, plan: str | None) -> dict[str, Any]:
    """Say of each column what it holds, since when and what before, what a steward says, and how its findings stand.

    Beside the columns: the fingerprint of what reads today, and how many batches of each plan something else read last.

    Raises:
        UnknownPlan: there is no such plan.
    """
    home, named = _opened(settings, plan)
    reading = _reading(home)
    with home.database.begin(Role.AUDIT) as tx:
        otherwise = tx.rows("batches_read_otherwise", plan=named, recognizers=reading)
        rows, words = tx.rows("column_history", plan=named), _words(tx, named)
        found = _found(home, tx, named, words)
    home.database.close()
    told = []
    for column, runs in groupby(rows, lambda row: (row.plan, row.field)):
        history = list(runs)
        stands = [each["standing"] for each in found if (each["plan"], each["field"]) == column]
        told.append(
            _column(history)
            | {"current": history[-1].recognizers == reading}
            | {each.value: stands.count(each.value) for each in (Standing.OPEN, Standing.CLOSED)}
            | {"correction": _told(words.get(column))}
        )
    places = {column: place for place, column in enumerate(_declared(home))}
    return {
        "recognizers": reading,
        "read_otherwise": {row.plan: row.batches for row in otherwise},
        "columns": sorted(told, key=lambda each: places.get((each["plan"], each["field"]), len(places))),
    }


def findings(settings: Settings, plan: str | None) -> list[dict[str, Any]]:
    """List where columns are not what their plan declares: the open findings first, the most sensitive before others.

    Raises:
        UnknownPlan: there is no such plan.
    """
    home, named = _opened(settings, plan)
    with home.database.begin(Role.AUDIT) as tx:
        found = _found(home, tx, named, _words(tx, named))
    home.database.close()
    order = [each.value for each in Standing]
    return sorted(found, key=lambda each: (order.index(each["standing"]), -each["level"], each["plan"], each["field"]))


def correct(
    settings: Settings, plan: str, field: str, entity: str | None, reason: str, steward: str, at: datetime
) -> dict[str, Any]:
    """Record a steward's word on a column: accept what the catalogue shows (no entity), or say what it holds.

    It ends the findings that there are, for the runs to come as well; another finding is opened as ever.

    Raises:
        UnknownPlan: there is no such plan.
        UnknownReference: there is no such field or entity; nothing was collected that could be accepted; or the reason
            or the steward is missing.
    """
    home, _ = _opened(settings, plan)
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
    home.database.close()
    return {**said, "closed": len(closes)}


def _opened(settings: Settings, plan: str | None) -> tuple[Home, str | None]:
    home = open_home(settings)
    return home, None if plan is None else home.policy.plan(plan).name


def _declared(home: Home) -> dict[Column, str]:
    """Return what the plans declare their fields to be, in their order."""
    return {(plan.name, field): kind for plan in home.policy.plans.values() for field, kind in plan.declared.items()}


def _reading(home: Home) -> str:
    """Return the fingerprint of what would read columns today."""
    taxonomy = home.policy.taxonomy
    return fingerprint(Analyzer(entity_labels(taxonomy.items)).engine, taxonomy)


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
    newest = [row for row in tx.rows("column_history", plan=plan) if row.field == field and row.newest]
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


def _found(home: Home, tx: Tx, plan: str | None, words: Mapping[Column, Any]) -> list[dict[str, Any]]:
    """Return the findings and how they stand."""
    declared = _declared(home)
    told = []
    for row in tx.rows("findings_known", plan=plan, field=None):
        column = (row.plan, row.field)
        stands = standing(Seen(row.kind, row.declared, row.found), declared.get(column), _word(words.get(column)))
        moments = {name: getattr(row, name).isoformat() for name in ("first_at", "last_at")}
        told.append({**row._asdict(), **moments, "share": round(row.share, 4), "standing": stands.value})
    return told


def _word(row: Any) -> Word | None:
    return None if row is None else Word(row.entity, frozenset(Seen(**each) for each in row.closes))


def _told(row: Any) -> dict[str, Any] | None:
    if row is None:
        return None
    said = {name: getattr(row, name) for name in ("decision", "entity", "level", "reason", "steward")}
    return {"correction": row.correction_id, **said, "at": row.at.isoformat()}


def _column(history: list[Any]) -> dict[str, Any]:
    newest = history[-1]
    said = ("plan", "field", "declared", "entity", "category", "level", "code", "cells", "found", "recognizers", "run")
    share = newest.found / newest.cells if newest.cells else 0.0
    changes = [
        {**{name: getattr(row, name) for name in PROFILE}, "at": row.at.isoformat()} for row in history if row.changed
    ]
    return {
        **{name: getattr(newest, name) for name in said},
        "confidence": round(newest.confidence, 4),
        "share": round(share, 4),
        "at": newest.at.isoformat(),
        "history": changes,
    }
