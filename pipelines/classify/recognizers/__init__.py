"""The recognizers, one class a file, and the registry that hands them to Presidio.

To add one: a file with a ``FoldedRecognizer``, a line in RECOGNIZERS (most specific first), a table of cases with
near-misses in ``tests/unit/test_classify_recognizers.py``.
"""

from __future__ import annotations

from typing import Final

from pipelines.classify.recognizers.bank_card import BankCardRecognizer
from pipelines.classify.recognizers.birth_date import BirthDateRecognizer
from pipelines.classify.recognizers.cn_passport import CnPassportRecognizer
from pipelines.classify.recognizers.cn_plate import CnPlateRecognizer
from pipelines.classify.recognizers.cn_resident_id import CnResidentIdRecognizer
from pipelines.classify.recognizers.cn_uscc import CnUsccRecognizer
from pipelines.classify.recognizers.email import EmailRecognizer
from pipelines.classify.recognizers.folded import FLAGS, THRESHOLD, FoldedRecognizer, Gate
from pipelines.classify.recognizers.ip import IpRecognizer
from pipelines.classify.recognizers.payment_auth import PaymentAuthRecognizer
from pipelines.classify.recognizers.phone import PhoneRecognizer

__all__ = ["FLAGS", "RECOGNIZERS", "THRESHOLD", "FoldedRecognizer", "Gate", "registry"]

RECOGNIZERS: Final[tuple[type[FoldedRecognizer], ...]] = (
    CnResidentIdRecognizer,
    CnUsccRecognizer,
    BankCardRecognizer,
    EmailRecognizer,
    PaymentAuthRecognizer,
    CnPlateRecognizer,
    CnPassportRecognizer,
    PhoneRecognizer,
    IpRecognizer,
    BirthDateRecognizer,
)
"""Most specific first: where two findings of equal score overlap, the earlier one stands."""


def registry(language: str = "zh", *, latest: int = 99991231) -> list[FoldedRecognizer]:
    """Return all recognizers for texts of a language; no date after ``latest`` (yyyymmdd) is one of birth."""
    return [kind(language, latest=latest) for kind in RECOGNIZERS]
