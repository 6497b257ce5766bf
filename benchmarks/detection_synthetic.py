"""Made-up tables of many shapes, each column with its right answers. Seeded; dirty as real ones are.

Answers: an entity, ``-`` for nothing personal, several with bars between. A question mark at the end says that nothing
but the column's name can tell: with the names taken away, ``-`` is right as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pandas as pd

from benchmarks import detection_values as v
from benchmarks.detection_random import bank_card, credit_code, digits, mobile, resident_id, seeded

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    Maker = Callable[[random.Random], str]


class Column(NamedTuple):
    """A column: its name, the right answers, and what makes a cell."""

    name: str
    answers: str
    make: Maker


class LabelledTable(NamedTuple):
    """A table with the right answers of its columns."""

    name: str
    frame: pd.DataFrame
    answers: dict[str, str]


ROWS: Final = 400
_BLANKS: Final = ("", "", "N/A", "-", "无", "NULL", "未知")
_WIDE: Final = str.maketrans("0123456789", "０１２３４５６７８９")


def tables(seed: int, rows: int = ROWS) -> list[LabelledTable]:
    """Return all tables."""
    return [_table(name, columns, seeded(f"{seed}/{name}"), rows) for name, columns in _SHAPES.items()]


def _table(name: str, columns: Sequence[Column], rng: random.Random, rows: int) -> LabelledTable:
    frame = pd.DataFrame({each.name: _cells(each.make, rng, rows) for each in columns}, dtype="str")
    return LabelledTable(f"made up: {name}", frame, {each.name: each.answers for each in columns})


def _cells(make: Maker, rng: random.Random, rows: int) -> list[str]:
    """Return a column, dirty to a degree of its own."""
    blank, space, wide = rng.uniform(0, 0.15), rng.uniform(0, 0.05), rng.choice((0, 0, 0.03))
    cells = []
    for _ in range(rows):
        cell = rng.choice(_BLANKS) if rng.random() < blank else make(rng)
        cell = f" {cell} " if rng.random() < space else cell
        cells.append(cell.translate(_WIDE) if rng.random() < wide else cell)
    return cells


def _of(*words: str) -> Maker:
    return lambda rng: rng.choice(words)


def _number(low: int, high: int, form: str = "{}") -> Maker:
    return lambda rng: form.format(rng.randint(low, high))


def _code(head: str, size: int) -> Maker:
    return lambda rng: head + digits(rng, size)


_SEX, _STATE = _of("男", "女"), _of("有效", "冻结", "注销", "待审核")
_REMARK = _of(
    "老客户，请优先处理",
    "资料齐全",
    "下周回访",
    "已电话确认，无异议",
    "要求开具发票",
    "对服务满意",
    "暂不需要跟进",
    "补交材料后再办",
)
_EN_REMARK = _of(
    "prefers e-mail",
    "call again next week",
    "very satisfied",
    "asked for an invoice",
    "no answer",
    "documents complete",
)
_GOODS = _of(
    "茶具套装", "蓝牙耳机", "不锈钢保温杯", "儿童书包", "空气净化器", "全麦面包", "运动跑鞋", "数据线", "洗衣液", "台灯"
)
_EN_GOODS = _of("Desk lamp", "Water bottle", "Running shoes", "USB cable", "Notebook A5", "Tea set", "Office chair")

_SHAPES: Final[dict[str, tuple[Column, ...]]] = {
    "bank customers": (
        Column("客户号", "-", _code("C", 8)),
        Column("客户姓名", "PERSON", v.zh_minority),
        Column("性别", "SEX?", _SEX),
        Column("身份证号码", "CN_ID_CARD", resident_id),
        Column("手机", "PHONE_NUMBER", v.mobile_written),
        Column("银行卡号", "CREDIT_CARD", bank_card),
        Column("通讯地址", "LOCATION", v.zh_address),
        Column("出生日期", "DATE_OF_BIRTH", lambda rng: v.birth(rng).isoformat()),
        Column("月收入", "INCOME?", _number(3000, 60000)),
        Column("职业", "OCCUPATION?", _of("教师", "工程师", "个体户", "医生", "司机", "退休", "会计")),
        Column("客户等级", "-", _of("金卡", "银卡", "普通")),
        Column("开户日期", "-", lambda rng: v.day(rng).isoformat()),
    ),
    "enterprises": (
        Column("企业名称", "ORGANIZATION", v.zh_company),
        Column("统一社会信用代码", "CN_USCC", credit_code),
        Column("法定代表人", "PERSON", v.zh_name),
        Column("注册资本", "REGISTERED_CAPITAL|-", _number(10, 9000, "{}万元")),
        Column("成立日期", "-", lambda rng: v.zh_date(v.day(rng))),
        Column("注册地址", "LOCATION", v.zh_address),
        Column("联系电话", "PHONE_NUMBER", v.landline),
        Column("企业邮箱", "EMAIL_ADDRESS", v.email),
        Column("行业", "INDUSTRY|-", _of("批发业", "零售业", "制造业", "软件和信息技术服务业", "建筑业", "餐饮业")),
        Column("登记状态", "-", _of("存续", "注销", "吊销")),
    ),
    "vehicles": (
        Column("车牌号", "CN_PLATE", v.plate),
        Column("车主", "PERSON", v.zh_name),
        Column("车型", "-", _of("小型轿车", "SUV", "面包车", "轻型货车", "摩托车")),
        Column("颜色", "-", _of("白", "黑", "银灰", "红", "蓝")),
        Column("里程", "-", _number(100, 200000)),
        Column("联系手机", "PHONE_NUMBER", mobile),
        Column("驾驶证号", "CN_ID_CARD|US_DRIVER_LICENSE|CN_DRIVER_LICENSE", resident_id),
        Column("登记时间", "-", lambda rng: f"{v.day(rng)} {rng.randint(0, 23):02}:{rng.randint(0, 59):02}:00"),
    ),
    "web log": (
        Column("time", "-", lambda rng: f"{v.day(rng)}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:07Z"),
        Column("client_ip", "IP_ADDRESS", v.ip),
        Column("method", "-", _of("GET", "POST", "PUT")),
        Column("path", "-|URL", _of("/index.html", "/api/v1/orders", "/login", "/static/app.js", "/help")),
        Column("status", "-", _of("200", "200", "404", "302", "500")),
        Column("bytes", "-", _number(100, 90000)),
        Column("mac_address", "MAC_ADDRESS", v.mac),
        Column("user_agent", "-", _of("Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", "okhttp/4.12")),
        Column("duration_ms", "-", _number(1, 4000)),
    ),
    "orders": (
        Column("订单编号", "-", _code("SO2024", 8)),
        Column("收件人", "PERSON", v.zh_name),
        Column("收货电话", "PHONE_NUMBER", v.mobile_written),
        Column("收货地址", "LOCATION", v.zh_address),
        Column("商品名称", "-", _GOODS),
        Column("数量", "-", _number(1, 12)),
        Column("金额", "-|AMOUNT", lambda rng: f"{rng.uniform(5, 3000):.2f}"),
        Column("下单时间", "-", lambda rng: f"{v.day(rng):%Y/%m/%d} {rng.randint(0, 23):02}:{rng.randint(0, 59):02}"),
        Column("物流单号", "-", _code("SF", 13)),
        Column("订单状态", "-", _of("已发货", "待付款", "已签收", "退款中")),
        Column("买家留言", "-", _REMARK),
    ),
    "employees": (
        Column("工号", "-", _number(10000, 99999)),
        Column("姓名", "PERSON", v.zh_name),
        Column("部门", "-", _of("财务部", "市场部", "研发中心", "人力资源部", "客服部")),
        Column("职务", "OCCUPATION?", _of("经理", "主管", "专员", "工程师", "实习生")),
        Column("邮箱", "EMAIL_ADDRESS", v.email),
        Column("办公电话", "PHONE_NUMBER", v.landline),
        Column("生日", "DATE_OF_BIRTH", lambda rng: f"{v.birth(rng):%Y/%m/%d}"),
        Column("学历", "EDUCATION?", _of("本科", "硕士", "大专", "博士", "高中")),
        Column("民族", "ETHNICITY?", _of("汉族", "汉族", "回族", "满族", "壮族")),
        Column("婚姻状况", "MARITAL_STATUS?", _of("已婚", "未婚", "离异")),
        Column("紧急联系人", "PERSON", v.zh_name),
        Column("入职日期", "-", lambda rng: v.day(rng).isoformat()),
    ),
    "travellers": (
        Column("旅客姓名", "PERSON", v.zh_name),
        Column("护照号码", "CN_PASSPORT", lambda rng: rng.choice(("E", "G")) + digits(rng, 8)),
        Column("通行证号", "CN_TRAVEL_PERMIT", lambda rng: rng.choice("HM") + digits(rng, 8)),
        Column("国籍", "NRP|LOCATION?", _of("中国", "日本", "韩国", "法国", "加拿大")),
        Column("航班", "-", lambda rng: rng.choice(("CA", "MU", "CZ", "HU")) + digits(rng, 4)),
        Column("出发城市", "LOCATION", v.zh_city),
        Column("到达城市", "LOCATION", v.zh_city),
        Column("座位", "-", lambda rng: f"{rng.randint(1, 60)}{rng.choice('ABCDEF')}"),
        Column("票价", "-|AMOUNT", _number(300, 6000)),
    ),
    "villagers": (
        Column("序号", "-", _number(1, 400)),
        Column("户主", "PERSON", v.zh_name),
        Column("家庭住址", "LOCATION", v.zh_village),
        Column("身份证", "CN_ID_CARD", lambda rng: v.old_id(rng) if rng.random() < 0.1 else resident_id(rng)),
        Column("人口", "-", _number(1, 9)),
        Column("年龄", "AGE?", _number(20, 90)),
        Column("邮编", "CN_POSTAL_CODE?", _number(100000, 830000)),
        Column("补贴账号", "CREDIT_CARD|IBAN_CODE", lambda rng: bank_card(rng, (19,))),
        Column("备注", "-", _REMARK),
    ),
    "accounts": (
        Column("login", "-", _code("user", 6)),
        Column("nickname", "-|PERSON", _of("快乐每一天", "小太阳", "风中的云", "追梦人", "喵喵喵")),
        Column("wechat", "CN_MESSENGER_ACCOUNT?", _code("wxid_", 12)),
        Column("QQ号", "CN_MESSENGER_ACCOUNT?", _number(10**7, 10**9)),
        Column("email", "EMAIL_ADDRESS", v.email),
        Column("mobile", "PHONE_NUMBER", mobile),
        Column("last_login_ip", "IP_ADDRESS", v.ip),
        Column("vip_level", "-", _number(0, 9)),
        Column("created_at", "-", lambda rng: str(v.day(rng))),
        Column("homepage", "URL|-", lambda rng: f"https://www.example.com/u/{rng.randint(1, 99999)}"),
    ),
    "suppliers": (
        Column("编号", "-", _code("GYS", 5)),
        Column("供应商", "ORGANIZATION", v.zh_company),
        Column("联系人", "PERSON", v.zh_name),
        Column("电话", "PHONE_NUMBER", lambda rng: (v.landline if rng.random() < 0.5 else v.mobile_written)(rng)),
        Column("所在地", "LOCATION", v.zh_city),
        Column("省份", "LOCATION", v.zh_province),
        Column("区县", "LOCATION", v.zh_district),
        Column("主营产品", "-", _GOODS),
        Column("合作年限", "-", _number(1, 20)),
        Column("纳税人识别号", "CN_USCC", credit_code),
    ),
    "policies": (
        Column("保单号", "-", _code("PDAA2024", 10)),
        Column("投保人", "PERSON", v.zh_name),
        Column("被保险人", "PERSON", lambda rng: v.zh_company(rng) if rng.random() < 0.1 else v.zh_name(rng)),
        Column("证件号码", "CN_ID_CARD", resident_id),
        Column("出生年月日", "DATE_OF_BIRTH", lambda rng: v.zh_date(v.birth(rng))),
        Column("保费", "-|AMOUNT", lambda rng: f"{rng.randint(100, 20000):,}.00"),
        Column("保险期间", "-", lambda rng: f"{rng.choice((10, 20, 30))}年"),
        Column("受益人", "PERSON", v.zh_name),
        Column("受益比例", "-", _of("100%", "50%", "25%")),
    ),
    "English customers": (
        Column("customer_id", "-", _number(100000, 999999)),
        Column("first_name", "PERSON", v.en_first),
        Column("last_name", "PERSON", v.en_last),
        Column("email", "EMAIL_ADDRESS", v.email),
        Column("phone", "PHONE_NUMBER", v.en_phone),
        Column("street", "LOCATION", v.en_street),
        Column("city", "LOCATION", v.en_city),
        Column("country", "LOCATION", v.en_country),
        Column("date_of_birth", "DATE_OF_BIRTH", lambda rng: f"{v.birth(rng):%m/%d/%Y}"),
        Column("loyalty_points", "-", _number(0, 9000)),
        Column("card_number", "CREDIT_CARD", lambda rng: bank_card(rng, (16,))),
        Column("signup_date", "-", lambda rng: str(v.day(rng))),
    ),
    "English contacts": (
        Column("Full Name", "PERSON", v.en_name),
        Column("Employer", "ORGANIZATION", v.en_company),
        Column("Job Title", "OCCUPATION?", _of("Accountant", "Nurse", "Software Engineer", "Sales Manager", "Teacher")),
        Column("Address", "LOCATION", v.en_address),
        Column("Telephone", "PHONE_NUMBER", v.en_phone),
        Column("Gender", "SEX?", _of("male", "female")),
        Column("Age", "AGE?", _number(18, 90)),
        Column("Preferred", "-", _of("yes", "no")),
        Column("Comments", "-", _EN_REMARK),
    ),
    "English invoices": (
        Column("invoice_no", "-", _code("INV-", 6)),
        Column("bill_to", "ORGANIZATION", v.en_company),
        Column("contact", "PERSON", v.en_turned),
        Column("item", "-", _EN_GOODS),
        Column("qty", "-", _number(1, 50)),
        Column("unit_price", "-|AMOUNT", lambda rng: f"${rng.uniform(1, 900):.2f}"),
        Column("due", "-", lambda rng: f"{v.day(rng):%d %b %Y}"),
        Column("ship_to", "LOCATION", v.en_address),
        Column("status", "-", _of("paid", "open", "overdue")),
    ),
    "visitors": (
        Column("来访时间", "-", lambda rng: str(v.day(rng))),
        Column("访客", "PERSON", lambda rng: v.en_name(rng) if rng.random() < 0.2 else v.zh_name(rng)),
        Column("访客单位", "ORGANIZATION", v.zh_company),
        Column("被访人", "PERSON", v.zh_name),
        Column("事由", "-", _of("面试", "设备维修", "商务洽谈", "送货", "参观")),
        Column("车辆", "CN_PLATE", v.plate),
        Column("体温", "-", lambda rng: f"{rng.uniform(36, 37.4):.1f}"),
        Column("状态", "-", _STATE),
    ),
}
