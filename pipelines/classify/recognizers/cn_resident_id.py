"""Resident identity numbers of China (GB 11643-1999), with those of 1989 where context says so."""

from __future__ import annotations

from datetime import date

import numpy as np
from presidio_analyzer import Pattern
from stdnum.cn import ric

from pipelines.classify.checks import EARLIEST_YEAR, PROVINCES, Matrix, Scores, resident_ids
from pipelines.classify.recognizers.folded import AFTER, BEFORE, FoldedRecognizer, Gate

_NEW = 18


class CnResidentIdRecognizer(FoldedRecognizer):
    """Eighteen characters with province, real date of birth and check character; fifteen digits with context."""

    ENTITY = "CN_ID_CARD"
    PATTERNS = (
        Pattern("Resident ID", BEFORE + r"[1-8][0-9]{16}[0-9Xx]" + AFTER, 0.5),
        Pattern(
            "Resident ID, in groups",
            BEFORE + r"[1-8][0-9]{5}[ -]?(?:[0-9]{8}|[0-9]{4}[ -]?[0-9]{4}|[0-9]{4}[ -][0-9]{2}[ -][0-9]{2})"
            r"[ -]?[0-9]{3}[0-9Xx]" + AFTER,
            0.5,
        ),
        Pattern("Resident ID, in fours", BEFORE + r"[1-8][0-9]{3}(?:[ -][0-9]{4}){3}[ -][0-9][0-9Xx]" + AFTER, 0.5),
        Pattern("Resident ID, digit by digit", BEFORE + r"[1-8](?:[ -]{1,2}[0-9]){16}[ -]{1,2}[0-9Xx]" + AFTER, 0.5),
        Pattern("Resident ID of 1989", BEFORE + r"[1-8][0-9]{14}" + AFTER, 0.1),
    )
    CONTEXT = (
        "身份证", "身份號", "身份号", "证件号", "公民身份",
        "resident id", "identity", "id card", "id number", "id no",
    )  # fmt: skip
    GATE = Gate(run=15, solid=frozenset({15, 18}))
    PLAIN = (18,)

    def validate_result(self, pattern_text: str) -> bool | None:
        """Check province, date and check character; a number of 1989 has no check character and stays weak."""
        text = pattern_text.replace(" ", "").replace("-", "").upper()
        old = len(text) != _NEW
        if old:
            text = f"{text[:6]}19{text[6:]}0"
        if int(text[:2]) not in PROVINCES or not _real(text[6:14], self.latest):
            return False
        return None if old else text[-1] == ric.calc_check_digit(text)

    def plain(self, matrix: Matrix) -> Scores:
        """Judge whole cells of eighteen characters."""
        return resident_ids(matrix, self.latest).astype(np.float64)


def _real(written: str, latest: int) -> bool:
    try:
        date(int(written[:4]), int(written[4:6]), int(written[6:]))
    except ValueError:
        return False
    return int(written[:4]) >= EARLIEST_YEAR and int(written) <= latest
