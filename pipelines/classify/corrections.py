"""What a steward's word on a column does to the findings about it (pure).

A finding is known by its kind, what the plan declares and what was found: the next delivery brings the same one again.
Not for making findings, which is ``findings``, nor for storing anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from pipelines.classify.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.classify.labels import EntityLabel


class Decision(StrEnum):
    """What a steward does with what classification says."""

    ACCEPTED = "accepted"
    """The column holds what the catalogue shows."""
    OVERRIDDEN = "overridden"
    """It holds something else, and the steward says what."""


class Standing(StrEnum):
    """Whether somebody has to look at a finding."""

    OPEN = "open"
    CLOSED = "closed"
    """A steward knew of it when he or she decided, or found the same."""
    PAST = "past"
    """The plan no longer declares what the finding speaks against."""


class Seen(NamedTuple):
    """What tells one finding about a column from another."""

    kind: str
    declared: str
    found: str | None


@dataclass(frozen=True, slots=True)
class Word:
    """A steward's last word on a column."""

    entity: str | None
    """What the column holds; None: nothing personal."""
    closes: frozenset[Seen]
    """The findings that there were."""


def standing(seen: Seen, declared: str | None, word: Word | None) -> Standing:
    """Say how a finding stands.

    Args:
        seen: The finding.
        declared: What the plan declares now; None where it no longer has the field.
        word: What a steward said last of the column, if anything.
    """
    if seen.declared != declared:
        return Standing.PAST
    if word is None:
        return Standing.OPEN
    # That a column lies too low is not said by naming what it holds.
    found_too = seen.found is not None and seen.found == word.entity and seen.kind != Kind.LEVEL_RAISED
    return Standing.CLOSED if found_too or seen in word.closes else Standing.OPEN


def key_of(named: str, labels: Mapping[str, EntityLabel]) -> str | None:
    """Return the key that a steward means by an entity's or item's name, however it is written; None: there is none."""
    key = named.strip().upper().replace("-", "_")
    return key if key in labels else None


def held(key: str, labels: Mapping[str, EntityLabel]) -> str:
    """Return what detection calls the cells of a key; the key itself where it has no name for them."""
    return labels[key].entity or key
