"""The encodings of text that a plan or a command may name, where they can't be told from the bytes.

Apart from the rest, because the command line offers them before anything heavy is imported.
"""

from __future__ import annotations

from typing import Literal

EncodingName = Literal[
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "gb18030", "gbk", "gb2312", "big5",
    "shift_jis", "euc-jp", "euc-kr", "windows-1250", "windows-1251", "windows-1252",
]  # fmt: skip
"""Encodings of text that may be named where they can't be told."""
