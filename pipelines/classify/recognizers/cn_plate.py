"""Vehicle plates of China: ordinary, new energy, and those with a closing character such as 警 or 学."""

from __future__ import annotations

from presidio_analyzer import Pattern

from pipelines.classify.recognizers.folded import AFTER, BEFORE, FoldedRecognizer, Gate

_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_BODY = "[0-9A-HJ-NP-Z]"
_CITY = r"[A-HJ-NP-Z][ ·・•.-]?"


class CnPlateRecognizer(FoldedRecognizer):
    """Province, letter of the city, five characters with a digit among them, or six of a new energy vehicle."""

    ENTITY = "CN_PLATE"
    PATTERNS = (
        Pattern("New energy, small", _PROVINCE + _CITY + r"[A-K][0-9A-HJ-NP-Z][0-9]{4}" + AFTER, 0.6),
        Pattern("New energy, large", _PROVINCE + _CITY + r"[0-9]{5}[A-K]" + AFTER, 0.6),
        Pattern("Ordinary", _PROVINCE + _CITY + r"(?=[A-Z]{0,4}[0-9])" + _BODY + r"{5}" + AFTER, 0.6),
        Pattern("With closing character", _PROVINCE + _CITY + _BODY + r"{4}[挂学警港澳使领]", 0.6),
        Pattern("Embassy", BEFORE + r"[0-9]{6}使", 0.1),
    )
    CONTEXT = ("车牌", "车号", "号牌", "plate")
    GATE = Gate(run=1, wide=True, must=_PROVINCE + "[A-Z]|使", solid=frozenset())
