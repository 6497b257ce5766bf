"""Guess the encoding of bytes that say nothing of it, and tell whether the guess is near certain.

Two opinions have to agree: nearly all characters are of those that people write in that encoding, which is not so in
any other that would fit; and charset-normalizer finds no mess in the text. Chinese read in a wrong encoding is
made of rare characters. Pure; not for whole files: a guess is held against every byte in ``encoding``.
"""

from __future__ import annotations

import codecs
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import charset_normalizer
import regex

if TYPE_CHECKING:
    from collections.abc import Sequence

AHEAD: Final = 0.1
"""What the share of usual characters must be more than that of any other encoding that fits."""
MESS: Final = 0.4
"""How much of a mess charset-normalizer may see in a text; a list of nothing but names is one to it, by half of that."""
OTHERS: Final = (8, 0.95)
"""From so many characters on, and such a share of usual ones, a text may be in an encoding that is not accepted. Below,
it is taken for Chinese: the common characters of Korean stand at the same codes."""
LIKELY: Final = {"gb18030": (2, 0.7), "big5hkscs": (6, 0.85), "cp932": (6, 0.85), "cp1252": (1, 0.7)}
"""Accepted codec → characters beyond ASCII, and share of usual ones, from which on it may be meant. Fewer say nothing; and
a fifth of the characters of Chinese names is rare in GB18030, which orders them by how common they were in print."""
HINTED: Final = 4096
"""Bytes that a mere hint is taken from: all encodings of the world are tried on them."""
_TWO_BYTES: Final = {
    "gb18030": ((0xA1, 0xA3), (0xB0, 0xD7)),
    "big5hkscs": ((0xA1, 0xA3), (0xA4, 0xC6)),
    "cp932": ((0x81, 0x83), (0x88, 0x97)),
    "euc_jp": ((0xA1, 0xA5), (0xB0, 0xCF)),
    "cp949": ((0xA1, 0xA3), (0xB0, 0xC8)),
}
"""Codec → ranges of first bytes under which the signs, and the characters in use, stand."""
_WORD: Final = regex.compile(r"\p{L}[\p{L}\p{M}]*")
_CASED: Final = regex.compile(r"\p{Lu}?[\p{Ll}ªº]+|\p{Lu}+|\p{Lu}\p{Ll}+\p{Lu}\p{Ll}+")
"""How words are written: small, with a capital, in capitals, or as McDonald."""
_SAME: Final = frozenset("äöüßáéíóúçëîôâ")
"""Letters that stand at the same codes in the encodings of Western and Central Europe and Turkey."""
_LANGUAGES: Final = tuple(map(frozenset, ("éèêëàâçîïôûùœü", "áéíóúñüçãõâêôà", "æøåäöéü", "àèéìòù")))
"""French; Spanish and Portuguese; Nordic; Italian. Czech or Hungarian, read as Western, has letters of several."""
_ALL: Final = frozenset().union(_SAME, *_LANGUAGES) - frozenset("õû")
_OF_ONE: Final = 8
_OF_ALL: Final = 40
"""Letters from which on those of one language, or of several, show that the text is Western."""
_WESTERN_SIGNS: Final = frozenset("€‚„…‘’“”–—•™£¥§©®°±²³µ·¼½¾«»¡¿´ ")
_TWICE: Final = regex.compile(rb"[\xc2\xc3][\x80-\xbf]")
"""A Western letter in UTF-8."""
_PLAIN_WIDE: Final = regex.compile(r"[\t\n\r\x20-\x7e\xa0-\xff\u2010-\u203b\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]")


@dataclass(frozen=True, slots=True)
class Guess:
    """What the bytes look like."""

    codec: str | None
    """Python's name of the most likely encoding."""
    certain: bool


def guess(sample: bytes) -> Guess:
    """Guess the encoding of a sample of lines that hold bytes beyond ASCII; the last may be cut."""
    shares = {codec: _share(sample, codec) for codec in (*_TWO_BYTES, "cp1252", "cp1251")}
    best = max(sorted(shares), key=lambda codec: (shares[codec], codec != "gb18030"))  # Korean looks like both
    if not shares[best]:
        first = charset_normalizer.from_bytes(sample[:HINTED]).best()
        return Guess(first.encoding if first is not None else None, certain=False)
    others = max(share for codec, share in shares.items() if codec != best)
    certain = best in LIKELY and shares[best] - others >= AHEAD and (best != "cp1252" or _is_western(sample))
    matches = charset_normalizer.from_bytes(_whole_characters(sample, best), cp_isolation=[best], threshold=MESS)
    return Guess(best, certain and bool(matches))


def _whole_characters(sample: bytes, codec: str) -> bytes:
    """Return the sample without the part of a character in which it may end."""
    decoder = codecs.getincrementaldecoder(codec)()
    decoder.decode(sample)
    return sample[: len(sample) - len(decoder.getstate()[0])]


def wide_without_mark(head: bytes) -> str | None:
    """Return the codec of UTF-16 or UTF-32 without a mark that the head of a file is in, if it is in one.

    Commas, digits and new lines show it: as ASCII they have NUL bytes beside them.
    """
    for codec, size in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        try:
            text = codecs.getincrementaldecoder(codec)().decode(head[: len(head) // size * size])
        except UnicodeDecodeError:
            continue
        if "\0" not in text and text and len(_PLAIN_WIDE.findall(text)) >= 0.98 * len(text):
            return codec
    return None


def _share(sample: bytes, codec: str) -> float:
    """Return the share of the characters beyond ASCII that are usual in an encoding; 0 where the bytes don't fit."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(sample)
    except UnicodeDecodeError:
        return 0.0
    beyond = [char for char in text if char > "\x7f"]
    if codec in _TWO_BYTES:
        usual = _usual(codec)
        share = sum(char in usual for char in beyond) / max(1, len(beyond))
    else:
        share = 0.0 if _TWICE.search(sample) else _of_words(text, beyond, codec)
    fewest, least = LIKELY.get(codec, OTHERS)
    return share if len(beyond) >= fewest and share >= least else 0.0


def _of_words(text: str, beyond: Sequence[str], codec: str) -> float:
    """Return the share of characters that stand in words as people write them, or are signs of their own."""
    script = _western if codec == "cp1252" else _cyrillic
    of_words = sum(sum(c > "\x7f" for c in w) for w in _WORD.findall(text) if _CASED.fullmatch(w) and script(w))
    signs = sum(char in _WESTERN_SIGNS for char in beyond)
    return (of_words + signs) / max(1, len(beyond))


def _is_western(sample: bytes) -> bool:
    """Tell whether the letters can't be those of another encoding with Latin letters."""
    letters = [char.lower() for char in sample.decode("cp1252", "ignore") if char > "\x7f" and char.isalpha()]
    met = set(letters)
    if met <= _SAME:
        return True
    if len(letters) >= _OF_ONE and any(met <= language for language in _LANGUAGES):
        return True
    return len(letters) >= _OF_ALL and met <= _ALL


def _western(word: str) -> bool:
    return word.isascii() or 2 * sum(char > "\x7f" for char in word) <= len(word)


def _cyrillic(word: str) -> bool:
    return all("Ѐ" <= char <= "ӿ" for char in word)


@functools.cache
def _usual(codec: str) -> frozenset[str]:
    usual: set[str] = set()
    for low, high in _TWO_BYTES[codec]:
        for first in range(low, high + 1):
            for second in range(0xA1 if codec == "gb18030" else 0x40, 0xFF):
                try:
                    usual.add(bytes((first, second)).decode(codec))
                except UnicodeDecodeError:
                    continue
    return frozenset(usual | _usual("big5hkscs") if codec == "gb18030" else usual)  # it has traditional characters too
