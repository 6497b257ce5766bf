"""What the cells of a column say it holds, and the decision. Counts only: no cell is kept here.

Votes of two chunks of one column add up, so a file of any size is decided over all of its cells.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
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
PARTLY: Final = 0.25
"""Share of cells that are one for sure, from which on the cells that only may be one count as well."""
KNOWN: Final = 0.05
"""The same where the form of the others is told apart by itself (``ALL_OF_A_KIND``)."""
UNIFORM: Final = 0.8
"""Share of cells that are one or may be one, from which on the whole column holds them."""
LIKELY: Final = 0.55
"""Share of cells read as persons that is enough where hardly any is read as something else."""
PLACES: Final = 0.25
"""Share of cells read as places that makes a column of all sorts of names one of places."""
PLACED: Final = 0.5
"""Places for each person among the names of such a column."""
ALL_NAMES: Final = 0.7
"""Share of cells read as names of any kind, from which on a column holds names."""
FIRMS: Final = 0.15
"""Share of cells read as organizations without which words in capitals are no companies' names."""
ALL_OF_A_KIND: Final = frozenset({"PHONE_NUMBER"})
"""Kinds with a form of their own (``shapes.DIALLED``), which nothing else is written in."""
STRAY: Final = 0.01
"""From this share of cells on, an identifier in a column of something else is no slip of one clerk."""
CHANCE: Final = (
    dict.fromkeys(("CREDIT_CARD", "IMEI", "HK_ID_CARD", "MO_ID_CARD", "TW_ID_CARD", "CN_ORGANIZATION_CODE"), 0.2)
    | dict.fromkeys(("PHONE_NUMBER", "CN_PASSPORT", "CN_TRAVEL_PERMIT", "CN_PERMANENT_RESIDENT_CARD"), 0.1)
    | dict.fromkeys(("IP_ADDRESS", "CN_PLATE", "CN_MESSENGER_ACCOUNT", "CN_POSTAL_CODE"), 0.1)
)
"""Kinds that an order number can look like by chance (every tenth number passes Luhn), and the share that can't be."""
CHECKED: Final = "IMEI"
"""The kind that only a check digit tells, which one number in ten has by chance, but no whole column."""
CLOSED: Final = 0.9
"""Share of cells that are a word of a closed set (sexes, provinces), from which on the column is that."""
VARIED: Final = 10
"""Different cells from which on words that may be a company's name are not a handful of types."""
PLACE: Final = "CITY"
"""Key of the closed set of provinces, cities, districts and countries."""
NAME_OF: Final = {kind: kind for kind in NAMED} | {PLACE: "LOCATION", "ENTERPRISE_ADDRESS": "LOCATION"}
"""Key → the kind of name that its cells are."""
RECOGNIZED: Final = frozenset(
    {"CN_ID_CARD", "CN_RESIDENCE_PERMIT", "CN_PERMANENT_RESIDENT_CARD", "HK_ID_CARD", "MO_ID_CARD", "TW_ID_CARD"}
    | {"CN_USCC", "CN_ORGANIZATION_CODE", "CREDIT_CARD", "IBAN_CODE", "IMEI", "CN_PASSPORT", "CN_TRAVEL_PERMIT"}
    | {"PHONE_NUMBER", "IP_ADDRESS", "MAC_ADDRESS", "DATE_OF_BIRTH", "CN_PLATE"}
)
"""Kinds whose every value a recognizer knows: where it finds none, there is none."""
NUMBERED: Final = RECOGNIZED | frozenset(
    {"US_SSN", "US_DRIVER_LICENSE", "BANK_ACCOUNT", "CN_POSTAL_CODE", "INCOME"}
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
    """Other entities and the cells they were found in; with a plan's word also what the cells say against it.

    Names are counted in the cells that the tagger read."""
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
    different: int = 0
    """Different cells; each chunk counts its own."""
    legible: int = 0
    """Cells that a tagger can read."""
    bare: Counter[str] = field(default_factory=Counter)
    """Kind → cells read that the tagger knows not, and that by themselves look like an English name of the kind."""
    beyond: Counter[str] = field(default_factory=Counter)
    """Kind → cells that the tagger takes for one though they don't look like one."""
    weak: Counter[str] = field(default_factory=Counter)
    """Entity → cells that are one, or would be if the column's name said so."""
    listed: Counter[str] = field(default_factory=Counter)
    """Key → cells that are a word of its closed set."""
    years: Counter[int] = field(default_factory=Counter)
    """Year → cells that are a date of it."""
    beside: int = 0
    """Rows in which an identity number stands beside a date of this column."""
    born: int = 0
    """Those of them in which the date is the date of birth in the number."""

    def __add__(self, other: Votes) -> Votes:
        """Join the votes of two chunks of one column."""
        counts = [each.name for each in fields(self) if each.name != "name"]
        return Votes(self.name, **{count: getattr(self, count) + getattr(other, count) for count in counts})

    def share(self, entity: str) -> float:
        """Return the share of cells that are one of an entity."""
        return self.whole[entity] / self.cells if self.cells else 0.0

    def seen(self, kind: str) -> float:
        """Return the share of cells taken for a kind of name: by the tagger where it read any, else by their look."""
        return self.tagged[kind] * self._legible if self.read else self.looks(kind)

    def alone(self, kind: str) -> float:
        """Return the share of cells that the tagger knows not and that look like a bare English name of a kind."""
        return self.bare[kind] * self._legible

    @property
    def _legible(self) -> float:
        """What a cell that was read stands for: some were not, and numbers never are."""
        return self.legible / (self.cells * self.read) if self.read else 0.0

    def found(self, entity: str) -> int:
        """Count the cells in which an entity was found, by whatever found most of them.

        Where the tagger read some of the cells of a column of names, they speak for the rest.
        """
        counts = (self.whole, self.within, self.tagged, self.weak, self.listed)
        names = round((self.seen(entity) + self.alone(entity)) * self.cells) if self.read else 0
        looks = self.shaped[entity] + self.beyond[entity]
        return min(self.cells, max(names, looks, *(each[entity] for each in counts)))

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
    return profile(votes, labels, key, confidence, seen)


def unsettled(votes: Votes, names: Sequence[str]) -> bool:
    """Tell whether the tagger's reading could still change the decision."""
    if max(votes.whole.values(), default=0) >= MOST * max(votes.cells, 1) or _best(votes)[0] is not None:
        return False
    said = strongest((votes.name, *names))
    kind = NAME_OF.get(said.key) if said is not None else None
    if said is not None and said.sure and kind is None:
        return False
    if max(votes.listed.values(), default=0) >= CLOSED * max(votes.cells, 1):
        return False
    if not votes.read:
        return True
    if kind is not None and votes.seen(kind) >= MOST:
        return False
    return any(SOME < votes.seen(each) < CLEAR for each in NAMED)


def _detected(votes: Votes, said: Evidence | None) -> tuple[str | None, float]:
    if not votes.cells:
        return (said.key, DOUBTED) if said and said.sure else (None, 0.0)
    best, share = _best(votes)
    if best is not None and (votes.share(best) >= MOST or said is None or not said.sure or said.key == best):
        return best, _firm(share, agreed=said is not None and said.key == best)
    if said is not None:
        weight = _weight(votes, said)
        if weight:
            return said.key, weight
    listed = max(votes.listed, key=votes.listed.__getitem__, default=None)
    if listed is not None and votes.listed[listed] >= CLOSED * votes.cells:
        return listed, round(0.9 * votes.listed[listed] / votes.cells, 4)
    return _named(votes)


def _best(votes: Votes) -> tuple[str | None, float]:
    """Return what most of the cells are, whatever the column is called: for sure, or all of one form and some for sure."""
    best = max(votes.whole, key=votes.whole.__getitem__, default=None)
    if votes.weak[CHECKED] >= CLOSED * votes.cells > 0:
        return CHECKED, round(0.9 * votes.weak[CHECKED] / votes.cells, 4)
    if best is None or votes.share(best) < (KNOWN if best in ALL_OF_A_KIND else PARTLY):
        return None, 0.0
    if votes.share(best) >= MOST:
        return best, votes.share(best)
    weak = votes.weak[best] / votes.cells
    return (best, round((votes.share(best) + weak) / 2, 4)) if weak >= UNIFORM else (None, 0.0)


def _named(votes: Votes) -> tuple[str | None, float]:
    """Return what kind of names the cells are where nothing but themselves tells."""
    person, place, firm = map(votes.seen, NAMED)
    person *= bool(votes.read)  # nearly any word looks like somebody's name
    named = person + place + firm
    if votes.read and place >= max(PLACES, firm, PLACED * person) and named >= ALL_NAMES:
        # Places are named after people, so a column of towns looks like one of surnames, but not the other way round.
        return "LOCATION", round(0.9 * named, 4)
    kind = max(NAMED if votes.read else NAMED[1:], key=votes.seen)
    if votes.seen(kind) >= TAGGED:
        return kind, round(0.9 * votes.seen(kind), 4)
    if votes.looks("LOCATION") >= TAGGED:
        return "LOCATION", round(0.9 * votes.looks("LOCATION"), 4)
    if person >= LIKELY and person >= 3 * (place + firm):
        return "PERSON", round(0.9 * person, 4)
    firms = firm + votes.alone("ORGANIZATION") + person  # companies are named after people, too
    if firm >= max(FIRMS, person) and firms >= ALL_NAMES and votes.different >= VARIED:
        return "ORGANIZATION", round(0.8 * firms, 4)
    return None, 0.0


def _weight(votes: Votes, said: Evidence) -> float:
    """Return how far the cells bear out what the name says; 0 where they speak against it."""
    key = said.key
    if key in NAMED:
        return _weight_of_names(votes, said)
    borne = max(votes.share(key), votes.listed[key] / votes.cells)
    if key in NAME_OF:
        borne = max(borne, votes.seen(NAME_OF[key]) if votes.seen(NAME_OF[key]) >= MOST else 0.0)
    if borne >= SOME:
        return _firm(borne, agreed=True)
    if key in NUMBERED:
        trust = DOUBTED if key in RECOGNIZED else TRUSTED
        return trust if votes.digits >= MOST * votes.cells else 0.0
    if key == "EMAIL_ADDRESS":
        return DOUBTED if votes.within[key] else 0.0
    return TRUSTED if said.sure else DECLARED


def _weight_of_names(votes: Votes, said: Evidence) -> float:
    support = votes.seen(said.key)
    if said.key == "LOCATION":
        support = max(support, votes.listed[PLACE] / votes.cells)
    if said.sure:
        support = max(support, votes.looks(said.key))
    if said.key == "PERSON" and votes.digits >= MOST * votes.cells:
        return 0.0
    if support >= (SOME if said.sure else TAGGED):
        return _firm(support, agreed=True)
    return DOUBTED if said.sure else 0.0


def _noise(votes: Votes) -> set[str]:
    """Return what is found in a column of nothing in so few cells that chance or a tagger's slips explain it."""
    few = {kind for kind in CHANCE if votes.within[kind] < STRAY * votes.cells}
    return few | {kind for kind in NAMED if votes.within[kind] < max(SOME * votes.read, STRAY * votes.cells)}


def _firm(share: float, *, agreed: bool) -> float:
    return round(1 - (1 - share) / 2, 4) if agreed else round(share, 4)


def _entity(key: str, labels: Mapping[str, EntityLabel]) -> str | None:
    return labels[key].entity if key in labels else key


def _level(key: str | None, labels: Mapping[str, EntityLabel], otherwise: int) -> int:
    return labels[key].level if key is not None and key in labels else otherwise


def profile(
    votes: Votes, labels: Mapping[str, EntityLabel], key: str | None, confidence: float, seen: str | None
) -> ColumnProfile:
    """Say what a column of a kind holds, and what the cells show besides (``seen``: what they show by themselves)."""
    label = labels.get(key) if key else None
    entity = label.entity if label else key
    own = {key, entity}
    shown = _entity(seen, labels) or seen if seen else None
    counts = votes.within | Counter({shown: votes.found(seen)} if seen and shown and not {seen, shown} & own else {})
    also = {other: count for other, count in sorted(counts.items()) if count and other not in own}
    told = set(also) - (_noise(votes) if key is None else set()) if key in {None, NOTE} else set()
    raised = [labels[other].level if other in labels else HIGHEST for other in told]
    level = label.level if label else (HIGHEST if key else LOWEST)
    found = max(map(votes.found, {entity, key, *([PLACE] if entity == "LOCATION" else [])})) if entity and key else 0
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
