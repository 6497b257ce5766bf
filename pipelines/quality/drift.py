"""Whether a run looks like the runs before it: rows that arrived, cells that are missing, shares of words. Pure.

* Volume and missing shares: the distance from the median of the last 30 runs, in robust standard deviations (1.4826 times
  the median absolute deviation). Beyond 2.5 it is said (Leys et al. 2013, "Detecting outliers: do not use standard
  deviation around the mean, use absolute deviation around the median"), beyond 3.5 it warns (Iglewicz and Hoaglin 1993,
  "How to detect and handle outliers"). The deviation has a floor, what chance alone does to a count: a plan that brought
  the same number thirty times does not warn at the first row more.
* Shares of words: the population stability index against the earlier runs together; from 0.1 it is said, from 0.25 it
  warns (Siddiqi 2006, "Credit risk scorecards"). In small runs chance alone passes these lines, so the index must also
  be above what one run in a thousand reaches by chance (Yurdakul and Naranjo 2020, "Statistical properties of the
  population stability index": it is chi-square over the sizes).

With fewer than five earlier runs nothing is known, which is no pass. Not for judging rows: that is :mod:`check`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log, sqrt
from statistics import NormalDist, median

from pipelines.quality.shape import FieldShape

LAST, LEAST = 30, 5
"""Earlier runs that are looked at, and that are needed."""
SAID, WARNS = 2.5, 3.5
PSI_SAID, PSI_WARNS = 0.1, 0.25
VOLUME_SLACK, SHARE_SLACK = 0.05, 0.005
"""Floors of a deviation: five rows in a hundred, and half a row in a hundred."""
OTHER = "*"
"""All words that no rule names."""
_BY_CHANCE = NormalDist().inv_cdf(0.999)


class Measure(StrEnum):
    """What is compared."""

    VOLUME = "volume"
    MISSING = "missing"
    WORDS = "words"


class Sign(StrEnum):
    """What the comparison says."""

    STEADY = "steady"
    INFO = "info"
    WARNING = "warning"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RunShape:
    """What one run of a plan looked like, all chunks together."""

    run: str
    arrived: int
    fields: Mapping[str, FieldShape]


@dataclass(frozen=True, slots=True)
class Drift:
    """One comparison."""

    measure: Measure
    field: str
    """Empty for the volume."""
    sign: Sign
    value: float
    """Rows, share from 0 to 1, or the stability index."""
    low: float | None
    high: float | None
    """The usual range; None where too few runs are known."""
    runs: int
    """Earlier runs that it rests on."""
    word: str | None = None
    """The word that moved most, with its share now and before."""
    share: float | None = None
    usual: float | None = None


def drifts(now: RunShape, earlier: Sequence[RunShape]) -> tuple[Drift, ...]:
    """Compare a run with the runs before it, the newest of which come first."""
    known = earlier[:LAST]
    found = [_volume(now.arrived, [run.arrived for run in known])]
    for name, shape in now.fields.items():
        if not shape.rows:
            continue
        before = [run.fields[name] for run in known if name in run.fields and run.fields[name].rows]
        found.append(_missing(shape, before))
        if shape.words is not None:
            found.append(_words(shape, [each for each in before if each.words is not None]))
    return tuple(found)


def _volume(arrived: int, earlier: Sequence[int]) -> Drift:
    middle = median(earlier) if earlier else 0
    floor = max(1.0, sqrt(middle), VOLUME_SLACK * middle)
    return _ranged(Measure.VOLUME, "", arrived, earlier, floor, float("inf"))


def _missing(shape: FieldShape, earlier: Sequence[FieldShape]) -> Drift:
    shares = [each.missing / each.rows for each in earlier]
    middle = median(shares) if shares else 0
    # One row more than none is no news in a small run either.
    chance = sqrt(max(middle * (1 - middle), 1 / shape.rows) / shape.rows)
    return _ranged(Measure.MISSING, shape.field, shape.missing / shape.rows, shares, max(chance, SHARE_SLACK), 1.0)


def _ranged(measure: Measure, name: str, value: float, earlier: Sequence[float], floor: float, highest: float) -> Drift:
    if len(earlier) < LEAST:
        return Drift(measure, name, Sign.UNKNOWN, value, None, None, len(earlier))
    middle = median(earlier)
    spread = max(1.4826 * median(abs(each - middle) for each in earlier), floor)
    distance = abs(value - middle) / spread
    sign = Sign.WARNING if distance > WARNS else Sign.INFO if distance > SAID else Sign.STEADY
    low, high = max(middle - SAID * spread, 0.0), min(middle + SAID * spread, highest)
    return Drift(measure, name, sign, value, low, high, len(earlier))


def _words(shape: FieldShape, earlier: Sequence[FieldShape]) -> Drift:
    if len(earlier) < LEAST or not shape.rows - shape.missing:
        return Drift(Measure.WORDS, shape.field, Sign.UNKNOWN, 0.0, None, None, len(earlier))
    before: dict[str, int] = {}
    for each in earlier:
        for word, rows in _counts(each).items():
            before[word] = before.get(word, 0) + rows
    now = _counts(shape)
    index, word, share, usual = _stability(now, before)
    degrees = max(len({**now, **before}) - 1, 1)
    limit = _chi_square(degrees) * (1 / max(sum(now.values()), 1) + 1 / max(sum(before.values()), 1))
    said, warns = max(PSI_SAID, limit), max(PSI_WARNS, limit)
    sign = Sign.WARNING if index > warns else Sign.INFO if index > said else Sign.STEADY
    return Drift(Measure.WORDS, shape.field, sign, index, 0.0, said, len(earlier), word, share, usual)


def _counts(shape: FieldShape) -> dict[str, int]:
    return {**{word: rows for word, rows in (shape.words or {}).items() if rows}, OTHER: shape.other}


def _stability(now: Mapping[str, int], before: Mapping[str, int]) -> tuple[float, str, float, float]:
    """Return the index, and the word that adds most to it with its shares; half a row is added to each count."""
    words = sorted({**now, **before})
    rows, usual_rows = sum(now.values()) + len(words) / 2, sum(before.values()) + len(words) / 2
    parts = []
    for word in words:
        share, usual = (now.get(word, 0) + 0.5) / rows, (before.get(word, 0) + 0.5) / usual_rows
        parts.append(((share - usual) * log(share / usual), word))
    _, most = max(parts)
    shares = (now.get(most, 0) / max(sum(now.values()), 1), before.get(most, 0) / max(sum(before.values()), 1))
    return sum(part for part, _ in parts), most, *shares


def _chi_square(degrees: int) -> float:
    """Return the value that chance passes once in a thousand (the cube of Wilson and Hilferty 1931)."""
    part = 2 / (9 * degrees)
    return degrees * (1 - part + _BY_CHANCE * sqrt(part)) ** 3
