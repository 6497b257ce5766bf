"""How long each class of information is kept, from which event, on which legal ground, and what happens then.

Pure: a day goes in, a day comes out. Not for finding or destroying what is due.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from pipelines.policy.terms import Duration, Frozen, Key, Words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

QUARANTINE = "QUARANTINE"
"""The class of rows that wait for a steward's decision."""
StartEvent = Literal["collected", "last_activity", "relationship_end", "consent_end"]
START_COLUMNS: Mapping[str, str] = {"collected": "collected_at", "last_activity": "last_activity_at"}
"""Start events that a delivery carries, and in which column. A plan may use no other."""


class Anchor(Frozen):
    """The law, in which version, or the company's own decision, that a period rests on."""

    law: Words
    version: Words
    article: Words
    kind: Literal["minimum", "maximum", "basis", "platform"]
    """What the law says: at least, at most, a ground for that long, or nothing (the company's own default)."""


class RetentionClass(Frozen):
    """Keep from the start event for the duration, then destroy (or restrict, PIPL 2021 art. 47)."""

    key: Key
    start: StartEvent
    duration: Duration
    action: Literal["destroy", "restrict"]
    anchor: Anchor
    zh: Words
    en: Words

    def due(self, start: dt.date) -> dt.date:
        """Return the first day on which a record with that start event is due."""
        return self.duration.after(start)

    def due_days(self, starts: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
        """Do the same for a whole column of days (``datetime64[D]``); NaT stays NaT."""
        return self.duration.after_days(starts)


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
        if QUARANTINE not in self.classes:
            msg = f"the class {QUARANTINE} is missing: quarantined rows need an end too"
            raise ValueError(msg)
        return self

    def hash(self) -> str:
        """Return the SHA-256 (hex) of the schedule's canonical JSON: sorted keys, no spaces, UTF-8."""
        content: dict[str, Any] = self.model_dump(mode="json", exclude_none=True)
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
