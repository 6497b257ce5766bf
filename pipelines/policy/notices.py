"""What people are told before they agree: each version's text, fixed by its hash.

Not for who agreed: `pipelines.consent` holds the receipts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipelines.policy.terms import Duration, Frozen, Key, Validity, Words

Channel = Literal["direct", "third_party", "web"]


class NoticeText(Frozen):
    """What a notice has to say; none may be blank (C-03; PIPL 2021, art. 7, 15, 17)."""

    controller: Words
    purpose: Words
    method: Words
    scope: Words
    period: Words
    rights: Words
    contact: Words

    def shown(self) -> str:
        """Return the text as people see it, one paragraph a part."""
        parts = (self.controller, self.purpose, self.method, self.scope, self.period, self.rights, self.contact)
        return "\n".join(part.strip() for part in parts)


class Notice(Frozen):
    """One version of one notice."""

    key: Key
    channel: Channel
    valid: Validity
    purposes: Annotated[tuple[Key, ...], Field(min_length=1)]
    consent: Duration
    """How long a consent given under it holds, unless the receipt says a shorter time."""
    zh: NoticeText
    en: NoticeText
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Hash of the text shown. Pinned in the file, so that what people agreed to can't be reworded afterwards."""

    @property
    def text_hash(self) -> str:
        """The hash of the text as it stands in the file."""
        return hashlib.sha256(f"{self.zh.shown()}\n\n{self.en.shown()}".encode()).hexdigest()

    def covers(self, day: dt.date) -> bool:
        """Tell whether this version was the one shown on that day."""
        return self.valid.covers(day)

    @model_validator(mode="after")
    def _unchanged(self) -> Self:
        if self.sha256 != self.text_hash:
            msg = (
                f"the text of {self.key} is not the one of its sha256: a published notice is never reworded, "
                f"write a new version (for a new one the sha256 is {self.text_hash})"
            )
            raise ValueError(msg)
        return self
