"""How the heading of a column is recognised, and the headings of the columns that every plan shares.

Not for the headings of a plan's own fields: those stand in the plan.
"""

from __future__ import annotations

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
