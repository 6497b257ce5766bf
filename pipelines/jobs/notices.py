"""Notices to recipients: list them, overdue ones first; show one; take a recipient's answer."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.errors import SourceMissing, UnknownReference
from pipelines.jobs.derivatives import write_letters
from pipelines.jobs.home import open_home
from pipelines.jobs.register import register_of
from pipelines.moments import day_of
from pipelines.retention import notices
from pipelines.retention.notices import Outcome
from pipelines.settings import Settings
from pipelines.store.database import Role


def listed(settings: Settings, at: datetime) -> list[dict[str, Any]]:
    """List all notices, overdue ones first, and write the files of open ones that are missing."""
    home = open_home(settings)
    with home.database.begin(Role.VERIFY) as tx:
        rows = tx.rows("notices", today=day_of(at))
    write_letters(home)
    home.database.close()
    return [plain(row) for row in rows]


def show(settings: Settings, notice: str) -> dict[str, Any]:
    """Return a notice as it was signed; of one that was answered, what is left of it.

    Raises:
        UnknownReference: there is none.
    """
    home = open_home(settings)
    with home.database.begin(Role.VERIFY) as tx:
        row = tx.one("notice", notice_id=notice)
    home.database.close()
    if row is None:
        raise UnknownReference(f"There is no notice {notice[:40]}; `tutela notice list` shows them.")
    if row.document is not None:
        document: dict[str, Any] = json.loads(row.document)
        return document
    return {name: value for name, value in plain(row).items() if name not in {"document", "number"}}


def acknowledge(settings: Settings, notice: str, by: str, outcome: Outcome, evidence: Path, at: datetime) -> None:
    """Take a recipient's answer; of the evidence, only its SHA-256 is kept.

    Raises:
        UnknownReference: there is no such notice, or it was answered already.
        SourceMissing: the evidence can't be read.
    """
    digest = sha256_of(evidence)
    home = open_home(settings)
    with home.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        notices.acknowledge(register_of(home), tx, notice, by, outcome, digest, at)
    write_letters(home)
    home.anchor()
    home.database.close()


def sha256_of(path: Path) -> str:
    """Hash a file, however large, in hex.

    Raises:
        SourceMissing: it can't be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise SourceMissing(f"{path.name} does not exist or may not be read.") from None


def plain(row: Any) -> dict[str, Any]:
    """Make a row fit for JSON."""
    values = row._asdict().items()
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values}
