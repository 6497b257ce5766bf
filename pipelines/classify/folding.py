"""Same-length folding, so that no way of writing a character hides a value. Not for cleaning data that is stored.

Full-width digits, letters and marks become ASCII, every dash a hyphen, every odd or invisible space a space, and a
lone surrogate a question mark. What separates records becomes a space: ``finder`` joins cells with it. One character stays one character, so offsets in the folded text are offsets in the
text as it came.
"""

from __future__ import annotations

from typing import Final

FULL_WIDTH: Final = (
    "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ"
    "ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ＠．＿＋／％"
)
DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
SPACES: Final = (
    "\u00a0\u00ad\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d\u200e"
    "\u200f\u202f\u205f\u2060\u3000\ufeff"
)
SEPARATOR: Final = "\x1e"
"""Stands in no folded text, and no pattern matches it."""
NEEDED: Final = f"[{SEPARATOR}{FULL_WIDTH}{DASHES}{SPACES}]"
"""RE2 condition: the text changes when folded."""

_TABLE: Final = (
    {ord(char): ord(char) - 0xFEE0 for char in FULL_WIDTH}
    | dict.fromkeys(map(ord, DASHES), ord("-"))
    | dict.fromkeys(map(ord, SPACES + SEPARATOR), ord(" "))
)


def fold(text: str) -> str:
    """Return the text with every character in its plain form, each in its place."""
    return text if text.isascii() and SEPARATOR not in text else text.translate(_TABLE)


def encodable(text: str) -> str:
    """Return the text with lone surrogates, which no encoding or column can hold, replaced in place."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
