"""What serves all visits of a process: the open home, the templates, the clock, who tells users apart."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from pipelines.console import charts, links
from pipelines.console.areas import AREAS, area_of
from pipelines.console.security import FIELD, NOTICE, Seal
from pipelines.console.visit import Identify, Visit
from pipelines.console.words import TAGS
from pipelines.errors import DatabaseUnavailable
from pipelines.jobs.home import Home, current_policy, open_home
from pipelines.platform.secrets import Secrets
from pipelines.settings import Settings

TEMPLATES = Path(__file__).parent / "templates"


class Desk:
    """One for each process."""

    def __init__(self, settings: Settings, identify: Identify, clock: Callable[[], datetime]) -> None:
        """Name the installation; it is opened by the first visit that needs it."""
        self.settings = settings
        self.identify = identify
        self.clock = clock
        self.areas: dict[str, frozenset[str]] = {}
        """Area's path → whom its first page admits; set by the application."""
        self._home: Home | None = None
        self._warmed = False
        self._lock = threading.Lock()
        self._templates = _templates()

    def home(self) -> Home:
        """Give the open installation, with the policy as it stands now.

        Raises:
            TutelaError: it can't be opened.
        """
        with self._lock:
            if self._home is None:
                self._home = open_home(self.settings)
            self._home = replace(self._home, policy=current_policy(self.settings))
            return self._home

    def warm(self) -> None:
        """Load in the background what a decision about a row needs: the first one would wait seconds for it."""
        with self._lock:
            if self._warmed:
                return
            self._warmed = True
        threading.Thread(target=importlib.import_module, args=("pipelines.review",), daemon=True).start()

    def forget(self, error: Exception) -> None:
        """Open the home anew at the next visit where the database went away: it may come back on another port."""
        if isinstance(error, DatabaseUnavailable):
            with self._lock:
                home, self._home = self._home, None
            if home is not None:
                home.database.close()

    @cached_property
    def seal(self) -> Seal:
        """Give what signs forms and notices."""
        return Seal(Secrets(self.settings.resolved_home).get("console"))

    def render(self, template: str, visit: Visit, context: dict[str, Any]) -> str:
        """Write a page."""
        words = visit.words
        areas = [area for area in AREAS if visit.may(*self.areas.get(area.path, ()))]
        known = {
            "visit": visit,
            "words": words,
            "_": words.markup,
            "number": words.number,
            "percent": words.percent,
            "day": words.day,
            "moment": words.moment,
            "duration": words.duration,
            "ago": lambda value: words.ago(value, visit.at),
            "areas": areas,
            "area": area_of(visit.path),
            "notice": self.seal.noticed(visit.request.cookies.get(NOTICE)),
            "tag": TAGS[words.language],
        }
        html = self._templates.get_template(template).render(**known, **context)
        return html if len(areas) == len(AREAS) else links.opened(html, visit.opens)


def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.globals |= {"form_token": _form_token, "sparkline": charts.sparkline}
    return made


@pass_context
def _form_token(context: Context) -> Markup:
    """Write the hidden field that makes a form this visitor's own."""
    visit: Visit = context["visit"]
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, visit.desk.seal.token(visit.user.name))
