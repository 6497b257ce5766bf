"""Tell the encoding of a text file by reading all of it: nothing is stored of a file that breaks half-way.

Not for guessing: UTF-8, UTF-16 with a mark, and GB18030 are accepted when every byte is right; a guess is only a hint.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

import charset_normalizer

from pipelines.errors import SourceEncoding, SourceMalformed

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 1 << 20
SAMPLE = 64 * 1024
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Text:
    """What a whole pass over a text file found."""

    encoding: str
    """A Python codec's name."""
    quotes: int
    """How many double quotes there are; an odd number hints at one never closed."""


def detect(path: Path) -> Text:
    """Read the file once and return its encoding.

    Raises:
        SourceEncoding: no accepted encoding fits all bytes.
        SourceMalformed: the file holds NUL characters.
    """
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "gb18030"):
        found = _whole(path, encoding)
        if found is not None:
            return found
    msg = f"{path.name}: the encoding can't be told{_hint(path)}; save the file as UTF-8 or GB18030 and try again."
    raise SourceEncoding(msg)


def _whole(path: Path, encoding: str) -> Text | None:
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    quotes = lines = 0
    with path.open("rb") as file:
        while True:
            block = file.read(BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError:
                return None
            if "\0" in text:
                line = lines + text.count("\n", 0, text.index("\0")) + 1
                msg = f"{path.name}, line {line}: there is a NUL character; it is not a text file, or damaged."
                raise SourceMalformed(msg)
            quotes += text.count('"')
            lines += text.count("\n")
            if not block:
                return Text(encoding, quotes)


def _hint(path: Path) -> str:
    with path.open("rb") as file:
        best = charset_normalizer.from_bytes(file.read(SAMPLE)).best()
    return f" (it may be {best.encoding})" if best is not None else ""
