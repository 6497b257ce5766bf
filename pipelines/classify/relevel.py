"""Where sealed columns lie too low for what they are now known to hold (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.classify.findings import Finding, Kind
from pipelines.classify.levels import HIGHEST, record_level
from pipelines.classify.votes import DECLARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.classify.labels import EntityLabel
    from pipelines.classify.votes import ColumnProfile


def too_low(
    declared: Mapping[str, str],
    profiles: Iterable[ColumnProfile],
    sealed: Mapping[str, int],
    labels: Mapping[str, EntityLabel],
) -> tuple[Finding, ...]:
    """Name the columns whose level must rise above the one that they were sealed under.

    Args:
        declared: Field → key of the taxonomy.
        profiles: What the columns hold now, decided with the plan's word as a hint.
        sealed: Field → the lowest level that any of its cells was sealed under. Free text is left out by the caller:
            its cells lie under levels of their own.
        labels: What the keys mean now.
    """
    return tuple(
        _finding(profile, declared[profile.name], level)
        for profile in profiles
        if profile.name in declared and profile.name in sealed and profile.cells
        if (level := _wanted(profile, declared[profile.name], labels)) > sealed[profile.name]
    )


def _wanted(profile: ColumnProfile, declared: str, labels: Mapping[str, EntityLabel]) -> int:
    own = labels[declared].level if declared in labels else HIGHEST
    return record_level((own, profile.level))


def _finding(profile: ColumnProfile, declared: str, level: int) -> Finding:
    return Finding(
        field=profile.name,
        kind=Kind.LEVEL_RAISED,
        declared=declared,
        found=profile.entity,
        level=level,
        confidence=max(profile.confidence, DECLARED),
        cells=profile.cells,
        share=1.0,
    )
