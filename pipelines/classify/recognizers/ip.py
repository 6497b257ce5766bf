"""IP addresses, versions 4 and 6; not version numbers."""

from __future__ import annotations

import ipaddress

from presidio_analyzer import Pattern

from pipelines.classify.recognizers.folded import FoldedRecognizer, Gate

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"


class IpRecognizer(FoldedRecognizer):
    """Four octets without leading zeros, or what RFC 4291 writes for 128 bits."""

    ENTITY = "IP_ADDRESS"
    PATTERNS = (
        Pattern("IPv4", r"(?<![0-9.])(?<![Vv])" + _OCTET + r"(?:\." + _OCTET + r"){3}(?![0-9A-Za-z])(?!\.[0-9])", 0.6),
        Pattern(
            "IPv6",
            r"(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}(?![0-9A-Za-z:.])"
            r"|(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,5})?::(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,5})?"
            r"(?![0-9A-Za-z:])",
            0.6,
        ),
    )
    CONTEXT = ("ip", "地址", "登录", "登陆", "address", "host")
    GATE = Gate(marks=b".:", must=r"[0-9]\.[0-9]{1,3}\.[0-9]|:[0-9A-Fa-f]{0,4}:", solid=frozenset())

    def validate_result(self, pattern_text: str) -> bool | None:
        """Refuse what does not parse, and addresses that stand for no host (``::``, ``0.0.0.0``)."""
        try:
            parsed = ipaddress.ip_address(pattern_text)
        except ValueError:
            return False
        return False if parsed.is_unspecified else None
