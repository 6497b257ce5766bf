"""Classification: what every column and every free-text cell holds, its category, level and code.

The map: `engine` the analyzer · `recognizers` identifiers, one class a file · `checks` check digits over whole
columns · `ner` names in texts · `nlp` Presidio's NLP engine · `cells` a column as a block of bytes · `finder` the fast
path · `context`, `headers`, `headless`, `shapes`, `closed`, `dates` the evidence · `columns` what the cells say ·
`votes`, `neighbours` the decision · `labels` what the taxonomy makes of it · `levels` the levels (pure) · `findings`
where a plan declares something else (pure) · `planned` a plan's columns against it, `whole` a delivery's chunks
together · `corrections` a steward's word · `entry`, `notes` what may not come in, what notes may not say ·
`fingerprint`, `relevel` what was read with what, and lies too low.
Not for changing or storing anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.classify.findings import Finding, findings
from pipelines.classify.labels import EntityLabel, entity_labels
from pipelines.classify.levels import Grade, graded
from pipelines.classify.votes import ColumnProfile, Votes

if TYPE_CHECKING:
    from pipelines.classify.engine import Analyzer, Span

__all__ = [
    "Analyzer",
    "ColumnProfile",
    "EntityLabel",
    "Finding",
    "Grade",
    "Span",
    "Votes",
    "entity_labels",
    "findings",
    "graded",
]


def __getattr__(name: str) -> Any:
    """Bring the analyzer, and Presidio with it, when it is first asked for: who only shows what was found needs neither."""
    if name not in {"Analyzer", "Span"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pipelines.classify import engine

    return getattr(engine, name)
