"""Every sentence of the console is there in both languages, with the same blanks; and how numbers and times are told."""

from __future__ import annotations

import ast
import string
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from pipelines.console import words
from pipelines.console.words import Words, preferred

CONSOLE = Path(words.__file__).parent
PIPELINES = CONSOLE.parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext.babel_extract")]
KEYWORDS = {"_": None, "N_": None, "text": None, "markup": None}
NOW = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)


def _said() -> dict[str, str]:
    found = extract_from_dir(CONSOLE, METHODS, keywords=KEYWORDS)
    return {
        message: f"{file}:{line}" for file, line, message, *_ in found if isinstance(message, str) and message.strip()
    }


def _catalogues() -> dict[str, tuple[str, str]]:
    known: dict[str, tuple[str, str]] = {}
    for path in sorted((CONSOLE / "locale" / "zh").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if message.id:
                    assert message.id not in known, f"{message.id!r} stands in {known[message.id][1]} and {path.name}"
                    known[str(message.id)] = (str(message.string), path.name)
    return known


def test_no_sentence_lacks_its_chinese():
    known = _catalogues()
    assert {message: place for message, place in _said().items() if not known.get(message, ("",))[0]} == {}


def test_no_catalogue_holds_a_sentence_that_nobody_says():
    literals = {
        node.value
        for path in PIPELINES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    said = _said()
    assert {key: place for key, (_, place) in _catalogues().items() if key not in said and key not in literals} == {}


def test_both_languages_have_the_same_blanks():
    def blanks(text: str) -> list[str]:
        return sorted({name for _, name, _, _ in string.Formatter().parse(text) if name is not None})

    assert {key: said for key, (said, _) in _catalogues().items() if blanks(key) != blanks(said)} == {}


def test_chinese_uses_the_words_of_the_field():
    banned = ("数据所有者", "元数据目录", "客户端数据")
    assert [key for key, (said, _) in _catalogues().items() if any(word in said for word in banned)] == []


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "en-GB,en;q=0.9", "en"),
        (None, "en;q=0.3,zh;q=0.9", "zh"),
        (None, "fr-FR,de;q=0.5", "zh"),
        (None, "fr-FR,en;q=0.5", "en"),
        (None, None, "zh"),
        (None, "en;q=nonsense,zh", "zh"),
        ("en", "zh-CN", "en"),
        ("klingon", "en", "en"),
    ],
)
def test_the_language_is_the_one_switched_to_or_else_the_browsers(cookie, accepted, language):
    assert preferred(cookie, accepted) == language


@pytest.mark.parametrize(
    ("share", "told"),
    [(1.0, "100.0%"), (0.99999, "99.9%"), (0.0, "0.0%"), (0.0001, "<0.1%"), (0.5, "50.0%"), (None, "–")],
)
def test_only_all_is_a_hundred_per_cent(share, told):
    assert Words("en").percent(share) == told


def test_times_are_chinas_and_days_have_their_weekday():
    late = datetime(2026, 5, 6, 17, 30, tzinfo=UTC)
    assert Words("zh").moment(late) == "2026-05-07 周四 01:30"
    assert Words("en").moment(late.isoformat()) == "2026-05-07 Thu 01:30"
    assert Words("en").day(date(2026, 5, 6)) == "2026-05-06 Wed"
    assert Words("en").day(None) == "–"


@pytest.mark.parametrize(
    ("language", "back", "told"),
    [
        ("zh", timedelta(hours=3), "3小时前"),
        ("en", timedelta(hours=3), "3 hours ago"),
        ("zh", timedelta(seconds=3), "刚刚"),
        ("en", timedelta(seconds=-3), "just now"),
        ("zh", timedelta(days=-2), "2天后"),
        ("en", timedelta(days=-2), "in 2 days"),
    ],
)
def test_spans_of_time_are_told_in_words(language, back, told):
    assert Words(language).ago(NOW - back, NOW).replace(" ", "") == told.replace(" ", "")


def test_what_is_put_into_a_sentence_is_escaped():
    assert Words("en").markup("{n} rows", n="<script>") == "&lt;script&gt; rows"
    assert Words("zh").number(1234567) == "1,234,567"
