"""Identity cards of Taiwan, and the numbers of foreigners who live there."""

from __future__ import annotations

from typing import Final

from presidio_analyzer import Pattern

from pipelines.classify.recognizers.folded import AFTER, BEFORE, FoldedRecognizer, Gate

_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
"""In the order of their values, from 10 on."""


class TwIdCardRecognizer(FoldedRecognizer):
    """A letter of the place, one digit of the sex, seven digits and the check digit."""

    ENTITY = "TW_ID_CARD"
    PATTERNS = (Pattern("Taiwan ID", BEFORE + r"[A-Za-z][1289][0-9]{8}" + AFTER, 0.5),)
    CONTEXT = ("台湾", "臺灣", "台灣", "身份证", "身分證", "taiwan", "national id")
    GATE = Gate(run=9, must=r"(?:^|[^0-9A-Za-z])[A-Za-z][1289][0-9]{8}", solid=frozenset({10}))

    def validate_result(self, pattern_text: str) -> bool | None:
        """Check the last digit: one in ten passes by chance, so the pattern's score stands."""
        place = 10 + _LETTERS.index(pattern_text[0].upper())
        weights = zip((8, 7, 6, 5, 4, 3, 2, 1, 1), map(int, pattern_text[1:]), strict=True)
        total = place // 10 + place % 10 * 9 + sum(weight * digit for weight, digit in weights)
        return None if total % 10 == 0 else False
