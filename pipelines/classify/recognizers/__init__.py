"""The recognizers, one class a file, and the registry that hands them to Presidio.

To add one: a file with a ``FoldedRecognizer``, a line in RECOGNIZERS (most specific first), a table of cases with
near-misses in ``tests/unit/test_classify_recognizers.py``.
"""

from __future__ import annotations

from typing import Final

from pipelines.classify.recognizers.bank_card import BankCardRecognizer
from pipelines.classify.recognizers.birth_date import BirthDateRecognizer
from pipelines.classify.recognizers.cn_messenger import CnMessengerRecognizer
from pipelines.classify.recognizers.cn_organization_code import CnOrganizationCodeRecognizer
from pipelines.classify.recognizers.cn_passport import CnPassportRecognizer
from pipelines.classify.recognizers.cn_permanent_resident import CnPermanentResidentRecognizer
from pipelines.classify.recognizers.cn_plate import CnPlateRecognizer
from pipelines.classify.recognizers.cn_postal_code import CnPostalCodeRecognizer
from pipelines.classify.recognizers.cn_residence_permit import CnResidencePermitRecognizer
from pipelines.classify.recognizers.cn_resident_id import CnResidentIdRecognizer
from pipelines.classify.recognizers.cn_travel_permit import CnTravelPermitRecognizer
from pipelines.classify.recognizers.cn_uscc import CnUsccRecognizer
from pipelines.classify.recognizers.email import EmailRecognizer
from pipelines.classify.recognizers.folded import FLAGS, THRESHOLD, FoldedRecognizer, Gate
from pipelines.classify.recognizers.hk_id_card import HkIdCardRecognizer
from pipelines.classify.recognizers.iban import IbanRecognizer
from pipelines.classify.recognizers.imei import ImeiRecognizer
from pipelines.classify.recognizers.ip import IpRecognizer
from pipelines.classify.recognizers.mac_address import MacAddressRecognizer
from pipelines.classify.recognizers.mo_id_card import MoIdCardRecognizer
from pipelines.classify.recognizers.payment_auth import PaymentAuthRecognizer
from pipelines.classify.recognizers.phone import PhoneRecognizer
from pipelines.classify.recognizers.tw_id_card import TwIdCardRecognizer
from pipelines.classify.recognizers.url import UrlRecognizer

__all__ = ["FLAGS", "RECOGNIZERS", "THRESHOLD", "FoldedRecognizer", "Gate", "registry"]

RECOGNIZERS: Final[tuple[type[FoldedRecognizer], ...]] = (
    CnResidentIdRecognizer,
    CnResidencePermitRecognizer,
    CnPermanentResidentRecognizer,
    CnUsccRecognizer,
    PaymentAuthRecognizer,
    IbanRecognizer,
    ImeiRecognizer,
    BankCardRecognizer,
    UrlRecognizer,
    EmailRecognizer,
    CnPlateRecognizer,
    CnTravelPermitRecognizer,
    CnPassportRecognizer,
    HkIdCardRecognizer,
    TwIdCardRecognizer,
    MoIdCardRecognizer,
    MacAddressRecognizer,
    PhoneRecognizer,
    CnOrganizationCodeRecognizer,
    IpRecognizer,
    BirthDateRecognizer,
    CnMessengerRecognizer,
    CnPostalCodeRecognizer,
)
"""Most specific first: where two findings of equal score overlap, the earlier one stands."""


def registry(language: str = "zh", *, latest: int = 99991231) -> list[FoldedRecognizer]:
    """Return all recognizers for texts of a language; no date after ``latest`` (yyyymmdd) is one of birth."""
    return [kind(language, latest=latest) for kind in RECOGNIZERS]
