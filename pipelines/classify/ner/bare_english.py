"""Cells that hold nothing but an English name: of a person, or of a company.

``probablepeople`` (a CRF with its own weights) says which; the network of ``english`` and what a company's name can't
hide decide where it is weak: names from other cultures, and companies named after someone. Not for running text, and
not for telling that a column holds names: that takes the votes of all its cells.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import probablepeople

from pipelines.classify.folding import encodable, fold
from pipelines.classify.ner.english import tagger

if TYPE_CHECKING:
    from collections.abc import Sequence

PERSON: Final = "PERSON"
ORGANIZATION: Final = "ORGANIZATION"
LONGEST: Final = 96
MOST_WORDS: Final = 9

_NAME: Final = re.compile(r"[^\W\d_][^\n\t@_=<>{}|\\*/%$€£]*")
_LEGAL: Final = re.compile(
    r"\b(?:inc|incorporated|llc|l\.l\.c|ltd|limited|llp|l\.l\.p|plc|corp|corporation|company|co|gmbh|pty|pllc|pc|p\.c|"
    r"assoc|associates|association|enterprises?|group|holdings?|partners|partnership|services?|solutions|systems|bank|trust|"
    r"foundation|university|college|school|church|hospital|clinic|restaurant|store|stores|shop|salon|cafe|grill|bar|pizza|"
    r"construction|consulting|insurance|realty|properties|management|international|industries|committee|council|department|"
    r"institute|society|club|studio|studios|market|cleaners|catering|bakery|foods?|logistics|technologies|technology)\b\.?"
    r"(?=[\s,.;)]|$)",
    re.IGNORECASE,
)
"""Words which a company's name has and a person's has not, wherever they stand after the first word."""
_GIVEN: Final = frozenset({"GivenName", "Surname", "FirstInitial", "LastInitial", "MiddleName"})


def kind_of(cells: Sequence[str]) -> list[str | None]:
    """Return for each cell whether it is nothing but a person's name or a company's; None if neither, or unclear."""
    plain = [encodable(fold(cell)).strip() for cell in cells]
    different = dict.fromkeys(text for text in plain if _may_be_name(text))
    whole = _read_whole(list(different))
    kinds = {text: _kind(text, label) for text, label in zip(different, whole, strict=True)}
    return [kinds.get(text) for text in plain]


def _may_be_name(text: str) -> bool:
    if not 2 <= len(text) <= LONGEST or not _NAME.fullmatch(text):
        return False
    return text.count(" ") < MOST_WORDS and any("A" <= char <= "ɏ" for char in text)


def _kind(text: str, label: str | None) -> str | None:
    """Weigh what the three say; ``label`` is the network's, if it takes the whole cell for one name."""
    if _LEGAL.search(text, 1):
        return ORGANIZATION
    guess = _guess(text)
    if label == PERSON:
        return None if guess == ORGANIZATION and " " not in text else PERSON
    if guess == PERSON and label is None and " " in text:
        return PERSON
    return ORGANIZATION if ORGANIZATION in {guess, label} else None


def _guess(text: str) -> str | None:
    """Return what ``probablepeople`` takes the cell for."""
    try:
        parts, kind = probablepeople.tag(text)
    except probablepeople.RepeatedLabelError:
        return None
    if kind == "Corporation":
        return ORGANIZATION
    return PERSON if kind == "Person" and _GIVEN & parts.keys() else None


def _read_whole(texts: list[str]) -> list[str | None]:
    """Return the network's label of each text that it takes for one name from end to end."""
    found = tagger().entities(texts)
    return [
        each[0][2] if len(each) == 1 and each[0][1] - each[0][0] >= len(text) - 1 else None
        for text, each in zip(texts, found, strict=True)
    ]
