"""The planner's statistics keep no values of the vault: no column of ciphertext, keyed hashes, ids or codes has any.

`sql/schema/90_statistics.sql` sees to it; this looks again, for the verifier. Not for performance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.evidence.verdict import CheckResult

if TYPE_CHECKING:
    from pipelines.store.database import Tx


def residue(tx: Tx) -> int:
    """Count the statistics that there are on columns which may have none."""
    return int(tx.one("unsampled").residue)


def check(tx: Tx) -> CheckResult:
    """Check it, of the columns that may have none."""
    found = tx.one("unsampled")
    return CheckResult("statistics_gone", found.columns, max(0, found.columns - found.residue))
