"""Addresses of pages: what somebody visited, or a page about somebody."""

from __future__ import annotations

from typing import Final

from presidio_analyzer import Pattern

from pipelines.classify.recognizers.email import suffix_known
from pipelines.classify.recognizers.folded import FoldedRecognizer, Gate

_START: Final = r"(?<![0-9A-Za-z@._%+/-])"
_HOST: Final = r"(?:[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?\.){1,8}[A-Za-z]{2,24}"
_PATH: Final = r"[0-9A-Za-z._~:/?#@!$&'()*+,;=%-]"
_END: Final = r"[0-9A-Za-z_~/#=&%+-]"


class UrlRecognizer(FoldedRecognizer):
    """An address with its scheme, or ``www.``, or a host with a known suffix and a path; never a part of an e-mail."""

    ENTITY = "URL"
    PATTERNS = (
        Pattern("With scheme", rf"(?<![0-9A-Za-z])(?i:https?|ftps?|wss?)://{_PATH}{{1,2000}}(?<={_END})", 0.9),
        Pattern("With www", rf"{_START}(?i:www)\.{_HOST}(?::[0-9]{{1,5}})?(?:[/?#]{_PATH}{{0,2000}}(?<={_END}))?(?![0-9A-Za-z@])", 0.9),
        Pattern("With path", rf"{_START}{_HOST}(?::[0-9]{{1,5}})?/(?:{_PATH}{{0,2000}}(?<={_END}))?", 0.5),
    )  # fmt: skip
    CONTEXT = ("网址", "链接", "网站", "url", "link", "website")
    GATE = Gate(
        size=5, marks=b"/.", must=r"://|(?i:www\.)|[0-9A-Za-z]\.[A-Za-z]{2,24}(?::[0-9]{1,5})?/", solid=frozenset()
    )

    def validate_result(self, pattern_text: str) -> bool | None:
        """Be certain of what has a scheme; without one the suffix has to exist."""
        if "://" in pattern_text[:8]:
            return True
        host = pattern_text.split("/", 1)[0].split("?", 1)[0].split("#", 1)[0].split(":", 1)[0].lower()
        return suffix_known(host)
