"""What is known about batches: quality scores, column profiles, quarantined rows. No value in clear."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from pipelines.store.database import Tx


class Score(Protocol):
    """How one expectation fared (`pipelines.quality.verdict.Score`)."""

    id: str
    column: str
    dimension: Any
    severity: Any
    evaluated: int
    failed: int


class Profile(Protocol):
    """What one column holds (`pipelines.classify.engine.ColumnProfile`)."""

    name: str
    entity: str | None
    category: str | None
    level: int
    code: str | None
    confidence: float
    cells: int
    found: int
    also: Mapping[str, int]


def put_quality(tx: Tx, batch: int, scores: Iterable[Any], document: Mapping[str, Any]) -> None:
    """Store a batch's scores and its Great Expectations result."""
    rows = [
        {
            "batch_id": batch,
            "expectation": score.id,
            "field": score.column,
            "dimension": str(score.dimension),
            "severity": str(score.severity),
            "evaluated": score.evaluated,
            "failed": score.failed,
        }
        for score in scores
    ]
    tx.run_many("insert_score", rows)
    tx.run("insert_document", batch_id=batch, result=json.dumps(document, ensure_ascii=False))


def put_profiles(tx: Tx, batch: int, profiles: Iterable[Any], declared: Mapping[str, str]) -> None:
    """Store what classification found in each column, beside the code that the plan declares."""
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
        }
        for profile in profiles
    ]
    tx.run_many("insert_profile", rows)


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
) -> None:
    """Copy quarantined rows in, sealed."""
    types = ["uuid", "int8", "int8", "int4", "date", "int2", "text[]", "bytea", "timestamptz"]
    rows = (
        (UUID(bytes=record_id), batch, holder, cohort, due, schema_version, failed, part, at)
        for record_id, failed, part in zip(record_ids, reasons, sealed, strict=True)
    )
    tx.copy_rows("copy_quarantine", types, rows)
