"""Who is gone by a destruction, and which copies outside the database hold information of them.

To be asked in the transaction that removes the rows, before it removes them: afterwards nobody can tell any more. A
subject is gone when its own key is destroyed, or when no record of it lies outside the destroyed cohorts. Whoever has
another record stays, and copies that hold it may stay too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.custody import COHORT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.store.database import Tx


def covering(tx: Tx, job_id: str) -> list[Any]:
    """List the copies that hold information of those who are gone: rows of the register with ``listed`` and ``others``."""
    if not tx.scalar("people_are_covered"):
        return []
    tx.run("make_gone")
    _find(tx, job_id)
    tx.run("analyze_gone")
    tx.run("make_gone_plan")
    if plans := [row.plan for row in tx.rows("plans_covered_whole")]:
        tx.run("fill_gone_plan", plans=plans)
    return tx.rows("covering_derivatives")


def codes(tx: Tx, copy: Any) -> Sequence[str]:
    """Return the codes of those who are gone and whose information a copy holds, in order."""
    if copy.subjects:
        return tx.scalar("codes_listed", number=copy.number) or []
    return tx.scalar("codes_in_plans", plans=list(copy.plans)) or []


def _find(tx: Tx, job_id: str) -> None:
    tx.run("gone_by_target", job_id=job_id)
    cohorts = [row.key_id for row in tx.rows("targets", job_id=job_id, ring=COHORT)]
    if not cohorts:
        return
    job = tx.one("job", job_id=job_id)
    if job.origin == "expiry":
        tx.run("gone_by_expiry", as_of=job.as_of, cohorts=cohorts)
    else:
        tx.run("gone_by_selection", cohorts=cohorts)
