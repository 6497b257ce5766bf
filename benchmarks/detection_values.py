"""Made-up values of customer tables, Chinese and English, in the many ways in which people write them. Seeded."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from benchmarks.detection_random import digits, faker, mobile

if TYPE_CHECKING:
    import random

PLACES: Final = [
    "北京市/北京市/朝阳区",
    "北京市/北京市/海淀区",
    "上海市/上海市/浦东新区",
    "上海市/上海市/闵行区",
    "天津市/天津市/南开区",
    "重庆市/重庆市/渝中区",
    "广东省/广州市/天河区",
    "广东省/深圳市/南山区",
    "广东省/东莞市/南城街道",
    "浙江省/杭州市/西湖区",
    "浙江省/宁波市/鄞州区",
    "浙江省/温州市/乐清市",
    "江苏省/南京市/鼓楼区",
    "江苏省/苏州市/昆山市",
    "江苏省/徐州市/沛县",
    "山东省/青岛市/市南区",
    "山东省/济南市/历下区",
    "山东省/临沂市/费县",
    "四川省/成都市/武侯区",
    "四川省/绵阳市/涪城区",
    "湖北省/武汉市/洪山区",
    "湖南省/长沙市/岳麓区",
    "福建省/厦门市/思明区",
    "福建省/泉州市/晋江市",
    "河南省/郑州市/金水区",
    "河南省/洛阳市/洛龙区",
    "河北省/石家庄市/裕华区",
    "陕西省/西安市/雁塔区",
    "辽宁省/大连市/沙河口区",
    "吉林省/长春市/朝阳区",
    "黑龙江省/哈尔滨市/南岗区",
    "安徽省/合肥市/蜀山区",
    "江西省/南昌市/红谷滩区",
    "广西壮族自治区/南宁市/青秀区",
    "云南省/昆明市/五华区",
    "贵州省/贵阳市/云岩区",
    "甘肃省/兰州市/城关区",
    "海南省/海口市/龙华区",
    "新疆维吾尔自治区/乌鲁木齐市/天山区",
    "内蒙古自治区/包头市/昆都仑区",
]
_ROADS: Final = [
    "人民路",
    "解放大道",
    "中山北路",
    "建设街",
    "学院路",
    "长江西路",
    "滨河东路",
    "新华大街",
    "和平里",
    "幸福路",
    "科技园路",
    "文化巷",
    "环城南路",
    "迎宾大道",
    "红旗街",
]
_ESTATES: Final = [
    "阳光花园",
    "万科城",
    "翠湖天地",
    "锦绣家园",
    "碧桂园",
    "江南名府",
    "金色港湾",
    "星河湾",
    "绿地世纪城",
    "御景豪庭",
    "水岸新城",
    "教师公寓",
]
_WORDS: Final = "华美信嘉恒泰丰润安康鑫源盛达宏图瑞祥博远腾飞金桥中和天成永兴联创东方海纳".strip()
_TRADES: Final = [
    "商贸",
    "科技",
    "网络科技",
    "电子",
    "建筑工程",
    "物流",
    "餐饮管理",
    "文化传媒",
    "服饰",
    "机械设备",
    "农业开发",
    "医疗器械",
    "汽车销售",
    "装饰",
    "咨询服务",
    "食品",
    "新能源",
    "房地产开发",
]
_FORMS: Final = (
    "有限公司",
    "有限公司",
    "有限公司",
    "有限责任公司",
    "股份有限公司",
    "有限公司分公司",
    "厂",
    "合作社",
    "经营部",
)
_SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
_COMPOUND: Final = ["欧阳", "上官", "司马", "诸葛", "夏侯", "皇甫", "尉迟", "令狐"]
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志文斌宇浩轩子涵梓欣怡嘉佳瑞雪梅琳晨阳鹏飞海燕红波辉玲春荣凯健俊帆雅思琪博雨泽一诺若曦天佑铭钰婷婉"
_LATIN: Final = (
    "en_US",
    "en_GB",
    "fr_FR",
    "de_DE",
    "es_ES",
    "it_IT",
    "pl_PL",
    "nl_NL",
    "sv_SE",
    "pt_BR",
    "en_IN",
    "tr_TR",
)
_PLATE: Final = "京沪粤浙苏鲁川鄂湘闽豫冀陕辽"


def zh_name(rng: random.Random) -> str:
    """Return a Chinese name."""
    surname = rng.choice(_COMPOUND) if rng.random() < 0.02 else rng.choice(_SURNAMES)
    return surname + "".join(rng.choices(_GIVEN, k=1 if rng.random() < 0.2 else 2))


def zh_minority(rng: random.Random) -> str:
    """Return a Chinese name, sometimes that of another nationality with its dot."""
    names = ["阿卜杜拉·买买提", "古丽·艾山", "迪力·吐尔逊", "热依汗·阿不都", "买买提·库尔班"]
    return rng.choice(names) if rng.random() < 0.1 else zh_name(rng)


def zh_company(rng: random.Random) -> str:
    """Return a Chinese company."""
    city = rng.choice(PLACES).split("/")[1].removesuffix("市")
    word = "".join(rng.sample(_WORDS, 2))
    return rng.choice((city, f"{city}市", "")) + word + rng.choice(_TRADES) + rng.choice(_FORMS)


def zh_address(rng: random.Random) -> str:
    """Return a street address, complete or not."""
    province, city, district = rng.choice(PLACES).split("/")
    head = rng.choice((province + city, city, city + district, province + city + district, district))
    road = f"{rng.choice(_ROADS)}{rng.randint(1, 999)}号"
    tail = f"{rng.choice(_ESTATES)}{rng.randint(1, 30)}{rng.choice(('栋', '号楼', '幢', '-'))}{rng.randint(1, 4)}"
    room = f"{rng.choice(('单元', '-'))}{rng.randint(1, 33)}0{rng.randint(1, 6)}{rng.choice(('室', ''))}"
    return head.replace("北京市北京市", "北京市") + rng.choice((road, road + tail + room, tail + room))


def zh_village(rng: random.Random) -> str:
    """Return an address in the country."""
    _, city, district = rng.choice(PLACES).split("/")
    return f"{city}{district}{rng.choice(['城关', '柳林', '高桥', '白沙', '永安'])}镇{rng.choice(['张家', '李庄', '新民', '红星'])}村{rng.randint(1, 12)}组{rng.randint(1, 200)}号"


def zh_city(rng: random.Random) -> str:
    """Return a city."""
    return rng.choice(PLACES).split("/")[1].removesuffix("市" if rng.random() < 0.5 else "!")


def zh_province(rng: random.Random) -> str:
    """Return a province."""
    return rng.choice(PLACES).split("/")[0]


def zh_district(rng: random.Random) -> str:
    """Return a district."""
    return rng.choice(PLACES).split("/")[2]


def mobile_written(rng: random.Random) -> str:
    """Return a mobile number as people write it."""
    number = mobile(rng)
    parts = (number[:3], number[3:7], number[7:])
    return rng.choice((number, number, number, "-".join(parts), " ".join(parts), f"+86 {number}", f"86{number}"))


def landline(rng: random.Random) -> str:
    """Return a landline number."""
    area, size = rng.choice((("010", 8), ("021", 8), ("0755", 8), ("0571", 8), ("0451", 8), ("0779", 7), ("0898", 8)))
    number = rng.choice("2345678") + digits(rng, size - 1)
    return rng.choice((f"{area}-{number}", f"({area}){number}", f"{area} {number}", f"{area}{number}"))


def birth(rng: random.Random) -> dt.date:
    """Return the birthday of an adult."""
    return dt.date(1940, 1, 1) + dt.timedelta(days=rng.randint(0, 24_000))


def day(rng: random.Random) -> dt.date:
    """Return a recent day."""
    return dt.date(2023, 1, 1) + dt.timedelta(days=rng.randint(0, 1_000))


def zh_date(date: dt.date) -> str:
    """Write a date in Chinese."""
    return f"{date.year}年{date.month}月{date.day}日"


def old_id(rng: random.Random) -> str:
    """Return a resident identity number of 15 digits, as of before 1999."""
    return f"{rng.choice(('110999', '310999', '440999'))}{birth(rng):%y%m%d}{digits(rng, 3)}"


def plate(rng: random.Random) -> str:
    """Return a plate, of a new-energy vehicle now and then."""
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    head = rng.choice(_PLATE) + rng.choice(letters[:6])
    if rng.random() < 0.2:
        return f"{head}{rng.choice('DF')}{digits(rng, 5)}"
    return head + rng.choice(("", "·")) + rng.choice(letters) + digits(rng, 4)


def email(rng: random.Random) -> str:
    """Return an e-mail address."""
    user = rng.choice(("zhang", "li.wei", "user", "contact", "j.smith", "sales")) + digits(rng, rng.randint(1, 5))
    return f"{user}@{rng.choice(('example.com', 'example.net', 'mail.example.cn', 'example.org'))}"


def ip(rng: random.Random) -> str:
    """Return an IP address."""
    if rng.random() < 0.1:
        return f"2001:db8:{rng.randint(1, 65535):x}::{rng.randint(1, 65535):x}"
    return ".".join(str(rng.randint(1, 254)) for _ in range(4))


def mac(rng: random.Random) -> str:
    """Return a MAC address."""
    return rng.choice((":", "-")).join(f"{rng.randint(0, 255):02X}" for _ in range(6))


def en_first(rng: random.Random) -> str:
    """Return a first name of one of many cultures."""
    return str(faker(rng.choice(_LATIN), rng).first_name())


def en_last(rng: random.Random) -> str:
    """Return a surname of one of many cultures."""
    return str(faker(rng.choice(_LATIN), rng).last_name())


def en_name(rng: random.Random) -> str:
    """Return a whole name."""
    return f"{en_first(rng)} {en_last(rng)}"


def en_turned(rng: random.Random) -> str:
    """Return a whole name, the surname first."""
    return f"{en_last(rng)}, {en_first(rng)}"


def en_company(rng: random.Random) -> str:
    """Return a company."""
    return str(faker(rng.choice(_LATIN), rng).company())


def en_street(rng: random.Random) -> str:
    """Return a street address."""
    return str(faker(rng.choice(("en_US", "en_GB", "en_AU")), rng).street_address()).replace("\n", ", ")


def en_address(rng: random.Random) -> str:
    """Return an address with its town."""
    source = faker(rng.choice(("en_US", "en_GB", "en_AU", "de_DE", "fr_FR")), rng)
    return str(source.address()).replace("\n", ", ")


def en_city(rng: random.Random) -> str:
    """Return a town."""
    towns = "London Manchester Chicago Houston Sydney Melbourne Toronto Dublin Paris Berlin Madrid Leeds Boston Seattle Denver Perth Auckland Glasgow Austin Lyon"
    return rng.choice(towns.split())


def en_country(rng: random.Random) -> str:
    """Return a country."""
    return str(faker("en_US", rng).country())


def en_phone(rng: random.Random) -> str:
    """Return a telephone number of the United States or Britain."""
    area, number = f"{rng.choice('23456789')}{rng.choice('0123456789')}{rng.choice('2345')}", digits(rng, 4)
    return rng.choice(
        (f"({area}) 555-{number}", f"{area}-555-{number}", f"+1 {area} 555 {number}", f"+44 20 7946 {number}")
    )
