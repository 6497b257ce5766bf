"""Unique Chinese remarks of 20 to 40 characters, as clerks write them: some with names, phones, places, most without. Seeded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks import detection_values as v
from benchmarks.detection_random import mobile, resident_id, seeded

if TYPE_CHECKING:
    import random

SHORTEST, LONGEST = 20, 40
_WHO: Final = ("客户", "本人", "家属", "客户经理", "柜员", "老客户", "经办人", "对方", "租户", "客户的同事")
_WHEN: Final = ("今天上午", "昨天下午", "周三", "月底前", "上周", "节后", "临下班时", "刚才", "本月初")
_DID: Final = (
    "来电咨询",
    "到店办理",
    "在线提交了",
    "要求取消",
    "反映无法登录",
    "申请更换",
    "投诉",
    "催办",
    "确认",
    "补交",
)
_WHAT: Final = (
    "理财产品",
    "电子回单",
    "通讯地址",
    "对账单",
    "贷款进度",
    "保险条款",
    "转账限额",
    "网银证书",
    "退款",
    "发票抬头",
    "物流信息",
)
_THEN: Final = (
    "请尽快处理",
    "已当面说明",
    "资料待复核",
    "暂不需要跟进",
    "希望下周答复",
    "态度很好",
    "情绪比较激动",
    "已记录在案",
    "后续再约时间",
    "无其他需求",
)
_PLAIN: Final = (
    "{who}{when}{did}{what}，{then}，编号{n}",
    "{when}{who}{did}{what}，共{n}件，{then}",
    "{did}{what}{n}次未成功，{then}，{when}再联系",
    "{what}金额{n}元有误，{who}{did}更正，{then}",
)
_TELLING: Final = (
    "{who}{name}{when}{did}{what}，{then}",
    "请联系{name}，电话{phone}，{then}，{n}",
    "{name}和{name}{when}一起{did}{what}，{then}",
    "{name}住{city}{district}，{did}{what}，{then}",
    "寄到{address}，收件人{name}",
    "{when}由{name}代办{what}，证件{identity}",
    "{company}的{name}{did}{what}，{then}",
    "{who}已搬到{city}，新号码{phone}，{then}",
)
_SHARE: Final = 0.4
"""Share of the remarks that hold a name, a place or a number."""


def remarks(count: int, seed: str) -> list[str]:
    """Return that many different remarks."""
    rng = seeded(seed)
    done: dict[str, None] = {}
    while len(done) < count:
        text = _remark(rng)
        if SHORTEST <= len(text) <= LONGEST:
            done[text] = None
    return list(done)


def _remark(rng: random.Random) -> str:
    text = rng.choice(_TELLING if rng.random() < _SHARE else _PLAIN)
    while "{" in text:
        start, end = text.index("{"), text.index("}")
        text = text[:start] + _word(text[start + 1 : end], rng) + text[end + 1 :]
    return text


def _word(kind: str, rng: random.Random) -> str:
    words = {"who": _WHO, "when": _WHEN, "did": _DID, "what": _WHAT, "then": _THEN}
    if kind in words:
        return rng.choice(words[kind])
    makers = {
        "name": v.zh_name,
        "phone": mobile,
        "city": v.zh_city,
        "district": v.zh_district,
        "address": v.zh_address,
        "identity": resident_id,
        "company": v.zh_company,
    }
    return makers[kind](rng) if kind in makers else str(rng.randint(1, 99_999))
