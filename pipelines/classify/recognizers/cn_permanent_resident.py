"""Foreigners' permanent resident cards: those of 2023, and the earlier ones where context says so."""

from __future__ import annotations

import numpy as np
from presidio_analyzer import Pattern

from pipelines.classify.checks import PROVINCES, Matrix, Scores, permanent_residents
from pipelines.classify.recognizers.cn_resident_id import checked, eighteen, real
from pipelines.classify.recognizers.folded import AFTER, BEFORE, FoldedRecognizer, Gate, bare


class CnPermanentResidentRecognizer(FoldedRecognizer):
    """A nine and seventeen characters, checked as a resident's number; three letters and twelve digits with context."""

    ENTITY = "CN_PERMANENT_RESIDENT_CARD"
    PATTERNS = (
        *eighteen("Permanent resident card", "9", 0.5),
        Pattern("Permanent resident card, earlier", BEFORE + r"[A-Za-z]{3}[0-9]{12}" + AFTER, 0.1),
    )
    CONTEXT = ("永久居留", "永居证", "五星卡", "permanent resident", "permanent residence", "green card")
    GATE = Gate(
        run=12, must=r"(?:^|[^0-9A-Za-z])(?:9[ \r\n-]{0,3}[1-7]|[A-Za-z]{3}[0-9]{12})", solid=frozenset({15, 18})
    )
    PLAIN = (18,)

    def validate_result(self, pattern_text: str) -> bool | None:
        """Check province, date and check character; of an earlier card the date of birth, and it stays weak."""
        text = bare(pattern_text).upper()
        if text[0] != "9":
            written = text[7:13]
            return None if any(real(century + written, self.latest) for century in ("19", "20")) else False
        return len(text) == 18 and int(text[1:3]) in PROVINCES and checked(text, self.latest)

    def plain(self, matrix: Matrix) -> Scores:
        """Judge whole cells of eighteen characters."""
        return permanent_residents(matrix, self.latest).astype(np.float64)
