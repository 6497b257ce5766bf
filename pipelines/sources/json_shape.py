"""How the keys of a JSON line become columns.

The web form's envelope ``{"form", "submitted_at", "consent": {…}, "fields": {…}}`` becomes columns: each field by its
name, the consent's parts and the times as `records.META_COLUMNS`. An object without ``fields`` is flat: its keys are
the columns. Pure; not for reading files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipelines.records import META_COLUMNS

FIELDS, CONSENT = "fields", "consent"
IGNORED = frozenset({"form"})
"""Says which form wrote the line, nothing about the record."""
TIMES = {"submitted_at": "collected_at", "last_activity_at": "last_activity_at"}
"""Keys beside ``fields`` → column."""
CONSENT_PARTS = {
    "notice": "consent_notice",
    "given_at": "consent_at",
    "until": "consent_until",
    "method": "consent_method",
    "purposes": "consent_purposes",
}
"""Keys of ``consent`` → column."""
LIST_SEPARATOR = ";"
Path = tuple[str, ...]
Record = dict[str, Any]


@dataclass(slots=True)
class Shape:
    """The keys met so far, each with its column and whether it holds a list; grows as lines are met."""

    envelope: bool
    lists: dict[Path, bool] = field(default_factory=dict)
    """Path of a key → whether its value is a list."""

    @classmethod
    def of(cls, records: list[Record]) -> Shape:
        """Learn the shape of the first records."""
        shape = cls(envelope=any(isinstance(record.get(FIELDS), dict) for record in records))
        for record in records:
            for path, value in shape.leaves(record):
                if value is not None or path not in shape.lists:
                    shape.lists[path] = shape.lists.get(path, False) or isinstance(value, list)
        return shape

    def leaves(self, record: Record) -> list[tuple[Path, Any]]:
        """Return the record's keys by path, one level below ``fields`` and ``consent``."""
        found: list[tuple[Path, Any]] = []
        for key, value in record.items():
            if self.envelope and key in {FIELDS, CONSENT} and isinstance(value, dict):
                found += [((key, inner), content) for inner, content in value.items()]
            elif not (self.envelope and (key in IGNORED or (key in {FIELDS, CONSENT} and value is None))):
                found.append(((key,), value))
        return found

    def column(self, path: Path) -> str:
        """Return the column of a key; a form's field can't pass for evidence of consent."""
        if not self.envelope:
            return path[0]
        if path[0] == CONSENT and len(path) > 1:
            return CONSENT_PARTS.get(path[1], f"{CONSENT}.{path[1]}")
        if path[0] == FIELDS and len(path) > 1:
            return f"{FIELDS}.{path[1]}" if path[1] in META_COLUMNS else path[1]
        return TIMES.get(path[0], path[0])

    @property
    def columns(self) -> list[str]:
        """All columns met so far, in the order met."""
        return list(dict.fromkeys(self.column(path) for path in self.lists))


def text_of(value: object) -> str | None:
    """Return a scalar or a list of scalars as text.

    Raises:
        TypeError: it is an object, or a list holding more than scalars.
    """
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case list():
            parts = [text_of(part) for part in value if not isinstance(part, list)]
            if len(parts) == len(value):
                return LIST_SEPARATOR.join(part for part in parts if part is not None)
    raise TypeError
