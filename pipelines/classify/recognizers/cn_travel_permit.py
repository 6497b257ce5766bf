"""Travel permits between the mainland and Hong Kong, Macau and Taiwan. Their numbers carry no check digit."""

from __future__ import annotations

import numpy as np
from presidio_analyzer import Pattern

from pipelines.classify import checks
from pipelines.classify.recognizers.folded import AFTER, BEFORE, FoldedRecognizer, Gate

_HOME = np.frombuffer(b"HMhm", dtype=np.uint8)


class CnTravelPermitRecognizer(FoldedRecognizer):
    """H or M with eight or ten digits is a finding by itself; the other forms need context."""

    ENTITY = "CN_TRAVEL_PERMIT"
    PATTERNS = (
        Pattern("Home return permit", BEFORE + r"[HMhm](?:[0-9]{8}|[0-9]{10})" + AFTER, 0.4),
        Pattern("Permit of a mainlander", BEFORE + r"[CWLTDcwltd][0-9A-Za-z][0-9]{7}" + AFTER, 0.1),
        Pattern("Permit of a Taiwanese", BEFORE + r"[0-9]{8}(?:[0-9]{2}(?:\([A-Za-z]\))?)?" + AFTER, 0.1),
    )
    CONTEXT = (
        "通行证", "通行證", "回乡证", "回鄉證", "台胞证", "台胞證", "臺胞證",
        "travel permit", "home return", "entry permit", "mtp",
    )  # fmt: skip
    GATE = Gate(
        run=7,
        must=r"(?:^|[^0-9A-Za-z])(?:[HMhm][0-9]{8}|[CWLTDcwltd][0-9A-Za-z][0-9]{7}|[0-9]{8}(?:$|[0-9]{2}(?:$|[^0-9A-Za-z])|[^0-9A-Za-z]))",
        solid=frozenset({8, 9, 10, 11}),
    )
    PLAIN = (8, 10, 11)

    def plain(self, matrix: checks.Matrix) -> checks.Scores:
        """Score whole cells: digits alone are as weak as the pattern."""
        if matrix.shape[1] == 11:
            return np.where(np.isin(matrix[:, 0], _HOME) & checks.digits(matrix[:, 1:]), 0.4, 0.0)
        return np.where(checks.digits(matrix), 0.1, 0.0)
