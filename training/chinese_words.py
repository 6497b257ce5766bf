"""Made-up Chinese names, companies and addresses for training. Nobody's: every one is put together by chance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BODIES_KNOWN = (Path(__file__).parent / "chinese_bodies.txt").read_text("utf-8").replace("\n", " ").split()
"""What news of sport, money, games and trade calls by name; no list of them is complete."""
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
    "汤康易乔赖文葛兰殷施洪季翟颜倪温庞安樊俞章鲁聂伍岳齐梅庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童"
    "欧甄项曲成游阳裴席卫查屈鲍位霍翁隋植甘景薄单包司柏宁柯阮桂闵强解边巫车佟卓商娄池蒲宫瞿滕应敖冷柴麦褚"
    "娜房宗党符简艾闻窦谌仇华丛岑冉郎尚宿邢水蔺喻晏楚仲缪雍佘诸桑郁戚晋姬申芦步储臧匡国鞠栾杭惠买宣印苟明"
    "卞粟农竺沙荆占归刁木原练代凤古计封揭仝帅佴屠蒙洛呼鹿"
)
DOUBLE = "欧阳 司马 上官 诸葛 司徒 东方 独孤 南宫 夏侯 尉迟 皇甫 公孙 慕容 令狐 宇文 长孙 轩辕 端木 百里 呼延 澹台 赫连 西门 司空".split()
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂兰英华玉萍红建国志文斌宇浩凯鹏飞鑫波辉宁健俊峰博翔轩梓涵"
    "子豪一诺欣怡诗雨晨曦思雅婷雪慧颖倩楠琳璐瑶佳媛莹菲燕云月梅菊莲凤春夏秋冬东南西北海江河山川林森木石金银"
    "龙虎彪豹鹤鸿雁德福禄寿喜康泰安祥瑞庆荣富贵昌盛兴隆旺发财宝珍珠琼瑜瑾瑞璇琪琦珂珊玲珑琴棋书画诗词歌赋"
    "松柏竹桐枫柳杨槐桃李杏荷蓉芝兰蕙芬芸茜薇莎莉苗苑若茹荣菁萱蕾蓓晓晶晴晖旭昊昕星辰阳光耀灿焕炳烨煜熙照"
    "立力功成就业勤学习进步先锋前程远大志向高尚义仁礼智信忠孝诚实善良正直公道理真美永恒久常青长少壮老友爱心"
    "铭钧钢铁铮锐锋锦钰镇钊铎鉴世民生计政权法治军委员会长治久安邦维绍继承传宗耀祖光宗显达宏伟弘扬振中兴华"
    "乐天知命宜之凡卫东向前跃进援朝抗美和平新民主解放胜利红旗朝阳卫国保家爱党景行止若水"
    "嘉佑启源润泽沐霖霏雯霜露冰洁清澈泉涌溪湖滨潇湘淇漪澜淼淳溥滔瀚航舟帆渔樵耕读耘田野原乾坤宙寰宸宸奕弈"
    "为有其允均根全才升生洲岩峻岭培坤增标栓锁柱铁花枝叶芹香艺苹莺葵娅娣妹细仔妮来顺合同团会余力能机再在容点求冲印开运满仓囤双喜连长"
    "叔伯仲季孟元亨利贞初始末终士卿相侯爵公王侠客剑刀戈武威严肃穆恭敬谦逊廉洁奉守节操敦厚朴素纯粹精英俊秀颖"
    "瑛玮琛璋璟琨玥玺瑄瑗璞珏琰彤丹朱赤绛紫翠碧蓝青黛墨素白皓皎洁婉婧娴姝妍婵娥嫣娇妮妙姗姿媚嫦桓栋梁楷模"
)
FOREIGN = (
    "阿 埃 艾 安 奥 巴 白 班 邦 贝 本 比 彼 别 宾 波 伯 博 布 查 达 大 戴 丹 德 登 迪 蒂 丁 东 杜 多 厄 恩 尔 法 范 菲 费 芬 "
    "弗 福 盖 戈 格 古 哈 海 汉 赫 亨 华 怀 霍 基 吉 加 贾 杰 金 卡 凯 坎 康 考 科 克 肯 库 拉 莱 兰 朗 劳 勒 雷 里 利 丽 列 林 "
    "隆 卢 鲁 伦 罗 洛 马 麦 曼 梅 门 蒙 米 姆 莫 默 穆 纳 娜 南 内 尼 努 诺 欧 帕 佩 皮 普 奇 恰 乔 琼 让 萨 塞 森 沙 山 施 "
    "史 斯 丝 松 苏 索 塔 泰 汤 特 蒂 廷 图 托 瓦 万 威 维 韦 温 沃 乌 西 希 夏 谢 辛 雅 亚 扬 伊 因 英 尤 约 泽 扎 詹 兹 朱 佐"
).split()
JAPANESE = "山本 佐藤 铃木 高桥 田中 渡边 伊藤 中村 小林 加藤 吉田 山田 佐佐木 松本 井上 木村 清水 斋藤 桥本 石川 前田 藤田 冈田 小川".split()
JAPANESE_GIVEN = "太郎 一郎 健一 隆 诚 翔太 大辅 直树 和也 惠子 由美 美咲 明子 裕子 真由美 康夫 信夫 纯一郎 晋三 圭佑 真司 美雪".split()
NICK = "小 老 阿 大".split()
CALLED = "总 哥 姐 老师 先生 女士 小姐 太太 同学 医生 经理 主任 师傅 叔叔 阿姨 老板 大哥 教练 局长 校长".split()
ENGLISH_FIRST = (
    "James John Robert Michael David William Mary Linda Lisa Nancy Tom Jerry Jack Peter Paul Kevin Brian Eric Jason Alice Amy Anna "
    "Emma Olivia Lucy Lily Grace Kate Jane Helen Ben Sam Daniel Steven Mark Tony Andy Leo Max Ivan Carlos Maria Sara Julia Vivian Cindy Bob"
).split()
ENGLISH_LAST = (
    "Smith Johnson Brown Davis Miller Wilson Moore Taylor Anderson Thomas Jackson White Harris Martin Lee Walker Hall Allen Young King "
    "Wright Scott Green Baker Adams Nelson Carter Bell Cooper Ward Gray Wang Chen Liu Zhang Kim Park Garcia Lopez Carroll Ford Cruz"
).split()
_WEIGHTS = [1.0 / (rank + 8) for rank in range(len(SURNAMES))]
DIGITS = "0123456789"


def surname(rng: random.Random) -> str:
    """Return a surname, as common as it is."""
    return rng.choice(DOUBLE) if rng.random() < 0.03 else rng.choices(SURNAMES, _WEIGHTS)[0]


def han_name(rng: random.Random) -> str:
    """Return a name of two to four characters."""
    count = 1 if rng.random() < 0.28 else 2
    if rng.random() < 0.03:
        char = rng.choice(GIVEN)
        return surname(rng) + char + char
    return surname(rng) + "".join(rng.choice(GIVEN) for _ in range(count))


def foreign_name(rng: random.Random) -> str:
    """Return a name written by its sound, its parts joined by a middle dot or alone."""

    def part() -> str:
        return "".join(rng.choice(FOREIGN) for _ in range(rng.choice((2, 2, 3, 3, 3, 4, 4, 5))))

    count = rng.choice((1, 1, 1, 1, 2, 2, 2, 3))
    dot = rng.choice("····•・.") if count > 1 else ""
    if count == 2 and rng.random() < 0.06:
        dot = ""
    return dot.join(part() for _ in range(count))


def latin_name(rng: random.Random) -> str:
    """Return an English name as it stands in Chinese text."""
    first, last = rng.choice(ENGLISH_FIRST), rng.choice(ENGLISH_LAST)
    name = rng.choice((first + " " + last, first + " " + last, first + last, first, first[0] + "." + last))
    return name.lower() if rng.random() < 0.12 else name


def person(rng: random.Random, *, foreign: float = 0.12, nick: float = 0.0) -> str:  # noqa: PLR0911
    """Return a name of a person: mostly Han, some written by sound, some Japanese, English or of a nickname."""
    roll = rng.random()
    if roll < foreign:
        kind = rng.random()
        if kind < 0.75:
            return foreign_name(rng)
        if kind < 0.88:
            return rng.choice(JAPANESE) + rng.choice(JAPANESE_GIVEN)
        return latin_name(rng)
    if roll < foreign + nick:
        kind = rng.random()
        if kind < 0.4:
            return rng.choice(NICK) + surname(rng)[0]
        if kind < 0.55:
            return "阿" + rng.choice(GIVEN)
        if kind < 0.75:
            char = rng.choice(GIVEN)
            return char + char
        return surname(rng) + rng.choice(CALLED)
    return han_name(rng)


@dataclass(frozen=True, slots=True)
class Areas:
    """Names of provinces, cities and counties that lie in one another."""

    places: Sequence[tuple[str, str, str]]

    def __call__(self, rng: random.Random) -> tuple[str, str, str]:
        """Return a province, a city or nothing, and a county."""
        return rng.choice(self.places)


ROAD_WORDS = (
    "人民 中山 解放 建设 和平 胜利 新华 文化 工业 长江 黄河 北京 南京 上海 友谊 团结 光明 幸福 朝阳 迎宾 滨河 环城 站前 学府 科技 "
    "创业 振兴 富民 兴业 锦绣 金山 银河 凤凰 龙翔 玉泉 文三 体育 中央 世纪 民主 自由 青年 健康 花园 梧桐 香樟 紫荆 桃源 康复 湖滨"
).split()
ROAD_TAILS = (
    "路 路 路 路 街 街 大道 大街 东路 西路 南路 北路 中路 巷 弄 胡同 横街 支路 环路 公路 一路 二路 三路".split()
)
ESTATES = "花园 小区 家园 公寓 新村 苑 名苑 雅苑 豪庭 华庭 广场 大厦 中心 城 国际 府 湾 里 庄园 嘉园 佳苑 公馆 新城 商厦 工业园 科技园 产业园 市场 大楼 写字楼".split()
VILLAGE = "村 庄 屯 寨 营 店 沟 岭 坪 湾 桥头 集".split()
CORP_KIND = (
    "科技 贸易 商贸 实业 投资 建筑 工程 电子 信息技术 网络 文化传播 广告 物流 运输 食品 餐饮 服饰 机械 机电 化工 医药 生物科技 "
    "房地产开发 物业管理 农业 旅游 教育咨询 企业管理 新能源 材料 汽车销售 家具 装饰 环保 纺织 珠宝 矿业 电力 设备 制造 "
    "钢结构制造 置业 供应链管理 人力资源 印刷 包装 五金 塑料 光电 半导体 智能装备 软件 数据 传媒 影视 酒店管理"
).split()
CORP_TAIL = "有限公司 有限公司 有限公司 有限公司 有限责任公司 股份有限公司 集团有限公司 集团 公司 厂 分公司 有限公司分公司 经营部 商行 工作室 合作社 农民专业合作社 事务所 中心 商店 研究院".split()
BODIES = "大学 学院 中学 小学 医院 人民医院 研究所 公安局 法院 银行 电视台 日报社 出版社 博物馆 足球队 俱乐部 协会 基金会 委员会 教育局 财政局 检察院 图书馆 派出所 幼儿园 证券 保险公司 支行 乐队 财经大学 理工大学".split()


SHOPS = (
    "服饰 皮具 木业 电器 五金店 超市 便利店 药店 饭店 宾馆 理发店 印刷厂 木料加工厂 针织厂 冲件厂 机械厂 塑料厂 纸业 快运 物流 汽修 家具 建材 酒楼 面馆 "
    "奶茶店 水果店 网吧 幼儿园 培训中心 养殖场 仓库 门市部 批发部 经营部 工作室 丰巢 快递点"
).split()
TEAM_TAILS = "队 俱乐部 竞技 联 集团 公司 汽车 银行 电子 影业 航空 制药 石油 科技 证券 保险 咨询 基金".split()


def foreign_body(rng: random.Random) -> str:
    """Return a club, a company or a bank: one of those in every paper, or one written by its sound, most often bare."""
    if rng.random() < 0.5:
        return rng.choice(BODIES_KNOWN)
    name = "".join(rng.choice(FOREIGN) for _ in range(rng.choice((2, 2, 3, 3, 3, 4, 5))))
    return name + rng.choice(TEAM_TAILS) if rng.random() < 0.2 else name


def foreign_place(rng: random.Random) -> str:
    """Return a place written by its sound."""
    name = "".join(rng.choice(FOREIGN) for _ in range(rng.choice((2, 3, 3, 4, 4, 5))))
    return name + rng.choice(("", "", "", "市", "州", "岛", "省", "镇", "湖", "山脉"))


def house_brand(rng: random.Random) -> str:
    """Return what a Chinese company is called for short."""
    roll = rng.random()
    if roll < 0.5:
        return brand(rng)
    if roll < 0.75:
        return (
            rng.choice("中国 东方 华夏 新 大 金 天 万 国 海 长 北方 南方 西部 江南 太平洋 环球 联合 第一".split())
            + brand(rng)[:2]
        )
    return brand(rng)[:2] + rng.choice(
        "股份 科技 集团 电器 药业 重工 能源 证券 地产 实业 传媒 控股 国际 信托 银行 汽车".split()
    )


def road(rng: random.Random) -> str:
    """Return the name of a road."""
    word = rng.choice(ROAD_WORDS) if rng.random() < 0.6 else rng.choice(GIVEN) + rng.choice(GIVEN)
    return word + rng.choice(ROAD_TAILS)


def brand(rng: random.Random) -> str:
    """Return what a company calls itself."""
    return "".join(rng.choice(GIVEN) for _ in range(rng.choice((2, 2, 2, 3, 3, 4))))


def company(rng: random.Random, areas: Areas) -> str:
    """Return the name of a company."""
    province, city, county = areas(rng)
    head = rng.choice((province, city or county, county, short(city or county), short(county), ""))
    place = f"({short(county)})" if rng.random() < 0.05 else ""
    return head + brand(rng) + place + rng.choice(CORP_KIND) + rng.choice(CORP_TAIL)


def body(rng: random.Random, areas: Areas) -> str:
    """Return the name of a school, an office, a club or a company, as news writes it."""
    province, city, county = areas(rng)
    roll = rng.random()
    if roll < 0.45:
        return rng.choice((short(province), short(city or county), city or county, brand(rng))) + rng.choice(BODIES)
    if roll < 0.6:
        return brand(rng) + rng.choice(("集团", "股份", "科技", "控股", "银行", "证券", "地产", "公司"))
    return company(rng, areas)


def short(area: str) -> str:
    """Return an area's name without its kind."""
    for tail in ("壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "自治州", "省", "市", "县", "区"):
        if area.endswith(tail) and len(area) - len(tail) >= 2:
            return area[: -len(tail)]
    return area


def _number(rng: random.Random, most: int) -> str:
    text = str(rng.randint(1, most))
    if rng.random() < 0.03:
        text = "".join("一二三四五六七八九十"[int(digit) - 1] for digit in text)
    return text


def door(rng: random.Random) -> str:
    """Return the part of an address that tells the building and the door."""
    parts = []
    if rng.random() < 0.75:
        parts.append(
            _number(rng, 1999)
            + rng.choice(("号", "号", "号", "弄", "号院", "号楼", "", "－" + _number(rng, 20) + "号"))
        )
    if rng.random() < 0.4:
        name = brand(rng) if rng.random() < 0.7 else rng.choice(ROAD_WORDS)
        parts.append(name + rng.choice(ESTATES))
    if rng.random() < 0.15:
        parts.append(rng.choice("ABCDEFabc东西南北") + rng.choice(("座", "区", "栋", "幢", "楼", "期")))
    if rng.random() < 0.4:
        parts.append(_number(rng, 60) + rng.choice(("栋", "幢", "号楼", "座", "#", "楼", "期")))
    if rng.random() < 0.3:
        parts.append(_number(rng, 9) + rng.choice(("单元", "单元", "门", "梯")))
    if rng.random() < 0.3:
        parts.append(_number(rng, 33) + rng.choice(("楼", "层", "F", "f")))
    if rng.random() < 0.5:
        parts.append(
            _number(rng, 3999) + rng.choice(("室", "室", "", "号", "房", "铺", "号店铺", "-" + _number(rng, 30)))
        )
    if rng.random() < 0.12:
        parts.append(
            rng.choice(
                (
                    "超市",
                    "快递柜",
                    "菜鸟驿站",
                    "门卫室",
                    "物业",
                    "服装店",
                    "旁边",
                    "对面",
                    "楼下",
                    "一楼大厅",
                    "西门",
                    "药店",
                    "村口",
                )
            )
        )
    return "".join(parts)


def landmark(rng: random.Random, areas: Areas) -> str:
    """Return the shop, works, school or office that a parcel's address ends with."""
    roll = rng.random()
    if roll < 0.35:
        return company(rng, areas)
    if roll < 0.55:
        return brand(rng) + rng.choice(SHOPS)
    if roll < 0.75:
        return rng.choice((short(areas(rng)[2]), brand(rng)[:2])) + rng.choice(BODIES)
    if roll < 0.85:
        return rng.choice(
            (
                "村民委员会",
                "村委会",
                "居委会",
                "管委会",
                "镇政府",
                "派出所",
                "卫生院",
                "邮局",
                "农商银行",
                "加油站",
                "停车场",
                "菜市场",
            )
        )
    return rng.choice("ABCDEFGH") + str(rng.randint(1, 9999)) if roll < 0.93 else str(rng.randint(10, 9999))


def address(rng: random.Random, areas: Areas) -> str:  # noqa: C901
    """Return an address as people write one for a parcel: whole or from the road on, with odd separators."""
    province, city, county = areas(rng)
    head = []
    roll = rng.random()
    if roll < 0.45:
        head = [province, city, county]
    elif roll < 0.75:
        head = [city, county]
    elif roll < 0.92:
        head = [county]
    if rng.random() < 0.2:
        head = [short(each) for each in head]
    if rng.random() < 0.35:
        head.append(brand(rng)[:2] + rng.choice(("镇", "街道", "乡", "镇", "开发区", "经济技术开发区")))
    middle = []
    if rng.random() < 0.8:
        middle.append(road(rng))
        if rng.random() < 0.1:
            middle.append(rng.choice(("与", "和", "")) + road(rng) + rng.choice(("交叉口", "路口", "交汇处")))
    if rng.random() < 0.2 or not middle:
        middle.append(
            brand(rng)[:2] + rng.choice(VILLAGE) + rng.choice(("", _number(rng, 20) + "组", _number(rng, 9) + "队"))
        )
    tail = door(rng)
    if not head and not tail:
        tail = _number(rng, 999) + "号"
    separator = rng.choice(("", "", "", "", "", " ", "_", "-", "，"))
    text = separator.join(part for part in [*head, "".join(middle), tail] if part)
    if rng.random() < 0.3:
        text += rng.choice(("", "", "", separator)) + landmark(rng, areas)
    if rng.random() < 0.08:
        text += (
            rng.choice(("（", "("))
            + rng.choice((brand(rng) + rng.choice(ESTATES), road(rng) + "口", "近" + road(rng)))
            + rng.choice(("）", ")"))
        )
    return text


def mobile(rng: random.Random) -> str:
    """Return eleven digits that look like a mobile number."""
    return "1" + rng.choice("356789") + "".join(rng.choice(DIGITS) for _ in range(9))
