"""The rarer identifiers: found alone, glued to Chinese, wide, in groups and over two lines; near-misses are not.

All numbers are made up; check digits are computed or those of the standards' own examples.
"""

from __future__ import annotations

import pytest

from pipelines.classify import Analyzer
from pipelines.classify.cells import of_texts
from pipelines.classify.finder import KINDS, find, resolved
from pipelines.classify.recognizers import registry

TODAY = 20261123
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")

# Kind, text, the value in it (None: a near-miss).
CASES = [
    ("CN_RESIDENCE_PERMIT", "810000199001010019", "810000199001010019"),
    ("CN_RESIDENCE_PERMIT", "持810000199001010019居住证", "810000199001010019"),
    ("CN_RESIDENCE_PERMIT", "810000199001010019".translate(WIDE), "810000199001010019".translate(WIDE)),
    ("CN_RESIDENCE_PERMIT", "810000 19900101 0019", "810000 19900101 0019"),
    ("CN_RESIDENCE_PERMIT", "810000-19900101-0019", "810000-19900101-0019"),
    ("CN_RESIDENCE_PERMIT", "证件8100001990\n01010019，已核", "8100001990\n01010019"),
    ("CN_RESIDENCE_PERMIT", "810000199001010018", None),
    ("CN_RESIDENCE_PERMIT", "110999199001010014", None),
    ("CN_RESIDENCE_PERMIT", "8100001990010100190", None),
    ("CN_PERMANENT_RESIDENT_CARD", "911248199001010016", "911248199001010016"),
    ("CN_PERMANENT_RESIDENT_CARD", "永居证911248199001010016到期", "911248199001010016"),
    ("CN_PERMANENT_RESIDENT_CARD", "911248 19900101 0016", "911248 19900101 0016"),
    ("CN_PERMANENT_RESIDENT_CARD", "permanent resident card USA110190010112", "USA110190010112"),
    ("CN_PERMANENT_RESIDENT_CARD", "永久居留证CAN310085123101", "CAN310085123101"),
    ("CN_PERMANENT_RESIDENT_CARD", "订单CAN310085123101", None),
    ("CN_PERMANENT_RESIDENT_CARD", "911248199001010017", None),
    ("CN_PERMANENT_RESIDENT_CARD", "999999199001010016", None),
    ("CN_TRAVEL_PERMIT", "H12345678", "H12345678"),
    ("CN_TRAVEL_PERMIT", "回乡证M1234567801。", "M1234567801"),
    ("CN_TRAVEL_PERMIT", "Ｈ１２３４５６７８", "Ｈ１２３４５６７８"),
    ("CN_TRAVEL_PERMIT", "台胞证：12345678", "12345678"),
    ("CN_TRAVEL_PERMIT", "往来港澳通行证C12345678", "C12345678"),
    ("CN_TRAVEL_PERMIT", "travel permit CA1234567", "CA1234567"),
    ("CN_TRAVEL_PERMIT", "货号12345678", None),
    ("CN_TRAVEL_PERMIT", "C12345678", None),
    ("CN_TRAVEL_PERMIT", "H1234567", None),
    ("CN_TRAVEL_PERMIT", "AH12345678", None),
    ("HK_ID_CARD", "A123456(3)", "A123456(3)"),
    ("HK_ID_CARD", "香港身份证A123456（3）", "A123456（3）"),
    ("HK_ID_CARD", "HKID: A1234563", "A1234563"),
    ("HK_ID_CARD", "A123456(4)", None),
    ("HK_ID_CARD", "型号A1234563", None),
    ("MO_ID_CARD", "澳门身份证1234567(8)", "1234567(8)"),
    ("MO_ID_CARD", "Macau ID 5123456/7", "5123456/7"),
    ("MO_ID_CARD", "编号1234567(8)", None),
    ("MO_ID_CARD", "澳门2234567(8)", None),
    ("TW_ID_CARD", "A123456789", "A123456789"),
    ("TW_ID_CARD", "台湾身份证A123456789号", "A123456789"),
    ("TW_ID_CARD", "A123456788", None),
    ("TW_ID_CARD", "A323456789", None),
    ("CN_ORGANIZATION_CODE", "M000100Y-4", "M000100Y-4"),
    ("CN_ORGANIZATION_CODE", "组织机构代码M000100Y4", "M000100Y4"),
    ("CN_ORGANIZATION_CODE", "机构代码：MA1BUFLT-4", "MA1BUFLT-4"),
    ("CN_ORGANIZATION_CODE", "M000100Y-5", None),
    ("CN_ORGANIZATION_CODE", "M000100Y4", None),
    ("CN_ORGANIZATION_CODE", "CUSTOMER-1", None),
    ("MAC_ADDRESS", "00:1A:2b:3C:4D:5E", "00:1A:2b:3C:4D:5E"),
    ("MAC_ADDRESS", "设备00-1A-2B-3C-4D-5E上线", "00-1A-2B-3C-4D-5E"),
    ("MAC_ADDRESS", "001a.2b3c.4d5e", "001a.2b3c.4d5e"),
    ("MAC_ADDRESS", "MAC 001A2B3C4D5E", "001A2B3C4D5E"),
    ("MAC_ADDRESS", "001A2B3C4D5E", None),
    ("MAC_ADDRESS", "00:1A:2B:3C:4D", None),
    ("MAC_ADDRESS", "00:1A:2B:3C:4D:5E:6F", None),
    ("MAC_ADDRESS", "00:1A-2B:3C-4D:5E", None),
    ("MAC_ADDRESS", "00:00:00:00:00:00", None),
    ("URL", "见https://example.com/a?b=1。", "https://example.com/a?b=1"),
    ("URL", "www.example.com", "www.example.com"),
    ("URL", "open example.com/users/7 now", "example.com/users/7"),
    ("URL", "http://192.168.1.1:8080/login", "http://192.168.1.1:8080/login"),
    ("URL", "example.com", None),
    ("URL", "user@example.com", None),
    ("URL", "a.b@www.example.com", None),
    ("URL", "report.docxx/final", None),
    ("CN_MESSENGER_ACCOUNT", "微信号：zhang_san88", "zhang_san88"),
    ("CN_MESSENGER_ACCOUNT", "加微信zhangsan88聊", "zhangsan88"),
    ("CN_MESSENGER_ACCOUNT", "QQ：12345678", "12345678"),
    ("CN_MESSENGER_ACCOUNT", "我的qq是１２３４５６７８。", "１２３４５６７８"),
    ("CN_MESSENGER_ACCOUNT", "WeChat ID: lisi_2020", "lisi_2020"),
    ("CN_MESSENGER_ACCOUNT", "wechat friends came", None),
    ("CN_MESSENGER_ACCOUNT", "zhang_san88", None),
    ("CN_MESSENGER_ACCOUNT", "微信支付500000元", None),
    ("CN_MESSENGER_ACCOUNT", "QQ：12345678@qq.com", None),
    ("CN_MESSENGER_ACCOUNT", "vx:lisi_2020", "lisi_2020"),
    ("CN_MESSENGER_ACCOUNT", "加vx13912345", "13912345"),
    ("CN_MESSENGER_ACCOUNT", "订单WX20240001已发", None),
    ("CN_MESSENGER_ACCOUNT", "票据vx987654", None),
    ("CN_POSTAL_CODE", "邮编：100080", "100080"),
    ("CN_POSTAL_CODE", "postal code 518000", "518000"),
    ("CN_POSTAL_CODE", "邮政编码２０００００", "２０００００"),
    ("CN_POSTAL_CODE", "金额100080", None),
    ("CN_POSTAL_CODE", "邮编：990080", None),
    ("CN_POSTAL_CODE", "邮编1000801", None),
    ("IMEI", "IMEI：490154203237518", "490154203237518"),
    ("IMEI", "设备号490154203237518", "490154203237518"),
    ("IMEI", "IMEI 49-015420-323751-8", "49-015420-323751-8"),
    ("IMEI", "490154203237518", None),
    ("IMEI", "IMEI：490154203237519", None),
    ("IBAN_CODE", "GB82WEST12345698765432", "GB82WEST12345698765432"),
    ("IBAN_CODE", "账号DE89 3704 0044 0532 0130 00。", "DE89 3704 0044 0532 0130 00"),
    ("IBAN_CODE", "GB82WEST12345698765433", None),
    ("PAYMENT_AUTH", "%B4111111111111111^DOE/JOHN^30011010000000000000?", "%B4111111111111111^DOE/JOHN^30011010000000000000?"),
    ("PAYMENT_AUTH", "磁道;4111111111111111=30011010000012345678?", ";4111111111111111=30011010000012345678?"),
    ("PAYMENT_AUTH", "密码已重置", None),
    ("PAYMENT_AUTH", "忘记密码", None),
    ("PAYMENT_AUTH", "验证码未收到", None),
    ("CN_ID_CARD", "身份证1101051949\n1231002X", "1101051949\n1231002X"),
    ("CN_ID_CARD", "110105\r\n19491231002X", "110105\r\n19491231002X"),
    ("CN_ID_CARD", "110105 19491231\r\n002X", "110105 19491231\r\n002X"),
    ("CN_ID_CARD", "1101051949\n12310021", None),
    ("CREDIT_CARD", "卡号4111 1111\n1111 1111", "4111 1111\n1111 1111"),
    ("CREDIT_CARD", "62100000000\r\n00000009", "62100000000\r\n00000009"),
    ("CREDIT_CARD", "4111\n1111\n1111\n1111", None),
    ("CN_USCC", "91350100M0\n00100Y43", "91350100M0\n00100Y43"),
    ("CN_USCC", "91350100\r\nM000100Y43", "91350100\r\nM000100Y43"),
    ("CN_USCC", "91350100M0\n00100Y44", None),
    ("PHONE_NUMBER", "电话1381234\n5678", "1381234\n5678"),
    ("PHONE_NUMBER", "138-1234-\r\n5678", "138-1234-\r\n5678"),
    ("PHONE_NUMBER", "13812\r\n345678", "13812\r\n345678"),
    ("PHONE_NUMBER", "138123\n456789", None),
    ("PHONE_NUMBER", "+44 20 7946 0958", "+44 20 7946 0958"),
    ("PHONE_NUMBER", "+44 20 79", None),
]  # fmt: skip
NAMES = [f"{kind}: {text[:24]!r}" for kind, text, _ in CASES]


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer({}, latest=TODAY)


@pytest.mark.parametrize(("kind", "text", "value"), CASES, ids=NAMES)
def test_a_value_is_found_on_both_paths_and_a_near_miss_on_neither(
    analyzer: Analyzer, kind: str, text: str, value: str | None
) -> None:
    wanted = {value} if value else set()
    hits = resolved(find(of_texts([text])[0], registry(latest=TODAY)))
    spans = zip(hits.start.tolist(), hits.end.tolist(), hits.kind.tolist(), strict=True)
    assert {text[start:end] for start, end, each in spans if KINDS[each] == kind} == wanted
    presidio = analyzer.presidio.analyze(text, "zh", entities=[kind])
    assert {text[each.start : each.end] for each in presidio} == wanted


# Column's name, cell, kind.
HEADED = [
    ("通行证号", "12345678", "CN_TRAVEL_PERMIT"),
    ("出生日期", "19900101", "DATE_OF_BIRTH"),
    ("date_of_birth", "19900101", "DATE_OF_BIRTH"),
    ("QQ号", "12345678", "CN_MESSENGER_ACCOUNT"),
    ("wechat", "zhangsan", "CN_MESSENGER_ACCOUNT"),
    ("邮编", "100080", "CN_POSTAL_CODE"),
    ("imei", "490154203237518", "IMEI"),
    ("身份证号", "110105491231002", "CN_ID_CARD"),
    ("组织机构代码", "M000100Y4", "CN_ORGANIZATION_CODE"),
    ("mac_address", "001A2B3C4D5E", "MAC_ADDRESS"),
    ("备注", "12345678", None),
]


@pytest.mark.parametrize(("name", "cell", "kind"), HEADED, ids=[f"{n}: {c}" for n, c, _ in HEADED])
def test_the_name_of_a_column_says_what_digits_are(name: str, cell: str, kind: str | None) -> None:
    hits = resolved(find(of_texts([cell])[0], registry(latest=TODAY), [name]))
    assert [KINDS[each] for each in hits.kind.tolist()] == ([kind] if kind else [])


OVERLAPS = [
    ("%B4111111111111111^DOE/JOHN^30011010000000000000?", ["PAYMENT_AUTH"]),
    ("6210000000000000009", ["CREDIT_CARD"]),
    ("https://example.com/?mail=a@example.com", ["URL"]),
    ("E12345678", ["CN_PASSPORT"]),
    ("身份证810000199001010019", ["CN_RESIDENCE_PERMIT"]),
    ("微信13812345678", ["PHONE_NUMBER"]),
    ("QQ邮箱12345678@qq.com", ["EMAIL_ADDRESS"]),
]


@pytest.mark.parametrize(("text", "kinds"), OVERLAPS, ids=[text for text, _ in OVERLAPS])
def test_of_two_readings_the_right_one_stands(text: str, kinds: list[str]) -> None:
    hits = resolved(find(of_texts([text])[0], registry(latest=TODAY)))
    assert [KINDS[each] for each in hits.kind.tolist()] == kinds


def test_what_separates_cells_is_found_in_none_and_joins_none() -> None:
    cells, _ = of_texts(["13812", "345678", "身份证110105\x1e19491231002X", "微信\x1e"])
    hits = resolved(find(cells, registry(latest=TODAY)))
    assert [(cell, KINDS[kind]) for cell, kind in zip(hits.cell.tolist(), hits.kind.tolist(), strict=True)] == [
        (2, "CN_ID_CARD")
    ]
