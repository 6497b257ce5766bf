"""Sensitivity levels of records and data sets (pure). The rule is that the highest wins.

Sources: GB/T 43697-2024 (grading, 就高从严), GB/T 45574-2025 (several ordinary items together become sensitive).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

LOWEST: Final = 1
HIGHEST: Final = 5
MANY_PEOPLE: Final = 100_000
"""From this many people on, a data set is one level more sensitive than its records."""
IDENTIFYING: Final = frozenset({"PERSON", "PHONE_NUMBER", "CN_ID_CARD", "LOCATION"})
"""Name, telephone, identity number and address: who holds all four can be the person."""


def record_level(fields: Iterable[int]) -> int:
    """Return the level of a record: the highest of its fields'; a record without fields is public."""
    return max((LOWEST, *fields))


def raised_level(declared: int, found: Iterable[int]) -> int:
    """Return the level of a free-text cell: that of its field, raised to the highest of what was found in it."""
    return record_level((declared, *found))


def data_set_level(fields: Iterable[int], *, people: int, entities: Collection[str]) -> int:
    """Return the level of a data set: its highest field's, and one more for many people or a telling combination."""
    return min(HIGHEST, record_level(fields) + (people >= MANY_PEOPLE or combined(entities)))


def combined(entities: Collection[str]) -> bool:
    """Tell whether a data set holds name, telephone, identity number and address together."""
    return IDENTIFYING.issubset(entities)


def entity_level(entity: str, levels: Mapping[str, int]) -> int:
    """Return the level of a detected entity; one the taxonomy doesn't know is as sensitive as can be."""
    return levels.get(entity, HIGHEST)
