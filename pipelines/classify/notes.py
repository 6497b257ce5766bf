"""What a plan does with people's information in its free text: raise the cell's level, mask it, or set the row apart.

Rules over what ``Analyzer.free_text`` found; the texts pass through ``masked`` and stay nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from pipelines.classify.levels import entity_level

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

PERSONAL: Final = 3
"""From this level on, what stands in a note is somebody's: a name, a number, a street; not a company, not a postal code."""
JUDGED_AT_ENTRY: Final = "PAYMENT_AUTH"
"""What ``entry`` has refused: a finding of it that came past is talk of a password, not one."""


def told(found: pd.DataFrame) -> pd.DataFrame:
    """Return the findings without those that were judged when the row came in."""
    return found[found["entity"] != JUDGED_AT_ENTRY]


def cells_by_kind(found: pd.DataFrame) -> dict[str, int]:
    """Count the cells that each kind was found in, the most frequent first."""
    counts = found.groupby("entity")["row"].nunique()
    return {str(kind): int(counts[kind]) for kind in sorted(counts.index, key=lambda kind: (-counts[kind], kind))}


def raised(
    column: pd.Series[str], found: pd.DataFrame, declared: int, levels: Mapping[str, int]
) -> npt.NDArray[np.int8]:
    """Return the level of each row's cell: the field's own, or the highest of what was found in the cell."""
    result = np.full(len(column), declared, dtype=np.int8)
    if not found.empty:
        highest = _levels(found, levels).groupby(found["row"]).max()
        at = column.index.get_indexer(highest.index)
        result[at] = np.maximum(result[at], highest.to_numpy(dtype=np.int8))
    return result


def personal(found: pd.DataFrame, levels: Mapping[str, int]) -> pd.DataFrame:
    """Return the findings that are people's information; a kind that the taxonomy doesn't know is."""
    return found[_levels(found, levels) >= PERSONAL]


def masked(column: pd.Series[str], found: pd.DataFrame) -> pd.Series[str]:
    """Return the column with what was found in its cells replaced by its kind: ``[PHONE_NUMBER]``."""
    texts = {row: str(text) for row, text in column.loc[found["row"].unique()].items()}
    # From each cell's end to its beginning, so that what is still to be replaced keeps its place.
    later = found.sort_values(["row", "start"], ascending=[True, False])
    for row, entity, start, end in later[["row", "entity", "start", "end"]].itertuples(index=False):
        texts[row] = f"{texts[row][:start]}[{entity}]{texts[row][end:]}"
    cells = column.to_numpy(dtype=object, copy=True)
    cells[column.index.get_indexer(pd.Index(list(texts)))] = list(texts.values())
    return pd.Series(cells, index=column.index, name=column.name, dtype=column.dtype)


def reasons(found: pd.DataFrame) -> dict[int, tuple[str, ...]]:
    """Return why each row with a finding is set apart: ``free_text.person``, each kind once."""
    names = "free_text." + found["entity"].str.lower()
    return {int(str(row)): tuple(sorted(set(own))) for row, own in names.groupby(found["row"])}


def _levels(found: pd.DataFrame, levels: Mapping[str, int]) -> pd.Series[int]:
    of = {entity: entity_level(entity, levels) for entity in found["entity"].unique()}
    return found["entity"].map(of).astype("int8")
