"""Columns of text as fixed-width byte matrices, so that a rule is a few numpy operations on all rows at once.

Not for free text: a rule sees only the rows whose UTF-8 length is one it names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Bytes: TypeAlias = npt.NDArray[np.uint8]
"""One row a value, one column a byte."""
Flags: TypeAlias = npt.NDArray[np.bool_]
Rule: TypeAlias = Callable[[Bytes], Flags]

ZERO = np.uint8(ord("0"))


@dataclass(frozen=True, slots=True)
class Texts:
    """A column as one buffer of UTF-8 bytes, with where each value starts and ends."""

    data: Bytes
    bounds: npt.NDArray[np.int64]
    missing: Flags

    @classmethod
    def of(cls, column: pd.Series) -> Texts:
        """Lay out a column; without copying where pandas already holds it as Arrow text."""
        if not pd.api.types.is_string_dtype(column.dtype):
            column = column.astype("str")
        array = pa.array(column, type=pa.large_string(), from_pandas=True)
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        _, bounds, data = array.buffers()
        first = array.offset
        return cls(
            data=np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8),
            bounds=np.frombuffer(bounds, np.int64)[first : first + len(array) + 1],
            missing=np.asarray(column.isna(), dtype=np.bool_),
        )

    @property
    def widths(self) -> npt.NDArray[np.int64]:
        """Count the bytes of each value; -1 where it is missing."""
        return np.where(self.missing, -1, np.diff(self.bounds))

    def matrix(self, rows: npt.NDArray[np.intp], width: int) -> Bytes:
        """Return the bytes of some rows, all of the same width."""
        starts = self.bounds[:-1][rows]
        if len(rows) and starts[-1] - starts[0] == (len(rows) - 1) * width:
            return self.data[starts[0] : starts[0] + len(rows) * width].reshape(-1, width)
        gathered: Bytes = self.data[starts[:, None] + np.arange(width)]
        return gathered


def judge(column: pd.Series, rules: Mapping[int, Rule]) -> pd.Series:
    """Tell which values pass the rule for their width; missing values do, values of any other width don't."""
    texts = Texts.of(column)
    widths = texts.widths
    passed = texts.missing.copy()
    for width, rule in rules.items():
        rows = np.flatnonzero(widths == width)
        if rows.size:
            passed[rows] = rule(texts.matrix(rows, width))
    return pd.Series(passed, index=column.index)


def judge_pattern(column: pd.Series, pattern: str, *, holds: bool = True) -> pd.Series:
    """Tell in which values a regular expression (RE2) is found, or with ``holds=False`` in which not; missing values pass."""
    if not pd.api.types.is_string_dtype(column.dtype):
        column = column.astype("str")
    array = pa.array(column, type=pa.large_string(), from_pandas=True)
    found = pc.equal(pc.match_substring_regex(array, pattern), holds)
    return pd.Series(np.asarray(pc.fill_null(found, fill_value=True)), index=column.index)


def judge_distinct(column: pd.Series, rule: Callable[[str], bool]) -> pd.Series:
    """Tell which values pass a rule that is asked once for each distinct value; missing values pass."""
    kinds, values = pd.factorize(column, use_na_sentinel=True)
    passed = np.array([*(rule(str(value)) for value in values), True], dtype=np.bool_)
    return pd.Series(passed[kinds], index=column.index)


def number_at(texts: Texts, start: int, stop: int, width: int | None = None) -> npt.NDArray[np.int64]:
    """Read the digits between two places of each value; -1 where the value is missing or has no digits there.

    With ``width``, only values of that many bytes are read.
    """
    widths = texts.widths
    rows = np.flatnonzero(widths == width if width else widths >= stop)
    found = np.full(len(widths), -1, np.int64)
    if rows.size:
        numbers = digits(texts.data[texts.bounds[:-1][rows, None] + np.arange(start, stop)])
        found[rows] = np.where(all_digits(numbers), number(numbers, 0, stop - start), -1)
    return found


def digits(matrix: Bytes) -> Bytes:
    """Turn ASCII digits into numbers; anything that is no digit becomes more than 9."""
    return matrix - ZERO


def all_digits(numbers: Bytes) -> Flags:
    """Tell which rows of :func:`digits` hold digits only."""
    return np.asarray((numbers <= 9).all(axis=1))


def number(numbers: Bytes, start: int, stop: int) -> npt.NDArray[np.int64]:
    """Read columns ``start`` to ``stop`` of :func:`digits` as one decimal number a row."""
    powers = 10 ** np.arange(stop - start - 1, -1, -1, dtype=np.int64)
    return np.asarray(numbers[:, start:stop].astype(np.int64) @ powers)
