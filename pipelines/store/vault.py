"""Sealed records, batches and deliveries. Handles ciphertext and counts only; not for opening anything."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import numpy as np
import numpy.typing as npt

from pipelines.moments import Days, postgres_micro
from pipelines.records import Origin
from pipelines.store import binary_copy
from pipelines.store.database import Tx

RecordIds = npt.NDArray[np.uint8]
"""Record ids as rows: shape (n, 16)."""
_NULL = struct.pack(">i", -1)
_LENGTH = struct.Struct(">i")
_DELIVERY_BYTES = 10
_PARTS = 5


@dataclass(frozen=True, slots=True)
class SealedRecords:
    """Records ready to be stored, column by column, equally long."""

    record_ids: RecordIds
    expires: Days
    cohorts: npt.NDArray[np.int32]
    subjects: npt.NDArray[np.int64]
    levels: npt.NDArray[np.int16]
    collected: Days
    active: Days
    """NaT where no activity is known."""
    parts: Sequence[Sequence[bytes | None]] = field(repr=False)
    schema_version: int

    def __len__(self) -> int:
        """Count the records."""
        return len(self.record_ids)


def record_ids(origin: Origin, rows: npt.NDArray[np.int64]) -> RecordIds:
    """Name records: the delivery's keyed hash (10 bytes), then the row number (6 bytes).

    The same row of the same delivery has the same id for ever, which makes every retry idempotent, and ids of one
    delivery are neighbours in the index.
    """
    ids = np.zeros((len(rows), 16), dtype=np.uint8)
    ids[:, :_DELIVERY_BYTES] = np.frombuffer(origin.delivery.bytes[:_DELIVERY_BYTES], dtype=np.uint8)
    ids[:, _DELIVERY_BYTES:] = rows.astype(">i8").view(np.uint8).reshape(-1, 8)[:, 2:]
    return ids


def ids_of_chunk(delivery: UUID, chunk: int, chunk_rows: int) -> tuple[bytes, bytes]:
    """Return the first and the last id that a record of a chunk can have."""
    rows = np.array([chunk * chunk_rows + 1, (chunk + 1) * chunk_rows], dtype=np.int64)
    first, last = record_ids(Origin("", "", delivery, chunk), rows)
    return first.tobytes(), last.tobytes()


def register_delivery(tx: Tx, plan: str, delivery: UUID, chunk_rows: int, at: datetime) -> int:
    """Remember a delivery; return the chunk size that it is cut by, which is that of its first sight."""
    tx.run("register_delivery", plan=plan, delivery_id=delivery, chunk_rows=chunk_rows, at=at)
    return int(tx.scalar("delivery_chunk_rows", plan=plan, delivery_id=delivery))


def received(tx: Tx, origin: Origin) -> datetime | None:
    """Tell when a delivery was first seen; None for rows that came by no delivery."""
    found: datetime | None = tx.scalar("delivery_received", plan=origin.plan, delivery_id=origin.delivery)
    return found


def is_done(tx: Tx, origin: Origin) -> bool:
    """Tell whether a chunk was brought in before."""
    return bool(tx.scalar("batch_exists", plan=origin.plan, delivery_id=origin.delivery, chunk=origin.chunk))


def put_batch(
    tx: Tx,
    origin: Origin,
    *,
    arrived: int,
    stored: int,
    refused: Mapping[str, int],
    quarantined: Mapping[str, int],
    level: int,
    at: datetime,
) -> int:
    """Record that a chunk is done; return the batch's number."""
    return int(
        tx.scalar(
            "insert_batch", plan=origin.plan, delivery_id=origin.delivery, chunk=origin.chunk, run=origin.run,
            arrived=arrived, stored=stored, refused=json.dumps(dict(refused)),
            quarantined=json.dumps(dict(quarantined)), level=level, at=at, source=origin.source,
            entered_by=origin.entered_by,
        )
    )  # fmt: skip


def put_records(tx: Tx, records: SealedRecords, batch: int) -> None:
    """Copy sealed records in; their months' partitions are made where they are missing."""
    ensure_partitions(tx, records.expires)
    count = len(records)
    fixed = [
        records.record_ids,
        records.expires,
        records.cohorts.astype(np.int32),
        records.subjects,
        np.full(count, batch, dtype=np.int64),
        np.full(count, records.schema_version, dtype=np.int16),
        records.levels.astype(np.int16),
        records.collected,
    ]
    dates = binary_copy.nullable_dates(records.active)
    tx.copy_binary("copy_records", _stream(fixed, dates, records.parts))


def put_moved(tx: Tx, columns: Sequence[npt.NDArray[np.generic]], parts: Sequence[Sequence[bytes | None]]) -> None:
    """Copy records that were sealed again into the temporary table ``moved``."""
    tx.copy_binary("copy_moved", _stream(columns, None, parts))


def ensure_partitions(tx: Tx, expires: Days) -> None:
    """Make the partitions of some days' months where they are missing."""
    for month in np.unique(expires.astype("datetime64[M]")):
        tx.run("ensure_partition", month=month.astype("datetime64[D]").astype(object))


def put_receipts(
    tx: Tx,
    record_ids: RecordIds,
    subjects: npt.NDArray[np.int64],
    terms: npt.NDArray[np.int32],
    given: npt.NDArray[np.int64],
    until: Days,
    at: datetime,
) -> None:
    """Copy the consent receipts that came with records in; ``given`` is microseconds since 2000-01-01 UTC."""
    count = len(record_ids)
    action = np.tile(np.frombuffer(b"given", dtype=np.uint8), (count, 1))
    recorded = np.full(count, postgres_micro(at), dtype=np.int64)
    tx.copy_binary(
        "copy_receipts", binary_copy.fixed_rows([record_ids, subjects, terms, action, given, until, recorded])
    )


def terms_id(tx: Tx, plan: str, notice: str, notice_sha256: str, purposes: Sequence[str], method: str) -> int:
    """Number a combination of what was agreed to."""
    terms = {
        "plan": plan,
        "notice": notice,
        "notice_sha256": notice_sha256,
        "purposes": list(purposes),
        "method": method,
    }
    tx.run("ensure_terms", **terms)
    return int(tx.scalar("find_terms", **terms))


def _stream(
    columns: Sequence[npt.NDArray[np.generic]], dates: Sequence[bytes] | None, parts: Sequence[Sequence[bytes | None]]
) -> Iterator[bytes]:
    """Build a COPY stream: fixed columns by numpy, then a date that may be missing, then the sealed parts."""
    fixed = b"".join(binary_copy.fixed_rows(columns))[len(binary_copy.HEADER) : -len(binary_copy.TRAILER)]
    width = len(fixed) // max(1, len(parts))
    fields = struct.pack(">h", len(columns) + (dates is not None) + _PARTS)
    yield binary_copy.HEADER
    pieces: list[bytes] = []
    for row, sealed in enumerate(parts):
        # More fields than the fixed ones announce.
        pieces += (fields, fixed[row * width + 2 : (row + 1) * width])
        if dates is not None:
            pieces.append(dates[row])
        for part in sealed:
            pieces += (_NULL,) if part is None else (_LENGTH.pack(len(part)), part)
    yield b"".join(pieces)
    yield binary_copy.TRAILER
