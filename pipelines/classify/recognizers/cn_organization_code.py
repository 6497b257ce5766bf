"""Organisation codes (GB 11714-1997), which the unified social credit code has taken in."""

from __future__ import annotations

from typing import Final

from presidio_analyzer import Pattern

from pipelines.classify.recognizers.folded import AFTER, BEFORE, FoldedRecognizer, Gate

_DATE: Final = r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])"
_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_START: Final = BEFORE + r"(?<![0-9A-Za-z]-)(?=[A-Z]{0,7}[0-9])"


class CnOrganizationCodeRecognizer(FoldedRecognizer):
    """Eight characters, a hyphen and the check character; a day's serial number, or nine on end, needs context."""

    ENTITY = "CN_ORGANIZATION_CODE"
    PATTERNS = (
        Pattern("Organisation code", _START + rf"(?!{_DATE})[0-9A-Z]{{8}}-[0-9X](?!-)" + AFTER, 0.5),
        Pattern("Organisation code, begins as a date", _START + rf"(?={_DATE})[0-9]{{8}}-[0-9X](?!-)" + AFTER, 0.1),
        Pattern("Organisation code, no hyphen", _START + r"[0-9A-Z]{8}[0-9X]" + AFTER, 0.1),
    )
    CONTEXT = ("组织机构代码", "机构代码", "组织代码", "organization code", "organisation code", "org code")
    GATE = Gate(
        size=9,
        run=1,
        must=r"(?:^|[^0-9A-Za-z])[0-9A-Z]{8}-?[0-9X](?:$|[^0-9A-Za-z])",
        solid=frozenset({9}),
    )

    def validate_result(self, pattern_text: str) -> bool | None:
        """Check the last character: one in eleven passes by chance, so the pattern's score stands."""
        total = sum(weight * int(char, 36) for weight, char in zip(_WEIGHTS, pattern_text[:8], strict=True))
        return None if pattern_text[-1] == "0X987654321"[total % 11] else False
