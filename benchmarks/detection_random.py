"""Seeded randomness for made-up data: the same seed gives the same data."""

from __future__ import annotations

import functools
import random
from typing import Any

from faker import Faker
from stdnum import luhn
from stdnum.cn import ric, uscc

_REGIONS = ("110999", "310999", "440999", "510999", "330999", "650999")
"""Region codes that were never given to a place: no made-up number is that of a person."""
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def seeded(seed: int | str) -> random.Random:
    """Return a source of randomness."""
    return random.Random(seed)  # noqa: S311 (made-up data, nothing secret)


def faker(locale: str, rng: random.Random) -> Any:
    """Return the maker of a locale's values, drawing from ``rng``."""
    maker = _faker(locale)
    maker.random = rng
    return maker


@functools.cache
def _faker(locale: str) -> Any:
    return Faker(locale, use_weighting=False)


def digits(rng: random.Random, count: int) -> str:
    """Return that many digits."""
    return "".join(rng.choices("0123456789", k=count))


def resident_id(rng: random.Random) -> str:
    """Return a resident identity number of 18 digits that checks, of no region that exists."""
    birth = f"{rng.randint(1940, 2012)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    body = rng.choice(_REGIONS) + birth + digits(rng, 3)
    return body + str(ric.calc_check_digit(body + "0"))


def bank_card(rng: random.Random, sizes: tuple[int, ...] = (16, 19)) -> str:
    """Return a bank card number that checks."""
    body = rng.choice(("62", "6217", "4", "52")) + digits(rng, 18)
    body = body[: (16 if body[0] == "5" else rng.choice(sizes)) - 1]
    return body + str(luhn.calc_check_digit(body))


def credit_code(rng: random.Random) -> str:
    """Return a unified social credit code that checks."""
    organization = "".join(rng.choices(_USCC[:10], k=8))
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    check = 11 - sum(int(one) * weight for one, weight in zip(organization, weights, strict=True)) % 11
    body = f"91{rng.choice(_REGIONS)}{organization}{'0123456789X0'[check] if check < 11 else '0'}"
    return body + str(uscc.calc_check_digit(body + "0"))


def mobile(rng: random.Random) -> str:
    """Return a mobile number of mainland China."""
    return f"1{rng.choice(('38', '39', '50', '86', '87', '36', '77', '98', '35', '31'))}{digits(rng, 8)}"
