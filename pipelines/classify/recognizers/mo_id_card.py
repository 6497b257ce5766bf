"""Identity cards of Macau. How their check digit is made is not published, so they need context."""

from __future__ import annotations

from presidio_analyzer import Pattern

from pipelines.classify.recognizers.folded import AFTER, BEFORE, FoldedRecognizer, Gate


class MoIdCardRecognizer(FoldedRecognizer):
    """Seven digits that begin 1, 5 or 7, and one more in brackets, after a slash or right behind."""

    ENTITY = "MO_ID_CARD"
    PATTERNS = (
        Pattern("Macau ID", BEFORE + r"[157][0-9]{6} ?(?:[(（][0-9][)）]|/[0-9](?![0-9A-Za-z]))", 0.1),
        Pattern("Macau ID, no brackets", BEFORE + r"[157][0-9]{7}" + AFTER, 0.1),
    )
    CONTEXT = ("澳门", "澳門", "macau", "macao")
    GATE = Gate(run=7, must=r"(?:^|[^0-9A-Za-z])[157][0-9]{6}", solid=frozenset({8}))
    CONTEXT_ONLY = True
