"""Map a file's headings to the plan's columns; what the plan does not collect is dropped here, unread (C-05).

Not for judging values: `pipelines.sources.normalise` tidies them and the quality stage judges them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from pipelines.errors import SourceColumns
from pipelines.policy import heading_key
from pipelines.records import META_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.policy import Plan

LONGEST_HEADING = 24
"""A longer heading is told by its position: it may be somebody's data in a file without a heading line."""
SHOWN_HEADINGS = 20
_LOOKS_LIKE_DATA = re.compile(r"[0-9]{4}|[@:/\\]")


def arrange(frame: pd.DataFrame, plan: Plan) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the frame with the plan's columns, then META_COLUMNS; and the names of the columns outside the plan.

    An optional column that the file lacks is all missing.

    Raises:
        SourceColumns: a required column is missing, or two columns of the file are the same field.
    """
    headings = plan.headings
    sources: dict[str, str] = {}
    outside: list[int] = []
    for place, heading in enumerate(frame.columns):
        column = headings.get(heading_key(heading))
        if column is None:
            outside.append(place)
        elif column in sources:
            msg = f"Two columns of the file are `{column}`: `{sources[column]}` and `{heading}`; remove one."
            raise SourceColumns(msg)
        else:
            sources[column] = heading
    _check_required(list(frame.columns), plan, sources)
    names = tuple(shown_heading(frame.columns[place], place) for place in outside)
    return _pick(frame, (*plan.columns, *META_COLUMNS), sources), names


def shown_heading(heading: str, place: int) -> str:
    """Return the heading as it may be told: by position where it looks like data rather than a name."""
    if len(heading) > LONGEST_HEADING or _LOOKS_LIKE_DATA.search(heading):
        return f"(column {place + 1})"
    return heading


def _check_required(found: Sequence[str], plan: Plan, sources: dict[str, str]) -> None:
    missing = [field for field in plan.fields if field.required and field.name not in sources]
    if not missing:
        return
    wanted = ", ".join(f"`{field.name}` ({' / '.join(field.headers)})" for field in missing)
    if not sources:  # then the first line may be a row, and its cells must not be told
        seen = f"none of the file's {len(found)} columns has a heading of the plan; is the first line the headings?"
    else:
        some = [shown_heading(heading, place) for place, heading in enumerate(found)][:SHOWN_HEADINGS]
        seen = f"the file has {', '.join(some)}; correct the heading, or the plan."
    msg = f"Plan `{plan.name}` requires the column {wanted}: {seen}"
    raise SourceColumns(msg)


def _pick(frame: pd.DataFrame, columns: Sequence[str], sources: dict[str, str]) -> pd.DataFrame:
    absent = pd.Series(pd.NA, index=frame.index, dtype="str")
    return pd.DataFrame(
        {column: frame[sources[column]] if column in sources else absent for column in columns}, index=frame.index
    )
