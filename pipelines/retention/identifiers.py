"""How long identifiers are kept: each as long as the last record that shows it, and no longer.

Records that move to an earlier day leave subjects and blind indexes behind that are to live too long. Which identifier a
record shows nobody knows without opening it. So the records of the subjects that were touched are opened, and their
identifiers hashed as at the door; nobody else's are. Call it under the writers' lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipelines import sealing
from pipelines.custody import COHORT, SUBJECT
from pipelines.retention.weigh import chunks
from pipelines.seal import envelope
from pipelines.store import binary_copy

if TYPE_CHECKING:
    from pipelines.custody import Custodian
    from pipelines.policy import Plan, Policy
    from pipelines.store.database import Tx


def recount_moved(tx: Tx, custodian: Custodian, policy: Policy, index_key: bytes, on: date) -> int:
    """Let subjects whose records were just moved, and their identifiers, live as long as their records; return how many.

    An identifier that no record shows any more goes with the next destruction. Subjects with a record of a plan that is
    gone keep all their identifiers: nobody can say which that record shows.

    Raises:
        KeyUnavailable: a key was destroyed, or a record was altered.
    """
    tx.run("make_touched")
    tx.run("make_shown")
    touched = tx.run("touch_moved")
    if not touched:
        return 0
    tx.run("analyze_touched")
    tx.run("recount_subjects")
    tx.run("spare_touched", plans=sorted(policy.plans))
    for rows in chunks(tx.stream("records_of_touched")):
        by_plan: dict[str, list[Any]] = defaultdict(list)
        for row in rows:
            by_plan[row.plan].append(row)
        opened = _opened(tx, custodian, rows)
        for name, of_plan in by_plan.items():
            values = [opened[row.record_id] for row in of_plan]
            for kind, fixed in _shown(of_plan, values, policy.plans[name], index_key):
                tx.copy_binary("copy_shown", _with_kind(kind, fixed))
    tx.run("recount_indexes", on=on)
    tx.run("drop_touched")
    return touched


def _opened(tx: Tx, custodian: Custodian, rows: Sequence[Any]) -> dict[Any, dict[str, Any]]:
    subjects = custodian.keys(tx, SUBJECT, np.array([row.subject_id for row in rows], dtype=np.int64))
    cohorts = custodian.keys(tx, COHORT, np.array([row.cohort_id for row in rows], dtype=np.int64))
    return {
        row.record_id: envelope.open_record(
            row.record_id.bytes, subject.tobytes(), cohort.tobytes(),
            (row.part_1, row.part_2, row.part_3, row.part_4, row.part_5), row.schema_version,
        )
        for row, subject, cohort in zip(rows, subjects, cohorts, strict=True)
    }  # fmt: skip


def _shown(
    rows: Sequence[Any], values: Sequence[dict[str, Any]], plan: Plan, index_key: bytes
) -> Iterator[tuple[str, list[Any]]]:
    """Yield each kind of identifier that some records of a plan show: digests, subjects, days."""
    frame = pd.DataFrame.from_records(values, columns=list(plan.columns)).astype("str")
    subjects = np.array([row.subject_id for row in rows], dtype=np.int64)
    days = np.array([row.expires_on for row in rows], dtype="datetime64[D]")
    for found in sealing.identify(frame, plan, index_key):
        yield found.kind, [found.digests, subjects[found.present], days[found.present]]


def _with_kind(kind: str, columns: list[Any]) -> Iterator[bytes]:
    name = np.tile(np.frombuffer(kind.encode(), dtype=np.uint8), (len(columns[0]), 1))
    return binary_copy.fixed_rows([name, *columns])
