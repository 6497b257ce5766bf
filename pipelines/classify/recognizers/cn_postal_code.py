"""Postal codes of China: six digits, so only where context says so."""

from __future__ import annotations

from presidio_analyzer import Pattern

from pipelines.classify.recognizers.folded import AFTER, BEFORE, FoldedRecognizer, Gate

_PLACE = "(?:0[1-7]|1[0-356]|2[0-7]|3[0-6]|4[0-7]|5[1-7]|6[1-7]|7[0-5]|8[013-6])"


class CnPostalCodeRecognizer(FoldedRecognizer):
    """Six digits of a postal area in use."""

    ENTITY = "CN_POSTAL_CODE"
    PATTERNS = (Pattern("Postal code", BEFORE + _PLACE + r"[0-9]{4}" + AFTER, 0.1),)
    CONTEXT = ("邮编", "邮政编码", "郵編", "郵遞區號", "postal code", "postcode", "post code", "zip")
    GATE = Gate(run=6, must=r"(?:^|[^0-9A-Za-z])[0-8][0-7][0-9]{4}(?:$|[^0-9A-Za-z])", solid=frozenset({6}))
    CONTEXT_ONLY = True
