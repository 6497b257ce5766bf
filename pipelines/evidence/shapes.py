"""Frozen dataclasses to JSON values and back, strictly.

Not for policy files (pydantic reads those): this must run where only ``cryptography`` is installed, and must refuse
whatever it doesn't know, because an unknown field in evidence is a claim nobody checks. Bytes are written as
lower-case hexadecimal, times as `canonical.moment`, dates as ISO 8601. A field that came with a later version of a
document says so (`SINCE_2`): an earlier document is read and written without it, so that its signature still holds.
Pure.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pipelines.errors import EvidenceInvalid
from pipelines.evidence.canonical import Json, moment, parse_moment

T = TypeVar("T")

NEWEST = 10**6
"""Every field, whatever version it came with."""
SINCE_2 = types.MappingProxyType({"since": 2})
"""Metadata of a field that came with version 2 of its document; it needs a default for the earlier ones."""


def to_json(value: object, version: int = NEWEST) -> Json:
    """Turn a dataclass, or what may be inside one, into a JSON value, with the fields that its version had."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: to_json(getattr(value, name), version) for name in _names(type(value), version)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item, version) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item, version) for item in value]
    return _scalar_to_json(value)


def from_json(shape: type[T], value: object, version: int = NEWEST) -> T:
    """Turn a JSON value into the dataclass it must be; fields that its version did not have take their defaults.

    Raises:
        EvidenceInvalid: A field is missing, unknown, or of another type; the message names the field.
    """
    read: T = _Reader(version).read(shape, value, shape.__name__.lower())
    return read


def _scalar_to_json(value: object) -> Json:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | int):
        return value
    raise EvidenceInvalid(f"Evidence may not hold a {type(value).__name__}.")


@cache
def _names(shape: type, version: int) -> tuple[str, ...]:
    return tuple(item.name for item in fields(shape) if item.metadata.get("since", 1) <= version)


@cache
def _hints(shape: type) -> dict[str, Any]:
    return get_type_hints(shape)


@dataclass(frozen=True, slots=True)
class _Reader:
    version: int

    def read(self, shape: Any, value: object, where: str) -> Any:
        if isinstance(shape, type) and is_dataclass(shape):
            return self._read_dataclass(shape, value, where)
        origin = get_origin(shape)
        if origin in (Union, types.UnionType):
            inner = next(choice for choice in get_args(shape) if choice is not types.NoneType)
            return None if value is None else self.read(inner, value, where)
        if origin is tuple and isinstance(value, list):
            inner = get_args(shape)[0]
            return tuple(self.read(inner, item, f"{where}[{number}]") for number, item in enumerate(value))
        if origin is Mapping and isinstance(value, dict):
            inner = get_args(shape)[1]
            return {key: self.read(inner, item, f"{where} entry") for key, item in value.items()}
        return _read_scalar(shape, value, where)

    def _read_dataclass(self, shape: type, value: object, where: str) -> Any:
        names, hints = _names(shape, self.version), _hints(shape)
        if not isinstance(value, dict) or set(value) != set(names):
            raise EvidenceInvalid(f"The evidence has missing or unknown fields in {where}.")
        return shape(**{name: self.read(hints[name], value[name], f"{where}.{name}") for name in names})


def _read_scalar(shape: Any, value: object, where: str) -> Any:
    # `type(…) is`, because True is an int to isinstance.
    if shape in (str, int, bool) and type(value) is shape:
        return value
    if isinstance(value, str):
        try:
            return _read_text(shape, value)
        except ValueError:
            pass
    raise EvidenceInvalid(f"The evidence has something else than it should in {where}.")


def _read_text(shape: Any, text: str) -> Any:
    if shape is bytes:
        read = bytes.fromhex(text)
        if read.hex() == text:
            return read
    elif shape is datetime:
        return parse_moment(text)
    elif shape is date:
        read_date = date.fromisoformat(text)
        if read_date.isoformat() == text:
            return read_date
    elif isinstance(shape, type) and issubclass(shape, StrEnum):
        return shape(text)
    raise ValueError
