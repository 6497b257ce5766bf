"""Tell headings that are somebody's data, because the file has no heading line. They must not be printed as names.

Evidence only: a list of English words under an English title looks the same. Not for reading the first line as a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import regex

from pipelines.classify.headers import evidence
from pipelines.classify.ner import NAMED
from pipelines.classify.shapes import ENGLISH
from pipelines.classify.votes import MOST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.classify.engine import Analyzer, Span
    from pipelines.classify.votes import Votes

_PLACES: Final = frozenset({"LOCATION", "ORGANIZATION"})
"""Kinds that a heading may be named after: a table with a column a city."""
_FULL_NAME: Final = regex.compile(ENGLISH["PERSON"])
_NUMBER: Final = regex.compile(r"[^\p{L}\d]*+\d[^\p{L}]*+")


def headings_of_data(analyzer: Analyzer, votes: Sequence[Votes]) -> tuple[bool, ...]:
    """Tell which headings are a name or a number of somebody, by the rules, the tagger, or the look of the columns."""
    found = analyzer.spans([each.name for each in votes])
    telling = [any(span.label not in _PLACES for span in spans) for spans in found]
    if any(_identifier(each.name, spans) for each, spans in zip(votes, found, strict=True)):
        return (True,) * len(votes)
    counted = [_NUMBER.fullmatch(each.name) is not None and each.legible < MOST * each.cells for each in votes]
    if any(map(_dated, votes)) or (any(telling) and any(counted)):
        return (True,) * len(votes)
    if any(telling):  # then the places among the headings are no titles either
        return tuple(bool(spans) for spans in found)
    return (_alike(votes),) * len(votes)


def _identifier(name: str, spans: Sequence[Span]) -> bool:
    """Tell whether a heading is a telephone number or the like, which nobody calls a column."""
    return any(span.label not in NAMED and span.end - span.start >= MOST * len(name) for span in spans)


def _dated(votes: Votes) -> bool:
    """Tell whether a heading is a day and its column holds days."""
    return sum(votes.years.values()) >= MOST * votes.cells > 0 and _NUMBER.fullmatch(votes.name) is not None


def _alike(votes: Sequence[Votes]) -> bool:
    """Tell whether the heading line looks like one more row: a full name, and nothing that is not like its column."""
    names = [each.name for each in votes]
    if not any(" " in name.strip() and _FULL_NAME.match(name) for name in names) or any(map(evidence, names)):
        return False
    return all(_like_its_cells(each) for each in votes)


def _like_its_cells(votes: Votes) -> bool:
    if _NUMBER.fullmatch(votes.name):
        return votes.digits >= MOST * votes.cells
    return votes.looks("PERSON") >= MOST and _FULL_NAME.match(votes.name) is not None
