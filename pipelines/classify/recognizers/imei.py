"""Numbers of mobile devices (IMEI): fifteen digits with a Luhn check, so only where context says so."""

from __future__ import annotations

from presidio_analyzer import Pattern
from stdnum import luhn

from pipelines.classify.recognizers.folded import AFTER, BEFORE, FoldedRecognizer, Gate, bare

_NUMBER = r"(?:[0-9]{15}|[0-9]{2}[ -][0-9]{6}[ -][0-9]{6}[ -][0-9])"


class ImeiRecognizer(FoldedRecognizer):
    """Fifteen digits, on end or as 2-6-6-1."""

    ENTITY = "IMEI"
    PATTERNS = (
        Pattern("Called so", r"(?<=(?:(?i:imei)|串号)(?:号码?|码)?[ :：=]{0,2})" + _NUMBER + AFTER, 1.0),
        Pattern("IMEI", BEFORE + _NUMBER + AFTER, 0.1),
    )
    CONTEXT = ("imei", "串号", "设备号", "设备识别", "设备标识", "device id", "device number")
    GATE = Gate(run=15, solid=frozenset({15}))
    CONTEXT_ONLY = True

    def validate_result(self, pattern_text: str) -> bool | None:
        """Check Luhn: one in ten passes by chance, so the pattern's score stands."""
        return None if luhn.is_valid(bare(pattern_text)) else False
