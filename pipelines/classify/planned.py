"""A plan's columns: what they hold, and where that is not what the plan declares. The same at arrival and ever after.

Not for storing either: whoever asks has the transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipelines.classify.findings import Finding, findings
from pipelines.classify.votes import ColumnProfile
from pipelines.classify.whole import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from pipelines.classify.engine import Analyzer
    from pipelines.classify.labels import EntityLabel
    from pipelines.policy import Plan

NER_CELLS: Final = 200
"""Distinct cells of a structured column that the taggers read; the rule recognizers read all of them."""


def profiled(frame: pd.DataFrame, plan: Plan, analyzer: Analyzer) -> tuple[ColumnProfile, ...]:
    """Say what each of a plan's columns holds."""
    return analyzer.columns(frame[list(plan.columns)], hints=plan.declared, names=plan.headers, ner_cells=NER_CELLS)


def disagreements(
    stored: Iterable[Mapping[str, Any]], plan: Plan, labels: Mapping[str, EntityLabel]
) -> tuple[Finding, ...]:
    """Find where columns are not what their plan declares, from the stored profiles of all chunks of a delivery."""
    return findings(plan.declared, whole(ColumnProfile(**row) for row in stored), labels)
