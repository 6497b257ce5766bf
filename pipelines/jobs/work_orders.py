"""Work orders to keepers: list them, overdue ones first; show one; note that one is done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.errors import UnknownReference
from pipelines.jobs.derivatives import write_letters
from pipelines.jobs.home import open_home
from pipelines.jobs.notices import plain, sha256_of
from pipelines.jobs.register import register_of
from pipelines.moments import day_of
from pipelines.retention import work_orders
from pipelines.settings import Settings
from pipelines.store.database import Role


def listed(settings: Settings, at: datetime) -> list[dict[str, Any]]:
    """List all work orders, overdue ones first, and write the files of open ones that are missing."""
    home = open_home(settings)
    with home.database.begin(Role.VERIFY) as tx:
        rows = tx.rows("work_orders", today=day_of(at))
    write_letters(home)
    home.database.close()
    return [plain(row) for row in rows]


def show(settings: Settings, order: str) -> dict[str, Any]:
    """Return a work order as it was signed; of a completed one, what is left of it.

    Raises:
        UnknownReference: there is none.
    """
    home = open_home(settings)
    with home.database.begin(Role.VERIFY) as tx:
        row = tx.one("work_order", order_id=order)
    home.database.close()
    if row is None:
        raise UnknownReference(f"There is no work order {order[:40]}; `tutela work-order list` shows them.")
    if row.document is not None:
        document: dict[str, Any] = json.loads(row.document)
        return document
    return {name: value for name, value in plain(row).items() if name not in {"document", "number"}}


def complete(
    settings: Settings,
    order: str,
    executor: str,
    witnesses: Sequence[str],
    method: str,
    photos: Sequence[Path],
    at: datetime,
) -> None:
    """Note that a carrier was destroyed; of the photos, only their SHA-256 is kept.

    Raises:
        UnknownReference: there is no such order, or it is completed already.
        ApprovalMissing: the method will not do, or it was not witnessed or photographed as it must be.
        SourceMissing: a photo can't be read.
    """
    hashes = [sha256_of(photo) for photo in photos]
    home = open_home(settings)
    with home.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        work_orders.complete(register_of(home), tx, order, method, executor, witnesses, hashes, at)
    write_letters(home)
    home.anchor()
    home.database.close()
