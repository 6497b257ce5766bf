"""What a verification found: checks that hold or don't, and one word for what is wrong. Not for deciding it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipelines.evidence.canonical import Json


class Kind(StrEnum):
    """What the file claims to be."""

    BUNDLE = "bundle"
    CERTIFICATE = "certificate"
    UNKNOWN = "unknown"


class Finding(StrEnum):
    """What is wrong; where several things are, the first in this order."""

    UNKNOWN_FORMAT = "unknown format"
    TRUNCATED = "truncated"
    TRAILING_BYTES = "trailing bytes"
    REORDERED = "reordered"
    WRONG_KEY = "wrong key"
    FOREIGN = "of another installation"
    ALTERED = "altered"
    VALID = "valid"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    finding: Finding = Finding.ALTERED
    """What it means if it doesn't hold."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that was looked at."""

    kind: Kind
    checks: tuple[Check, ...]

    @property
    def valid(self) -> bool:
        """Tell whether everything holds; nothing looked at is nothing that holds."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    @property
    def finding(self) -> Finding:
        """Say in one word what is wrong."""
        found = {check.finding for check in self.checks if not check.ok}
        return next((finding for finding in Finding if finding in found), Finding.VALID)

    def to_json(self) -> dict[str, Json]:
        """Give the report to programs."""
        checks: list[Json] = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in self.checks]
        return {"valid": self.valid, "kind": self.kind.value, "finding": self.finding.value, "checks": checks}
