"""How the heading of a column is recognised, and the headings of the columns that every plan shares.

Not for the headings of a plan's own fields: those stand in the plan.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

META_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "consent_notice": ("告知书版本", "consent_notice"),
    "consent_at": ("同意时间", "consent_at"),
    "consent_until": ("同意有效期", "consent_until"),
    "consent_method": ("同意方式", "consent_method"),
    "consent_purposes": ("同意用途", "consent_purposes"),
    "collected_at": ("采集时间", "collected_at"),
    "last_activity_at": ("最近业务时间", "last_activity_at"),
}
"""Column of `records.META_COLUMNS` → headings by which a delivery may name it; the first is the one we write."""


def heading_key(heading: str) -> str:
    """Return the form in which headings are compared: NFKC, no case, single spaces, no byte-order mark."""
    return " ".join(unicodedata.normalize("NFKC", heading).replace("\ufeff", "").casefold().split())


META_KEYS: Mapping[str, str] = {
    heading_key(heading): column for column, headings in META_HEADINGS.items() for heading in headings
}
"""Heading in its compared form → column."""
_SECRET = re.compile(
    r"(?:密码|口令|安全码|验证码|动态码|卡背面三位数?|磁道(?:信息|数据)?|pass ?words?|passwd|pwd"
    r"|(?<![a-z])(?:cv[vnc] ?2?|cv2|cvv2|pin|otp|one time (?:code|pin)|verification code|security code"
    r"|track ?[12]|magnetic (?:track|stripe)))"
    r"(?: ?(?:号|值|明文|密文|code|no|number|value|data|hash|md5|plain|clear|text))?(?: ?\(.*\))?$"
)
_ABOUT = re.compile(r"^(?:是否|有无|忘记|重置|has |is |needs? |forgot|reset)")


def names_secret(heading: str) -> bool:
    """Tell whether a heading says that payment authentication data stands under it, which may never be collected.

    The last word decides: "login password" is one, "password hint" and "whether a password is set" are not.
    """
    key = re.sub(r"[\s_.:-]+", " ", heading_key(heading)).strip()
    return bool(_SECRET.search(key)) and not _ABOUT.match(key)
