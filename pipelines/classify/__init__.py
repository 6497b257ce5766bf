"""Classification: what every column and every free-text cell holds, its category, level and code.

The map: `engine` the analyzer · `recognizers` identifiers, one class a file · `checks` check digits over whole
columns · `ner` names in texts · `nlp` Presidio's NLP engine · `cells` a column as a block of bytes · `finder` the fast
path · `context`, `headers`, `headless`, `shapes` the evidence · `columns` what the cells say · `votes` the decision ·
`labels` what the taxonomy makes of it · `levels` the levels (pure).
Not for changing or storing anything.
"""

from __future__ import annotations

from pipelines.classify.engine import Analyzer, Span
from pipelines.classify.labels import EntityLabel, entity_labels
from pipelines.classify.votes import ColumnProfile, Votes

__all__ = ["Analyzer", "ColumnProfile", "EntityLabel", "Span", "Votes", "entity_labels"]
