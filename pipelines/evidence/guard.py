"""What the ledger may not say: anything personal.

Evidence outlives the customer information that it speaks of, and it is handed to outsiders. So an entry holds only
names, ids, counts and hashes, all written as tokens: ASCII, no spaces. A Chinese name, an address or a remark can't
be written at all; what could slip through as a token (identity, card, telephone and enterprise numbers, mail
addresses) is recognised and refused. Not for telling what kind of information something is: `classify` does that.
Pure. A refusal names the field, never the value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from pipelines.errors import EvidenceInvalid

LONGEST_TOKEN = 200
LONGEST_TEXT = 1_000
LARGEST_COUNT = 10**10
"""Telephone, identity and card numbers written as integers begin here; no count does."""

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+=~()\[\],*#%<>|-]*")
_OPAQUE = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # UUID
    r"|(?=[0-9]*[a-f])(?:[0-9a-f]{16}|[0-9a-f]{32,128})"  # hash: a letter tells it from a number
    r"|(?<=ed25519:)[0-9a-f]{16}|(?<=sha256:)[0-9a-f]{64}"
    r")(?![0-9A-Za-z])"
)
"""Hashes and random ids: their digits mean nothing, and one in twenty-five would look like a card."""
_MOBILE = re.compile(r"(?<!\d)(?:86)?1[3-9]\d{9}(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)([1-9]\d{16}[\dX]|[1-9]\d{14})(?![\dX])")
_CARD = re.compile(r"(?<!\d)(?:[2-6]\d{15,18}|3[47]\d{13}|3[068]\d{12})(?!\d)")
_ENTERPRISE = re.compile(r"(?<![0-9A-Z])[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}(?![0-9A-Z])")
_SUSPECT = re.compile(r"(?:\d[-. ]?){11}|(?:[0-9A-Za-z][-. ]?){18}")
"""No number of a person, card or enterprise is shorter; most names and ids are, and need no closer look."""
_PLAIN = (str, int)
_ENTERPRISE_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def require_impersonal(body: Mapping[str, object]) -> None:
    """Refuse an entry's body that holds anything but names, ids, counts and hashes.

    Raises:
        EvidenceInvalid: A field holds something else; the message names the field only.
    """
    for key, value in body.items():
        _require(key, value, "")


def is_token(text: str) -> bool:
    """Tell whether a name or id may stand in the ledger as it is."""
    if _OPAQUE.fullmatch(text):
        return True
    try:
        _require_token(text)
    except EvidenceInvalid:
        return False
    return True


def is_impersonal_text(text: str) -> bool:
    """Tell whether a sentence may stand on a certificate: any language, but no number or address of a person."""
    return 0 < len(text) <= LONGEST_TEXT and text.isprintable() and not looks_personal(text)


def looks_personal(text: str) -> bool:
    """Tell whether a text holds a mail address or the number of a person, card or enterprise."""
    if "@" in text or "\uff20" in text:
        return True
    if not _SUSPECT.search(text) or not (bare := _OPAQUE.sub("", text).upper()):
        return False
    # The digits once as they stand and once without the separators that people put between them.
    return any(_holds_number(digits) for digits in {bare, re.sub(r"[-. ]", "", bare)})


def _require(key: object, value: object, where: str) -> None:
    if not isinstance(key, str) or not is_token(key):
        raise EvidenceInvalid(f"A name inside {where or 'the entry'} is not one that evidence may hold.")
    if type(value) in _PLAIN and _may_stand(value):
        return
    path = f"{where}.{key}" if where else key
    if isinstance(value, Mapping):
        for inner, item in value.items():
            _require(inner, item, path)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _require(str(number), item, path)
    elif not _may_stand(value):
        raise EvidenceInvalid(
            f"The field {path} of an evidence entry is no name, id, count or hash; evidence may not hold it."
        )


@lru_cache(maxsize=4096)
def _require_token(text: str) -> None:
    # The same names of fields, plans and parties stand in every entry. What is refused raises: it is not remembered.
    if len(text) > LONGEST_TOKEN or not _TOKEN.fullmatch(text) or looks_personal(text):
        raise EvidenceInvalid("It is no name, id, count or hash.")


def _may_stand(value: object) -> bool:
    if isinstance(value, str):
        return is_token(value)
    if isinstance(value, int):
        return abs(value) < LARGEST_COUNT
    return value is None


def _holds_number(text: str) -> bool:
    return bool(
        _MOBILE.search(text)
        or any(_is_identity(found) for found in _IDENTITY.findall(text))
        or any(_luhn(found) for found in _CARD.findall(text))
        or any(_is_enterprise(found) for found in _ENTERPRISE.findall(text))
    )


def _is_identity(number: str) -> bool:
    """Check digit of GB 11643-1999, or the birth date of the old form of 15 digits."""
    if len(number) == 18:
        weighted = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
        return "10X98765432"[weighted % 11] == number[17]
    try:
        date(1900 + int(number[6:8]), int(number[8:10]), int(number[10:12]))
    except ValueError:
        return False
    return True


def _luhn(number: str) -> bool:
    """Check digit of ISO/IEC 7812-1."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_enterprise(code: str) -> bool:
    """Check digit of GB 32100-2015 (unified social credit code)."""
    weighted = sum(_ENTERPRISE_DIGITS.index(sign) * pow(3, place, 31) for place, sign in enumerate(code[:17]))
    return _ENTERPRISE_DIGITS[-weighted % 31] == code[17]
