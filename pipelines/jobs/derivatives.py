"""The register of derivatives for people and purges: add what exists outside, list it, end what is past its day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.errors import PolicyError, SourceError, SourceMissing, UnknownReference
from pipelines.evidence.guard import is_impersonal_text
from pipelines.jobs.home import Home, open_home
from pipelines.jobs.register import register_of, see_landing
from pipelines.policy import Kind
from pipelines.retention import derivatives, derived, letters, wiping
from pipelines.retention.derivatives import Copy
from pipelines.settings import Settings
from pipelines.store.database import Role, Tx

if TYPE_CHECKING:
    from pipelines.store.subjects import Ids

BY_HAND = (Kind.SHARED_COPY, Kind.PAPER, Kind.EXPORT, Kind.RELEASE)
"""What may exist outside without a program of ours having made it."""
LETTERS = ("notices", "work_orders")


def add(settings: Settings, copy: Copy, subjects: Path | None, at: datetime) -> str:
    """Register what exists outside; return its id.

    Args:
        settings: where things are.
        copy: the copy, with its recipient or keeper.
        subjects: a file with the code of a subject on each line: whose information it holds.
        at: now.

    Raises:
        PolicyError: copies of this kind are not registered by hand, or may not last that long.
        UnknownReference: a plan or a subject is not known.
        SourceMissing, SourceError: the file can't be read.
    """
    if copy.kind not in BY_HAND:
        raise PolicyError(
            f"Copies of the kind {copy.kind} are registered by what makes them; by hand: {', '.join(BY_HAND)}."
        )
    if (copy.recipient is None) == (copy.keeper is None):
        raise PolicyError(
            "A copy outside has either a recipient, who is told by notice, or a keeper, who gets a work order; name one."
        )
    for text in (copy.place, copy.recipient, copy.keeper, copy.quantity):
        if text is not None and not is_impersonal_text(text):
            raise PolicyError("A place, recipient, keeper or quantity is told without numbers or addresses of persons.")
    if not copy.plans and subjects is None:
        raise PolicyError("Name the plans whose records the copy holds, or the subjects, or both.")
    home = open_home(settings)
    for plan in copy.plans:
        home.policy.plan(plan)
    with home.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        covered = None if subjects is None else _subjects(tx, subjects)
        derivative = derivatives.register(register_of(home), tx, copy, at, covered)
    home.anchor()
    home.database.close()
    return derivative


def listed(settings: Settings, *, everything: bool = False) -> list[dict[str, Any]]:
    """List the register, what is still there first; ``everything``: with what was destroyed."""
    home = open_home(settings)
    with home.database.begin(Role.VERIFY) as tx:
        rows = tx.rows("derivatives", everything=everything)
    kinds = home.policy.derivatives
    home.database.close()
    return [{**_plain(row), "remains": kinds[Kind(row.kind)].remains} for row in rows]


def expire(home: Home, as_of: date, at: datetime) -> dict[str, int]:
    """Destroy the copies whose own time is up, landing files among them; return kind → how many.

    Raises:
        KeyUnavailable, TutelaError: one can't be destroyed; the next purge tries again.
    """
    with home.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        see_landing(home, tx, at)
        return dict(derived.expire(register_of(home), tx, as_of, at))


def write_letters(home: Home) -> None:
    """Write the files of notices and work orders that are open, and wipe those of the answered.

    Raises:
        StorageFull: there is no room; the next command writes them.
    """
    with home.database.begin(Role.VERIFY) as tx:
        wanted = {f"{row.folder}/{row.name}.json": row.name for row in tx.rows("open_letters")}
        missing = {place: name for place, name in wanted.items() if not (home.folder / place).exists()}
        for place, name in missing.items():
            letters.put(home.folder / place, str(tx.scalar("letter", letter_id=name)))
    for folder in LETTERS:
        for path in sorted((home.folder / folder).glob("*.json")):
            if f"{folder}/{path.name}" not in wanted:
                wiping.wipe(path)


def by_hand(kind: str) -> Kind:
    """Name a kind that people may register.

    Raises:
        UnknownReference: there is none of this name.
    """
    try:
        return Kind(kind)
    except ValueError:
        raise UnknownReference(
            f"There is no kind of derivative {kind[:30]}; by hand: {', '.join(BY_HAND)}. A new kind needs policy/derivatives.yaml."
        ) from None


def _subjects(tx: Tx, path: Path) -> Ids:
    """Look the codes of a file up.

    Raises:
        UnknownReference: a line names nobody; nothing is registered.
    """
    lines = _codes(path)
    found = {row.code: row.subject_id for row in tx.rows("subject_ids", codes=list(lines))}
    unknown = [number for code, number in lines.items() if code not in found]
    if unknown:
        raise UnknownReference(
            f"{path.name}: line {unknown[0]} names no data subject ({len(unknown)} such lines); nothing was registered."
        )
    return np.array(list(found.values()), dtype=np.int64)


def _codes(path: Path) -> dict[str, int]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError:
        raise SourceMissing(f"{path.name} does not exist or may not be read.") from None
    except UnicodeDecodeError:
        raise SourceError(f"{path.name} is not UTF-8; write one code a line.") from None
    codes = {line.strip(): number for number, line in enumerate(text.splitlines(), 1) if line.strip()}
    if not codes:
        raise SourceError(f"{path.name} names no data subject; write one code a line.")
    return codes


def _plain(row: Any) -> dict[str, Any]:
    """Make a row fit for JSON, without what nobody asks for."""
    values = {name: value for name, value in row._asdict().items() if name not in {"number", "kms_key"}}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def of_outside(
    kind: str, place: str, by: str, until: date, plans: Sequence[str], recipient: str | None, keeper: str | None,
    quantity: str | None,
) -> Copy:  # fmt: skip
    """Describe a copy as people name it."""
    copy = Copy(by_hand(kind), place, by, until, plans=tuple(plans))
    return replace(copy, recipient=recipient, keeper=keeper, quantity=quantity)
