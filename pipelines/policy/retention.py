"""How long each class of information is kept, from which event, on which legal ground, and what happens then.

Pure: events go in, a decision comes out. Not for finding or destroying what is due.

The rule where periods conflict: the longest mandatory minimum wins, then the shortest maximum. What is past its maximum
and not past its minimum is restricted: stored and secured, and nothing else (PIPL art. 47).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from pipelines.policy.terms import Duration, Frozen, Key, Words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

QUARANTINE = "QUARANTINE"
"""The class of rows that wait for a steward's decision."""
HOLD = "HOLD"
"""The class of records that a legal hold keeps past their day; no schedule may name one so."""
StartEvent = Literal["collected", "last_activity", "relationship_end", "consent_end"]
OPEN_STARTS = ("relationship_end", "consent_end")
"""Start events that may not have happened yet, so that nobody can say when the period ends."""
WITHDRAWAL_DAYS = 15
"""How long after the end of its consent a record is due, where its class says nothing else."""


class Action(StrEnum):
    """What is done with a record on its day."""

    DESTROY = "destroy"
    RESTRICT = "restrict"
    """From then on it is stored and secured, and nothing else."""
    REVIEW = "review"
    """It is looked at again: what its period counts from has not happened, or nothing says yet that it may go."""


@dataclass(frozen=True, slots=True)
class Events:
    """What has happened to a record, as days; None: it has not, or nobody knows."""

    collected: dt.date
    last_activity: dt.date | None = None
    relationship_end: dt.date | None = None
    consent_end: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with a record, and when."""

    due: dt.date
    """The first day on which it is to be done. A record that is to be destroyed may be past it."""
    action: Action
    restricted: bool
    """Whether the record may only be stored and secured until then."""


class Anchor(Frozen):
    """The law, in which version, or the company's own decision, that a period rests on."""

    law: Words
    version: Words
    article: Words
    kind: Literal["minimum", "maximum", "basis", "platform"]
    """What the law says: at least, at most, a ground for that long, or nothing (the company's own default)."""


class Minimum(Frozen):
    """How long the law makes the company keep a record, from the same event as its class."""

    duration: Duration
    anchor: Anchor

    @model_validator(mode="after")
    def _is_law(self) -> Minimum:
        if self.anchor.kind != "minimum":
            msg = f"a minimum rests on a law that sets one, so its anchor is of the kind `minimum`, not `{self.anchor.kind}`"
            raise ValueError(msg)
        return self


class RetentionClass(Frozen):
    """Keep from the start event for the duration, then destroy (or restrict, PIPL 2021 art. 47)."""

    key: Key
    start: StartEvent
    duration: Duration
    action: Literal["destroy", "restrict"]
    anchor: Anchor
    zh: Words
    en: Words
    minimum: Minimum | None = None
    review: Duration | None = None
    """How often what has no end yet is looked at again: nothing is kept for ever."""
    withdrawal: Duration | None = None
    """How long after the end of its consent a record is due; None: its period counts from there anyway."""

    @model_validator(mode="before")
    @classmethod
    def _default_withdrawal(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        if data.get("start") != "consent_end":
            return {"withdrawal": {"days": WITHDRAWAL_DAYS}, **data}
        if data.get("withdrawal") is not None:
            msg = "a class that counts from `consent_end` says by its `duration` what follows then; remove `withdrawal`"
            raise ValueError(msg)
        return data

    @model_validator(mode="after")
    def _ends_or_is_reviewed(self) -> RetentionClass:
        open_ended = self.action == "restrict" or self.start in OPEN_STARTS
        if open_ended and self.review is None:
            why = "it never ends by itself" if self.action == "restrict" else f"`{self.start}` may not have come yet"
            msg = f"`review` is missing: {why}, and nothing is kept for ever without a dated review"
            raise ValueError(msg)
        if not open_ended and self.review is not None:
            msg = f"`review` has no effect: the period counts from `{self.start}`, which is always known, and then it goes"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _agrees_with_the_law(self) -> RetentionClass:
        if self.anchor.kind == "minimum" and self.minimum is None:
            msg = "the anchor says that a law sets a minimum; state it as `minimum`, or a withdrawal would cut it short"
            raise ValueError(msg)
        if (
            self.anchor.kind == "maximum"
            and self.minimum is not None
            and _outlasts(self.minimum.duration, self.duration)
        ):
            msg = "the minimum is longer than the maximum that the anchor sets; one of the two laws is misread"
            raise ValueError(msg)
        return self

    def due(self, start: dt.date) -> dt.date:
        """Return the first day on which a record with that start event is due."""
        return self.duration.after(start)

    def due_days(self, starts: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
        """Do the same for a whole column of days (``datetime64[D]``); NaT stays NaT."""
        return self.duration.after_days(starts)

    def rule(self) -> str:
        """Return the SHA-256 (hex) of all that a decision depends on; names and articles do not count."""
        parts = {"start", "duration", "action", "minimum", "review", "withdrawal"}
        content = self.model_dump(mode="json", exclude_none=True, include=parts)
        content.get("minimum", {}).pop("anchor", None)
        return _hash(content)


class RetentionSchedule(Frozen):
    """Every class, as approved; a leader's standing approval names it by its hash."""

    version: Annotated[int, Field(ge=1)]
    classes: Mapping[str, RetentionClass]

    @model_validator(mode="before")
    @classmethod
    def _key_the_classes(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("classes"), dict):
            keyed = {k: {**v, "key": k} if isinstance(v, dict) else v for k, v in data["classes"].items()}
            return {**data, "classes": keyed}
        return data

    @model_validator(mode="after")
    def _holds_quarantine(self) -> RetentionSchedule:
        waiting = self.classes.get(QUARANTINE)
        if waiting is None:
            msg = f"the class {QUARANTINE} is missing: quarantined rows need an end too"
            raise ValueError(msg)
        if (waiting.start, waiting.action, waiting.minimum) != ("collected", "destroy", None):
            msg = f"the class {QUARANTINE} counts from `collected`, destroys, and has no minimum: nobody knows what is in it"
            raise ValueError(msg)
        if HOLD in self.classes:
            msg = f"the class {HOLD} is the name of what legal holds keep; choose another"
            raise ValueError(msg)
        return self

    def hash(self) -> str:
        """Return the SHA-256 (hex) of the schedule's canonical JSON: sorted keys, no spaces, UTF-8."""
        return _hash(self.model_dump(mode="json", exclude_none=True))


def decide(retention: RetentionClass, events: Events, on: dt.date) -> Decision:
    """Say what is to be done with a record of a class next, as things stand on a day."""
    start = _start(retention, events)
    ends = [retention.duration.after(start)] if start else []
    withdrawn = _withdrawn(retention, events)
    ends += [withdrawn] if withdrawn else []
    if not ends:
        return Decision(_reviewed(retention, events.collected, on), Action.REVIEW, restricted=False)
    end = min(ends)
    if retention.action == "destroy" and not _minimum_outlasts(retention, start, end):
        return Decision(end, Action.DESTROY, restricted=False)
    # Without its consent nothing but the law keeps a record: then it is restricted at once.
    since = events.consent_end if withdrawn == end and events.consent_end else end
    if on < since:
        return Decision(since, Action.RESTRICT, restricted=False)
    return _restricted(retention, events.collected, start, end, on)


def _restricted(
    retention: RetentionClass, collected: dt.date, start: dt.date | None, end: dt.date, on: dt.date
) -> Decision:
    if retention.minimum is not None and start is None:
        return Decision(_reviewed(retention, collected, on), Action.REVIEW, restricted=True)
    least = end if retention.minimum is None or start is None else max(end, retention.minimum.duration.after(start))
    if retention.action == "destroy":
        return Decision(least, Action.DESTROY, restricted=True)
    due = least if on < least else _reviewed(retention, least, on)
    return Decision(due, Action.REVIEW, restricted=True)


def _start(retention: RetentionClass, events: Events) -> dt.date | None:
    if retention.start == "last_activity":
        return events.last_activity or events.collected
    return {
        "collected": events.collected,
        "relationship_end": events.relationship_end,
        "consent_end": events.consent_end,
    }[retention.start]


def _withdrawn(retention: RetentionClass, events: Events) -> dt.date | None:
    if retention.withdrawal is None or events.consent_end is None:
        return None
    return retention.withdrawal.after(events.consent_end)


def _minimum_outlasts(retention: RetentionClass, start: dt.date | None, end: dt.date) -> bool:
    # A minimum that counts from what has not happened yet has not begun, let alone run out.
    return retention.minimum is not None and (start is None or retention.minimum.duration.after(start) > end)


def _reviewed(retention: RetentionClass, anchor: dt.date, on: dt.date) -> dt.date:
    if retention.review is None:
        raise RuntimeError(f"the class {retention.key} has no review")
    return retention.review.following(anchor, on)


def _outlasts(one: Duration, other: Duration) -> bool:
    day = dt.date(2001, 3, 1)
    return one.after(day) > other.after(day)


def _hash(content: dict[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
