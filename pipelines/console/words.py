"""The console's words: one gettext catalogue for each area and language, and how numbers and times are told.

The English sentence is the key. Chinese stands in `locale/zh/<area>.po`: written, not translated.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from babel import Locale
from babel.dates import format_timedelta
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

from pipelines.moments import CHINA

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}
TAGS = {"zh": "zh-CN", "en": "en"}
"""What `<html lang>` says."""
FOLDER = Path(__file__).parent / "locale"
WEEKDAYS = {
    "zh": ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
}
NOTHING = "–"
JUST = 30
"""Seconds that are no span worth telling."""


def N_(msgid: str) -> str:  # noqa: N802 - its name in gettext
    """Mark a sentence that is put into words elsewhere."""
    return msgid


@cache
def catalogue(language: str) -> dict[str, str]:
    """Read all catalogues of a language; English needs none."""
    words: dict[str, str] = {}
    for path in sorted((FOLDER / language).glob("*.po")):
        for message in read_po(BytesIO(path.read_bytes()), locale=LOCALES[language]):
            if message.id and message.string and not message.fuzzy:
                words[str(message.id)] = str(message.string)
    return words


class Words:
    """One language."""

    def __init__(self, language: Language) -> None:
        """Name the language."""
        self.language = language
        self._known = catalogue(language)

    def text(self, msgid: str, /, **values: Any) -> str:
        """Put a sentence into words; a sentence without Chinese stays English, which a test refuses."""
        said = self._known.get(msgid, msgid)
        return said.format(**values) if values else said

    def markup(self, msgid: str, /, **values: Any) -> Markup:
        """Put a sentence into words inside a page: what is put in is escaped, unless it is markup of ours."""
        said = escape(self._known.get(msgid, msgid))
        return Markup(str(said).format(**{name: escape(value) for name, value in values.items()}))  # noqa: S704

    def two(self, zh: str, en: str) -> str:
        """Choose between two sentences that a policy file says in both languages."""
        return zh if self.language == "zh" else en

    # --- numbers and times -------------------------------------------------------------------------------------

    def number(self, value: float | None) -> str:
        """Tell a count, thousands separated."""
        return NOTHING if value is None else f"{value:,}"

    def percent(self, share: float | None) -> str:
        """Tell a share with one decimal; only all is 100 %, and only nothing is 0 %."""
        if share is None:
            return NOTHING
        shown = int(share * 1000) / 10 if share < 1 else 100.0
        return "<0.1%" if share > 0 and shown == 0 else f"{shown:.1f}%"

    def day(self, value: date | str | None) -> str:
        """Tell a day: ISO, with the weekday; a moment is told as its day in China."""
        if value is None or value == "":
            return NOTHING
        found = _moment(value)
        told = found.astimezone(CHINA).date() if isinstance(found, datetime) else found
        return f"{told.isoformat()} {WEEKDAYS[self.language][told.weekday()]}"

    def moment(self, value: datetime | str | None) -> str:
        """Tell a moment in China's time, to the minute."""
        if value is None or value == "":
            return NOTHING
        found = _moment(value)
        if not isinstance(found, datetime):
            return self.day(found)
        return f"{self.day(found)} {found.astimezone(CHINA):%H:%M}"

    def ago(self, value: datetime | str | None, now: datetime) -> str:
        """Tell how long ago, or in how long, in words."""
        if value is None or value == "":
            return NOTHING
        found = _moment(value)
        if not isinstance(found, datetime):
            found = datetime(found.year, found.month, found.day, tzinfo=CHINA)
        if abs((found - now).total_seconds()) < JUST:
            return self.text("just now")
        return format_timedelta(found - now, add_direction=True, locale=Locale.parse(LOCALES[self.language]))

    def duration(self, seconds: float | None) -> str:
        """Tell a span of time in words."""
        if seconds is None:
            return NOTHING
        return format_timedelta(timedelta(seconds=seconds), locale=Locale.parse(LOCALES[self.language]))

    def several(self, items: Iterable[object]) -> str:
        """Join a few names."""
        return ("、" if self.language == "zh" else ", ").join(str(item) for item in items)


def preferred(cookie: str | None, accepted: str | None) -> Language:
    """Choose the language: the one that was switched to, else the browser's first that there is, else Chinese."""
    if cookie in LANGUAGES:
        return cookie
    ranked = []
    for place, part in enumerate((accepted or "").split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            ranked.append((-float(quality or 1), place, tag.lower()[:2]))
        except ValueError:
            continue
    return next((tag for _, _, tag in sorted(ranked) if tag in LANGUAGES), "zh")


def _moment(value: date | str) -> date:
    if isinstance(value, str):
        return datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    return value
