"""Each recognizer finds what the standard says, however it is written, and nothing that fails its check digit.

All numbers are made up; check digits are computed or those of the standards' own examples.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric

from pipelines.classify.recognizers import RECOGNIZERS, registry
from pipelines.classify.recognizers.bank_card import BankCardRecognizer
from pipelines.classify.recognizers.cn_resident_id import CnResidentIdRecognizer
from pipelines.classify.recognizers.cn_uscc import CnUsccRecognizer

if TYPE_CHECKING:
    from pipelines.classify import checks

TODAY = 20261123
BY_ENTITY = {each.ENTITY: each for each in registry(latest=TODAY)}

FOUND = [
    ("CN_ID_CARD", "11010519491231002X", "11010519491231002X"),
    ("CN_ID_CARD", "110105194912310 02x", None),
    ("CN_ID_CARD", "身份证号440524188001010014已核", "440524188001010014"),
    ("CN_ID_CARD", "持810000199001010019居住证", None),
    ("CN_ID_CARD", "证件110999 19900101 0014", "110999 19900101 0014"),
    ("CN_ID_CARD", "110999-19900101-0014", "110999-19900101-0014"),
    ("CN_ID_CARD", "1109 9919 9001 0100 14", "1109 9919 9001 0100 14"),
    ("CN_ID_CARD", "身份证１１０９９９１９９００１０１００１４。", "１１０９９９１９９００１０１００１４"),
    (
        "CN_ID_CARD",
        "1\u200b1\u200b0\u200b9\u200b9\u200b9\u200b1\u200b9\u200b9\u200b0\u200b0\u200b1\u200b0\u200b1\u200b0\u200b0\u200b1\u200b4",
        "1\u200b1\u200b0\u200b9\u200b9\u200b9\u200b1\u200b9\u200b9\u200b0\u200b0\u200b1\u200b0\u200b1\u200b0\u200b0\u200b1\u200b4",
    ),
    ("CN_ID_CARD", "11010519491231002Y", None),
    ("CN_ID_CARD", "110105194912310021", None),
    ("CN_ID_CARD", "999999199001010016", None),
    ("CN_ID_CARD", "110999199002300013", None),
    ("CN_ID_CARD", "A110999199001010014", None),
    ("CN_ID_CARD", "1109991990010100140", None),
    ("CN_USCC", "91350100M000100Y43", "91350100M000100Y43"),
    ("CN_USCC", "税号91230184ma1buflt44，请开票", "91230184ma1buflt44"),
    ("CN_USCC", "９１３５０１００Ｍ０００１００Ｙ４３", "９１３５０１００Ｍ０００１００Ｙ４３"),
    ("CN_USCC", "91350100M000100Y44", None),
    ("CN_USCC", "91350100M000100X43", None),
    ("CN_USCC", "91350100I000100Y43", None),
    ("CREDIT_CARD", "6210000000000000009", "6210000000000000009"),
    ("CREDIT_CARD", "卡号4111 1111 1111 1111有效", "4111 1111 1111 1111"),
    ("CREDIT_CARD", "4111-1111-1111-1111", "4111-1111-1111-1111"),
    ("CREDIT_CARD", "4111111111111112", None),
    ("CREDIT_CARD", "1111111111111117", None),
    ("CREDIT_CARD", "20240105093012345", None),
    ("PHONE_NUMBER", "13812345678", "13812345678"),
    ("PHONE_NUMBER", "请致电138-1234-5678谢谢", "138-1234-5678"),
    ("PHONE_NUMBER", "+86 138 1234 5678", "+86 138 1234 5678"),
    ("PHONE_NUMBER", "（86）13812345678", "13812345678"),
    ("PHONE_NUMBER", "手机１３８１２３４５６７８", "１３８１２３４５６７８"),
    ("PHONE_NUMBER", "电话010-62345678转3", "010-62345678"),
    ("PHONE_NUMBER", "总机(0755)61427948谢谢", "(0755)61427948"),
    ("PHONE_NUMBER", "电话：（0898）63054094", "（0898）63054094"),
    ("PHONE_NUMBER", "(0755)11427948", None),
    ("PHONE_NUMBER", "12812345678", None),
    ("PHONE_NUMBER", "138123456789", None),
    ("PHONE_NUMBER", "15000000000.50", None),
    ("PHONE_NUMBER", "NO13812345678", None),
    ("CN_PASSPORT", "护照E12345678", "E12345678"),
    ("CN_PASSPORT", "EA1234567", "EA1234567"),
    ("CN_PASSPORT", "EI1234567", None),
    ("CN_PASSPORT", "E1234567", None),
    ("CN_PLATE", "车牌京AD92035", "京AD92035"),
    ("CN_PLATE", "沪A·12345停在门口", "沪A·12345"),
    ("CN_PLATE", "粤B1234学", "粤B1234学"),
    ("CN_PLATE", "京I12345", None),
    ("CN_PLATE", "京ABCDEF", None),
    ("EMAIL_ADDRESS", "邮箱zhang.san@example.com谢谢", "zhang.san@example.com"),
    ("EMAIL_ADDRESS", "zhang＠example．com", "zhang＠example．com"),
    ("EMAIL_ADDRESS", "zhang@example", None),
    ("EMAIL_ADDRESS", "@example.com", None),
    ("IP_ADDRESS", "地址IP192.168.1.1异常", "192.168.1.1"),
    ("IP_ADDRESS", "fe80::1", "fe80::1"),
    ("IP_ADDRESS", "256.1.1.1", None),
    ("IP_ADDRESS", "版本v1.2.3.4", None),
    ("IP_ADDRESS", "1.2.3.4.5", None),
    ("PAYMENT_AUTH", "CVV：123", "123"),
    ("PAYMENT_AUTH", "支付密码是123456", "123456"),
    ("PAYMENT_AUTH", "密码: Abc!2345", "Abc!2345"),
    ("PAYMENT_AUTH", "房间123", None),
]


@pytest.mark.parametrize(("entity", "text", "value"), FOUND, ids=[f"{e}: {t[:24]!r}" for e, t, _ in FOUND])
def test_a_value_is_found_wherever_it_stands_and_a_near_miss_is_not(entity: str, text: str, value: str | None) -> None:
    found = [r for r in BY_ENTITY[entity].analyze(text, [entity]) if r.score >= 0.4]
    assert {text[r.start : r.end] for r in found} == ({value} if value else set())


def test_a_date_of_birth_needs_its_context_and_must_not_lie_ahead() -> None:
    recognizer = BY_ENTITY["DATE_OF_BIRTH"]
    assert [r.score for r in recognizer.analyze("1990-02-28", [])] == [0.1]
    assert not recognizer.analyze("1990-02-30", [])
    assert not recognizer.analyze("2026-11-24", [])
    assert recognizer.analyze("2026-11-23", [])


def test_an_identity_number_of_someone_not_yet_born_is_none() -> None:
    body = "11099920300101001"
    number = body + ric.calc_check_digit(body + "0")
    assert not BY_ENTITY["CN_ID_CARD"].analyze(number, [])


def test_every_recognizer_is_in_the_registry_once_for_each_language() -> None:
    for language in ("zh", "en"):
        each = registry(language)
        assert [type(r) for r in each] == list(RECOGNIZERS)
        assert {r.supported_language for r in each} == {language}
        assert len({r.ENTITY for r in each}) == len(each)


def _matrix(text: str) -> checks.Matrix:
    return np.frombuffer(text.encode("ascii"), dtype=np.uint8).reshape(1, -1)


@given(st.text(alphabet="0123456789", min_size=17, max_size=17), st.sampled_from("0123456789Xx"))
def test_identity_numbers_are_judged_alike_one_by_one_and_all_at_once(body: str, check: str) -> None:
    recognizer = CnResidentIdRecognizer(latest=TODAY)
    for number in (body + check, body + ric.calc_check_digit(body + "0"), f"110999{body[:2]}900101{body[3:6]}"):
        if len(number) == 18 and number[0] in "12345678":
            assert bool(recognizer.plain(_matrix(number))[0]) == bool(recognizer.validate_result(number))


@given(st.text(alphabet="0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=18, max_size=18))
def test_credit_codes_are_judged_alike_one_by_one_and_all_at_once(text: str) -> None:
    recognizer = CnUsccRecognizer()
    code = "91" + "350100" + text[8:]
    assert bool(recognizer.plain(_matrix(code))[0]) == recognizer.validate_result(code)


@given(st.integers(13, 19).flatmap(lambda n: st.text(alphabet=string.digits, min_size=n - 1, max_size=n - 1)))
def test_cards_are_judged_alike_one_by_one_and_all_at_once(body: str) -> None:
    recognizer = BankCardRecognizer()
    for number in (body + luhn.calc_check_digit(body), body + "0", "62" + body[2:] + "0"):
        assert bool(recognizer.plain(_matrix(number))[0]) == recognizer.validate_result(number)
