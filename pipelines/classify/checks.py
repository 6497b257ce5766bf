"""Check digits over whole columns at once.

The same rules as the recognizers' own, which take one value; a test compares them. Each function takes a byte matrix, one value a row, and returns a verdict a row.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.uint8]
Verdicts = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float64]

PROVINCES: Final = frozenset(
    {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71}
)
"""Two-digit province codes of GB/T 2260, with Taiwan."""
PERMITS: Final = frozenset({810_000, 820_000, 830_000})
"""Area codes of the residence permits of people from Hong Kong, Macau and Taiwan."""
EARLIEST_YEAR: Final = 1850

_RESIDENT_WEIGHTS: Final = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int32)
_RESIDENT_CHECK: Final = np.frombuffer(b"10X98765432", dtype=np.uint8)
_USCC_ALPHABET: Final = b"0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS: Final = np.array([pow(3, i, 31) for i in range(17)], dtype=np.int32)
_ORGANISATION_WEIGHTS: Final = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int32)
_ORGANISATION_CHECK: Final = np.frombuffer(b"0X987654321", dtype=np.uint8)
"""By Σ mod 11: 11 − 0 = 11 is written 0, 11 − 1 = 10 is written X."""
_ZERO: Final = ord("0")


def _values(alphabet: bytes) -> npt.NDArray[np.int32]:
    table = np.full(256, -1, dtype=np.int32)
    table[np.frombuffer(alphabet, dtype=np.uint8)] = np.arange(len(alphabet))
    return table


_DIGIT: Final = _values(b"0123456789")
_USCC_VALUE: Final = _values(_USCC_ALPHABET)
_ORGANISATION_VALUE: Final = _values(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_UPPER: Final = np.array([b - 32 if 97 <= b <= 122 else b for b in range(256)], dtype=np.uint8)
_PROVINCE: Final = np.isin(np.arange(100), sorted(PROVINCES))
_MONTH_DAYS: Final = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def digits(matrix: Matrix) -> Verdicts:
    """Tell which rows are digits throughout."""
    return np.asarray((_DIGIT[matrix] >= 0).all(axis=1))


def number(matrix: Matrix) -> npt.NDArray[np.int64]:
    """Read rows of digits as numbers."""
    powers = 10 ** np.arange(matrix.shape[1] - 1, -1, -1, dtype=np.int64)
    read: npt.NDArray[np.int64] = (matrix.astype(np.int64) - _ZERO) @ powers
    return read


def real_dates(
    years: npt.NDArray[np.int64], months: npt.NDArray[np.int64], days: npt.NDArray[np.int64], latest: int
) -> Verdicts:
    """Tell which dates exist and are not after ``latest`` (written yyyymmdd)."""
    inside = (months >= 1) & (months <= 12)
    leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    most = _MONTH_DAYS[np.where(inside, months, 0)] - ((months == 2) & ~leap)
    written = years * 10_000 + months * 100 + days
    real: Verdicts = inside & (days >= 1) & (days <= most) & (years >= EARLIEST_YEAR) & (written <= latest)
    return real


def resident_ids(matrix: Matrix, latest: int) -> Verdicts:
    """GB 11643-1999: province, a real date of birth that is not after ``latest``, and MOD 11-2 over 18 characters."""
    good = born_and_checked(matrix, latest)
    good &= _PROVINCE[number(np.where(good[:, None], matrix[:, :2], _ZERO).astype(np.uint8))]
    return good


def residence_permits(matrix: Matrix, latest: int) -> Verdicts:
    """Numbers built as those of residents, with an area code of Hong Kong, Macau or Taiwan."""
    good = born_and_checked(matrix, latest)
    good &= np.isin(number(np.where(good[:, None], matrix[:, :6], _ZERO).astype(np.uint8)), sorted(PERMITS))
    return good


def permanent_residents(matrix: Matrix, latest: int) -> Verdicts:
    """Foreigners' cards since 2023: a nine and a province before what is built as a resident's number."""
    good = born_and_checked(matrix, latest)
    good &= matrix[:, 0] == ord("9")
    good &= _PROVINCE[number(np.where(good[:, None], matrix[:, 1:3], _ZERO).astype(np.uint8))]
    return good


def born_and_checked(matrix: Matrix, latest: int) -> Verdicts:
    """Tell which rows of 18 characters have a date of birth at its place and a MOD 11-2 check character."""
    good: Verdicts = digits(matrix[:, :17])
    plain = np.where(good[:, None], matrix[:, :17], _ZERO)
    total = (plain.astype(np.int32) - _ZERO) @ _RESIDENT_WEIGHTS
    good &= _RESIDENT_CHECK[total % 11] == _UPPER[matrix[:, 17]]
    good &= real_dates(number(plain[:, 6:10]), number(plain[:, 10:12]), number(plain[:, 12:14]), latest)
    return good


def credit_codes(matrix: Matrix) -> Verdicts:
    """GB 32100-2015 and, inside it, the organisation code of GB 11714-1997: both check characters."""
    upper = _UPPER[matrix]
    values = _USCC_VALUE[upper]
    good: Verdicts = (values >= 0).all(axis=1) & digits(matrix[:, 2:8])
    good &= (-(values[:, :17] @ _USCC_WEIGHTS)) % 31 == values[:, 17]
    body = _ORGANISATION_VALUE[upper[:, 8:16]]
    good &= _ORGANISATION_CHECK[(body @ _ORGANISATION_WEIGHTS) % 11] == upper[:, 16]
    return good


def luhn(matrix: Matrix) -> Verdicts:
    """ISO/IEC 7812-1: the Luhn check of card numbers."""
    good: Verdicts = digits(matrix)
    value = matrix.astype(np.int32) - _ZERO
    value[:, -2::-2] *= 2
    good &= (value // 10 + value % 10).sum(axis=1) % 10 == 0
    return good
