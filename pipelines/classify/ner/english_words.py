"""English text as the tagger sees it: tokens with their places, and what a token looks like.

Training and tagging both read this, so that a network never meets a feature it was not trained on. Nothing here is
learned. All of it is linear in the text, and any text is taken.
"""

from __future__ import annotations

import functools
import re
import unicodedata
import zlib
from dataclasses import dataclass
from typing import Final, NamedTuple

from pipelines.classify.folding import fold

LONGEST: Final = 24
"""Characters of a word that are looked at; a longer one is cut in its middle."""
BUCKETS: Final = 16384
"""Rows of the table of pieces. Piece 0 is none."""
PIECES: Final = 24
"""Most pieces of a word."""
SEGMENT: Final = 64
"""Longest run of tokens that is tagged at once."""
SHAPES: Final = 20
GLUES: Final = 3
BREAK: Final = 2
"""How a token is joined to the one before: 0 by a space, 1 directly, 2 over the end of a line (or it is the first)."""
CASES: Final = 4
STOPS: Final = frozenset(".!?;")

_TOKEN: Final = re.compile(r"[^\W\d_]+(?:['’](?![sS]\b)[^\W\d_]+)*|\d+|[^\w\s]|_|\w")
_PUNCTUATION: Final = {".": 12, ",": 13, "-": 14, "'": 15, "’": 15, "@": 16, "#": 17, ":": 18}
_OTHER: Final = 19
_NORMAL, _LOWER, _UPPER, _TITLE = range(4)
_CROWD: Final = 3
"""Words that must agree before a segment counts as shouted, all lower, or a headline."""


class Look(NamedTuple):
    """What a token looks like: the hash of its plain form, its shape, the numbers of its pieces."""

    key: int
    shape: int
    pieces: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of tokens of one text: their places, their words, how each is joined to the one before, the letters' case."""

    text: int
    starts: list[int]
    ends: list[int]
    words: list[str]
    glues: list[int]
    case: int


def segments(texts: list[str]) -> list[Segment]:
    """Cut texts into segments, in order; a text without a token has none."""
    return [segment for number, text in enumerate(texts) for segment in _cut(number, fold(text))]


@functools.lru_cache(maxsize=1 << 17)
def look(word: str) -> Look:
    """Describe a word of at most ``LONGEST`` characters."""
    plain = _plain(word)
    return Look(key(plain), _shape(word), _pieces(plain))


def key(plain: str) -> int:
    """Return the number under which the tables know a plain word."""
    return zlib.crc32(plain.encode("utf-8", "surrogatepass"))


def _cut(number: int, text: str) -> list[Segment]:
    found = [match.span() for match in _TOKEN.finditer(text)]
    cuts: list[Segment] = []
    low = 0
    while low < len(found):
        high = min(low + SEGMENT, len(found))
        if high < len(found):
            places = range(high, low + SEGMENT // 2, -1)
            high = next((at for at in places if _ends_here(text, found[at - 1], found[at])), high)
        cuts.append(_segment(number, text, found[low:high], found[low - 1][1] if low else -1))
        low = high
    return cuts


def _ends_here(text: str, token: tuple[int, int], following: tuple[int, int]) -> bool:
    return text[token[0]] in STOPS or "\n" in text[token[1] : following[0]]


def _segment(number: int, text: str, places: list[tuple[int, int]], end: int) -> Segment:
    words, glues = [], []
    for low, high in places:
        glues.append(BREAK if end < 0 or "\n" in text[end:low] else int(low == end))
        words.append(text[low:high] if high - low <= LONGEST else text[low : low + LONGEST - 8] + text[high - 8 : high])
        end = high
    return Segment(number, [at for at, _ in places], [at for _, at in places], words, glues, _case(words))


def _case(words: list[str]) -> int:
    letters = [word for word in words if word[0].isalpha()]
    raised = sum(not word[0].islower() for word in letters)
    if len(letters) < _CROWD:
        return _NORMAL
    if raised == 0:
        return _LOWER
    shouted = sum(word.isupper() for word in letters)
    if shouted * 5 >= len(letters) * 4:
        return _UPPER
    return _TITLE if raised * 10 >= len(letters) * 9 else _NORMAL


def _plain(word: str) -> str:
    lower = word.lower().replace("’", "'")
    if lower.isascii():
        return lower
    bare = "".join(char for char in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(char))
    return bare.translate(_LATIN)


_LATIN: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"}
)


def _shape(word: str) -> int:
    first = word[0]
    if first.isdigit():
        return 5 + min(len(word), 6)
    if not first.isalpha():
        return _PUNCTUATION.get(first, _OTHER)
    if word.islower():
        return 0
    if len(word) == 1:
        return 1
    if word.isupper():
        return 2
    return 3 if first.isupper() and word[1:].islower() else 4 if first.isupper() else 5


def _pieces(plain: str) -> tuple[int, ...]:
    """Return the numbers of a word's pieces of two to four characters; the ends come first, as they say most."""
    edged = f"^{plain}$"
    size = len(edged)
    texts = [edged[:length] for length in range(2, min(size, 6) + 1)]
    texts += [edged[-length:] for length in range(2, min(size, 6))]
    texts += [edged[at : at + length] for length in (3, 4) for at in range(1, size - length)]
    return tuple(key(text) % (BUCKETS - 1) + 1 for text in dict.fromkeys(texts[:PIECES]))
