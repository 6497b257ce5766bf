"""Identity cards of Hong Kong."""

from __future__ import annotations

from presidio_analyzer import Pattern

from pipelines.classify.recognizers.folded import AFTER, BEFORE, FoldedRecognizer, Gate


class HkIdCardRecognizer(FoldedRecognizer):
    """One or two letters and six digits with the check character, in brackets; without them it needs context."""

    ENTITY = "HK_ID_CARD"
    PATTERNS = (
        Pattern("Hong Kong ID", BEFORE + r"[A-Za-z]{1,2}[0-9]{6} ?[(（][0-9Aa][)）]", 0.6),
        Pattern("Hong Kong ID, no brackets", BEFORE + r"[A-Za-z]{1,2}[0-9]{6}[0-9Aa]" + AFTER, 0.1),
    )
    CONTEXT = ("香港", "港澳", "身份证", "身份證", "hkid", "hong kong", "identity card")
    GATE = Gate(
        run=6,
        must=r"(?:^|[^0-9A-Za-z])[A-Za-z]{1,2}[0-9]{6}(?:[0-9Aa](?:$|[^0-9A-Za-z])| ?[(（])",
        solid=frozenset({8, 9}),
    )

    def validate_result(self, pattern_text: str) -> bool | None:
        """Check the last character: one in eleven passes by chance, so the pattern's score stands."""
        text = "".join(filter(str.isalnum, pattern_text)).upper()
        values = [36] * (9 - len(text)) + [int(char, 36) for char in text]
        total = sum(weight * value for weight, value in zip((9, 8, 7, 6, 5, 4, 3, 2, 1), values, strict=True))
        return None if total % 11 == 0 else False
