"""Accounts of WeChat and QQ: only what a text or a column's name calls one."""

from __future__ import annotations

from typing import Final

from presidio_analyzer import Pattern

from pipelines.classify.recognizers.folded import FoldedRecognizer, Gate

_NAME: Final = r"(?:微信|微讯|薇信|[Ww][Ee][Cc][Hh][Aa][Tt]|[Ww][Ee][Ii][Xx][Ii][Nn]|[Qq][Qq]|扣扣)"
_SHORT: Final = r"(?<![0-9A-Za-z])[VvWw][Xx]"
"""May be the letters of an order's number as well, so that nothing may be glued to it unless it is said to be added."""
_NOUN: Final = r"(?: ?(?:号码|账号|帐号|号|[Ii][Dd]|[Aa]ccount|[Nn]umber|[Nn]o\.?))?"
_SAYS: Final = r" ?(?:[:：=]|是|为|is){1,2} ?"
_SAID: Final = rf"(?:{_NAME}|{_SHORT}){_NOUN}{_SAYS}"
_GLUED: Final = rf"(?:{_SAID}|{_NAME}{_NOUN} ?|{_SHORT}{_NOUN} |加{_SHORT}{_NOUN})"
_ALONE: Final = r"(?<![^\x1e])"
_END: Final = r"(?![0-9A-Za-z_@-])(?!\.[0-9A-Za-z])"
_ACCOUNT: Final = r"[A-Za-z][0-9A-Za-z_-]{5,19}"
_MARKED: Final = r"(?=[A-Za-z-]{1,19}[0-9_])"


class CnMessengerRecognizer(FoldedRecognizer):
    """Behind the messenger's name: a number of 5 to 11 digits, or a name of 6 to 20 letters and digits."""

    ENTITY = "CN_MESSENGER_ACCOUNT"
    PATTERNS = (
        Pattern("Number", rf"(?<={_GLUED})[1-9][0-9]{{4,10}}" + _END, 0.6),
        Pattern("Account", rf"(?<={_SAID}){_ACCOUNT}" + _END + "(?! [a-z])", 0.6),
        Pattern("Account with a digit", rf"(?<={_GLUED}){_MARKED}{_ACCOUNT}" + _END, 0.6),
        Pattern("WeChat's own", r"(?<![0-9A-Za-z_])wxid_[0-9a-z]{6,24}" + _END, 0.6),
        Pattern("Alone", rf"{_ALONE}(?:[1-9][0-9]{{4,10}}|{_ACCOUNT})(?![^\x1e])", 0.1),
    )
    CONTEXT = ("微信", "微讯", "薇信", "扣扣", "qq", "wechat", "weixin", "wxid", "vx", "wx")
    GATE = Gate(size=5, must=r"[0-9]{5}|[0-9A-Za-z_-]{6}")
    CONTEXT_ONLY = True
