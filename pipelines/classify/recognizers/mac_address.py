"""Hardware addresses of network interfaces (EUI-48)."""

from __future__ import annotations

from presidio_analyzer import Pattern

from pipelines.classify.recognizers.folded import AFTER, BEFORE, FoldedRecognizer, Gate

_PAIR = "[0-9A-Fa-f]{2}"
_FOUR = "[0-9A-Fa-f]{4}"


class MacAddressRecognizer(FoldedRecognizer):
    """Six pairs with colons or hyphens between, three fours with dots; twelve on end with context."""

    ENTITY = "MAC_ADDRESS"
    PATTERNS = (
        Pattern("MAC", r"(?<![0-9A-Za-z])(?<![0-9A-Za-z][:-])" + _PAIR + rf"([:-])(?:{_PAIR}\1){{4}}" + _PAIR + r"(?![0-9A-Za-z]|[:-][0-9A-Za-z])", 0.6),
        Pattern("MAC, in fours", BEFORE + rf"{_FOUR}\.{_FOUR}\.{_FOUR}(?![0-9A-Za-z]|\.[0-9A-Za-z])", 0.6),
        Pattern("MAC, on end", BEFORE + r"[0-9A-Fa-f]{12}" + AFTER, 0.1),
    )  # fmt: skip
    CONTEXT = ("mac", "物理地址", "硬件地址", "网卡")
    GATE = Gate(
        size=12,
        must=rf"{_PAIR}(?::{_PAIR}){{5}}|{_PAIR}(?:-{_PAIR}){{5}}|{_FOUR}\.{_FOUR}\.{_FOUR}|(?:^|[^0-9A-Za-z])(?:{_PAIR}){{6}}(?:$|[^0-9A-Za-z])",
        solid=frozenset({12}),
    )

    def validate_result(self, pattern_text: str) -> bool | None:
        """Refuse the addresses that stand for no device or for all."""
        digits = set(filter(str.isalnum, pattern_text.lower()))
        return False if digits in ({"0"}, {"f"}) else None
