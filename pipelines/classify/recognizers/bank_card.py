"""Bank card numbers: issuer ranges with their lengths, and Luhn (ISO/IEC 7812-1)."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
import regex
from presidio_analyzer import Pattern
from stdnum import luhn

from pipelines.classify import checks
from pipelines.classify.recognizers.folded import AFTER, BEFORE, BREAK, FLAGS, GAP, FoldedRecognizer, Gate, bare

_ISSUERS = regex.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|62[0-9]{14,17}"  # UnionPay
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-5]|[68][0-9])[0-9]{11}"  # Diners
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12,15}"  # JCB
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12,15}"  # Discover
    r"|(?:50|5[6-9]|60|6[3-9]|81|9[0-9])[0-9]{13,17}",  # Maestro; domestic cards of older series
    FLAGS,
)


class BankCardRecognizer(FoldedRecognizer):
    """Thirteen to nineteen digits of an issuer's range with a right check digit, plain or in blocks."""

    ENTITY = "CREDIT_CARD"
    PATTERNS = (
        Pattern("Bank card", BEFORE + r"[2-689][0-9]{12,18}" + AFTER, 0.3),
        Pattern(
            "Bank card, in fours",
            BEFORE + rf"[2-689][0-9]{{3}}(?:{GAP}[0-9]{{4}}){{2,3}}{GAP}[0-9]{{1,4}}" + AFTER,
            0.3,
        ),
        Pattern("Bank card, 6 and 13", BEFORE + rf"62[0-9]{{4}}{GAP}[0-9]{{13}}" + AFTER, 0.3),
        Pattern("Bank card, 4-6-5", BEFORE + rf"3[0-9]{{3}}{GAP}[0-9]{{6}}{GAP}[0-9]{{4,5}}" + AFTER, 0.3),
        Pattern("Bank card, over two lines", BEFORE + rf"[2-689][0-9]{{1,16}}{BREAK}[0-9]{{2,17}}" + AFTER, 0.3),
    )
    CONTEXT = (
        "银行卡", "卡号", "借记卡", "信用卡", "账号", "帐号", "储蓄卡",
        "card", "visa", "mastercard", "unionpay", "account",
    )  # fmt: skip
    GATE = Gate(run=13, solid=frozenset(range(13, 20)))
    PLAIN = (13, 14, 15, 16, 17, 18, 19)

    def validate_result(self, pattern_text: str) -> bool:
        """Check issuer, length and Luhn; numbers on more than two lines are a list, not a card."""
        text = bare(pattern_text)
        return pattern_text.count("\n") < 2 and _ISSUERS.fullmatch(text) is not None and luhn.is_valid(text)

    def plain(self, matrix: checks.Matrix) -> checks.Scores:
        """Judge whole cells of one length: digits, Luhn, and the issuer of those that pass."""
        good = checks.luhn(matrix)
        head = checks.number(np.where(good[:, None], matrix[:, :4], ord("0")).astype(np.uint8))
        good &= _issued(matrix.shape[1])[head]
        return good.astype(np.float64)


@functools.cache
def _issued(size: int) -> npt.NDArray[np.bool_]:
    """Tell, for each first four digits (no issuer's range needs more), whether cards of that size are issued."""
    return np.array([_ISSUERS.fullmatch(f"{head:04d}".ljust(size, "0")) is not None for head in range(10_000)])
