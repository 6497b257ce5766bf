"""Where a column is not what its plan declares (pure): over-collection, mis-declaration, identifiers in free text.

A finding is counts and kinds, never a value. Not for deciding what a column holds, which is in ``votes``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from pipelines.classify.levels import HIGHEST, LOWEST
from pipelines.classify.ner import NAMED
from pipelines.classify.votes import CHANCE, MOST, NOTE, RECOGNIZED, STRAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelines.classify.labels import EntityLabel
    from pipelines.classify.votes import ColumnProfile

NOTHING: Final = 0.05
"""Where fewer cells than this share are what was declared, nothing of it is there."""
ENOUGH: Final = 20
"""Cells from which on it says something that none of them is what was declared."""
NAMES_TRUST: Final = 0.9
"""Trust in a name, which no check digit bears out."""
_ALIKE: Final = {"IBAN_CODE": "CREDIT_CARD"}
"""What detection calls cells that the taxonomy knows more exactly."""


class Kind(StrEnum):
    """What is wrong with a declaration."""

    OVER_COLLECTION = "over_collection"
    """The column holds something more sensitive than was declared, or identifiers that it does not need."""
    MIS_DECLARATION = "mis_declaration"
    """The column holds something else of the same or a lower level, or nothing of what was declared."""
    IDENTIFIER_IN_FREE_TEXT = "identifier_in_free_text"
    """People write identifiers into notes."""
    LEVEL_RAISED = "level_raised"
    """The column was sealed under a lower level than it needs now (``relevel``)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement between a plan and the cells of a column."""

    field: str
    kind: Kind
    declared: str
    """Key of the taxonomy (``labels.entity_labels``)."""
    found: str | None
    """What the cells show; None where they show nothing of what was declared."""
    level: int
    """Level of what was found; of what was declared where it is missing."""
    confidence: float
    cells: int
    """Cells in which it was found; all cells that are not blank where the declared kind is missing."""
    share: float
    """These cells' share of the cells that are not blank."""


def findings(
    declared: Mapping[str, str], profiles: Iterable[ColumnProfile], labels: Mapping[str, EntityLabel]
) -> tuple[Finding, ...]:
    """Compare what a plan declares with what its columns hold.

    Args:
        declared: Field → key of the taxonomy. Fields that the plan does not name are passed over.
        profiles: What the columns hold, decided with the plan's word as a hint.
        labels: What the keys mean.
    """
    return tuple(
        finding
        for profile in profiles
        if profile.name in declared and profile.cells
        for finding in _of_column(profile, declared[profile.name], labels)
    )


def _of_column(profile: ColumnProfile, declared: str, labels: Mapping[str, EntityLabel]) -> Iterator[Finding]:
    shown = dict(profile.also)
    if profile.entity is not None and not _same(profile.entity, declared, labels):
        shown[profile.entity] = profile.found  # what the cells show is more sensitive, and the profile says so
    for entity, count in sorted(shown.items()):
        kind = _kind(entity, count / profile.cells, declared, labels)
        if kind is not None:
            yield _finding(profile, kind, declared, entity, count, labels)
    missing = _missing(profile, declared, labels)
    if missing and not any(count >= MOST * profile.cells for count in shown.values()):
        level = labels[declared].level
        yield Finding(profile.name, Kind.MIS_DECLARATION, declared, None, level, missing, profile.cells, 1.0)


def _kind(entity: str, share: float, declared: str, labels: Mapping[str, EntityLabel]) -> Kind | None:
    """Say what is wrong with a share of cells that hold an entity, if anything is."""
    if _same(entity, declared, labels):
        return None
    more = _level(entity, labels, HIGHEST) > _level(declared, labels, LOWEST)
    if declared == NOTE:
        told = entity in RECOGNIZED or entity not in NAMED
        return Kind.IDENTIFIER_IN_FREE_TEXT if told and (more or share >= STRAY) else None
    if share >= MOST:
        return Kind.OVER_COLLECTION if more else Kind.MIS_DECLARATION
    stray = entity not in NAMED and share >= CHANCE.get(entity, STRAY)
    return (
        Kind.OVER_COLLECTION if stray and (more or _category(entity, labels) != _category(declared, labels)) else None
    )


def _missing(profile: ColumnProfile, declared: str, labels: Mapping[str, EntityLabel]) -> float:
    """Return how sure it is that nothing of what was declared is there; 0 where that can't be said."""
    entity = _entity(declared, labels)
    if declared not in labels or entity not in {*RECOGNIZED, *NAMED} or profile.cells < ENOUGH:
        return 0.0
    there = profile.found if profile.entity is not None and _same(profile.entity, declared, labels) else 0
    share = there / profile.cells
    return 0.0 if share >= NOTHING else round((1 - share) * (NAMES_TRUST if entity in NAMED else 1.0), 4)


def _finding(
    profile: ColumnProfile, kind: Kind, declared: str, entity: str, count: int, labels: Mapping[str, EntityLabel]
) -> Finding:
    share = round(count / profile.cells, 4)
    trust = round(max(share, MOST) * (NAMES_TRUST if entity in NAMED else 1.0), 4)
    level = _level(entity, labels, HIGHEST)
    return Finding(profile.name, kind, declared, entity, level, trust, count, share)


def _same(entity: str, declared: str, labels: Mapping[str, EntityLabel]) -> bool:
    return _entity(entity, labels) == _entity(declared, labels)


def _entity(key: str, labels: Mapping[str, EntityLabel]) -> str | None:
    entity = labels[key].entity if key in labels else key
    return _ALIKE.get(entity, entity) if entity else None


def _category(key: str, labels: Mapping[str, EntityLabel]) -> str | None:
    return labels[key].category if key in labels else None


def _level(key: str, labels: Mapping[str, EntityLabel], otherwise: int) -> int:
    return labels[key].level if key in labels else otherwise
