"""What is known about batches: column profiles, findings, quarantined rows. No value in clear. Scores: :mod:`scores`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pipelines.records import Origin
from pipelines.store.database import Tx


def put_profiles(
    tx: Tx,
    batch: int,
    profiles: Iterable[Any],
    declared: Mapping[str, str],
    recognizers: str | None = None,
    look: int = 0,
    sealed: Mapping[str, int] | None = None,
) -> None:
    """Store the column profiles (`pipelines.classify.votes.ColumnProfile`), beside the codes that the plan declares.

    ``recognizers`` is the fingerprint of what read the columns, ``look`` the number of the look (0: at arrival) and
    ``sealed`` the lowest level that the cells of structured columns lie under, where they were opened.
    """
    rows = [
        {
            "batch_id": batch,
            "field": profile.name,
            "declared": declared[profile.name],
            "entity": profile.entity,
            "category": profile.category,
            "level": profile.level,
            "code": profile.code,
            "confidence": profile.confidence,
            "cells": profile.cells,
            "found": profile.found,
            "also": json.dumps(dict(profile.also)),
            "share": profile.share,
            "recognizers": recognizers,
            "look": look,
            "sealed_level": (sealed or {}).get(profile.name),
        }
        for profile in profiles
    ]
    tx.run_many("insert_profile", rows)


def profiles_of_delivery(tx: Tx, plan: str, delivery: UUID) -> list[dict[str, Any]]:
    """Return the newest profiles of all chunks of a delivery that are stored: what a `ColumnProfile` is made of."""
    return [dict(row._asdict()) for row in tx.rows("profiles_of_delivery", plan=plan, delivery_id=delivery)]


def put_findings(tx: Tx, batch: int, found: Iterable[Any], look: int = 0) -> None:
    """Store where the columns of a batch are not what the plan declares (`pipelines.classify.findings.Finding`).

    Last of what a batch's look writes, after its profiles: the summary that the catalogue shows is brought up to both.
    """
    rows = [
        {
            "batch_id": batch,
            "field": each.field,
            "kind": str(each.kind),
            "declared": each.declared,
            "found": each.found,
            "level": each.level,
            "confidence": each.confidence,
            "cells": each.cells,
            "share": each.share,
            "look": look,
        }
        for each in found
    ]
    tx.run_many("insert_finding", rows)
    tx.run("summarize", batch_id=batch, look=look)


def put_quarantine(
    tx: Tx,
    record_ids: Sequence[bytes],
    batch: int,
    holder: int,
    cohort: int,
    due: date,
    schema_version: int,
    reasons: Sequence[list[str]],
    sealed: Sequence[bytes],
    at: datetime,
    decide_by: datetime,
    origin: Origin,
) -> None:
    """Copy quarantined rows in, sealed; ``decide_by`` is until when a steward is to have decided about them."""
    types = ["uuid", "int8", "int8", "int4", "date", "int2", "text[]", "bytea", "timestamptz", "text", "text"]
    types += ["timestamptz", "text"]
    about = (at, origin.plan)
    rows = (
        (
            UUID(bytes=record_id),
            batch,
            holder,
            cohort,
            due,
            schema_version,
            failed,
            part,
            *about,
            failed[0],
            decide_by,
            origin.entered_by,
        )
        for record_id, failed, part in zip(record_ids, reasons, sealed, strict=True)
    )
    tx.copy_rows("copy_quarantine", types, rows)
