"""The areas of the console in the order of its navigation. A new one is a line here and a module in `pages`.

Who sees an area in the navigation is who its first page admits.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.console.words import N_


@dataclass(frozen=True, slots=True)
class Area:
    """One area."""

    path: str
    title: str
    sign: str
    """A glyph that helps to find it; the title says what it is."""


AREAS = (
    Area("/", N_("Overview"), "◉"),
    Area("/plans", N_("Collection plans"), "▤"),
    Area("/quality", N_("Data quality"), "◔"),
    Area("/quarantine", N_("Quarantine"), "⚠"),
    Area("/catalogue", N_("Data catalogue"), "▦"),
    Area("/destruction", N_("Destruction"), "⌫"),
    Area("/evidence", N_("Evidence"), "⛓"),
)


def area_of(path: str) -> Area | None:
    """Tell to which area a page belongs, by its address inside the console."""
    found = [area for area in AREAS if path == area.path or path.startswith(area.path.rstrip("/") + "/")]
    return max(found, key=lambda area: len(area.path), default=None)
