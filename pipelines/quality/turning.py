"""Where a series of shares turned: the one point at which its level changed most, if it changed at all. Pure.

The series is cut in two wherever that is possible; the cut with the largest t-statistic between the means of both sides
is the point (Hawkins 1977, "Testing a sequence of observations for a shift in location"). For thirty points chance
reaches 3.2 once in twenty series; we ask for 4, and for a shift that a steward would call one.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

FEWEST = 3
"""Points that are needed before a turn; one is enough behind it, for a steward asks on the first bad day."""
CLEAR = 4.0
SHIFT = 0.005
"""Half a failure in a hundred."""
NOISE = 0.001
"""Floor of the scatter: a series that never moved would call the smallest step infinitely unlikely."""


def turn(values: Sequence[float | None]) -> int | None:
    """Return the place of the first value at the new level; what was not measured is passed over."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    best, found = CLEAR, None
    for cut in range(FEWEST, len(known)):
        left, right = [value for _, value in known[:cut]], [value for _, value in known[cut:]]
        shift = abs(_mean(right) - _mean(left))
        clear = shift / (_scatter(left, right) * sqrt(1 / len(left) + 1 / len(right)))
        if shift >= SHIFT and clear > best:
            best, found = clear, known[cut][0]
    return found


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _scatter(*sides: Sequence[float]) -> float:
    squares = sum((value - _mean(side)) ** 2 for side in sides for value in side)
    return max(sqrt(squares / max(sum(map(len, sides)) - len(sides), 1)), NOISE)
