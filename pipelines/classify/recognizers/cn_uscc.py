"""Unified social credit codes of enterprises (GB 32100-2015) with the organisation code (GB 11714-1997) inside."""

from __future__ import annotations

import numpy as np
from presidio_analyzer import Pattern
from stdnum.cn import uscc

from pipelines.classify.checks import Matrix, Scores, credit_codes
from pipelines.classify.recognizers.folded import AFTER, BEFORE, BREAK, GAP, FoldedRecognizer, Gate, bare

_BODY = r"[0-9A-HJ-NP-RTUWXYa-hj-np-rtuwxy]"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class CnUsccRecognizer(FoldedRecognizer):
    """Eighteen characters of the code's own alphabet with both check characters right."""

    ENTITY = "CN_USCC"
    PATTERNS = (
        Pattern("USCC", BEFORE + _BODY + r"{2}[0-9]{6}" + _BODY + r"{10}" + AFTER, 0.5),
        Pattern(
            "USCC, in groups",
            BEFORE
            + _BODY
            + "{2}"
            + GAP
            + "?[0-9]{6}"
            + GAP
            + "?"
            + _BODY
            + "{8}"
            + GAP
            + "?"
            + _BODY
            + GAP
            + "?"
            + _BODY
            + AFTER,
            0.5,
        ),
        Pattern(
            "USCC, in fours",
            BEFORE + _BODY + rf"{{2}}[0-9]{{2}}{GAP}[0-9]{{4}}(?:{GAP}{_BODY}{{4}}){{2}}{GAP}{_BODY}{{2}}" + AFTER,
            0.5,
        ),
        Pattern(
            "USCC, over two lines",
            BEFORE + rf"(?={_BODY}{BREAK}?{_BODY}{BREAK}?[0-9]){_BODY}{{1,17}}{BREAK}{_BODY}{{1,17}}" + AFTER,
            0.5,
        ),
    )
    CONTEXT = ("信用代码", "税号", "纳税人识别号", "统一代码", "credit code", "uscc", "tax id")
    GATE = Gate(size=18, run=6, must=r"[0-9A-Za-z](?:[ \r\n-]{0,4}[0-9A-Za-z]){17}", solid=frozenset({18}))
    PLAIN = (18,)

    def validate_result(self, pattern_text: str) -> bool:
        """Check both check characters."""
        text = bare(pattern_text).upper()
        if len(text) != 18 or not text[2:8].isdigit():
            return False
        total = sum(weight * int(char, 36) for weight, char in zip(_ORGANISATION_WEIGHTS, text[8:16], strict=True))
        return text[16] == "0X987654321"[total % 11] and text[17] == uscc.calc_check_digit(text)

    def plain(self, matrix: Matrix) -> Scores:
        """Judge whole cells of eighteen characters."""
        return credit_codes(matrix).astype(np.float64)
