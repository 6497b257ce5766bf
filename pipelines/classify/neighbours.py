"""What a column holds, seen beside the other columns of its table (pure): which dates are dates of birth.

Nothing in a date says that somebody was born on it. Its neighbours do: an identity number with the same date in it, or
people beside dates that are spread as people's ages are. Counts only, like ``votes``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipelines.classify.headers import other_date, strongest
from pipelines.classify.levels import IDENTITY
from pipelines.classify.votes import MOST, UNIFORM, profile

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pipelines.classify.labels import EntityLabel
    from pipelines.classify.votes import ColumnProfile, Votes

BIRTH: Final = "DATE_OF_BIRTH"
SAME: Final = 0.95
"""Confidence where the dates are those in the identity numbers."""
AGES: Final = 0.7
"""Confidence where the dates are spread as ages are."""
OLDEST: Final = 110
ELDER: Final = 45
"""Years. A date as old is rarely one of an order, a registration or a contract."""
ELDERS: Final = 0.1
"""Share of elder dates without which a table holds no grown people's dates of birth."""
SLIPS: Final = 0.02
"""Share of dates to come, which slips of typing explain."""
ANCIENT: Final = 0.35
"""Share of dates that nobody alive was born on, which old registers and stand-ins for "not known" explain."""
SPREAD: Final = 20
"""Years between the tenth and the ninetieth date of a hundred."""
SINGLES: Final = 8
"""Dates from which on their spread says something."""
_NEVER: Final = 9999
PEOPLE: Final = IDENTITY | {"PERSON"}
"""Entities of which a table that lists people has one."""
COMPANIES: Final = frozenset({"CN_USCC", "CN_ORGANIZATION_CODE"})
"""Entities of a table that lists companies, whose dates are of their founding."""


def seen_together(
    votes: Sequence[Votes],
    profiles: Sequence[ColumnProfile],
    labels: Mapping[str, EntityLabel],
    *,
    latest: int,
    names: Mapping[str, Sequence[str]],
    declared: Collection[str],
) -> tuple[ColumnProfile, ...]:
    """Return the profiles of a table's columns, those that only their neighbours can tell included.

    No date after ``latest`` (yyyymmdd) is one of birth; what a plan has ``declared`` stays as it is.
    """
    entities = {each.entity for each in profiles}
    told = []
    for vote, own in zip(votes, profiles, strict=True):
        open_to = own.entity is None and vote.years and vote.name not in declared
        trust = _birth(vote, entities, latest // 10_000) if open_to and _silent(vote, names) else 0.0
        told.append(_born(vote, own, labels, trust) if trust else own)
    return tuple(told)


def _silent(vote: Votes, names: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether the column's names leave it open what it holds."""
    own = (vote.name, *names.get(vote.name, ()))
    return strongest(own) is None and not other_date(own)


def _birth(vote: Votes, entities: Collection[str | None], year: int) -> float:
    """Return how sure it is that a column of dates is one of birth; 0 where nothing says so."""
    if vote.beside and vote.born >= MOST * vote.beside:
        return SAME
    if year < _NEVER and PEOPLE & set(entities) and not COMPANIES & set(entities) and _like_ages(vote, year):
        return AGES
    return 0.0


def _like_ages(vote: Votes, year: int) -> bool:
    """Tell whether dates are spread over the years as the births of grown people are."""
    ages = sorted((year - born, count) for born, count in vote.years.items())
    total = sum(count for _, count in ages)
    if total < max(SINGLES, UNIFORM * vote.cells):
        return False
    ahead = sum(count for age, count in ages if age < 0)
    ancient = sum(count for age, count in ages if age > OLDEST)
    elders = sum(count for age, count in ages if ELDER <= age <= OLDEST)
    spread = _at(ages, 0.9 * total) - _at(ages, 0.1 * total)
    if ahead > SLIPS * total or ancient > ANCIENT * total:
        return False
    return elders >= ELDERS * total and spread >= SPREAD


def _at(ages: Sequence[tuple[int, int]], place: float) -> int:
    """Return the age at a place among all of them, in their order."""
    passed = 0
    for age, count in ages:
        passed += count
        if passed >= place:
            return age
    return ages[-1][0]


def _born(vote: Votes, own: ColumnProfile, labels: Mapping[str, EntityLabel], trust: float) -> ColumnProfile:
    found = sum(vote.years.values())
    told = profile(vote, labels, BIRTH, trust, BIRTH)
    return replace(told, found=found, share=round(found / vote.cells, 4), also=own.also)
