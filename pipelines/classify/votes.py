"""What the cells of a column say it holds, and the decision. Counts only: no cell is kept here.

Votes of two chunks of one column add up, so a file of any size is decided over all of its cells.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pipelines.classify.headers import strongest
from pipelines.classify.levels import HIGHEST, LOWEST, record_level
from pipelines.classify.ner import NAMED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.classify.headers import Evidence
    from pipelines.classify.labels import EntityLabel

MOST: Final = 0.5
"""Share of cells that settles a column without the help of its name."""
SOME: Final = 0.1
"""Share of cells that is enough where the name says the same."""
TAGGED: Final = 0.6
"""Share of the cells read by the tagger that settles a column by itself."""
CLEAR: Final = 0.8
"""Share of the cells read by the tagger from which on more reading is idle."""
DECLARED: Final = 0.5
"""Confidence in a plan's word alone."""
TRUSTED: Final = 0.6
"""Confidence in a sure name of a kind that only a name can tell."""
DOUBTED: Final = 0.35
"""Confidence in a sure name that the cells neither bear out nor refute."""
NOTE: Final = "SERVICE_NOTE"
RECOGNIZED: Final = frozenset(
    {"CN_ID_CARD", "CN_USCC", "CREDIT_CARD", "CN_PASSPORT", "PHONE_NUMBER", "IP_ADDRESS", "DATE_OF_BIRTH", "CN_PLATE"}
)
NUMBERED: Final = RECOGNIZED | frozenset(
    {"MAC_ADDRESS", "US_SSN", "US_DRIVER_LICENSE", "CN_TRAVEL_PERMIT", "BANK_ACCOUNT", "CN_POSTAL_CODE", "INCOME"}
    | {"ASSETS", "CARD_VERIFICATION_CODE", "PIN", "ONE_TIME_CODE", "ENTERPRISE_FINANCE", "REGISTERED_CAPITAL"}
)
"""Kinds that are written with digits: a name alone does not make a column of words one of them."""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What one column holds."""

    name: str
    entity: str | None
    """None where the column holds nothing personal."""
    category: str | None
    level: int
    code: str | None
    confidence: float
    cells: int
    """Cells that are not blank."""
    found: int
    """Cells in which the entity was found."""
    also: dict[str, int] = field(default_factory=dict)
    """Other entities and the cells they were found in; with a plan's word also what the cells say against it."""
    share: float = 0.0
    """Share of the cells that are not blank in which the entity was found."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Counts of cells of one column. Adding two joins two chunks."""

    name: str
    cells: int = 0
    within: Counter[str] = field(default_factory=Counter)
    """Entity → cells that hold one."""
    whole: Counter[str] = field(default_factory=Counter)
    """Entity → cells that are one."""
    shaped: Counter[str] = field(default_factory=Counter)
    """Kind → cells that look like one."""
    read: int = 0
    """Cells that the tagger read."""
    tagged: Counter[str] = field(default_factory=Counter)
    """Kind → cells that the tagger takes for one."""
    digits: int = 0
    """Cells with three digits on end, or masked with asterisks."""

    def __add__(self, other: Votes) -> Votes:
        """Join the votes of two chunks of one column."""
        return Votes(
            self.name,
            self.cells + other.cells,
            self.within + other.within,
            self.whole + other.whole,
            self.shaped + other.shaped,
            self.read + other.read,
            self.tagged + other.tagged,
            self.digits + other.digits,
        )

    def share(self, entity: str) -> float:
        """Return the share of cells that are one of an entity."""
        return self.whole[entity] / self.cells if self.cells else 0.0

    def seen(self, kind: str) -> float:
        """Return the share of cells taken for a kind of name: by the tagger where it read any, else by their look."""
        return self.tagged[kind] / self.read if self.read else self.looks(kind)

    def found(self, entity: str) -> int:
        """Count the cells in which an entity was found, by whatever found most of them."""
        return min(self.cells, max(each[entity] for each in (self.whole, self.within, self.shaped, self.tagged)))

    def looks(self, kind: str) -> float:
        """Return the share of cells that look like a kind."""
        return self.shaped[kind] / self.cells if self.cells else 0.0


def decide(votes: Votes, labels: Mapping[str, EntityLabel], names: Sequence[str], hint: str | None) -> ColumnProfile:
    """Say what a column holds from its cells, its names, and the kind that a plan declares it to be."""
    seen, confidence = _detected(votes, strongest((votes.name, *names)))
    key = seen
    if hint is not None and hint != key:
        agreed = key is not None and _entity(hint, labels) == _entity(key, labels)
        if agreed or _level(key, labels, LOWEST) <= _level(hint, labels, HIGHEST):
            # A declared kind gives way only to a more sensitive one that the cells show: the highest wins.
            key, confidence = hint, confidence if agreed else DECLARED
    return _profile(votes, labels, key, confidence, seen)


def unsettled(votes: Votes, names: Sequence[str]) -> bool:
    """Tell whether the tagger's reading could still change the decision."""
    if max(votes.whole.values(), default=0) >= MOST * max(votes.cells, 1):
        return False
    said = strongest((votes.name, *names))
    if said is not None and said.sure and said.key not in NAMED:
        return False
    if not votes.read:
        return True
    if said is not None and said.key in NAMED and votes.seen(said.key) >= MOST:
        return False
    return any(SOME < votes.seen(kind) < CLEAR for kind in NAMED)


def _detected(votes: Votes, said: Evidence | None) -> tuple[str | None, float]:
    if not votes.cells:
        return (said.key, DOUBTED) if said and said.sure else (None, 0.0)
    best = max(votes.whole, key=lambda entity: votes.whole[entity], default=None)
    if best is not None and votes.share(best) >= MOST:
        return best, _firm(votes.share(best), agreed=said is not None and said.key == best)
    if said is not None:
        weight = _weight(votes, said)
        if weight:
            return said.key, weight
    kind = max(NAMED if votes.read else NAMED[1:], key=votes.seen)
    if votes.seen(kind) >= TAGGED:
        return kind, round(0.9 * votes.seen(kind), 4)
    return None, 0.0


def _weight(votes: Votes, said: Evidence) -> float:
    """Return how far the cells bear out what the name says; 0 where they speak against it."""
    key = said.key
    if key in NAMED:
        return _weight_of_names(votes, said)
    if votes.share(key) >= SOME:
        return _firm(votes.share(key), agreed=True)
    if key in NUMBERED:
        trust = DOUBTED if key in RECOGNIZED else TRUSTED
        return trust if votes.digits >= MOST * votes.cells else 0.0
    if key == "EMAIL_ADDRESS":
        return DOUBTED if votes.within[key] else 0.0
    return TRUSTED if said.sure else DECLARED


def _weight_of_names(votes: Votes, said: Evidence) -> float:
    support = max(votes.seen(said.key), votes.looks(said.key))
    if said.key == "PERSON" and votes.digits >= MOST * votes.cells:
        return 0.0
    if support >= (SOME if said.sure else TAGGED):
        return _firm(support, agreed=True)
    return DOUBTED if said.sure else 0.0


def _firm(share: float, *, agreed: bool) -> float:
    return round(1 - (1 - share) / 2, 4) if agreed else round(share, 4)


def _entity(key: str, labels: Mapping[str, EntityLabel]) -> str | None:
    return labels[key].entity if key in labels else key


def _level(key: str | None, labels: Mapping[str, EntityLabel], otherwise: int) -> int:
    return labels[key].level if key is not None and key in labels else otherwise


def _profile(
    votes: Votes, labels: Mapping[str, EntityLabel], key: str | None, confidence: float, seen: str | None
) -> ColumnProfile:
    label = labels.get(key) if key else None
    entity = label.entity if label else key
    own = {key, entity}
    counts = votes.within if seen in own else votes.within | Counter({seen: votes.found(seen)} if seen else {})
    also = {other: count for other, count in sorted(counts.items()) if count and other not in own}
    raised = [labels[other].level if other in labels else HIGHEST for other in also] if key in {None, NOTE} else []
    level = label.level if label else (HIGHEST if key else LOWEST)
    found = votes.found(entity) if entity else 0
    return ColumnProfile(
        name=votes.name,
        entity=entity,
        category=label.category if label else None,
        level=record_level((level, *raised)),
        code=label.code if label else None,
        confidence=confidence if key else 0.0,
        cells=votes.cells,
        found=found,
        also=also,
        share=round(found / votes.cells, 4) if votes.cells else 0.0,
    )
