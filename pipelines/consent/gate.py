"""The consent gate: which rows may be held at all. Pure: values in, a decision in numbers out.

The default is refusal. A row is admitted only when its consent names a known notice that was in force on the day it was
given, was given no later than the data was collected (C-16; PIPL art. 13, 14), has not run out, covers every purpose of
the plan (U-02), and was not withdrawn since (PIPL art. 15). A plan on another legal basis (PIPL art. 13 (2)-(7)) needs
no receipt; every other check stands. A row counts under the first reason that refuses it, in the order below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.moments import Days, days, moments
from pipelines.policy import Duration, Notice, Plan, Validity
from pipelines.records import Admitted, Arrivals, Refused

Mask = npt.NDArray[np.bool_]
NOT_A_DAY = np.datetime64("NaT", "D")
_SEPARATOR = re.compile(r"[\s,;|，；、]+")


class Reason(StrEnum):
    """Why a row is refused, in the order in which reasons are looked at."""

    ALREADY_RECEIVED = "already_received"
    """The chunk was brought in before; the row is in the vault, in quarantine, refused or destroyed already."""
    PAYMENT_AUTHENTICATION = "payment_authentication"
    """A cell holds a card's verification code, a track, a PIN or a password, which nobody may keep."""
    COLLECTED_OUTSIDE_PLAN = "collected_outside_plan"
    NO_CONSENT = "no_consent"
    UNKNOWN_NOTICE = "unknown_notice"
    NOTICE_NOT_IN_FORCE = "notice_not_in_force"
    CONSENT_AFTER_COLLECTION = "consent_after_collection"
    CONSENT_EXPIRED = "consent_expired"
    PURPOSE_NOT_COVERED = "purpose_not_covered"
    CONSENT_WITHDRAWN = "consent_withdrawn"


class Withdrawals(Protocol):
    """Looks up when the subjects behind some rows last withdrew a purpose."""

    def __call__(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return columns ``row``, ``purpose``, ``at`` (UTC); no line where nothing was withdrawn."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the gate holds a row against."""

    plan: Plan
    notices: Mapping[str, Notice]
    withdrawals: Withdrawals


def admit(arrivals: Arrivals, grounds: Grounds, today: date) -> tuple[Admitted, Refused]:
    """Divide arrivals into rows that may be held and counts of those that may not."""
    frame = arrivals.frame
    undecided = np.ones(len(frame), dtype=bool)
    counts: dict[str, int] = dict(arrivals.refused)
    for reason, refused in _refusals(frame, grounds, today):
        hit = undecided & refused
        if hit.any():
            counts[reason.value] = int(hit.sum())
            undecided &= ~hit
    return Admitted(arrivals.origin, frame[undecided]), Refused(counts)


def _refusals(frame: pd.DataFrame, grounds: Grounds, today: date) -> list[tuple[Reason, Mask]]:
    plan = grounds.plan
    collected = days(frame["collected_at"])
    refusals = [(Reason.COLLECTED_OUTSIDE_PLAN, ~np.isnat(collected) & ~_within(collected, plan.valid))]
    if plan.legal_basis == "consent":
        refusals += _consent_refusals(frame, grounds, collected, today)
    return refusals


def _consent_refusals(frame: pd.DataFrame, grounds: Grounds, collected: Days, today: date) -> list[tuple[Reason, Mask]]:
    plan, notice = grounds.plan, frame["consent_notice"]
    known = {key: grounds.notices[key] for key in plan.notices}
    given, until = days(frame["consent_at"]), last_days(frame, known)
    in_force = np.zeros(len(frame), dtype=bool)
    for key, version in known.items():
        rows = (notice == key).to_numpy(dtype=bool)
        in_force[rows] = _within(given[rows], version.valid)
    return [
        (Reason.NO_CONSENT, notice.isna().to_numpy(dtype=bool) | np.isnat(given)),
        (Reason.UNKNOWN_NOTICE, ~notice.isin(list(known)).to_numpy(dtype=bool)),
        (Reason.NOTICE_NOT_IN_FORCE, ~in_force),
        # A row without a collection date can't be late; it goes on to quarantine, where a steward sees it.
        (Reason.CONSENT_AFTER_COLLECTION, ~np.isnat(collected) & ~(given <= collected)),
        (Reason.CONSENT_EXPIRED, ~(until >= np.datetime64(today))),
        (Reason.PURPOSE_NOT_COVERED, ~_covers(frame["consent_purposes"], plan.purposes)),
        (Reason.CONSENT_WITHDRAWN, _withdrawn(frame, grounds)),
    ]


def last_days(frame: pd.DataFrame, notices: Mapping[str, Notice]) -> Days:
    """Tell the last day of each row's consent: the one stated, but never past the period of its notice."""
    given, at_most = days(frame["consent_at"]), np.full(len(frame), NOT_A_DAY, "datetime64[D]")
    for key, version in notices.items():
        rows = (frame["consent_notice"] == key).to_numpy(dtype=bool)
        at_most[rows] = _after(given[rows], version.consent)
    until: Days = np.fmin(days(frame["consent_until"]), at_most)
    return until


def _within(column: Days, valid: Validity) -> Mask:
    return (column >= np.datetime64(valid.since)) & (column <= np.datetime64(valid.until))


def _after(column: Days, duration: Duration) -> Days:
    distinct, position = np.unique(column, return_inverse=True)
    ends = [NOT_A_DAY if np.isnat(day) else np.datetime64(duration.after(day.astype(object)), "D") for day in distinct]
    return np.array(ends, dtype="datetime64[D]")[position]


def purposes_of(cell: object) -> tuple[str, ...]:
    """Read the purposes that a consent names: separated by commas or semicolons, sorted, each once."""
    return tuple(sorted({part for part in _SEPARATOR.split(str(cell).strip()) if part}))


def _covers(column: pd.Series[str], needed: Sequence[str]) -> Mask:
    distinct = {cell: set(needed) <= set(purposes_of(cell)) for cell in column.dropna().unique()}
    return column.map(distinct).eq(True).to_numpy(dtype=bool)  # noqa: FBT003 - missing is False


def _withdrawn(frame: pd.DataFrame, grounds: Grounds) -> Mask:
    withdrawn = grounds.withdrawals(frame)
    if withdrawn.empty:
        return np.zeros(len(frame), dtype=bool)
    withdrawn = withdrawn[withdrawn["purpose"].isin(grounds.plan.purposes)]
    last = withdrawn.groupby("row")["at"].max().reindex(frame.index)
    # Consent on the very day of a withdrawal can't be told to be later by its date alone: refuse.
    return (last.notna() & ~(moments(frame["consent_at"]) > last)).to_numpy(dtype=bool)
