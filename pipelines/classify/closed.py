"""Kinds whose cells come from a closed set of words: sexes, the peoples of China, provinces and districts, countries.

A column is one where nearly all its cells are in the set. Not for text: "白" in a sentence is a colour.
"""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from stdnum import numdb

from pipelines.classify.votes import PLACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.classify.cells import Cells, Ints

LONGEST: Final = 64
"""Bytes of the longest word."""
_SEX: Final = "男 女 男性 女性 male female m f man woman"
_MARRIED: Final = (
    "已婚 未婚 离异 离婚 丧偶 再婚 初婚 复婚 分居 single married divorced widowed separated unmarried engaged"
)
_EDUCATION: Final = (
    "文盲 半文盲 小学 初中 高中 中专 中技 职高 技校 中职 高职 大专 专科 本科 大学 大学本科 大学专科 学士 硕士 硕士研究生 研究生 博士 "
    "博士研究生 博士后 小学及以下 初中及以下 高中及以下 高中/中专 大专及以下 大专及以上 本科及以上 硕士及以上 bachelor bachelors "
    "bachelor's master masters master's doctorate phd ph.d. doctoral graduate postgraduate undergraduate diploma mba"
)
_SCHOOLS: Final = (
    "high school|primary school|secondary school|middle school|junior college|vocational school|some college"
    "|associate degree|bachelor degree|bachelor's degree|master degree|master's degree|doctoral degree"
)
_PEOPLES: Final = (
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 柯尔克孜 土 "
    "达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 "
    "门巴 珞巴 基诺"
)
_SHORT_PEOPLES: Final = "汉 满 回 苗 壮 藏 彝 侗 瑶 维吾尔 蒙古 布依 土家 哈尼 哈萨克 穿青人"
"""Peoples whose bare name means little else: 白, 水, 土 and 京 do."""
_REGIONS: Final = (
    "内蒙古 内蒙古自治区 广西 广西壮族自治区 西藏 西藏自治区 宁夏 宁夏回族自治区 新疆 新疆维吾尔自治区 香港 香港特别行政区 澳门 "
    "澳门特别行政区 台湾 台湾省 新疆生产建设兵团"
)
_COUNTRIES: Final = (
    "中国 中华人民共和国 美国 英国 法国 德国 意大利 西班牙 葡萄牙 荷兰 比利时 瑞士 瑞典 挪威 丹麦 芬兰 冰岛 爱尔兰 奥地利 波兰 捷克 斯洛伐克 匈牙利 "
    "希腊 俄罗斯 乌克兰 白俄罗斯 罗马尼亚 保加利亚 塞尔维亚 克罗地亚 斯洛文尼亚 爱沙尼亚 拉脱维亚 立陶宛 卢森堡 摩纳哥 马耳他 塞浦路斯 土耳其 日本 "
    "韩国 朝鲜 蒙古 越南 老挝 柬埔寨 泰国 缅甸 马来西亚 新加坡 印度尼西亚 印尼 菲律宾 文莱 东帝汶 印度 巴基斯坦 孟加拉国 斯里兰卡 尼泊尔 不丹 马尔代夫 "
    "阿富汗 伊朗 伊拉克 叙利亚 约旦 黎巴嫩 以色列 巴勒斯坦 沙特阿拉伯 沙特 阿联酋 卡塔尔 科威特 巴林 阿曼 也门 哈萨克斯坦 吉尔吉斯斯坦 塔吉克斯坦 "
    "乌兹别克斯坦 土库曼斯坦 格鲁吉亚 亚美尼亚 阿塞拜疆 加拿大 墨西哥 巴西 阿根廷 智利 秘鲁 哥伦比亚 委内瑞拉 厄瓜多尔 玻利维亚 巴拉圭 乌拉圭 古巴 "
    "牙买加 巴拿马 哥斯达黎加 危地马拉 洪都拉斯 萨尔瓦多 尼加拉瓜 多米尼加 海地 澳大利亚 新西兰 斐济 巴布亚新几内亚 埃及 南非 尼日利亚 肯尼亚 "
    "埃塞俄比亚 摩洛哥 阿尔及利亚 突尼斯 利比亚 苏丹 加纳 坦桑尼亚 乌干达 赞比亚 津巴布韦 安哥拉 莫桑比克 喀麦隆 塞内加尔 马达加斯加 毛里求斯 刚果"
)
_ENGLISH: Final = (
    "china|people's republic of china|p.r. china|pr china|united states|united states of america|usa|u.s.a.|us|u.s.|uk|u.k."
    "|united kingdom|great britain|england|scotland|wales|northern ireland|ireland|france|germany|italy|spain|portugal"
    "|netherlands|the netherlands|belgium|switzerland|sweden|norway|denmark|finland|iceland|austria|poland|czech republic"
    "|czechia|slovakia|hungary|greece|russia|russian federation|ukraine|belarus|romania|bulgaria|serbia|croatia|slovenia"
    "|estonia|latvia|lithuania|luxembourg|monaco|malta|cyprus|turkey|japan|south korea|korea|north korea|mongolia|vietnam"
    "|laos|cambodia|thailand|myanmar|malaysia|singapore|indonesia|philippines|brunei|india|pakistan|bangladesh|sri lanka"
    "|nepal|bhutan|maldives|afghanistan|iran|iraq|syria|jordan|lebanon|israel|palestine|saudi arabia|united arab emirates"
    "|uae|qatar|kuwait|bahrain|oman|yemen|kazakhstan|georgia|armenia|azerbaijan|uzbekistan|canada|mexico|brazil|argentina"
    "|chile|peru|colombia|venezuela|ecuador|bolivia|paraguay|uruguay|cuba|jamaica|panama|costa rica|guatemala|honduras"
    "|australia|new zealand|fiji|papua new guinea|egypt|south africa|nigeria|kenya|ethiopia|morocco|algeria|tunisia|libya"
    "|sudan|ghana|tanzania|uganda|zambia|zimbabwe|angola|mozambique|cameroon|senegal|hong kong|macau|macao|taiwan"
    "|alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|district of columbia|florida|hawaii|idaho"
    "|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|minnesota|mississippi|missouri"
    "|montana|nebraska|nevada|new hampshire|new jersey|new mexico|new york|north carolina|north dakota|ohio|oklahoma"
    "|oregon|pennsylvania|rhode island|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|washington"
    "|west virginia|wisconsin|wyoming|new south wales|victoria|queensland|south australia|western australia|tasmania"
    "|northern territory|australian capital territory|ontario|quebec|british columbia|alberta|manitoba|saskatchewan"
    "|nova scotia|new brunswick"
)


def listed(cells: Cells, among: Ints | None = None) -> Counter[str]:
    """Count the cells (of the numbered ones) that are a word of a closed set, by the taxonomy's key of the set."""
    counts: Counter[str] = Counter()
    short = np.flatnonzero((cells.sizes <= LONGEST) & (cells.wide | cells.letters))
    short = short if among is None else np.intersect1d(short, among, assume_unique=True)
    if not len(short):
        return counts
    words, keys, names = _index()
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(cells.taken(short)))
    places = np.asarray(pc.fill_null(pc.index_in(plain, words), -1).to_numpy(zero_copy_only=False), dtype=np.int64)
    inside = places >= 0
    totals = np.bincount(keys[places[inside]], weights=cells.weights[short][inside], minlength=len(names))
    counts.update({name: int(total) for name, total in zip(names, totals.tolist(), strict=True) if total})
    return counts


@functools.cache
def _index() -> tuple[pa.LargeStringArray, Ints, tuple[str, ...]]:
    """Return all words, the number of each one's key, and the keys. A word of two sets is of the first."""
    of: dict[str, str] = {}
    for key, words in (
        ("SEX", _SEX.split()),
        ("MARITAL_STATUS", _MARRIED.split()),
        ("EDUCATION", [*_EDUCATION.split(), *_SCHOOLS.split("|")]),
        ("ETHNICITY", [*(f"{people}族" for people in _PEOPLES.split()), *_SHORT_PEOPLES.split()]),
        (PLACE, [*_COUNTRIES.split(), *_ENGLISH.split("|"), *_REGIONS.split(), *_areas()]),
    ):
        for word in words:
            of.setdefault(word, key)
    names = tuple(dict.fromkeys(of.values()))
    keys = np.array([names.index(key) for key in of.values()], dtype=np.int64)
    return pa.array(list(of), type=pa.large_string()), keys, names


def _areas() -> Iterator[str]:
    """Yield China's provinces, cities and districts of GB/T 2260, in full and as people shorten them."""
    for _, _, _, parts, below in numdb.get("cn/loc").prefixes:
        yield from _spelled(parts.get("province", ""))
        for _, _, _, own, _ in below:
            yield from _spelled(own.get("county", ""))


def _spelled(area: str) -> Iterator[str]:
    name = area.rpartition("]")[2].strip()
    if len(name) > 1:
        yield name
        short = name.removesuffix("省").removesuffix("市")
        if short != name and len(short) > 1:
            yield short
