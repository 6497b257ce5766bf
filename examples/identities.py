"""Made-up persons and enterprises, whole columns at a time, with valid check digits.

Each is a function of a number and the seed, so that the same person can turn up in two files, and no two numbers give
the same identity document. Area codes are real ones; who they name is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import faker
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.policy.partners import USCC_ALPHABET

Numbers = npt.NDArray[np.uint64]
Text: TypeAlias = Any
"""An Arrow array of text; Arrow has no type hints."""


def words(text: str) -> Text:
    """Make a pool of the words of a text."""
    return pa.array(text.split())


AREAS = words("""
    110101 110105 120101 130102 140105 210102 220102 230102 310101 310115 320102 330106 340102 350102 360102
    370102 410102 420106 430102 440106 440305 450102 500103 510104 520102 530102 610102 620102 640104 650102
""")
PLACES = words("""
    北京市东城区 北京市朝阳区 天津市和平区 河北省石家庄市长安区 山西省太原市小店区 辽宁省沈阳市和平区 吉林省长春市南关区
    黑龙江省哈尔滨市道里区 上海市黄浦区 上海市浦东新区 江苏省南京市玄武区 浙江省杭州市西湖区 安徽省合肥市瑶海区
    福建省福州市鼓楼区 江西省南昌市东湖区 山东省济南市历下区 河南省郑州市中原区 湖北省武汉市武昌区 湖南省长沙市芙蓉区
    广东省广州市天河区 广东省深圳市南山区 广西壮族自治区南宁市兴宁区 重庆市渝中区 四川省成都市锦江区 贵州省贵阳市南明区
    云南省昆明市五华区 陕西省西安市新城区 甘肃省兰州市城关区 宁夏回族自治区银川市兴庆区 新疆维吾尔自治区乌鲁木齐市天山区
""")
"""What the areas are called, in their order."""
MOVED_SHARE = 40
"""One enterprise in so many has moved since it was registered: its code names another place than its address."""
MOBILE_PREFIXES = words("""
    130 131 132 135 136 137 138 139 150 151 152 157 158 159 166 176 177 178 180 186 187 188
""")
INDUSTRIES = words("制造业 批发零售 软件和信息技术 物流运输 建筑业 餐饮住宿 教育 农业 商务服务 环保")
INTERESTS = words("旅游 阅读 摄影 户外运动 美食 音乐 亲子 健身 电影 园艺")
REMARKS = words("""
    希望邮寄纸质对账单 更换过手机 首次办理业务 请在工作日联系 需要电子回单 由同事陪同办理 已核对证件原件
    咨询过理财产品 请勿晚间来电 老客户
""")
FIRST_BIRTHDAY, BIRTHDAYS, SERIALS = np.datetime64("1950-01-01"), 20_000, 1_000
MULTIPLIER = 0x9E3779B97F4A7C15
"""Odd, and coprime with every space below after the adjustment in `spread`."""
ENGLISH_SHARE = 20
"""One person in so many has an English name."""
ID_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
USCC_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])
POOL = 1_500


@dataclass(frozen=True, slots=True)
class Pools:
    """Words to build identities from."""

    surnames: Text
    given: Text
    english: Text
    addresses: Text
    cities: Text
    occupations: Text
    companies: Text
    industries: Text
    remarks: Text
    interests: Text

    @classmethod
    def of(cls, seed: int) -> Pools:
        """Draw the pools from Faker; the same seed gives the same pools."""
        zh, en = faker.Faker("zh_CN"), faker.Faker("en_US")
        zh.seed_instance(seed)
        en.seed_instance(seed)
        return cls(
            surnames=_pool(zh.last_name() for _ in range(POOL)),
            given=_pool(zh.first_name() for _ in range(POOL)),
            english=_pool(en.name() for _ in range(POOL)),
            addresses=_pool(zh.address().split()[0] for _ in range(POOL)),
            cities=_pool(zh.city_name() for _ in range(POOL)),
            occupations=_pool(zh.job().replace(",", "、").replace('"', "") for _ in range(POOL)),
            companies=_pool(zh.company_prefix() for _ in range(POOL)),
            industries=INDUSTRIES,
            remarks=REMARKS,
            interests=INTERESTS,
        )


def _pool(words: object) -> Text:
    return pa.array(words)


def mix(numbers: Numbers, salt: int) -> Numbers:
    """Return other numbers that look random and depend on the salt (SplitMix64)."""
    with np.errstate(over="ignore"):
        mixed = numbers.astype(np.uint64) + np.uint64(salt * 2 + 1) * np.uint64(MULTIPLIER)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


def pick(pool: Text, numbers: Numbers, salt: int) -> Text:
    """Pick a word of the pool for each number."""
    return pool.take(pa.array((mix(numbers, salt) % np.uint64(len(pool))).astype(np.int64)))


def spread(numbers: Numbers, seed: int, space: int) -> npt.NDArray[np.int64]:
    """Map numbers one to one onto others below ``space``, scattered over all of it."""
    step = int(mix(np.array([seed], np.uint64), 99)[0]) % space | 1
    while np.gcd(step, space) != 1:
        step += 2
    # Multiplied in two halves, so that 64 bits are enough for a space below 2**40.
    low, high = step & 0xFFFFF, step >> 20
    number = numbers.astype(np.int64) % space
    offset = int(mix(np.array([seed], np.uint64), 98)[0] % np.uint64(space))
    return (number * high % space * (1 << 20) + number * low + offset) % space


def digits(numbers: npt.NDArray[Any], width: int) -> Text:
    """Write numbers with leading zeros."""
    return pc.utf8_lpad(pa.array(numbers.astype(np.int64)).cast(pa.string()), width, "0")


def join(*parts: Text) -> Text:
    """Write texts one after the other."""
    return pc.binary_join_element_wise(*parts, "")


def dates(days: npt.NDArray[np.datetime64]) -> Text:
    """Write days as ISO dates; NaT is missing."""
    return pa.array(days.astype("datetime64[D]")).cast(pa.string())


def _values(text: Text, width: int) -> npt.NDArray[np.int64]:
    """Return the characters' places in the alphabet of credit codes (for digits: their values)."""
    places = np.zeros(128, np.int64)
    places[[ord(character) for character in USCC_ALPHABET]] = np.arange(len(USCC_ALPHABET))
    raw = np.frombuffer("".join(text.to_pylist()).encode(), np.uint8).reshape(-1, width)
    return places[raw]


def resident_ids(numbers: Numbers, seed: int) -> tuple[Text, Text, Text]:
    """Return identity numbers (GB 11643-1999), birth dates and sexes."""
    place = spread(numbers, seed, len(AREAS) * BIRTHDAYS * SERIALS)
    rest, serial = np.divmod(place, SERIALS)
    area, birthday = np.divmod(rest, BIRTHDAYS)
    birth = dates(FIRST_BIRTHDAY + birthday.astype("timedelta64[D]"))
    body = join(AREAS.take(pa.array(area)), pc.replace_substring(birth, "-", ""), digits(serial, 3))
    check = pa.array(list("10X98765432")).take(pa.array(_values(body, 17) @ ID_WEIGHTS % 11))
    return join(body, check), birth, pa.array(["女", "男"]).take(pa.array(serial % 2))


def credit_codes(numbers: Numbers, seed: int) -> Text:
    """Return unified social credit codes (GB 32100-2015) whose inner organisation code checks too (GB 11714-1997)."""
    organisation = digits(spread(numbers, seed + 20, 10**8), 8)
    inner = (11 - _values(organisation, 8) @ ORGANISATION_WEIGHTS % 11) % 11
    check = pa.array(list("0123456789X")).take(pa.array(inner))
    area = pick(AREAS, numbers, seed + 1)
    body = join(pc.binary_join_element_wise("91", area, ""), organisation, check)
    last = -(_values(body, 17) @ USCC_WEIGHTS) % 31
    return join(body, pa.array(list(USCC_ALPHABET)).take(pa.array(last)))


def bank_cards(numbers: Numbers, seed: int) -> Text:
    """Return card numbers of 19 digits that pass the Luhn check."""
    body = pc.binary_join_element_wise("622202", digits(spread(numbers, seed + 21, 10**12), 12), "")
    values = _values(body, 18)
    doubled = values[:, 1::2] * 2
    total = values[:, ::2].sum(axis=1) + (doubled // 10 + doubled % 10).sum(axis=1)
    return join(body, digits(-total % 10, 1))


def mobiles(numbers: Numbers, seed: int) -> Text:
    """Return mobile numbers."""
    prefix, rest = np.divmod(spread(numbers, seed + 22, len(MOBILE_PREFIXES) * 10**8), 10**8)
    return join(MOBILE_PREFIXES.take(pa.array(prefix)), digits(rest, 8))


def names(numbers: Numbers, seed: int, pools: Pools) -> Text:
    """Return names of persons, most of them Chinese."""
    chinese = join(pick(pools.surnames, numbers, seed + 2), pick(pools.given, numbers, seed + 3))
    english = pa.array(mix(numbers, seed + 4) % np.uint64(ENGLISH_SHARE) == 0)
    return pc.if_else(english, pick(pools.english, numbers, seed + 5), chinese)


def emails(numbers: Numbers, seed: int) -> Text:
    """Return e-mail addresses in domains reserved for examples (RFC 2606)."""
    domain = pick(pa.array(["@example.com", "@example.net", "@mail.example.org"]), numbers, seed + 6)
    return join(pc.binary_join_element_wise("user", digits(spread(numbers, seed + 23, 10**9), 9), ""), domain)


def addresses(numbers: Numbers, seed: int, pools: Pools) -> Text:
    """Return postal addresses down to the door."""
    number = mix(numbers, seed + 7)
    return join(
        pick(pools.addresses, numbers, seed + 8),
        pa.array((number % np.uint64(998) + np.uint64(1)).astype(np.int64)).cast(pa.string()),
        pc.binary_join_element_wise(
            "号", digits((number >> np.uint64(20)) % np.uint64(3000) + np.uint64(1), 4), "室", ""
        ),
    )


def registered_addresses(numbers: Numbers, seed: int, pools: Pools) -> Text:
    """Return addresses of enterprises, nearly all in the area that their credit codes name."""
    streets = pc.replace_substring_regex(addresses(numbers, seed + 3, pools), "^.*?[市县]", "")
    moved = pa.array(mix(numbers, seed + 12) % np.uint64(MOVED_SHARE) == 0)
    places = pc.if_else(moved, pick(PLACES, numbers, seed + 13), pick(PLACES, numbers, seed + 1))
    return join(places, streets)


def companies(numbers: Numbers, seed: int, pools: Pools) -> Text:
    """Return names of enterprises."""
    form = pick(pa.array(["科技有限公司", "贸易有限公司", "物流有限公司", "实业股份有限公司"]), numbers, seed + 9)
    return join(pick(pools.cities, numbers, seed + 10), pick(pools.companies, numbers, seed + 11), form)
