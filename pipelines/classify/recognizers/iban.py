"""International bank account numbers (ISO 13616)."""

from __future__ import annotations

from presidio_analyzer import Pattern
from stdnum import iban

from pipelines.classify.recognizers.folded import AFTER, BEFORE, FoldedRecognizer, Gate

_FOURS = r"[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]{4}){2,7}"


class IbanRecognizer(FoldedRecognizer):
    """Country, check digits and an account of that country's length, on end or in fours."""

    ENTITY = "IBAN_CODE"
    PATTERNS = (
        Pattern("IBAN of fours", BEFORE + _FOURS + AFTER, 0.5),
        Pattern("IBAN", BEFORE + _FOURS + r" ?[0-9A-Z]{1,3}" + AFTER, 0.5),
    )
    CONTEXT = ("iban", "账号", "帐号", "账户", "account")
    GATE = Gate(
        size=15, must=r"(?:^|[^0-9A-Za-z])[A-Z]{2}[0-9]{2} ?[0-9A-Z]{4} ?[0-9A-Z]{4}", solid=frozenset(range(15, 35))
    )

    def validate_result(self, pattern_text: str) -> bool:
        """Check the country's form and MOD 97-10."""
        return bool(iban.is_valid(pattern_text))
