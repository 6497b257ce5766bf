"""Third parties that may deliver customer information: their licence, agreement and key.

Not for opening what they deliver: `pipelines.sources.delivery` does.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field, field_validator

from pipelines.policy.terms import Frozen, Key, Words

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_LENGTH = 18


class Agreement(Frozen):
    """The confidentiality agreement with the partner (C-10)."""

    id: Key
    until: dt.date


class Partner(Frozen):
    """One partner; both its licence and its agreement must be valid on the day of a delivery (C-09, C-10)."""

    key: Key
    name: Words
    uscc: str
    licence_until: dt.date
    agreement: Agreement
    public_key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Ed25519, hex."""

    @field_validator("uscc")
    @classmethod
    def _checks(cls, value: str) -> str:
        if not is_uscc(value):
            msg = "not a valid unified social credit code (18 characters, GB 32100-2015 check character)"
            raise ValueError(msg)
        return value


def is_uscc(code: str) -> bool:
    """Tell whether the check character of a unified social credit code is right (GB 32100-2015)."""
    if len(code) != USCC_LENGTH or any(character not in USCC_ALPHABET for character in code):
        return False
    total = sum(USCC_ALPHABET.index(c) * pow(3, place, 31) for place, c in enumerate(code[:-1]))
    return USCC_ALPHABET[-total % 31] == code[-1]
