"""The register of derivatives: where each copy of customer information is, until when, and what became of it.

Whatever makes a copy registers it first; a kind that policy/derivatives.yaml does not list is refused, here and by the
database. Copies within reach are destroyed by their own key and removed (`destroy`); who keeps others is told
(`notices`, `work_orders`). Not for deciding which copies a destruction concerns: see `derived`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.errors import PolicyError
from pipelines.evidence import entries, names
from pipelines.moments import day_of
from pipelines.policy import Kind
from pipelines.retention import wiping
from pipelines.store import binary_copy

if TYPE_CHECKING:
    from pipelines.evidence.ledger import Ledger
    from pipelines.policy import Policy
    from pipelines.seal.kms import Kms
    from pipelines.store.database import Tx
    from pipelines.store.subjects import Ids

QUIET = frozenset({Kind.STAGING, Kind.LANDING_FILE})
"""Made at every run, and gone with it: their registration is no news for the ledger. Their expiry is."""


@dataclass(frozen=True)
class Register:
    """What the register is kept with."""

    home: Path
    kms: Kms
    ledger: Ledger
    policy: Policy
    randomness: Callable[[int], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that is to be made, or that has become known."""

    kind: Kind
    place: str
    """Within reach: a path, relative to the home folder or absolute. Else its keeper's or recipient's words."""
    made_by: str
    expires_on: date | None = None
    """None: as late as its kind allows."""
    kms_key: str | None = None
    """Its own key in the KMS, whose end is the copy's end."""
    plans: Sequence[str] = ()
    recipient: str | None = None
    keeper: str | None = None
    quantity: str | None = None


def register(tools: Register, tx: Tx, copy: Copy, at: datetime, subjects: Ids | None = None) -> str:
    """Put a copy into the register, before it is made; seeing it again at its place changes nothing.

    Call it under the writers' lock, but for staging and landing files.

    Args:
        tools: the register.
        tx: a transaction.
        copy: the copy.
        at: now.
        subjects: whose information it holds; None: of whoever is in its plans.

    Returns:
        The copy's id.

    Raises:
        PolicyError: copies of this kind are not made one by one, live less long, or lie elsewhere.
    """
    until = _until(tools, copy, at)
    found = tx.one("derivative_at", kind=copy.kind, place=copy.place) if _within_reach(copy) else None
    if found is not None:
        return str(found.derivative_id)
    derivative = names.derivative(at, tools.randomness(4))
    covered = np.unique(subjects) if subjects is not None else np.zeros(0, dtype=np.int64)
    number = tx.scalar(
        "insert_derivative", derivative_id=derivative, kind=copy.kind, place=copy.place, made_by=copy.made_by, at=at,
        expires_on=until, kms_key=copy.kms_key, plans=list(copy.plans), subjects=len(covered), quantity=copy.quantity,
        recipient=copy.recipient, keeper=copy.keeper, state="handed_over" if copy.recipient else "present",
    )  # fmt: skip
    if number is None:  # another process saw it in the same moment
        return str(tx.one("derivative_at", kind=copy.kind, place=copy.place).derivative_id)
    if len(covered):
        numbers = np.full(len(covered), number, dtype=np.int64)
        tx.copy_binary("copy_covered", binary_copy.fixed_rows([covered, numbers]))
    if copy.kind not in QUIET:
        entry = entries.derivative_registered(derivative, copy.kind, until, len(covered), copy.made_by, at)
        tools.ledger.append(tx, [entry], at)
    return derivative


def removed(tx: Tx, kind: Kind, places: Iterable[str], by: str, at: datetime) -> int:
    """Note that what was at some places is gone; return how many the register knew."""
    return tx.run("place_destroyed", kind=kind, places=list(places), by=by, at=at)


def destroy(tools: Register, tx: Tx, copies: Sequence[Any], by: str, at: datetime) -> dict[str, int]:
    """Destroy copies within reach, rows of the register: key first, then the files, then the row.

    A kill in between leaves a row that says ``present`` of something that is gone, and the next call does it again.

    Returns:
        Kind → how many.

    Raises:
        KeyUnavailable, TutelaError: a key or file can't be destroyed; nothing is noted.
    """
    for copy in copies:
        if copy.kms_key:
            tools.kms.destroy(copy.kms_key)
        in_clear = copy.kms_key is None
        (wiping.wipe if in_clear else wiping.remove)(path_of(tools, copy.place))
    numbers = [copy.number for copy in copies]
    tx.run("derivative_destroyed", numbers=numbers, by=by, at=at)
    tx.run("forget_coverage", numbers=numbers)
    return dict(Counter(copy.kind for copy in copies))


def path_of(tools: Register, place: str) -> Path:
    """Find a place within reach.

    Raises:
        PolicyError: it leads out of the home folder by a side door.
    """
    path = Path(place)
    if ".." in path.parts or not path.name:
        raise PolicyError("A place in the register of derivatives has no `..` in it; call the auditor.")
    return path if path.is_absolute() else tools.home / path


def within_reach(copy: Any) -> bool:
    """Tell whether a copy in the register can be destroyed by the platform itself."""
    return copy.recipient is None and copy.keeper is None


def _within_reach(copy: Copy) -> bool:
    return copy.recipient is None and copy.keeper is None


def _until(tools: Register, copy: Copy, at: datetime) -> date:
    kind = tools.policy.derivatives[copy.kind]
    if kind.days is None:
        raise PolicyError(f"The kind {copy.kind} is one place that is registered already; it has no copies.")
    last = day_of(at) + timedelta(days=kind.days)
    until = copy.expires_on or last
    if until > last:
        raise PolicyError(
            f"A derivative of the kind {copy.kind} may last until {last}, not {until}; give an earlier day, or have policy/derivatives.yaml changed."
        )
    if copy.kind is Kind.SHARED_COPY and copy.recipient is None:
        raise PolicyError("A shared copy has a recipient; name it.")
    if copy.kind is Kind.PAPER and copy.keeper is None:
        raise PolicyError("A paper file has a keeper; name who keeps it.")
    if _within_reach(copy):
        path_of(tools, copy.place)
    return until
