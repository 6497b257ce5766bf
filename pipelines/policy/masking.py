"""What is shown of a value to somebody who need not know it: enough to tell what is wrong with it, never whose it is.

The way is that of the kind of information (`taxonomy`). A value that does not have the form of its kind shows nothing
but its length: a broken value may be another's number in the wrong column. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipelines.policy.taxonomy import Mask

STAR: Final = "*"
_HAN_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff·]{2,12}")
_NAME = re.compile(r"[^\W\d_][^\W\d_'’.\-]*(?:[ .'’-]+[^\W\d_][^\W\d_'’.\-]*){0,5}")
_PHONE = re.compile(r"(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})")
_LANDLINE = re.compile(r"(?:0\d{2,3}[- ]?)?(\d{3,4})(\d{4})")
_EMAIL = re.compile(r"([A-Za-z0-9])[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]*@(?:[A-Za-z0-9-]+\.)+([A-Za-z]{2,})")
_RESIDENT = re.compile(r"(\d{4})(\d{11})(\d{2}[\dXx])")
_DOCUMENT = re.compile(r"([A-Z]{1,2})[0-9A-Z()（）]{5,17}(?<=[0-9A-Z)）])")
_CARD = re.compile(r"(\d{4})\d{5,15}(\d{4})")
_DATE = re.compile(r"((?:1[89]|20)\d{2})[-/.年]?\d{1,2}[-/.月]?\d{1,2}日?(?:[T ].*)?")
_REGION = re.compile(
    r"((?:[\u4e00-\u9fff]{2,8}?(?:省|自治区|特别行政区))?(?:[\u4e00-\u9fff]{2,8}?(?:市|自治州|地区|盟))?)(.*)",
    re.DOTALL,
)
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,8})?")
_IP = re.compile(r"(\d{1,3}\.\d{1,3})\.\d{1,3}\.\d{1,3}")
_USCC = re.compile(r"(?:9[1-3]|Y1|N[1-9]|A1|G1)\d{6}[0-9A-HJ-NP-RT-UW-Y]{10}")
_PLAIN = re.compile(r"[^@＠]{1,40}")
_LONG_NUMBER = re.compile(r"(?:[0-9０-９][-. ]?){7}")
_LONG_DATE = re.compile(r"(?:19|20)\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2}")


def masked(way: Mask, value: str) -> str:
    """Show a value in the way of its kind; stars stand for signs, and a length in brackets for what shows nothing."""
    return _WAYS[way](value) or _hidden(value)


def _hidden(value: str) -> str:
    return f"{STAR * 3} [{len(value)}]"


def _none(value: str) -> str:
    """Show what is no secret, unless it looks like what belongs elsewhere."""
    if _USCC.fullmatch(value):
        return value
    if not _PLAIN.fullmatch(value) or _LONG_NUMBER.search(value) or _LONG_DATE.search(value):
        return ""
    return value


def _name(value: str) -> str:
    if _HAN_NAME.fullmatch(value) or (_NAME.fullmatch(value) and len(value) > 1):
        return value[0] + STAR * min(len(value) - 1, 3)
    return ""


def _phone(value: str) -> str:
    if found := _PHONE.fullmatch(value):
        return f"{found[1]}{STAR * 4}{found[3]}"
    found = _LANDLINE.fullmatch(value)
    return f"{STAR * len(found[1])}{found[2]}" if found and value.startswith("0") else ""


def _email(value: str) -> str:
    # The name of the host can be that of the person; what stands behind its last dot can not.
    found = _EMAIL.fullmatch(value)
    return f"{found[1]}{STAR * 3}@…{found[2]}" if found else ""


def _id_number(value: str) -> str:
    if found := _RESIDENT.fullmatch(value):
        return f"{found[1]}{STAR * 11}{found[3].upper()}"
    found = _DOCUMENT.fullmatch(value)
    return f"{found[1]}{STAR * (len(value) - len(found[1]))}" if found else ""


def _card(value: str) -> str:
    found = _CARD.fullmatch(value.replace(" ", "").replace("-", ""))
    return f"{found[1]}{STAR * 4}{found[2]}" if found else ""


def _birth_date(value: str) -> str:
    found = _DATE.fullmatch(value)
    return f"{found[1]}-{STAR * 2}-{STAR * 2}" if found else ""


def _region(value: str) -> str:
    found = _REGION.fullmatch(value)
    return f"{found[1]}{STAR * 3}" if found and found[1] and not _LONG_NUMBER.search(found[1]) else ""


def _band(value: str) -> str:
    """Show how large a number is, by its digits before the point."""
    if not _NUMBER.fullmatch(value):
        return ""
    digits = len(value.lstrip("-").split(".", maxsplit=1)[0].lstrip("0"))
    return f"{'-' if value.startswith('-') else ''}{STAR * max(1, digits)}"


def _ip(value: str) -> str:
    found = _IP.fullmatch(value)
    return f"{found[1]}.{STAR}.{STAR}" if found else ""


def _partial(value: str) -> str:
    if len(value) < 6 or "@" in value or _LONG_NUMBER.search(value):
        return ""
    return value[:2] + STAR * 3


def _nothing(_: str) -> str:
    return ""


_WAYS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "none": _none,
        "name": _name,
        "phone": _phone,
        "email": _email,
        "id_number": _id_number,
        "card": _card,
        "birth_date": _birth_date,
        "region": _region,
        "ip": _ip,
        "band": _band,
        "partial": _partial,
        "text": _nothing,
        "hidden": _nothing,
    }
)
