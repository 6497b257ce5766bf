"""The one way to write a JSON value as bytes, so that equal values have equal hashes.

The form is RFC 8785 (JSON Canonicalization Scheme) for the subset that evidence needs: text, whole numbers,
booleans, null, lists and objects with ASCII keys. Not for fractions: they are refused, because two writers may
round them differently. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, NoReturn, TypeAlias

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
    try:
        return _text(value, DEEPEST).encode()
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
    return _moment(at if at.tzinfo is UTC else at.astimezone(UTC))


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


@lru_cache(maxsize=64)
def _moment(at: datetime) -> str:
    # A batch has one time.
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _text(value: object, depth: int) -> str:
    # By exact type first: a ledger writes tens of thousands of entries a second.
    if type(value) is str:
        return encode_basestring(value)
    if type(value) is int:
        return _number(value)
    if depth == 0:
        raise EvidenceInvalid("The evidence nests too deeply.")
    if isinstance(value, Mapping):
        return _object(value, depth - 1)
    if isinstance(value, list | tuple):
        return "[" + ",".join([_text(item, depth - 1) for item in value]) + "]"
    return _rarely(value)


def _object(value: Mapping[Any, object], depth: int) -> str:
    pieces = []
    # Sorting by code points equals RFC 8785's order by UTF-16 units because keys are ASCII.
    for named, key in sorted([(_name(key), key) for key in value]):
        item = value[key]
        pieces.append(named + (encode_basestring(item) if type(item) is str else _text(item, depth)))
    return "{" + ",".join(pieces) + "}"


@lru_cache(maxsize=4096)
def _name(key: object) -> str:
    # The same few names stand in every entry.
    if not (isinstance(key, str) and key.isascii()):
        raise EvidenceInvalid("A key in the evidence is not ASCII text.")
    return encode_basestring(key) + ":"


def _rarely(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _number(value)
    if isinstance(value, str):
        return encode_basestring(value)
    raise EvidenceInvalid(f"Evidence may not hold a {type(value).__name__}.")


def _number(value: int) -> str:
    if abs(value) > LARGEST:
        raise EvidenceInvalid("A number in the evidence is too large.")
    return int.__repr__(value)
