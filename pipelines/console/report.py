"""The month's report as a page that stands alone, for paper and for sending: A4, its own style, its charts inside it.

What it says is the scorecard's; PDF is made of the same page where WeasyPrint and a Chinese font are installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.console import charts
from pipelines.console.charts import Point
from pipelines.console.quality_words import DEPARTMENTS, DIMENSIONS, SEVERITIES, SIGNS
from pipelines.console.words import TAGS
from pipelines.evidence.pdf import from_html
from pipelines.quality.drift_words import sentence

if TYPE_CHECKING:
    from pipelines.console.words import Words
    from pipelines.jobs.months import Figures
    from pipelines.quality.card import Card

TEMPLATES = Path(__file__).parent / "templates"


def render(card: Card, words: Words, at: datetime, figures: Sequence[Figures] = ()) -> str:
    """Write the report of a card in the language of the words, with the figures of departments where there are any."""
    known: dict[str, Any] = {
        "card": card, "figures": figures, "_": words.markup, "words": words, "number": words.number, "percent": words.percent,
        "day": words.day, "moment": words.moment, "tag": TAGS[words.language], "at": at,
        "dimension_words": {each: words.text(word) for each, word in DIMENSIONS.items()},
        "severity_words": {each: words.text(word) for each, (_, word) in SEVERITIES.items()},
        "sign_words": {each: words.text(word) for each, (_, word) in SIGNS.items()},
        "department_words": {each: words.text(word) for each, word in DEPARTMENTS.items()},
        "said": lambda found: sentence(found, words.language),
        "trend": _trend(card, words), "bars": _bars(card, words),
    }  # fmt: skip
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return made.get_template("quality/paper.html").render(**known)


def as_pdf(html: str) -> bytes:
    """Turn a report into PDF.

    Raises:
        TutelaError: WeasyPrint, Pango or a Chinese font is missing; the sentence says which and what to do.
    """
    return from_html(html)


def _trend(card: Card, words: Words) -> Any:
    if len(card.trend.points) < 2:
        return None
    points = [Point(label, standing.arrived) for label, standing in card.trend.points]
    return charts.trend(points, words.text("Score as it arrived, day by day"), turn=card.trend.turned, paper=True)


def _bars(card: Card, words: Words) -> Any:
    rows = [(words.text(DIMENSIONS[each]), standing.open, "") for each, standing in card.dimensions.items()]
    if not any(count for _, count, _ in rows):
        return None
    return charts.bars(rows, words.text("Open failures by dimension"), share=False, paper=True)
