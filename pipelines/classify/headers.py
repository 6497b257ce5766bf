"""What a column's name says about its cells, in Chinese and English. Evidence, weighed against the cells in ``votes``.

The names of plans' fields are of no concern here: a plan declares what its columns hold.
"""

from __future__ import annotations

import functools
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import regex

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Evidence:
    """The kind that a column's name speaks of; ``sure`` where nobody would call anything else so."""

    key: str
    sure: bool


# Rules are tried in order, the first that matches speaks. Chinese words match anywhere in the name, English ones as
# whole words of it (camelCase and snake_case are taken apart). A `!` before a kind: the words are sure.
_RULES: Final = """
-                     照片 影像 图片 扫描件 有效期 签发 到期 长度 是否 数量 类型 状态 备注人 | photo image scan \
                      expiry expires type status count flag length set
!IP_ADDRESS           ip地址 登录ip 注册ip 客户端ip | ip; ip address; ip addr; client ip; login ip; remote addr
!MAC_ADDRESS          mac地址 | mac address; mac
!EMAIL_ADDRESS        邮箱 电子邮件 邮件地址 电邮 | email; e mail; email address; mail; emailaddress
!CN_USCC              统一社会信用代码 社会信用代码 信用代码 纳税人识别号 税号 | uscc; credit code; unified social \
                      credit code; tax id; tax number
!CN_RESIDENCE_PERMIT  居住证 | residence permit
!CN_PERMANENT_RESIDENT_CARD 永久居留 永居证 | permanent resident card; green card
!HK_ID_CARD           香港身份证 香港居民身份证 | hkid; hong kong id
!MO_ID_CARD           澳门身份证 澳门居民身份证 | macau id; macao id
!TW_ID_CARD           台湾身份证 | taiwan id
!CN_ORGANIZATION_CODE 组织机构代码 机构代码 | organization code; organisation code; org code
!IMEI                 手机串号 | imei; imei number
!IBAN_CODE            国际银行账号 | iban; iban code
!CN_ID_CARD           身份证 身份号码 公民身份 证件号 | id number; id card; id no; id card no; id card number; \
                      resident id; identity number; identity no; national id; idcard; idnumber; idcardno
!CN_PASSPORT          护照 | passport; passport no; passport number
!CN_TRAVEL_PERMIT     通行证 回乡证 台胞证 | travel permit
!US_DRIVER_LICENSE    驾驶证 驾照 | driver license; driving licence; drivers license; driving license
!US_SSN               社保号 社会保障号 社保卡 | ssn; social security; social security number; soc sec id
!CARD_VERIFICATION_CODE cvv 安全码 | cvv; cvv2; cvc; cvc2; cvn
!PIN                  支付密码 交易密码 取款密码 | pin; pin code
!PASSWORD             密码 口令 | password; passwd; pwd
!ONE_TIME_CODE        验证码 动态码 | otp; one time code; verification code
-                     卡类型 | card type; cc type
!CREDIT_CARD          银行卡 信用卡 借记卡 储蓄卡 卡号 | bank card; bank card no; card number; card no; credit card; \
                      cc number; debit card; pan; bankcard; ccnumber
BANK_ACCOUNT          银行账号 银行帐号 银行账户 账号 帐号 | bank account; account number; account no
!CN_PLATE             车牌 号牌 车号 | plate; plate no; plate number; license plate; licence plate; vehicle plate; \
                      car number
-                     域名 网址 用户名 | domain; user name; username; login; url
!CN_POSTAL_CODE       邮编 邮政编码 | zip; zip code; zipcode; postal code; postcode; post code
!PHONE_NUMBER         手机 电话 联系方式 联系号码 座机 移动号码 传真 | fax; fax number; mobile; phone; telephone; tel; cell; cellphone; \
                      mobile phone; phone number; mobile number; contact number; telephone number; mobileno; phoneno
CN_MESSENGER_ACCOUNT  微信 qq号 | wechat; weixin; qq; whatsapp
!DATE_OF_BIRTH        出生日期 出生年月 生日 出生时间 | birth date; birthday; date of birth; dob; birthdate; born
AGE                   年龄 | age
!SEX                  性别 | sex; gender
!ETHNICITY            民族 | ethnicity; ethnic group; race
!MARITAL_STATUS       婚姻 婚否 | marital status; marital; marriage
NRP                   国籍 | nationality; citizenship
RELIGION              宗教 信仰 | religion
!EDUCATION            学历 学位 文化程度 | education; degree
!INCOME               收入 工资 薪资 年薪 月薪 | income; salary; wage; monthly income; annual income
ASSETS                资产 存款 | assets; deposits
HEALTH                病史 疾病 健康 诊断 过敏 | health; diagnosis; allergy; disease
PREFERENCE            兴趣 爱好 偏好 | interests; interest; hobby; hobbies; preference; preferences
ENTERPRISE_FINANCE    营业额 营收 利润 | revenue; turnover; annual revenue
REGISTERED_CAPITAL    注册资本 注册资金 | registered capital
BUSINESS_SCOPE        经营范围 | business scope
INDUSTRY              行业 | industry
ENTERPRISE_ADDRESS    注册地址 企业地址 公司地址 单位地址 经营地址 | registered address; company address; office \
                      address
!LOCATION             地址 住址 住所 户籍 居住地 籍贯 通讯处 | address; addr; street; street address; home address; street \
                      name; address line; address 1; address 2
!CITY                 城市 所在市 地市 省份 所在省 地区 区县 | city; town; suburb; province; region; county
CITY                  所在国 国别 | country; country name; country full; state name; state full; state province
-                     企业类型 公司类型 型号 产品 商品 项目 文件 部门 科室 角色 学校 品牌 活动 表名 字段 开户行 | \
                      product name; file name; filename; item name; project name; department; column name; table \
                      name; domain name; brand; bank name; name set; nameset
!ORGANIZATION         企业名称 公司名称 单位名称 机构名称 工作单位 商户名 供应商名 | company; company name; \
                      organization; organisation; employer; enterprise; enterprise name; firm; business name; org \
                      name; corporation; supplier; vendor
ORGANIZATION          公司 企业 单位 商户 供应商 |
!OCCUPATION           职业 职位 职务 岗位 职称 | occupation; profession; job; job title; position
!PERSON               姓名 法定代表人 法人代表 法人姓名 联系人 户主 持卡人 经办人 负责人 收件人 收货人 监护人 | full \
                      name; given name; surname; first name; last name; middle name; middle initial; customer name; contact name; \
                      person name; family name; legal representative; givenname; firstname; lastname; fullname; \
                      mothers maiden; maiden name; contact person; client name; holder name; cardholder; contact
LOCATION              送货地 收货地 所在地 出发地 目的地 | ship to; deliver to; delivered to; destination; venue; \
                      location; place; residence
PERSON                客户名 名字 法人 车主 业主 租户 房东 投保人 被保人 被保险人 受益人 访客 旅客 乘客 患者 学员 学生 家长 员工 申请人 借款人 担保人 \
                      开户人 买方 卖方 买家 卖家 客户 顾客 会员 寄件人 发件人 签收人 委托人 代理人 配偶 父亲 母亲 | name; names; \
                      person; client; customer; bill to; billed to; sold to; attn; attention; recipient; consignee; payee; \
                      payer; buyer; seller; passenger; guest; patient; tenant; insured; beneficiary; applicant; employee; \
                      spouse; father; mother; nominee
SERVICE_NOTE          备注 留言 说明 描述 摘要 投诉 反馈 内容 意见 | remark; remarks; note; notes; comment; \
                      comments; message; memo; description; feedback; text; content
"""


_WHOLE: Final = dict.fromkeys(("姓", "名", "姓氏"), "PERSON")
"""Names of columns that are too short to be looked for within others."""
_TIMES: Final = ("日期", "时间", "年月", "时刻", "期限", "成立日", "到期", "起始", "截止")
_TIME_WORDS: Final = frozenset(
    {
        "date", "time", "day", "timestamp", "datetime", "created", "updated", "modified", "opened", "closed",
        "since", "until", "due", "expires", "expiry", "issued", "registered", "founded", "established",
        "joined", "hired", "signup", "ordered", "shipped", "paid", "start", "end",
    }
)  # fmt: skip
"""Words of dates that are not of birth; those that are of birth are rules above."""
MOST_WORDS, MOST_CHARACTERS = 8, 24
"""Words of an English name and characters of a Chinese one; what is longer is a cell of a file without headings."""
_TRADITIONAL: Final = str.maketrans(
    "電話機號碼證絡聯帳戶銀備註稱員單職業郵遞區縣國歲齡別車護暱簽門學歷貨運點開關間時業務訊詢價額總計錄檔處實產權屬產賬"
    "寄購買賣層樓鄉鎮鄰陽陰紀錄監護種類體醫療險繳稅",
    "电话机号码证络联帐户银备注称员单职业邮递区县国岁龄别车护昵签门学历货运点开关间时业务讯询价额总计录档处实产权属产账"
    "寄购买卖层楼乡镇邻阳阴纪录监护种类体医疗险缴税",
)
"""Traditional characters of headings; the rest of a heading stands alike in both."""
LONGEST: Final = 200
"""Characters of a column's name that are read. A longer one is no name; its phrases would be without number."""


@functools.lru_cache(maxsize=4096)
def evidence(name: str) -> Evidence | None:
    """Return what a column's name says, or None when it says nothing."""
    plain, words = _taken_apart(name)
    if len(words) > MOST_WORDS or (not plain.isascii() and len(plain) > MOST_CHARACTERS):
        return None
    if plain in _WHOLE:
        return Evidence(_WHOLE[plain], sure=True)
    for key, sure, chinese, english in _rules():
        if any(word in plain for word in chinese) or english & _phrases(words):
            return None if key == "-" else Evidence(key, sure)
    return None


def strongest(names: Iterable[str]) -> Evidence | None:
    """Return what several names of one column say together: the first that is sure, else the first."""
    spoken = [each for each in map(evidence, names) if each]
    return next((each for each in spoken if each.sure), spoken[0] if spoken else None)


def other_date(names: Iterable[str]) -> bool:
    """Tell whether a name of a column speaks of a date that is not one of birth: of an order, of a registration."""
    return any(evidence(name) is None and _speaks_of_time(*_taken_apart(name)) for name in names)


def _speaks_of_time(plain: str, words: tuple[str, ...]) -> bool:
    return any(word in plain for word in _TIMES) or not _TIME_WORDS.isdisjoint(words)


def _taken_apart(name: str) -> tuple[str, tuple[str, ...]]:
    plain = regex.sub(r"\(.*?\)|（.*?）", "", unicodedata.normalize("NFKC", name[:LONGEST])).strip()
    plain = plain.translate(_TRADITIONAL).replace("身分", "身份")
    spaced = regex.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    return regex.sub(r"\s+", "", plain).casefold(), tuple(regex.findall(r"[a-z0-9]+", spaced.casefold()))


def _phrases(words: tuple[str, ...]) -> set[str]:
    """Return every run of words: a name speaks of a thing if the thing's words stand together in it."""
    count = len(words)
    return {" ".join(words[low:high]) for low in range(count) for high in range(low + 1, count + 1)}


@functools.cache
def _rules() -> tuple[tuple[str, bool, tuple[str, ...], frozenset[str]], ...]:
    rules = []
    for line in _RULES.strip().splitlines():
        key, rest = line.split(None, 1)
        chinese, english = rest.split("|")
        apart = english.replace(";", " ").split() if key == "-" and ";" not in english else english.split(";")
        phrases = frozenset(phrase.strip() for phrase in apart)
        rules.append((key.lstrip("!"), key.startswith("!"), tuple(chinese.split()), phrases))
    return tuple(rules)
