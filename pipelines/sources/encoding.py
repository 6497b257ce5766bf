"""Tell the encoding of a text file by reading all of it: nothing is stored of a file that breaks half-way.

A mark at its head tells, or that every byte is UTF-8, or that a guess (`guess`) is near certain and fits every byte.
Otherwise the file is refused, and whoever knows better names the encoding.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import regex

from pipelines.errors import SourceEncoding, SourceMalformed
from pipelines.sources.guess import Guess, guess, wide_without_mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pipelines.encodings import EncodingName

BLOCK: Final = 1 << 20
SAMPLE: Final = 64 * 1024
CODECS: Final[Mapping[EncodingName, str]] = {
    "utf-8": "utf-8-sig",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "windows-1252": "cp1252",
}
"""Name of an encoding → Python's codec, where that is another: the fullest of its family."""
_NAMES: Final = {codec: name for name, codec in CODECS.items() if codec != "gb18030"}
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, with whose mark it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHINESE_IN_UTF8: Final = regex.compile(rb"(?:[\xe3-\xe9][\x80-\xbf]{2}){4}")
"""Four characters in a row, which no text in another encoding holds."""
_MOSTLY: Final = 6
"""Characters beyond ASCII in UTF-8 that are no accident."""
_BEYOND: Final = regex.compile(rb"[^\n\r]*[\x80-\xff][^\n\r]*[\n\r]*")
_LOST: Final = ("\ufffd", "锟斤拷", "ï¿½")
"""What stands where an earlier conversion lost a character: the sign for it, and what became of that sign."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a whole pass over a text file found."""

    encoding: str
    """A Python codec's name."""
    quotes: int
    """How many double quotes there are; an odd number hints at one never closed."""
    lost: int = 0
    """How many characters an earlier conversion lost; they can't be brought back."""

    @property
    def name(self) -> str:
        """The encoding's usual name."""
        return _NAMES.get(self.encoding, self.encoding)


@dataclass(frozen=True, slots=True)
class _Break:
    """Where the bytes stop being text of an encoding."""

    line: int
    byte: int
    """Counted from 1."""
    at_end: bool
    """The file ends in the middle of a character."""
    before: int
    """Characters beyond ASCII before it."""


@dataclass(slots=True)
class _Counts:
    quotes: int = 0
    lines: int = 0
    beyond: int = 0
    lost: int = 0
    bytes: int = 0

    def add(self, text: str) -> None:
        self.quotes += text.count('"')
        self.lines += text.count("\n")
        if not text.isascii():
            self.beyond = self.beyond or sum(char > "\x7f" for char in text)  # only whether they are many matters
            self.lost += sum(map(text.count, _LOST))


def detect(path: Path, named: EncodingName | None = None) -> Text:
    """Read the file once, or twice where it is not UTF-8, and return its encoding; ``named`` says which it must be.

    Raises:
        SourceEncoding: no encoding fits all bytes, or it can't be told which.
        SourceMalformed: the file holds NUL characters.
    """
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    marked = next((codec for mark, codec in _MARKS if head.startswith(mark)), None)
    if named is not None and not (marked and named.startswith(marked.removesuffix("-sig"))):
        codec = f"{named}-le" if named in {"utf-16", "utf-32"} else CODECS.get(named, named)
        return _must(path, codec, "the encoding named for it")
    if marked is not None:
        return _must(path, marked, "as the mark at its head says")
    wide = wide_without_mark(head) if b"\0" in head else None
    found = _whole(path, wide or "utf-8")
    return found if isinstance(found, Text) else _other(path, found)


def utf8_blocks(path: Path, codec: str) -> Iterator[bytes]:
    """Yield a file that ``detect`` has read, in UTF-8 without a mark, in blocks that end anywhere.

    Raises:
        SourceEncoding: the file has changed since.
    """
    plain = codec in {"utf-8", "utf-8-sig"}
    decoder = codecs.getincrementaldecoder(codec)(errors="strict")
    first = True
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            try:
                yield block.removeprefix(codecs.BOM_UTF8 if first else b"") if plain else decoder.decode(block).encode()
            except UnicodeDecodeError:
                msg = f"{path.name}: the file changed while it was read; run the same command again."
                raise SourceEncoding(msg) from None
            first = False


def _must(path: Path, codec: str, why: str) -> Text:
    found = _whole(path, codec)
    if isinstance(found, Text):
        return found
    raise SourceEncoding(f"{_place(path, found)}: this is not {_NAMES.get(codec, codec)}, {why}; {_remedy(found)}")


def _other(path: Path, utf8: _Break) -> Text:
    """Return the encoding of a file that is not UTF-8."""
    if utf8.before >= _MOSTLY:
        msg = f"{_place(path, utf8)}: this is not UTF-8, but all before is; {_remedy(utf8)}"
        raise SourceEncoding(msg)
    sample, mixed = _beyond_ascii(path)
    best = guess(sample)
    if mixed or not best.certain or best.codec is None:
        what = "part of the file is UTF-8 and part is not" if mixed else f"the encoding can't be told{_hint(best)}"
        msg = f"{_place(path, utf8)}: {what}; save the file as UTF-8 or GB18030, or name its encoding, and try again."
        raise SourceEncoding(msg)
    return _must(path, best.codec, "as most of the file is")


def _whole(path: Path, codec: str) -> Text | _Break:
    decoder = codecs.getincrementaldecoder(codec)(errors="strict")
    counts = _Counts()
    with path.open("rb") as file:
        while True:
            block = file.read(BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return _break(error, counts, len(block), codec)
            if "\0" in text:
                line = counts.lines + text.count("\n", 0, text.index("\0")) + 1
                msg = f"{path.name}, line {line}: there is a NUL character; it is not a text file, or damaged."
                raise SourceMalformed(msg)
            counts.add(text)
            counts.bytes += len(block)
            if not block:
                return Text(codec, counts.quotes, counts.lost)


def _break(error: UnicodeDecodeError, counts: _Counts, size: int, codec: str) -> _Break:
    good = error.object[: error.start].decode(codec.removesuffix("-sig"), "ignore")
    waited = len(error.object) - size  # bytes of a character that the block before ended in
    return _Break(
        line=counts.lines + good.count("\n") + 1,
        byte=counts.bytes - waited + error.start + 1,
        at_end=not size,
        before=counts.beyond + sum(char > "\x7f" for char in good),
    )


def _beyond_ascii(path: Path) -> tuple[bytes, bool]:
    """Return the first lines with bytes beyond ASCII, wherever they stand, and whether there is Chinese in UTF-8."""
    sample, rest, mixed = bytearray(), b"", False
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            held = rest + block
            mixed = mixed or _CHINESE_IN_UTF8.search(held) is not None
            whole = held if len(block) < BLOCK else held[: held.rfind(b"\n") + 1] or held
            rest = held[len(whole) :]
            if len(sample) < SAMPLE and not whole.isascii():
                for line in _BEYOND.finditer(whole):
                    sample += line[0][: SAMPLE - len(sample)]
                    if len(sample) >= SAMPLE:
                        break
    return bytes(sample), mixed


def _place(path: Path, broken: _Break) -> str:
    return f"{path.name}, line {broken.line:,} (byte {broken.byte:,})"


def _remedy(broken: _Break) -> str:
    if broken.at_end:
        return "the file ends in the middle of a character: was it cut short? Export it again."
    return "look at that line, save the whole file as UTF-8 or GB18030, or name its encoding, and try again."


def _hint(best: Guess) -> str:
    return f" (it may be {_NAMES.get(best.codec, best.codec)})" if best.codec is not None else ""
