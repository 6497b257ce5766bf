"""Charts as SVG, drawn on the server by Vega-Lite (vl-convert), so that they print, can be read aloud, and need no script.

A chart's colours are the page's own variables, so one drawing serves light and dark. The same data is drawn once.
Sparklines, of which a page has dozens, are a line of points written here: a library takes 40 ms for each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import vl_convert
from markupsafe import Markup, escape

# Stand-ins that Vega takes for colours; each becomes a variable of the page, or on paper the colour itself.
COLOURS = {
    "#010101": ("--ink", "#1c2128"),
    "#020202": ("--faint", "#5b6470"),
    "#030303": ("--line", "#d5dae1"),
    "#040404": ("--accent", "#1f5fbf"),
    "#050505": ("--bad", "#b3261e"),
    "#060606": ("--attention", "#8a5a00"),
    "#070707": ("--ok", "#1a7f47"),
}
INK, FAINT, LINE, ACCENT, BAD, ATTENTION, OK = COLOURS
FONT = "Noto Sans SC, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, system-ui, sans-serif"
SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 96, 20, 2
SOMEWHERE = "https://console.invalid"
"""Vega resolves addresses against one of its own; this is cut off again."""
HEADING = 60
"""Longest label of a bar, in characters."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a trend."""

    at: str
    """ISO day, or any label."""
    value: float | None
    """None: nothing was measured."""
    href: str = ""


def trend(
    points: Sequence[Point], title: str, *, turn: str | None = None, share: bool = True, paper: bool = False
) -> Markup:
    """Draw values over days as a line, with the day on which they turned marked.

    Args:
        points: in order.
        title: what it shows, for those who hear it.
        turn: the label of the point where the level changed.
        share: values are shares from 0 to 1, told as per cent; else counts.
        paper: colours for paper instead of the page's variables.
    """
    known = [
        _told(point.at, point.value, point.href, share=share) | {"at": point.at, "turn": point.at == turn}
        for point in points if point.value is not None
    ]  # fmt: skip
    labels = [point.at for point in points]
    shown = labels[:: max(1, len(labels) // 6)]
    across = {"field": "at", "type": "ordinal", "scale": {"domain": labels}, "axis": _axis(values=shown)}
    low = min((row["value"] for row in known), default=0)
    scale = {"domain": [max(0.0, float(low) - 0.02), 1], "nice": False} if share else {"zero": True}
    up = {"field": "value", "type": "quantitative", "scale": scale, "axis": _axis(format=".1%" if share else ",d")}
    both = {"x": across, "y": up, "description": {"field": "said"}}
    spec = _spec(title, 560, 160) | {
        "data": {"values": known},
        "layer": [
            {"mark": {"type": "line", "color": ACCENT, "strokeWidth": 2}, "encoding": both},
            {"mark": {"type": "point", "filled": True, "size": 36, "color": ACCENT},
             "encoding": both | _links(known)},
        ],
    }  # fmt: skip
    if any(row["turn"] for row in known):  # an empty layer would be an image without a name
        mark = {"type": "rule", "color": BAD, "strokeDash": [4, 3]}
        spec["layer"].append({"transform": [{"filter": "datum.turn"}], "mark": mark, "encoding": {"x": across}})
    return _draw(spec, paper=paper)


def bars(
    rows: Sequence[tuple[str, float, str]], title: str, *, share: bool = True, paper: bool = False, colour: str = ACCENT
) -> Markup:
    """Draw a bar for each (label, value, address), in the order given; a bar is a link to what it counts."""
    values = [_told(label, value, href, share=share) | {"label": label[:HEADING]} for label, value, href in rows]
    scale = {"domain": [0, 1]} if share else {"zero": True}
    written = ".1%" if share else ",d"
    place = {
        "y": {"field": "label", "type": "ordinal", "sort": None, "axis": _axis(labelLimit=220, ticks=False)},
        "x": {"field": "value", "type": "quantitative", "scale": scale, "axis": _axis(format=written, tickCount=5)},
        "description": {"field": "said"},
    } | _links(values)
    spec = _spec(title, 420, max(24, 24 * len(values))) | {
        "data": {"values": values},
        "layer": [
            {"mark": {"type": "bar", "color": colour, "height": 12}, "encoding": place},
            {"mark": {"type": "text", "align": "left", "dx": 4, "color": INK},
             "encoding": place | {"text": {"field": "value", "format": written}}},
        ],
    }  # fmt: skip
    return _draw(spec, paper=paper)


def sparkline(values: Sequence[float | None], title: str, *, turn: int | None = None) -> Markup:
    """Draw a line the size of a word; `turn` is the place of the value where the level changed."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(known), max(known)
    wide, tall = SPARK_WIDTH - 2 * SPARK_MARGIN, SPARK_HEIGHT - 2 * SPARK_MARGIN

    def place(number: int, value: float) -> str:
        x = SPARK_MARGIN + wide * number / max(1, len(values) - 1)
        y = SPARK_MARGIN + (tall * (high - value) / (high - low) if high > low else tall / 2)
        return f"{x:.1f},{y:.1f}"

    spots = [place(number, value) for number, value in enumerate(values) if value is not None]
    x, y = spots[-1].split(",")
    mark = ""
    if turn is not None and values[turn] is not None:
        at = place(turn, float(values[turn] or 0)).split(",")[0]
        mark = f'<line class="turn" x1="{at}" x2="{at}" y1="0" y2="{SPARK_HEIGHT}"/>'
    return Markup(  # noqa: S704 - numbers and an escaped title
        f'<svg class="spark" role="img" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" width="{SPARK_WIDTH}" '
        f'height="{SPARK_HEIGHT}"><title>{escape(title)}</title><polyline points="{" ".join(spots)}"/>{mark}'
        f'<circle cx="{x}" cy="{y}" r="2"/></svg>'
    )


def _links(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Make marks links where all of them have an address: Vega makes one of nothing, too."""
    return {"href": {"field": "href"}} if rows and all(row["href"] for row in rows) else {}


def _told(label: str, value: float, href: str, *, share: bool) -> dict[str, Any]:
    said = f"{label}: {value:.1%}" if share else f"{label}: {value:,}"
    return {"value": value, "said": said, "href": SOMEWHERE + href if href else None}


def _spec(title: str, width: int, height: int) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": title,
        "width": width,
        "height": height,
        "background": None,
        "config": {"font": FONT, "view": {"stroke": None}},
    }


def _axis(**more: Any) -> dict[str, Any]:
    plain = {"title": None, "labelColor": FAINT, "gridColor": LINE, "domainColor": LINE, "tickColor": LINE}
    return plain | {"labelFontSize": 12, "labelAngle": 0} | more


def _draw(spec: dict[str, Any], *, paper: bool) -> Markup:
    return Markup(_drawn(json.dumps(spec, ensure_ascii=False), paper))  # noqa: S704 - Vega escapes the text it sets


@lru_cache(maxsize=256)
def _drawn(spec: str, paper: bool) -> str:
    svg = vl_convert.vegalite_to_svg(spec)
    for stand_in, (variable, colour) in COLOURS.items():
        svg = svg.replace(stand_in, colour if paper else f"var({variable})")
    svg = svg.replace(f'="{SOMEWHERE}', '="')
    title = str(escape(json.loads(spec)["description"]))
    # Its own size is its largest: on a phone it shrinks with the page.
    svg = re.sub(r"^<svg ", f'<svg role="group" aria-label="{title}" ', svg.strip(), count=1)
    return f'<div class="chart">{svg}</div>'
