"""The distinct cells of a column as one block of bytes, with cheap facts about each. Holds customer information.

A column of twenty thousand cells is read once: folded where it has to be, encoded once, and classified byte by byte
with numpy. What the facts rule out never reaches a regular expression.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.classify.folding import NEEDED, encodable, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.classify.checks import Matrix
    from pipelines.classify.recognizers import Gate

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

BLANK: Final = r"^(?:[\s\p{Z}\p{Cf}]*|\s*(?i:n/a|#n/a|null|none|nil|nan|-{1,3}|/|无|暂无|不详)\s*)$"
"""RE2 pattern of the ways to say that there is nothing."""
FLOAT: Final = r"^(\s*[0-9]{7,18})\.0$"
"""A number that a spreadsheet or a library took for one to reckon with. Its places stay those of the cell."""
PART: Final = 8 << 20
"""Bytes of the cells that are counted together."""
_DIGIT, _LETTER, _WIDE, _MARK = 1, 2, 4, 8
_FACTS: Final = np.array(
    [
        _DIGIT * (chr(b) in string.digits)
        | _LETTER * (chr(b) in string.ascii_letters)
        | _WIDE * (b > 127)
        | _MARK * (chr(b) in " -.+()\r\n")
        for b in range(256)
    ],
    dtype=np.uint8,
)


@dataclass(frozen=True, slots=False)
class Cells:
    """Distinct, folded, non-blank cells; how often each stands in the column; which rows hold it."""

    folded: pa.LargeStringArray = field(repr=False)
    weights: Ints = field(repr=False)
    rows: int

    def __len__(self) -> int:
        """Count the distinct cells."""
        return len(self.folded)

    @property
    def filled(self) -> int:
        """Count the cells that are not blank."""
        return int(self.weights.sum())

    @cached_property
    def data(self) -> npt.NDArray[np.uint8]:
        """All cells' bytes, one after another."""
        buffer = self.folded.buffers()[2]
        return np.frombuffer(buffer, dtype=np.uint8) if buffer else np.empty(0, dtype=np.uint8)

    @cached_property
    def offsets(self) -> Ints:
        """Where each cell's bytes begin, and the end of the last."""
        if not len(self):
            return np.zeros(1, dtype=np.int64)
        buffer = self.folded.buffers()[1]
        return np.frombuffer(buffer, dtype=np.int64)[self.folded.offset : self.folded.offset + len(self) + 1]

    @cached_property
    def sizes(self) -> Ints:
        """Bytes of each cell."""
        return np.diff(self.offsets)

    @cached_property
    def lengths(self) -> Ints:
        """Characters of each cell."""
        return np.asarray(pc.utf8_length(self.folded).to_numpy(zero_copy_only=False), dtype=np.int64)

    @cached_property
    def _facts(self) -> npt.NDArray[np.uint8]:
        return _FACTS[self.data]

    def _any(self, mask: npt.NDArray[Any]) -> Mask:
        """Tell which cells hold a byte for which the mask is not zero (cells are never empty)."""
        return np.bitwise_or.reduceat(mask, self.offsets[:-1]) != 0 if len(self) else np.zeros(0, dtype=bool)

    @cached_property
    def runs(self) -> Ints:
        """The most digits of each cell that stand in one run, with nothing but number marks between them."""
        best = np.zeros(len(self), dtype=np.int64)
        low = 0
        while low < len(self):  # a part at a time: the counts take twenty times the room of the bytes
            high = max(low + 1, int(np.searchsorted(self.offsets, self.offsets[low] + PART, side="right")) - 1)
            own = self.offsets[low : high + 1]
            best[low:high] = _runs(self._facts[own[0] : own[-1]], own - own[0])
            low = high
        return best

    @cached_property
    def solid(self) -> Mask:
        """Which cells are ASCII letters and digits throughout."""
        return ~self._any((self._facts & (_DIGIT | _LETTER)) == 0)

    @cached_property
    def letters(self) -> Mask:
        """Which cells hold an ASCII letter."""
        return self._any(self._facts & _LETTER)

    @cached_property
    def wide(self) -> Mask:
        """Which cells hold a character that is not ASCII."""
        return self._any(self._facts & _WIDE)

    @cached_property
    def han(self) -> Mask:
        """Which cells hold a Chinese character."""
        found = np.zeros(len(self), dtype=np.bool_)
        wide = np.flatnonzero(self.wide)
        found[wide] = self.matching(r"\p{Han}", wide) if len(wide) else False
        return found

    def holds(self, mark: int) -> Mask:
        """Tell which cells hold a certain ASCII character."""
        return self._any((self.data == mark).astype(np.uint8))

    def matching(self, pattern: str, among: Ints | None = None) -> Mask:
        """Tell which of the cells (of the numbered ones) an RE2 pattern matches somewhere."""
        cells = self.folded if among is None else self.taken(among)
        found = pc.match_substring_regex(cells, pattern)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)

    def passing(self, gate: Gate) -> Ints:
        """Return the numbers of the cells that may hold what is behind a gate."""
        mask = self.sizes >= gate.size
        if gate.run:
            mask &= self.runs >= gate.run
        if gate.marks:
            mask &= np.logical_or.reduce([self.holds(mark) for mark in gate.marks])
        if gate.wide:
            mask &= self.wide
        if gate.solid is not None:
            mask &= ~self.solid | np.isin(self.sizes, sorted(gate.solid))
        passing = np.flatnonzero(mask)
        return passing[self.matching(gate.must, passing)] if gate.must and len(passing) else passing

    def plain(self, size: int) -> Mask:
        """Tell which cells are ``size`` ASCII characters."""
        mask: Mask = (self.sizes == size) & ~self.wide
        return mask

    def matrix(self, numbers: Ints, size: int) -> Matrix:
        """Return the bytes of cells of one size, a cell a row."""
        matrix: Matrix = self.data[self.offsets[:-1][numbers][:, None] + np.arange(size)]
        return matrix

    def texts(self, numbers: Ints) -> list[str]:
        """Return folded cells as text."""
        texts: list[str] = self.taken(numbers).to_pylist()
        return texts

    def taken(self, numbers: Ints) -> pa.LargeStringArray:
        """Return folded cells as a column, in the order of the numbers."""
        whole = len(numbers) == len(self) and bool((numbers == np.arange(len(self))).all())
        return self.folded if whole else self.folded.take(pa.array(numbers))


def _runs(facts: npt.NDArray[np.uint8], offsets: Ints) -> Ints:
    """Return the most digits in one run of each of some cells."""
    number = (facts & (_DIGIT | _MARK)) != 0
    begins = number.copy()
    begins[1:] &= ~number[:-1]
    begins[offsets[:-1]] |= number[offsets[:-1]]
    heads = np.flatnonzero(begins)
    best = np.zeros(len(offsets) - 1, dtype=np.int64)
    if len(heads):
        ends = np.flatnonzero(number & ~np.append(number[1:] & ~begins[1:], False)) + 1
        count = np.cumsum(np.append(0, facts & _DIGIT), dtype=np.int64)
        cell = np.searchsorted(offsets, heads, side="right") - 1
        np.maximum.at(best, cell, count[ends] - count[heads])
    return best


def of_column(column: pd.Series[str]) -> tuple[Cells, Ints]:
    """Read a column; also return, for each of its rows, the number of its cell, or -1 where it is blank or missing."""
    encoded = _arrow(column).dictionary_encode()
    values, codes = encoded.dictionary, encoded.indices
    places = np.asarray(codes.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
    blank = np.asarray(pc.match_substring_regex(values, BLANK).to_numpy(zero_copy_only=False), dtype=np.bool_)
    if blank.any():
        keep = np.flatnonzero(~blank)
        renumber = np.full(len(values) + 1, -1, dtype=np.int64)
        renumber[keep] = np.arange(len(keep))
        values, places = values.take(pa.array(keep)), renumber[places]
    weights = np.bincount(places[places >= 0], minlength=len(values)).astype(np.int64)
    return Cells(_folded(values), weights, len(column)), places


def of_texts(texts: Sequence[str]) -> tuple[Cells, Ints]:
    """Read texts, in which any character may stand."""
    return of_column(pd.Series([encodable(text) for text in texts], dtype=object))


def _arrow(column: pd.Series[str]) -> pa.LargeStringArray:
    try:
        array = pa.array(column, type=pa.large_string(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        array = pa.array(_spelled(column), type=pa.large_string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _spelled(column: Iterable[object]) -> list[str | None]:
    """Return any column's values as text: a number as it prints, a missing one as None."""
    return [None if pd.isna(value) else encodable(str(value)) for value in column]  # type: ignore[call-overload]


def _folded(values: pa.LargeStringArray) -> pa.LargeStringArray:
    array = pa.concat_arrays([values])
    if pc.any(pc.ends_with(array, ".0")).as_py():
        array = pc.replace_substring_regex(array, FLOAT, r"\1")
    wanted = pc.match_substring_regex(array, NEEDED)
    if not pc.any(wanted).as_py():
        return array
    changed = [fold(text) for text in array.filter(wanted).to_pylist()]
    return pc.replace_with_mask(array, wanted, pa.array(changed, type=pa.large_string()))
