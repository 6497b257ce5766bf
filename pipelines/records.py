"""The frozen types that rows pass through: arrival → admitted → sound → labelled → sealed.

Each stage takes one of them and returns the next, so handing ``seal`` rows that never met the consent gate does not
type-check. The frames hold customer information: never log, format or raise one. ``__repr__`` shows counts only.

Every frame is indexed by the row's number in its delivery (int64, 1 = first data row), which is how all verdicts,
findings and evidence name a row without showing it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from uuid import UUID

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

CONSENT_COLUMNS = ("consent_notice", "consent_at", "consent_until", "consent_method", "consent_purposes")
"""Evidence of consent that travels with a row: notice version, when, until when, how, for which purposes."""
EVENT_COLUMNS = ("collected_at", "last_activity_at")
"""Events that retention counts from."""
META_COLUMNS = (*CONSENT_COLUMNS, *EVENT_COLUMNS)
"""Columns that say something about the record rather than the data subject."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which chunk of which delivery of which plan rows belong to. Holds no customer information."""

    plan: str
    run: str
    delivery: UUID
    """Keyed hash of the delivered bytes: the same bytes give the same delivery, on this installation only."""
    chunk: int
    """0-based."""
    entered_by: str = "unknown"
    """Who brought them in: a token, so that it may stand in evidence."""
    source: Literal["delivery", "steward"] = "delivery"
    """A steward's are quarantined rows that were decided, on their way through the stages once more."""


@dataclass(frozen=True, slots=True)
class _Rows:
    origin: Origin
    frame: pd.DataFrame = field(repr=False)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.frame)


@dataclass(frozen=True, slots=True)
class Arrivals(_Rows):
    """Rows as they came, normalised; columns are the plan's fields and META_COLUMNS, all text, missing is NA."""

    refused: Mapping[str, int] = field(default_factory=dict)
    """Rows of the chunk that were refused at the door, by reason; they are in no frame."""


@dataclass(frozen=True, slots=True)
class Admitted(_Rows):
    """Rows that may be held: consent or another legal basis covers them; nothing outside the plan is left."""


@dataclass(frozen=True, slots=True)
class Sound(_Rows):
    """Admitted rows that failed no critical expectation."""


@dataclass(frozen=True, slots=True)
class Quarantined(_Rows):
    """Admitted rows that failed a critical expectation, or whose free text the plan sets apart, with every reason."""

    reasons: Mapping[int, tuple[str, ...]] = field(repr=False)
    """Row number → all that it broke: critical expectations in suite order, ``free_text.`` and what was found, the rest."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Rows that were not admitted: counts by reason, and nothing else of them."""

    counts: Mapping[str, int]

    def __len__(self) -> int:
        """Count the rows."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Label:
    """The classification of one field of a data set."""

    field: str
    entity: str | None
    category: str
    level: int
    code: str


@dataclass(frozen=True, slots=True)
class Labelled(_Rows):
    """Sound rows with the classification of every field and, for free text, the rows whose level rises."""

    labels: tuple[Label, ...]
    raised: Mapping[str, npt.NDArray[np.int8]] = field(default_factory=dict, repr=False)
    """Free-text field → level of each row (same order as ``frame``), where a finding raises it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the rows: ``arrived = refused + quarantined + stored``."""

    plan: str
    run: str
    arrived: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    quarantined: Mapping[str, int] = field(default_factory=dict)
    """Reason → rows; a row counts once, under the first critical expectation (in suite order) that it failed."""
    stored: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        """Join the outcomes of two chunks of one run."""
        return Outcome(
            plan=self.plan,
            run=self.run,
            arrived=self.arrived + other.arrived,
            refused=_sum(self.refused, other.refused),
            quarantined=_sum(self.quarantined, other.quarantined),
            stored=self.stored + other.stored,
        )


def _sum(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    return {key: left.get(key, 0) + right.get(key, 0) for key in sorted({*left, *right})}
