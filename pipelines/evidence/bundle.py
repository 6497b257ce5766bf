"""The file an auditor takes away: the whole ledger, its checkpoints and certificates, as JSON lines.

    {"header": …}                 format, installation, public key, number of entries, when it was made
    {"checkpoint": …}             in order of size
    {"certificate": …}
    {"entry": "…", "seq": 0}      the entry's canonical bytes as text, gaplessly from 0
    {"trailer": …}                counts, and the SHA-256 of every byte before this line

Checkpoints come before the entries so that a reader knows at which sizes to compare roots, and can read any number
of entries with the same memory. Every line is canonical JSON. Not for judging the content: that is `verify`.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, TypeAlias

from pipelines.errors import EvidenceInvalid, StorageFull, TutelaError
from pipelines.evidence import canonical
from pipelines.evidence.certificate import Certificate, from_value, to_bytes
from pipelines.evidence.checkpoint import FULL, Checkpoint, sync_folder
from pipelines.evidence.shapes import from_json, to_json

FORMAT = "tutela-evidence/1"
LONGEST_LINE = 16 * 2**20
"""No honest line is longer; a longer one was made to exhaust the reader."""
BUFFER = 2**20

_ENTRY, _QUOTED = b'{"entry":', b'{"entry":"'
_PRINTABLE = bytes(range(0x20, 0x7F))
_quote = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Header:
    """What the file is and whose."""

    origin: str
    public_key: bytes
    size: int
    created: datetime
    """For information: under the trailer's checksum, under no signature."""
    format: str = FORMAT


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """An entry of the ledger as it lies in the file."""

    seq: int
    entry: str


@dataclass(frozen=True, slots=True)
class Trailer:
    """What must have come before the end."""

    entries: int
    checkpoints: int
    certificates: int
    sha256: bytes


Item: TypeAlias = Header | Checkpoint | Certificate | BundleEntry | Trailer

_SHAPES: dict[str, type[Header | Checkpoint | Trailer]] = {
    "header": Header,
    "checkpoint": Checkpoint,
    "trailer": Trailer,
}


def write_bundle(
    path: Path,
    header: Header,
    entries: Iterable[bytes],
    checkpoints: Sequence[Checkpoint],
    certificates: Sequence[Certificate],
) -> bytes:
    """Write the file whole or not at all; give the SHA-256 that its trailer holds.

    Args:
        path: Where; what was there is replaced at the very end.
        header: What the file is; ``size`` must be the number of entries.
        entries: The canonical bytes of every entry from the first on.
        checkpoints: In order of size; the last must cover all entries.
        certificates: All there are.

    Raises:
        StorageFull: There is no room; nothing was half-written.
        TutelaError: The folder can't be written.
        EvidenceInvalid: The number of entries isn't the header's, or an entry isn't text.
    """
    try:
        descriptor, partial = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb", BUFFER) as file:
                digest = _write(file, header, entries, checkpoints, certificates)
                file.flush()
                os.fsync(file.fileno())
            Path(partial).replace(path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as exc:
        if exc.errno in FULL:
            raise StorageFull(f"There is no room for {path.name}; nothing was half-written.") from exc
        raise TutelaError(f"The evidence can't be written to {path.name}: {exc.strerror}.") from exc
    return digest


def raw_lines(file: IO[bytes]) -> Iterator[bytes]:
    """Read the lines of a bundle, for `parse_line`, one at a time and none longer than an honest one."""
    while raw := file.readline(LONGEST_LINE):
        yield raw


def parse_line(raw: bytes) -> Item:
    """Read one line.

    Raises:
        EvidenceInvalid: It is no line of a bundle, or not written canonically.
    """
    if not raw.endswith(b"\n"):
        raise EvidenceInvalid("The line is cut off.")
    if raw.startswith(_ENTRY):
        return _parse_entry(raw)
    value = canonical.decode(raw[:-1])
    if isinstance(value, dict) and len(value) == 1:
        [(name, content)] = value.items()
        if name == "certificate":
            return from_value(content)
        if name in _SHAPES:
            return from_json(_SHAPES[name], content)
    raise EvidenceInvalid("The line is none that a bundle has.")


def raw_block(file: IO[bytes]) -> list[bytes]:
    """Read some lines at once, the last of them to its end or to the length of an honest one; none at the file's end."""
    block = file.read(BUFFER)
    if block and not block.endswith(b"\n"):
        block += file.readline(LONGEST_LINE)
    lines = block.split(b"\n")
    last = lines.pop()
    return [*(line + b"\n" for line in lines), *([last] if last else [])]


def next_entries(lines: Sequence[bytes], seq: int) -> list[bytes] | None:
    """Read, the short way because there may be millions, lines of entries that are numbered from ``seq`` on.

    Returns:
        The entries' bytes; None where a line is another, or has signs that `parse_line` must look at.
    """
    block = b"".join(lines)
    plain = block.replace(b'\\"', b'"')
    # Printable ASCII, no escape but that of the quotation mark: then there is one way only to write the text.
    if b"\\" in plain or plain.translate(None, _PRINTABLE) != b"\n" * len(lines):
        return None
    tails = [b'","seq":%d}\n' % number for number in range(seq, seq + len(lines))]
    for line, tail in zip(lines, tails, strict=True):
        if not (line.startswith(_QUOTED) and line.endswith(tail)) or line.endswith(b"\\" + tail):
            return None
    # Each line has six quotation marks of its own, so none of the others stands without its escape.
    escaped = len(block) - len(plain)
    if plain.count(b'"') != escaped + 6 * len(lines):
        return None
    texts = zip(plain.split(b"\n"), tails, strict=False)
    return [line[len(_QUOTED) : 1 - len(tail)] for line, tail in texts]


def _parse_entry(raw: bytes) -> BundleEntry:
    # The way of `canonical.decode`: read, write again, compare.
    try:
        value = json.loads(raw)
        entry, seq = value["entry"], value["seq"]
        if type(entry) is str and type(seq) is int and _entry_line(entry, seq) == raw:
            return BundleEntry(seq, entry)
    except (ValueError, KeyError, RecursionError):
        pass
    raise EvidenceInvalid("The entry is not written canonically.")


def _entry_line(entry: str, seq: int) -> bytes:
    return f'{{"entry":{_quote(entry)},"seq":{seq}}}\n'.encode()


def _write(
    file: IO[bytes],
    header: Header,
    entries: Iterable[bytes],
    checkpoints: Sequence[Checkpoint],
    certificates: Sequence[Certificate],
) -> bytes:
    hasher, count = sha256(), 0
    for line in _preface(header, checkpoints, certificates):
        hasher.update(line)
        file.write(line)
    for count, entry in enumerate(entries, 1):
        line = _entry_line(_text(entry), count - 1)
        hasher.update(line)
        file.write(line)
    if count != header.size:
        raise EvidenceInvalid(f"The ledger gave {count} entries where the bundle's header says {header.size}.")
    trailer = Trailer(count, len(checkpoints), len(certificates), hasher.digest())
    file.write(_line("trailer", trailer))
    return trailer.sha256


def _preface(header: Header, checkpoints: Sequence[Checkpoint], certificates: Sequence[Certificate]) -> Iterator[bytes]:
    yield _line("header", header)
    for checkpoint in checkpoints:
        yield _line("checkpoint", checkpoint)
    for certificate in certificates:
        yield b'{"certificate":' + to_bytes(certificate)[:-1] + b"}\n"


def _line(name: str, content: object) -> bytes:
    return canonical.encode({name: to_json(content)}) + b"\n"


def _text(entry: bytes) -> str:
    try:
        return entry.decode()
    except UnicodeDecodeError:
        raise EvidenceInvalid("An entry of the ledger is not text.") from None
