"""The register of derivatives, opened with a home; and what lies in the landing folders."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.policy import Kind
from pipelines.retention import derivatives
from pipelines.retention.derivatives import Copy, Register

if TYPE_CHECKING:
    from pipelines.jobs.home import Home
    from pipelines.store.database import Tx

ELSEWHERE = "removed-elsewhere"
"""Who destroyed a landing file that is gone without our doing."""


def register_of(home: Home) -> Register:
    """Open a home's register."""
    return Register(home.folder, home.kms, home.ledger, home.policy, secrets.token_bytes)


def landing_places(home: Home, plan: str, files: Iterable[Path]) -> list[str]:
    """Say which of some files, or the deliveries that they belong to, lie in a plan's landing folder."""
    folder = (home.folder / "landing" / plan).resolve()
    inside = [path.resolve().relative_to(folder) for path in files if path.resolve().is_relative_to(folder)]
    return list(dict.fromkeys(f"landing/{plan}/{path.parts[0]}" for path in inside if path.parts))


def see_landing(home: Home, tx: Tx, at: datetime) -> None:
    """Bring the register up to what lies in the landing folders.

    What no run has seen yet is registered as of now, whatever date its sender gave it; what is gone is noted; another
    file under a name that was seen before is another file, and has its own time.
    """
    lying = {
        f"landing/{path.parent.name}/{path.name}": _came(path) for path in sorted((home.folder / "landing").glob("*/*"))
    }
    tools = register_of(home)
    for row in tx.rows("present_of_kind", kind=Kind.LANDING_FILE):
        came = lying.get(row.place)
        if came is None or came > row.made_at:
            derivatives.removed(tx, Kind.LANDING_FILE, [row.place], ELSEWHERE, at)
        else:
            del lying[row.place]
    for place in lying:
        copy = Copy(Kind.LANDING_FILE, place, "service:retention", plans=[Path(place).parts[1]])
        derivatives.register(tools, tx, copy, at)


def _came(path: Path) -> datetime:
    """Tell when a file came to be where it is: its sender can set any other of its times."""
    return datetime.fromtimestamp(path.lstat().st_ctime, UTC)
