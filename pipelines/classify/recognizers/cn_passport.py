"""Passports of China, Hong Kong and Macau. Their numbers carry no check digit, so the rarer forms need context."""

from __future__ import annotations

from presidio_analyzer import Pattern

from pipelines.classify.recognizers.folded import AFTER, BEFORE, FoldedRecognizer, Gate


class CnPassportRecognizer(FoldedRecognizer):
    """Forms in use since 1997; ``E`` and eight digits is a finding by itself, the rest with context."""

    ENTITY = "CN_PASSPORT"
    PATTERNS = (
        Pattern("Ordinary passport", BEFORE + r"[Ee](?:[0-9]{8}|[A-HJ-NP-Za-hj-np-z][0-9]{7})" + AFTER, 0.4),
        Pattern("Diplomatic, service, public affairs", BEFORE + r"[DSPdsp][Ee][0-9]{7}" + AFTER, 0.4),
        Pattern(
            "Earlier ordinary, Hong Kong, Macau",
            BEFORE + r"(?:[GgKk][0-9]{8}|1[45][0-9]{7}|[DSPdsp]\.?[0-9]{7,8}|(?:[Kk][Jj]|[Mm][Aa])[0-9]{7})" + AFTER,
            0.1,
        ),
    )
    CONTEXT = ("护照", "passport")
    GATE = Gate(
        run=7,
        must=r"(?:^|[^0-9A-Za-z])(?:[EeGgDdSsPpKkMm][A-Za-z]?\.?[0-9]{7}|1[45][0-9]{7})",
        solid=frozenset({8, 9}),
    )
