"""Administrative areas of China (GB/T 2260) as a reference table: which codes there are, and what their places are called.

The table is the one that python-stdnum keeps (``stdnum/cn/loc.dat``), withdrawn codes included, because numbers given
out under them stay valid. It is read once, when first asked for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
import numpy.typing as npt

NO_PROVINCE: Final = 0
_LINE = re.compile(r'([0-9]{2})? +(?:([0-9]{4}) county|province)="(.*)"')
_SPAN = re.compile(r"\[[0-9]*-[0-9]*\]")
_PROVINCE_END = re.compile(r"(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政[区區])$")
_CITY_END = re.compile(r"(?:市|地区|盟)$")
_CITY = re.compile(r".{2,}(?:市|地区|自治州|盟)$")
_NO_CITY = "市辖区"
_GOES_ON = frozenset("区县路街道镇乡村")
"""What makes a longer name of another place out of a province's: 河南区, 海南路."""
_LONGEST = 12


def _entries() -> Iterator[tuple[str, str]]:
    """Yield code and name; a code that meant several places in turn comes once for each."""
    province = ""
    for line in files("stdnum.cn").joinpath("loc.dat").read_text(encoding="utf-8").splitlines():
        found = _LINE.fullmatch(line.rstrip())
        if found is None:
            continue
        province = found[1] or province
        for name in _SPAN.sub("", found[3]).split(","):
            yield province + (found[2] or "0000"), name


@cache
def known_codes() -> npt.NDArray[np.bool_]:
    """Return for each number of six digits whether it is, or was, the code of an area."""
    known = np.zeros(1_000_000, np.bool_)
    known[[int(code) for code, _ in _entries()]] = True
    # Residence permits for people of Hong Kong, Macau and Taiwan carry these (State Council Office, 2018 no. 81).
    known[[810_000, 820_000, 830_000]] = True
    return known


@cache
def _names() -> tuple[dict[str, int], dict[str, int], frozenset[str]]:
    """Return names an address may begin with, words a city may be called by, and the short names of provinces."""
    begins, called = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    short = set[str]()
    for code, name in _entries():
        province = int(code[:2])
        if code.endswith("0000"):
            short.add(_PROVINCE_END.sub("", name))
            for each in (name, _PROVINCE_END.sub("", name)):
                begins[each].add(province)
                called[each].add(province)
        elif _CITY.fullmatch(name) and name != _NO_CITY:
            begins[name].add(province)
            for each in (name, _CITY_END.sub("", name)):
                called[each].add(province)
    return _unambiguous(begins), _unambiguous(called), frozenset(short)


def _unambiguous(names: dict[str, set[int]]) -> dict[str, int]:
    return {name: min(provinces) for name, provinces in names.items() if len(provinces) == 1 and len(name) > 1}


def is_city(text: str) -> bool:
    """Tell whether a city, prefecture or province is called so, with or without 市."""
    begins, called, _ = _names()
    return text in called or text in begins


def province_of(text: str) -> int:
    """Return the province (two digits of GB/T 2260) of a city's name or an address; NO_PROVINCE where it is not plain.

    A name that several provinces share says nothing, and neither does an address that begins with a district or street.
    """
    text = "".join(text.split()).removeprefix("中国")
    begins, called, short = _names()
    if text in called:
        return called[text]
    for length in range(min(len(text), _LONGEST), 1, -1):
        name = text[:length]
        if name in begins and not (name in short and text[length : length + 1] in _GOES_ON):
            return begins[name]
    return NO_PROVINCE
