"""Mistakes as real deliveries have them, each planted at a known rate in known rows.

A row gets one mistake at most, so that counts can be held against what the pipeline reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from examples.identities import Text

Columns = dict[str, "Text"]
RATES: Mapping[str, float] = {
    "past_retention": 0.10,
    "spaced_mobile": 0.03,
    "missing_consent": 0.02,
    "full_width": 0.02,
    "other_dates": 0.02,
    "null_words": 0.02,
    "wrong_check": 0.015,
    "expired_consent": 0.01,
    "unknown_notice": 0.01,
    "swapped": 0.01,
    "duplicate": 0.01,
    "id_in_remark": 0.01,
    "purpose_not_ticked": 0.01,
    "missing_mobile": 0.005,
    "outside_field": 0.005,
}
"""Mistake → share of the rows of a file that it is planted in (where the file's kind has it)."""
FATE: Mapping[str, str] = {
    "past_retention": "stored, due at once",
    "spaced_mobile": "stored, normalised",
    "full_width": "stored, normalised",
    "other_dates": "stored, normalised",
    "null_words": "stored, optional fields missing",
    "duplicate": "stored, warned of",
    "id_in_remark": "stored, level of the remark raised",
    "outside_field": "stored without the field",
    "missing_consent": "refused: no_consent",
    "expired_consent": "refused: consent_expired",
    "unknown_notice": "refused: unknown_notice",
    "purpose_not_ticked": "refused: purpose_not_covered",
    "wrong_check": "quarantined",
    "swapped": "quarantined",
    "missing_mobile": "quarantined",
}
"""Mistake → what the pipeline does with the row."""
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True)
class Cases:
    """Which row of a file carries which mistake."""

    kinds: tuple[str, ...]
    of_row: npt.NDArray[np.int8]
    """Place of the mistake in ``kinds``; -1 for a clean row."""

    @classmethod
    def plant(cls, kinds: tuple[str, ...], rows: int, rng: np.random.Generator) -> Cases:
        """Choose rows for every kind, at least one each where the file is not tiny."""
        of_row, order, start = np.full(rows, -1, np.int8), rng.permutation(rows), 0
        for place, kind in enumerate(kinds):
            count = min(max(1, round(RATES[kind] * rows)), rows // (2 * len(kinds)) + 1)
            count = count if RATES[kind] < RATES["past_retention"] else max(1, round(RATES[kind] * rows))
            of_row[order[start : start + count]] = place
            start += count
        return cls(kinds, of_row)

    def rows(self, kind: str) -> npt.NDArray[np.int64]:
        """Return the row numbers (from 1) that carry the mistake."""
        return np.flatnonzero(self.of_row == self.kinds.index(kind)) + 1

    def mask(self, kind: str, part: slice = slice(None)) -> npt.NDArray[np.bool_]:
        """Return which rows of a part of the file carry the mistake."""
        if kind not in self.kinds:
            return np.zeros(len(self.of_row[part]), bool)
        found: npt.NDArray[np.bool_] = self.of_row[part] == self.kinds.index(kind)
        return found

    def clean_sources(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Return for each row the row that it repeats: itself, or for duplicates some clean one."""
        sources = np.arange(len(self.of_row))
        clean, copies = np.flatnonzero(self.of_row == -1), self.mask("duplicate")
        if len(clean):
            sources[copies] = rng.choice(clean, size=int(copies.sum()))
        return sources


def change(columns: Columns, name: str, mask: npt.NDArray[np.bool_], how: Callable[[Text], Text]) -> None:
    """Change the picked cells of one column in place."""
    if name in columns and mask.any():
        picked = pa.array(mask)
        columns[name] = pc.replace_with_mask(columns[name], picked, how(columns[name].filter(picked)))


def blank(columns: Columns, names: tuple[str, ...], mask: npt.NDArray[np.bool_]) -> None:
    """Make the picked cells missing."""
    for name in names:
        change(columns, name, mask, lambda cells: pa.nulls(len(cells), pa.string()))


def put(columns: Columns, name: str, mask: npt.NDArray[np.bool_], value: str) -> None:
    """Write one value into the picked cells."""
    change(columns, name, mask, lambda cells: pa.array([value] * len(cells)))


def swap(columns: Columns, left: str, right: str, mask: npt.NDArray[np.bool_]) -> None:
    """Swap two columns in the picked rows, as a clerk's slip or a shifted paste does."""
    before = columns[left]
    picked = pa.array(mask)
    columns[left] = pc.if_else(picked, columns[right], before)
    columns[right] = pc.if_else(picked, before, columns[right])


def wrong_last(cells: Text) -> Text:
    """Replace the last character, a check character, by a wrong one."""
    turned = {**{str(n): str((n + 1) % 10) for n in range(10)}, "X": "0"}
    return pa.array([cell[:-1] + turned.get(cell[-1], "0" if cell[-1] != "0" else "1") for cell in cells.to_pylist()])


def wide(cells: Text) -> Text:
    """Write digits full-width."""
    return pa.array([cell and cell.translate(WIDE) for cell in cells.to_pylist()], pa.string())


def spaced(cells: Text) -> Text:
    """Write mobile numbers as people do."""
    forms = ("{0} {1} {2}", "+86 {0}{1}{2}", "{0}-{1}-{2}", "86{0}{1}{2}")
    numbers = cells.to_pylist()
    return pa.array([forms[int(n[-1]) % len(forms)].format(n[:3], n[3:7], n[7:]) for n in numbers])


def other_dates(cells: Text) -> Text:
    """Write ISO dates in other forms."""
    forms = ("{0}/{1:d}/{2:d}", "{0}{1:02d}{2:02d}", "{0}年{1:d}月{2:d}日")
    parts = [cell.split("-") for cell in cells.to_pylist()]
    return pa.array([forms[int(d) % 3].format(y, int(m), int(d)) for y, m, d in parts])
