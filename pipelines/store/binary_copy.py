"""PostgreSQL's binary COPY format, built by numpy: no Python work for each row of a fixed-width set.

Format: PostgreSQL documentation, COPY, «Binary Format»: an 11-byte signature, flags, header extension; each row the
number of fields (int16), each field its length (int32) and bytes; an int16 of -1 at the end; all big-endian.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

HEADER = b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8
TRAILER = b"\xff\xff"
_EPOCH = np.datetime64("2000-01-01")
_NULL, _FOUR = b"\xff" * 4, b"\x00\x00\x00\x04"


def fixed_rows(columns: Sequence[npt.NDArray[np.generic]]) -> Iterator[bytes]:
    """Yield the whole COPY stream of equally long columns.

    Args:
        columns: int16/int32/int64 arrays, boolean arrays, ``datetime64[D]`` dates, or ``uint8`` matrices of shape
            (rows, width) for uuid and other fixed-width binary columns.

    Raises:
        RuntimeError: a date is missing; it would be stored as some other day (the programmer is wrong, not the world).
    """
    rows = len(columns[0])
    encoded = [_big_endian(column) for column in columns]
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for number, column in enumerate(encoded):
        fields += [(f"length_{number}", ">i4"), (f"value_{number}", f"V{column.dtype.itemsize}")]
    table = np.zeros(rows, dtype=np.dtype(fields))
    table["fields"] = len(encoded)
    for number, column in enumerate(encoded):
        table[f"length_{number}"] = column.dtype.itemsize
        table[f"value_{number}"] = column.view(f"V{column.dtype.itemsize}")
    yield HEADER
    yield table.tobytes()
    yield TRAILER


def nullable_dates(column: npt.NDArray[np.datetime64]) -> list[bytes]:
    """Write each day of a column as a field of its own, length and value; NULL where it is missing."""
    known = ~np.isnat(column)
    days = (column[known].astype("datetime64[D]") - _EPOCH).astype(np.int32).astype(">i4").tobytes()
    written = iter(_FOUR + days[start : start + 4] for start in range(0, len(days), 4))
    return [next(written) if there else _NULL for there in known.tolist()]


def _big_endian(column: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    if column.dtype.kind == "M":
        if np.isnat(column).any():
            raise RuntimeError("a fixed-width column can't hold a missing date")
        days = (column.astype("datetime64[D]") - _EPOCH).astype(np.int32)
        return np.ascontiguousarray(days.astype(">i4"))
    if column.ndim == 2:
        return np.ascontiguousarray(column).view(f"V{column.shape[1]}").reshape(len(column))
    if column.dtype.kind == "b":
        return np.ascontiguousarray(column.astype(np.uint8))
    return np.ascontiguousarray(column.astype(column.dtype.newbyteorder(">")))
