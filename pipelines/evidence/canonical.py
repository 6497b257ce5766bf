"""The one way to write a JSON value as bytes, so that equal values have equal hashes.

The form is RFC 8785 (JSON Canonicalization Scheme) for the subset that evidence needs: text, whole numbers,
booleans, null, lists and objects with ASCII keys. Not for fractions: they are refused, because two writers may
round them differently. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NoReturn, TypeAlias

from pipelines.errors import EvidenceInvalid

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"

LARGEST = 2**53 - 1
"""Beyond it a reader that keeps numbers as doubles sees another number (RFC 8785 §3.2.2.3, RFC 7493 §2.2)."""
DEEPEST = 32
"""No evidence nests deeper; a file that does was made to exhaust the reader."""


def encode(value: object) -> bytes:
    """Write a value in canonical form.

    Raises:
        EvidenceInvalid: It holds a fraction, a number too large, a key that isn't ASCII text, or another type.
    """
    _check(value, DEEPEST)
    try:
        # Sorting by code points equals RFC 8785's order by UTF-16 units because keys are ASCII.
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise EvidenceInvalid("The evidence holds half of a character (a lone surrogate).") from None


def decode(data: bytes) -> Json:
    """Read bytes that are in canonical form, and no others.

    Raises:
        EvidenceInvalid: The bytes are no JSON, or are not written canonically (spaces, order, doubled keys).
    """
    try:
        value: Json = json.loads(data.decode(), parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise EvidenceInvalid("The evidence is not readable as JSON.") from None
    # Writing it again shows in one stroke doubled keys, spaces, other escapes and another order.
    if encode(value) != data:
        raise EvidenceInvalid("The evidence is not in canonical form: somebody wrote it again.")
    return value


def moment(at: datetime) -> str:
    """Write a time: UTC, microseconds, always 27 characters.

    Raises:
        EvidenceInvalid: The time has no zone.
    """
    if at.tzinfo is None:
        raise EvidenceInvalid("A time in evidence needs a zone.")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def parse_moment(text: str) -> datetime:
    """Read a time as `moment` writes it.

    Raises:
        EvidenceInvalid: It is written in any other way.
    """
    try:
        at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        raise EvidenceInvalid("A time in the evidence can't be read.") from None
    if moment(at) != text:
        raise EvidenceInvalid("A time in the evidence is not in canonical form.")
    return at


def _refuse(_: str) -> NoReturn:
    raise ValueError


def _check(value: object, depth: int) -> None:
    if depth == 0:
        raise EvidenceInvalid("The evidence nests too deeply.")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) and key.isascii() for key in value):
            raise EvidenceInvalid("A key in the evidence is not ASCII text.")
        for item in value.values():
            _check(item, depth - 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item, depth - 1)
    elif isinstance(value, int):  # also bool
        if abs(value) > LARGEST:
            raise EvidenceInvalid("A number in the evidence is too large.")
    elif value is not None and not isinstance(value, str):
        raise EvidenceInvalid(f"Evidence may not hold a {type(value).__name__}.")
