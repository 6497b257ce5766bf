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

from pipelines.classify.engine import Analyzer, Span
from pipelines.classify.findings import Finding, findings
from pipelines.classify.labels import EntityLabel, entity_labels
from pipelines.classify.levels import Grade, graded
from pipelines.classify.votes import ColumnProfile, Votes

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
