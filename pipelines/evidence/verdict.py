"""What a verification found, and what that makes of a destruction: PASS, FAILED or UNKNOWN.

The verdict follows from counts and can't be claimed. Not for looking: `retention` does that, from another connection.
Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What an independent reading found."""

    PASS = "PASS"  # noqa: S105  a verdict, not a password
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


REQUIRED_CHECKS = (
    "rows_gone",  # of the records in the manifest, how many a new connection no longer finds
    "indexes_gone",  # of the records in the manifest, how many have no blind index left
    "keys_gone",  # of the destroyed keys of both rings, how many slots are blank
    "samples_unreadable",  # of the ciphertexts kept as samples, how many no longer open
    "generation_gone",  # of the old root generations, how many the KMS no longer has
    "counts_match",  # of the records in the manifest, how many rows were removed
)
"""A destruction with any of these missing is not a PASS (DESIGN: verification is independent)."""
OPTIONAL_CHECKS = (
    "quarantine_gone",  # of the quarantined rows in the manifest, how many a new connection no longer finds
    "derivatives_gone",  # of the derivatives that were to go at once, how many are gone
    "statistics_gone",  # of the columns whose statistics could hold values, how many hold none of what was destroyed
    "residual_scan",  # of the files of the cluster that were scanned, how many hold nothing that was looked for
    "survivors_open",  # of the survivors that were tried, how many still open
)
"""Present where there was something to look at; one that is present and does not hold counts like a required one."""
WHOLE_CHECKS = ("rows_gone", "indexes_gone", "counts_match")
"""These look at every record of the manifest, not at a sample."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check looked at and what it found; the status follows from the numbers and can't be claimed."""

    name: str
    of: int
    """How many were looked for. Records without an index count too: they were looked for."""
    held: int | None
    """How many were as they should be; None: it could not be told."""

    @property
    def status(self) -> Verdict:
        """PASS only if something was looked at and all of it was as it should be."""
        if self.held is None or self.of <= 0:
            return Verdict.UNKNOWN
        return Verdict.PASS if self.held == self.of else Verdict.FAILED


def verdict(checks: Sequence[CheckResult], records: int, keys: int | None = None) -> Verdict:
    """Judge a destruction: never PASS for an empty manifest, or with a check missing, failed or undecided.

    Args:
        checks: What was looked at.
        records: How many records the manifest lists: `WHOLE_CHECKS` must have looked for all of them.
        keys: How many keys of both rings were destroyed: all of them must have been looked for. None: not told.
    """
    names = [check.name for check in checks]
    statuses = {check.status for check in checks}
    whole = {**dict.fromkeys(WHOLE_CHECKS, records), **({} if keys is None else {"keys_gone": keys})}
    if Verdict.FAILED in statuses or any(check.of != whole.get(check.name, check.of) for check in checks):
        return Verdict.FAILED
    complete = set(REQUIRED_CHECKS) <= set(names) and len(set(names)) == len(names)
    return Verdict.PASS if records > 0 and complete and statuses == {Verdict.PASS} else Verdict.UNKNOWN
