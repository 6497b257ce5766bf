"""How tables look on a terminal: bilingual two-line headings, names never cut, narrow enough for 80 columns."""

from __future__ import annotations

from rich import box
from rich.table import Table


def table(*headings: str, title: str | None = None, caption: str | None = None) -> Table:
    """Make an empty table; a heading is ``name|名称``, with ``>`` before it for numbers, ``!`` for what may not be cut."""
    made = Table(box=box.SIMPLE_HEAD, title=title, caption=caption, title_justify="left", caption_justify="left")
    for heading in headings:
        name = heading.lstrip(">!").replace("|", "\n")
        number, whole = heading.startswith(">"), heading.startswith("!")
        made.add_column(name, justify="right" if number else "left", overflow="fold", no_wrap=whole)
    return made
