"""Payment authentication data at the door: which rows hold it, so that they are refused before anything is written.

A card's verification code or track, a PIN, a password or a one-time code is a value, not the word for it: clerks write
"reset the password" all day, and that row is welcome. Not for finding anything else.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import regex

from pipelines.classify.cells import of_column
from pipelines.classify.finder import find
from pipelines.classify.folding import FULL_WIDTH
from pipelines.classify.recognizers.payment_auth import PaymentAuthRecognizer
from pipelines.policy.headings import names_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from pipelines.classify.cells import Cells, Ints, Mask

STATES: Final = frozenset(
    {
        "reset", "resets", "resetting", "forgot", "forgotten", "forget", "change", "changed", "changes",
        "changing", "unknown", "none", "null", "nil", "na", "unset", "missing", "lost", "expired", "expires",
        "expire", "locked", "unlocked", "blocked", "wrong", "incorrect", "invalid", "valid", "correct", "okay",
        "yes", "true", "false", "same", "weak", "hidden", "removed", "redacted", "masked", "empty", "blank",
        "required", "needed", "please", "pending", "sent", "issued", "updated", "update", "renewed",
        "protected", "encrypted", "hashed", "deleted", "disabled", "enabled", "recovered", "recovery",
        "retrieved", "verified", "confirmed", "rejected", "refused", "not", "too", "also", "never", "always",
        "still", "already", "only", "soon", "later", "via", "help", "hint", "error", "failed", "failure",
        "problem", "issue", "question", "again", "by", "email", "phone", "sms", "mail", "agent", "customer",
        "client", "with", "and", "the", "for",
    }
)  # fmt: skip
"""What people say of a password, in place of one."""
_MASK: Final = regex.compile(r"[*xX#\u25cf\u2022?._-]+")
_ASCII: Final = regex.compile(r"[ -~]{3,128}")
_MOMENT: Final = regex.compile(r"\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?(?:[ T]?\d{1,2}:\d{2}.*)?")
_MEASURE: Final = regex.compile(
    r"[-/.:]\d|[ ]?(?:年|月|日|点|元|块|次|条|天|小时|分钟|秒|minutes?|hours?|days?|times?)"
)
_SENTENCE: Final = regex.compile(r"[ ]+[A-Za-z]|\p{Han}")
_TAIL: Final = ".,;:!?)]}\"'>"
_TRACK: Final = ("%", ";")


def payment_rows(frame: pd.DataFrame, headings: Mapping[str, Sequence[str]]) -> Mask:
    """Tell which rows hold payment authentication data, in whatever column.

    ``headings`` are other names of columns (a plan's headers). Under one that says password or the like every value
    counts, whatever a plan calls the column.
    """
    held = np.zeros(len(frame), dtype=np.bool_)
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        headed = any(names_secret(heading) for heading in (str(name), *headings.get(str(name), ())))
        if not headed and not _may_say(column):
            continue
        cells, places = of_column(column)
        guilty = np.union1d(_said(cells), _headed(cells)) if headed else _said(cells)
        if len(guilty):
            held |= np.isin(places, guilty)
    return held


def _may_say(column: pd.Series[str]) -> bool:
    """Tell whether a word for a secret, or a letter that folding makes plain, stands anywhere in a column.

    All cells are read as one text, which costs a tenth of reading them one by one; most columns end here.
    """
    cells = pa.array(column, type=pa.large_string(), from_pandas=True)
    cells = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    _, ends, data = cells.buffers()
    if not len(cells) or data is None:
        return False
    edges = np.frombuffer(ends, dtype=np.int64)[[cells.offset, cells.offset + len(cells)]]
    whole = pa.Array.from_buffers(pa.large_string(), 1, [None, pa.py_buffer(edges), data])
    return bool(pc.match_substring_regex(whole, _recognizer().GATE.must + f"|[{FULL_WIDTH}]")[0].as_py())


def is_secret(text: str, start: int, end: int) -> bool:
    """Tell whether what stands behind the word for a secret, from ``start`` to ``end``, is one."""
    value = text[start:end]
    if value.startswith(_TRACK):
        return True
    if value.isdigit():
        return not _MEASURE.match(text, end)
    bare = value.rstrip(_TAIL)
    if bare.isalpha() and _SENTENCE.match(text, end):
        return False
    return _may_be_secret(bare)


def _may_be_secret(value: str) -> bool:
    """Tell whether a value by itself may be a secret: no mask, no moment, no word of ``STATES``."""
    if _MASK.fullmatch(value) or _MOMENT.fullmatch(value):
        return False
    letters = "".join(char if char.isalnum() else " " for char in value).casefold()
    return bool(letters.strip()) and not STATES.issuperset(letters.replace("n a", "na").split())


def _said(cells: Cells) -> Ints:
    """Return the numbers of the cells in which a word for a secret is followed by one."""
    hits = find(cells, [_recognizer()])
    if not len(hits):
        return np.empty(0, dtype=np.int64)
    numbers = np.unique(hits.cell)
    texts = dict(zip(numbers.tolist(), cells.texts(numbers), strict=True))
    spans = zip(hits.cell.tolist(), hits.start.tolist(), hits.end.tolist(), strict=True)
    secret = [is_secret(texts[cell], start, end) for cell, start, end in spans]
    return np.unique(hits.cell[np.array(secret, dtype=np.bool_)])


def _headed(cells: Cells) -> Ints:
    """Return the numbers of the cells that may be a secret where the heading says that they are."""
    numbers = np.arange(len(cells))
    secret = [bool(_ASCII.fullmatch(text)) and _is_value(text) for text in cells.texts(numbers)]
    return numbers[np.array(secret, dtype=np.bool_)]


def _is_value(text: str) -> bool:
    words = text.split()
    prose = len(words) > 1 and all(word.rstrip(_TAIL).isalpha() for word in words)
    return not prose and _may_be_secret(text.strip().rstrip(_TAIL))


@functools.cache
def _recognizer() -> PaymentAuthRecognizer:
    return PaymentAuthRecognizer()
