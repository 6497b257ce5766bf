"""Resident identity numbers of China (GB 11643-1999), with those of 1989 where context says so."""

from __future__ import annotations

from datetime import date

import numpy as np
from presidio_analyzer import Pattern
from stdnum.cn import ric

from pipelines.classify.checks import EARLIEST_YEAR, PROVINCES, Matrix, Scores, resident_ids
from pipelines.classify.recognizers.folded import AFTER, BEFORE, BREAK, GAP, FoldedRecognizer, Gate, bare

_NEW, _OLD = 18, 15


def eighteen(name: str, head: str, score: float) -> tuple[Pattern, ...]:
    """Return the ways to write a number of eighteen characters that begins with ``head`` (one digit's pattern)."""
    return (
        Pattern(name, BEFORE + head + r"[0-9]{16}[0-9Xx]" + AFTER, score),
        Pattern(
            f"{name}, in groups",
            BEFORE
            + rf"{head}[0-9]{{5}}{GAP}?(?:[0-9]{{8}}|[0-9]{{4}}{GAP}?[0-9]{{4}}|[0-9]{{4}}{GAP}[0-9]{{2}}{GAP}[0-9]{{2}})"
            + rf"{GAP}?[0-9]{{3}}[0-9Xx]"
            + AFTER,
            score,
        ),
        Pattern(
            f"{name}, in fours", BEFORE + rf"{head}[0-9]{{3}}(?:{GAP}[0-9]{{4}}){{3}}{GAP}[0-9][0-9Xx]" + AFTER, score
        ),
        Pattern(
            f"{name}, digit by digit",
            BEFORE + rf"{head}(?:[ -]{{1,2}}[0-9]){{16}}[ -]{{1,2}}[0-9Xx]" + AFTER,
            score,
        ),
        Pattern(
            f"{name}, over two lines",
            BEFORE + rf"{head}[0-9]{{0,16}}{BREAK}[0-9]{{0,16}}[0-9Xx]" + AFTER,
            score,
        ),
    )


def checked(text: str, latest: int) -> bool:
    """Tell whether eighteen characters have a date of birth at its place and the right check character."""
    return real(text[6:14], latest) and text[-1] == ric.calc_check_digit(text)


def real(written: str, latest: int) -> bool:
    """Tell whether a date (yyyymmdd) exists and someone alive can be born then."""
    try:
        date(int(written[:4]), int(written[4:6]), int(written[6:]))
    except ValueError:
        return False
    return int(written[:4]) >= EARLIEST_YEAR and int(written) <= latest


class CnResidentIdRecognizer(FoldedRecognizer):
    """Eighteen characters with province, real date of birth and check character; fifteen digits with context."""

    ENTITY = "CN_ID_CARD"
    PATTERNS = (
        *eighteen("Resident ID", "[1-7]", 0.5),
        Pattern("Resident ID of 1989", BEFORE + r"[1-7][0-9]{14}" + AFTER, 0.1),
    )
    CONTEXT = (
        "身份证", "身份號", "身份号", "证件号", "公民身份",
        "resident id", "identity", "id card", "id number", "id no",
    )  # fmt: skip
    GATE = Gate(run=15, solid=frozenset({15, 18}))
    PLAIN = (18,)

    def validate_result(self, pattern_text: str) -> bool | None:
        """Check province, date and check character; a number of 1989 has no check character and stays weak."""
        text = bare(pattern_text).upper()
        if len(text) not in {_OLD, _NEW} or int(text[:2]) not in PROVINCES:
            return False
        if len(text) == _OLD:
            return None if text.isdigit() and real(f"19{text[6:12]}", self.latest) else False
        return checked(text, self.latest)

    def plain(self, matrix: Matrix) -> Scores:
        """Judge whole cells of eighteen characters."""
        return resident_ids(matrix, self.latest).astype(np.float64)
