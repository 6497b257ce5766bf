"""What the columns of a whole delivery hold, from the profiles of its chunks (pure). Counts only.

A chunk may be small: one clerk's slip among thirty rows is a thirtieth, and among all rows of the delivery it is nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.classify.levels import record_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.classify.votes import ColumnProfile


def whole(profiles: Iterable[ColumnProfile]) -> tuple[ColumnProfile, ...]:
    """Join the profiles of all chunks, column by column: what most cells were decided to be, and all counts added up."""
    columns: dict[str, list[ColumnProfile]] = {}
    for profile in profiles:
        columns.setdefault(profile.name, []).append(profile)
    return tuple(_joined(column) for column in columns.values())


def _joined(chunks: Sequence[ColumnProfile]) -> ColumnProfile:
    cells: Counter[str | None] = Counter()
    found: Counter[str] = Counter()
    for chunk in chunks:
        cells[chunk.entity] += chunk.cells
        found.update(chunk.also)
        if chunk.entity is not None:
            found[chunk.entity] += chunk.found
    levels = {entity: max(chunk.level for chunk in chunks if chunk.entity == entity) for entity in cells}
    entity = max(cells, key=lambda each: (cells[each], levels[each], each or ""))
    own = [chunk for chunk in chunks if chunk.entity == entity]
    total = cells.total()
    there = min(total, found.pop(entity, 0)) if entity is not None else 0
    return replace(
        own[-1],
        level=record_level(chunk.level for chunk in own),
        confidence=round(_mean([(chunk.confidence, chunk.cells) for chunk in own]), 4),
        cells=total,
        found=there,
        also=dict(sorted((other, count) for other, count in found.items() if count)),
        share=round(there / total, 4) if total else 0.0,
    )


def _mean(weighed: Sequence[tuple[float, int]]) -> float:
    weight = sum(each for _, each in weighed)
    return sum(value * each for value, each in weighed) / weight if weight else weighed[-1][0]
