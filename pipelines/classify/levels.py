"""Sensitivity levels of records and data sets (pure), and what gives them. The rule is that the highest wins.

Sources: GB/T 43697-2024 (grading, 就高从严), GB/T 45574-2025 (several ordinary items together become sensitive).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

LOWEST: Final = 1
HIGHEST: Final = 5
MANY_PEOPLE: Final = 100_000
"""From this many people on, a data set is one level more sensitive than its records."""
OFFICER_PEOPLE: Final = 1_000_000
"""From this many people on, who holds them names a person in charge and reports it (PIPL art. 52)."""
AUDIT_PEOPLE: Final = 10_000_000
"""From this many people on, who holds them is audited every two years (PIPL art. 54, NDSR art. 27)."""
IDENTITY: Final = frozenset(
    {"CN_ID_CARD", "CN_PASSPORT", "CN_RESIDENCE_PERMIT", "CN_TRAVEL_PERMIT", "CN_PERMANENT_RESIDENT_CARD"}
    | {"HK_ID_CARD", "MO_ID_CARD", "TW_ID_CARD", "US_SSN", "US_DRIVER_LICENSE"}
)
"""Numbers of documents that prove who somebody is."""
IDENTIFYING: Final = frozenset({"PERSON", "PHONE_NUMBER", "LOCATION"})
"""With an identity number beside them, who holds name, telephone and address can be the person."""


class Reason(StrEnum):
    """What gives a data set its level, or goes with its size. The values are for programs, the words for people."""

    HIGHEST_FIELD = "highest_field"
    COMBINATION = "identifying_combination"
    HUNDRED_THOUSAND = "people_100k"
    MILLION = "people_1m"
    TEN_MILLION = "people_10m"

    @property
    def words(self) -> str:
        """The reason as people read it."""
        return _WORDS[self]


_WORDS: Final = {
    Reason.HIGHEST_FIELD: "the level of its most sensitive field",
    Reason.COMBINATION: "name, telephone, address and identity number stand together: one level more",
    Reason.HUNDRED_THOUSAND: f"{MANY_PEOPLE:,} people or more: one level more",
    Reason.MILLION: f"{OFFICER_PEOPLE:,} people or more: a person in charge is named and reported (PIPL art. 52)",
    Reason.TEN_MILLION: f"{AUDIT_PEOPLE:,} people or more: a compliance audit every two years (PIPL art. 54)",
}


@dataclass(frozen=True, slots=True)
class Grade:
    """The level of a data set, and why."""

    level: int
    reasons: tuple[Reason, ...]
    """In the order of ``Reason``. Combination and size raise a data set once, and never above the highest level."""


def record_level(fields: Iterable[int]) -> int:
    """Return the level of a record: the highest of its fields'; a record without fields is public."""
    return max((LOWEST, *fields))


def raised_level(declared: int, found: Iterable[int]) -> int:
    """Return the level of a free-text cell: that of its field, raised to the highest of what was found in it."""
    return record_level((declared, *found))


def graded(fields: Iterable[int], *, people: int, entities: Collection[str]) -> Grade:
    """Grade a data set: its highest field's level, and one more for many people or a telling combination."""
    highest = record_level(fields)
    steps = (
        (MANY_PEOPLE, Reason.HUNDRED_THOUSAND),
        (OFFICER_PEOPLE, Reason.MILLION),
        (AUDIT_PEOPLE, Reason.TEN_MILLION),
    )
    reasons = [Reason.HIGHEST_FIELD] if highest > LOWEST else []
    reasons += [Reason.COMBINATION] if combined(entities) else []
    reasons += [reason for least, reason in steps if people >= least]
    raised = len(reasons) > (highest > LOWEST)
    return Grade(min(HIGHEST, highest + raised), tuple(reasons))


def data_set_level(fields: Iterable[int], *, people: int, entities: Collection[str]) -> int:
    """Return the level of a data set (``graded`` says why)."""
    return graded(fields, people=people, entities=entities).level


def combined(entities: Collection[str]) -> bool:
    """Tell whether a data set holds name, telephone, address and the number of an identity document together."""
    return IDENTIFYING.issubset(entities) and not IDENTITY.isdisjoint(entities)


def entity_level(entity: str, levels: Mapping[str, int]) -> int:
    """Return the level of a detected entity; one the taxonomy doesn't know is as sensitive as can be."""
    return levels.get(entity, HIGHEST)
