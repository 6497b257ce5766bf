"""Made-up English business text with its persons, places and organizations marked. Seeded, of many cultures.

The sentences are in ``detection_sentences.txt``; they are the benchmark's own and train nothing.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.detection_random import faker, seeded

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

SENTENCES: Final = Path(__file__).with_name("detection_sentences.txt")
LOCALES: Final = (
    *("en_US", "en_GB", "en_AU", "en_IE", "en_IN", "en_NZ", "es_ES", "es_MX", "fr_FR", "de_DE", "it_IT", "pl_PL"),
    *("nl_NL", "sv_SE", "da_DK", "fi_FI", "no_NO", "pt_BR", "tr_TR", "cs_CZ", "hu_HU", "ro_RO", "hr_HR", "id_ID"),
    *("vi_VN", "fr_CA", "de_CH", "en_NG", "zu_ZA"),
)
_TITLES: Final = ("Mr.", "Mrs.", "Ms.", "Dr.", "Mr", "Ms", "Dr", "Prof.", "Miss")
_LABELS: Final = (
    dict.fromkeys(("person", "first", "last", "formal", "caps", "turned"), "PERSON")
    | dict.fromkeys(("address", "street", "city", "country"), "LOCATION")
    | {"org": "ORGANIZATION"}
)
_HOLE: Final = re.compile(r"\{(\w+)\}")
_MOST: Final = 60
"""A made-up organization longer than this is a list of partners that no one writes."""


def lines(count: int, seed: int) -> list[dict[str, Any]]:
    """Return texts with marked spans, as in a file of JSON lines."""
    rng = seeded(seed)
    return [_line(rng.choice(_sentences()), rng) for _ in range(count)]


@functools.cache
def _sentences() -> tuple[str, ...]:
    return tuple(line for line in SENTENCES.read_text("utf-8").splitlines() if line and not line.startswith("#"))


def _line(sentence: str, rng: random.Random) -> dict[str, Any]:
    text, spans, last = "", [], 0
    for hole in _HOLE.finditer(sentence):
        text += sentence[last : hole.start()]
        value, marked = _fill(hole[1], rng)
        if hole[1] in _LABELS:
            start = len(text) + value.index(marked)
            spans.append({"start": start, "end": start + len(marked), "label": _LABELS[hole[1]]})
        text, last = text + value, hole.end()
    return {"text": text + sentence[last:], "spans": spans}


def _fill(kind: str, rng: random.Random) -> tuple[str, str]:
    """Return a value, and the part of it that is marked: a title is no part of a name."""
    source = faker(rng.choice(LOCALES), rng)
    value = _MAKERS[kind](source, rng)
    if kind == "formal":
        return f"{rng.choice(_TITLES)} {value}", value
    return value, value


def _person(source: Any, rng: random.Random) -> str:
    first = _first(source, rng)
    if rng.random() < 0.08:
        first += f" {rng.choice('ABCDEFGHJKLMNPRSTW')}."
    return f"{first} {_last(source, rng)}"


def _first(source: Any, _: random.Random) -> str:
    return str(source.first_name())


def _last(source: Any, _: random.Random) -> str:
    return str(source.last_name())


def _formal(source: Any, rng: random.Random) -> str:
    return _last(source, rng) if rng.random() < 0.5 else _person(source, rng)


def _street(source: Any, _: random.Random) -> str:
    return str(source.street_address()).replace("\n", ", ")


def _address(source: Any, rng: random.Random) -> str:
    return f"{_street(source, rng)}, {source.postcode()} {source.city()}"


def _country(_: Any, rng: random.Random) -> str:
    return str(faker("en_US", rng).country())


def _org(source: Any, rng: random.Random) -> str:
    name = str(source.company())
    return name if len(name) < _MOST else _org(source, rng)


_MAKERS: Final[dict[str, Callable[[Any, random.Random], str]]] = {
    "person": _person,
    "first": _first,
    "last": _last,
    "formal": _formal,
    "caps": lambda source, rng: _person(source, rng).upper(),
    "turned": lambda source, rng: f"{_last(source, rng)}, {_first(source, rng)}",
    "address": _address,
    "street": _street,
    "city": lambda source, _: str(source.city()),
    "country": _country,
    "org": _org,
    "phone": lambda source, _: str(source.phone_number()),
    "email": lambda source, _: str(source.ascii_safe_email()),
    "date": lambda source, rng: source.date_object().strftime(
        rng.choice(("%d/%m/%Y", "%d %B %Y", "%Y-%m-%d", "%B %d"))
    ),
    "money": lambda _, rng: f"{rng.choice(('$', '€', '£', 'USD '))}{rng.randint(5, 99_000):,}",
    "number": lambda _, rng: str(rng.randint(100, 999_999)),
}
