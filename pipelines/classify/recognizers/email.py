"""E-mail addresses, also where they are glued to Chinese text."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
import tldextract
from presidio_analyzer import Pattern

from pipelines.classify.recognizers.folded import FoldedRecognizer, Gate

if TYPE_CHECKING:
    from pipelines.classify.cells import Cells, Ints
    from pipelines.classify.checks import Scores

_LOCAL = r"[0-9A-Za-z_](?:[0-9A-Za-z._%+'-]{0,62}[0-9A-Za-z_+-])?"
_DOMAIN = r"(?:[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?\.){1,8}[A-Za-z][0-9A-Za-z-]{0,22}[0-9A-Za-z]"
_WHOLE = rf"^(?:{_LOCAL})@[0-9A-Za-z]+(?:\.[0-9A-Za-z]+){{0,7}}\.[A-Za-z]{{2,24}}$"
"""Plain addresses only: whatever it does not match is read by the pattern."""


class EmailRecognizer(FoldedRecognizer):
    """A local part, an at sign and a domain whose suffix exists."""

    ENTITY = "EMAIL_ADDRESS"
    PATTERNS = (
        Pattern(
            "E-mail",
            r"(?<![0-9A-Za-z._%+-])" + _LOCAL + "@" + _DOMAIN + r"(?![0-9A-Za-z-])",
            0.5,
        ),
    )
    CONTEXT = ("邮箱", "邮件", "电邮", "email", "e-mail", "mail")
    GATE = Gate(size=5, marks=b"@", solid=frozenset())

    def validate_result(self, pattern_text: str) -> bool | None:
        """Be certain where the public suffix is known; a private one (``.local``) stays an e-mail, but a weak one."""
        return True if suffix_known(pattern_text.rpartition("@")[2].lower()) else None

    def whole(self, cells: Cells, numbers: Ints) -> tuple[Ints, Scores]:
        """Score whole cells that are one address: one look-up a domain."""
        own = numbers[cells.matching(_WHOLE, numbers)]
        domains = pc.list_element(pc.split_pattern(cells.taken(own), "@"), 1).dictionary_encode()
        sure = [suffix_known(domain.lower()) for domain in domains.dictionary.to_pylist()]
        places = domains.indices.to_numpy(zero_copy_only=False)
        return own, np.where(np.array(sure, dtype=np.bool_)[places], 1.0, self.PATTERNS[0].score)


@functools.cache
def _suffixes() -> tldextract.TLDExtract:
    """Return the list that came with the package: this never asks the network."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@functools.lru_cache(maxsize=65_536)
def suffix_known(domain: str) -> bool:
    """Tell whether a domain (in small letters) ends in a public suffix that exists."""
    return bool(_suffixes()(domain).suffix)
