"""Links to areas that a visitor may not see: they are left out of every page, so that no view has to think of it.

The words of a link stay, a button goes. An address that somebody types answers 403 all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_LINK = re.compile(r'<a\b([^>]*?\bhref="([^"]*)"[^>]*)>(.*?)</a>', re.DOTALL)
_BUTTON = re.compile(r'\bclass="[^"]*\bbutton\b')


def opened(html: str, opens: Callable[[str], bool]) -> str:
    """Write a page again without the links that lead to closed doors."""

    def kept(link: re.Match[str]) -> str:
        attributes, address, words = link.groups()
        if opens(address):
            return link[0]
        return "" if _BUTTON.search(attributes) else words

    return _LINK.sub(kept, html)
