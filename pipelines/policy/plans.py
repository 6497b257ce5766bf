"""The collection plan: why, from whom, how, when and until when which fields are collected (C-13).

Not for its cross-references: `pipelines.policy.rules` holds a plan against the rest of the policy.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from pipelines.encodings import EncodingName
from pipelines.policy.headings import META_KEYS, heading_key
from pipelines.policy.notices import Channel
from pipelines.policy.terms import Bilingual, Frozen, Key, Validity, Words

FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""Becomes a column's name: lower case, digits, underscores."""
Format = Literal["csv", "xlsx", "jsonl", "parquet"]
LegalBasis = Literal[
    "consent", "contract", "legal_duty", "emergency", "public_interest", "public_information", "other_law",
]  # fmt: skip
"""PIPL (2021), art. 13, (1) to (7)."""
PRESETS = ("@once", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly", "@continuous")
_CRON_FIELD = r"(?:\*|\d{1,2}(?:-\d{1,2})?|[A-Za-z]{3})(?:/\d{1,2})?(?:,(?:\d{1,2}(?:-\d{1,2})?|[A-Za-z]{3}))*"
_CRON = re.compile(rf"^{_CRON_FIELD}(?: {_CRON_FIELD}){{4}}$")


class PlanField(Frozen):
    """One field that the plan collects, and why it is necessary (C-04, C-15)."""

    name: FieldName
    item: Key
    headers: Annotated[tuple[Words, ...], Field(min_length=1)]
    necessity: Words
    required: bool = False
    identifies: Literal["strong", "weak", "none"] = "none"
    """Strong: alone tells who it is. Weak: only together with others. Both get a blind index."""
    free_text: Literal["raise", "mask", "quarantine"] | None = None
    """What to do where people's information turns up in free text."""


class Owner(Frozen):
    """Who answers for the plan (R-01)."""

    department: Literal["marketing", "sales", "customer_service"]
    steward: Key


class Approval(Frozen):
    """Who approved the plan, and when."""

    by: Key
    on: dt.date


class SourceFiles(Frozen):
    """Which files belong to the plan."""

    formats: Annotated[tuple[Format, ...], Field(min_length=1)]
    pattern: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    encoding: EncodingName | None = None
    """Of CSV and JSON lines; told from the bytes where the plan does not name it."""


class Plan(Frozen):
    """A collection plan; the file's key ``plan`` is its name."""

    name: FieldName = Field(alias="plan")
    version: Annotated[int, Field(ge=1)]
    title: Bilingual
    goal: Bilingual
    channel: Channel
    subject: Literal["person", "enterprise"]
    owner: Owner
    approved: Approval
    valid: Validity
    schedule: str | None = None
    purposes: Annotated[tuple[Key, ...], Field(min_length=1)]
    legal_basis: LegalBasis
    notices: tuple[Key, ...] = ()
    partner: Key | None = None
    retention: Key
    review_days: Annotated[int, Field(ge=1, le=365)] = 5
    """Within how many days a steward decides about a quarantined row."""
    source: SourceFiles
    fields: Annotated[tuple[PlanField, ...], Field(min_length=1)]

    @field_validator("schedule")
    @classmethod
    def _cron_or_preset(cls, value: str | None) -> str | None:
        if value is not None and value not in PRESETS and not _CRON.match(value):
            msg = f"`{value}` is neither five cron fields nor one of {', '.join(PRESETS)}"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _consent_needs_a_notice(self) -> Plan:
        if self.legal_basis == "consent" and not self.notices:
            msg = "the legal basis is consent, so `notices` must name at least one notice"
            raise ValueError(msg)
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the fields, in the plan's order."""
        return tuple(field.name for field in self.fields)

    @property
    def declared(self) -> dict[str, str]:
        """Field → the kind of information that it is declared to be, as classification names it."""
        return {field.name: field.item.upper() for field in self.fields}

    @property
    def headers(self) -> dict[str, tuple[str, ...]]:
        """Field → the headings that it may have in a file."""
        return {field.name: field.headers for field in self.fields}

    @property
    def headings(self) -> dict[str, str]:
        """Heading in its compared form → column, for the plan's fields and the columns that all plans share."""
        own = {heading_key(h): field.name for field in self.fields for h in (field.name, *field.headers)}
        return {**META_KEYS, **own}

    def field(self, name: str) -> PlanField | None:
        """Return the field of that name, or None."""
        return next((field for field in self.fields if field.name == name), None)

    def identifying(self, strength: Literal["strong", "weak"]) -> tuple[PlanField, ...]:
        """Return the fields that identify the data subject with that strength."""
        return tuple(field for field in self.fields if field.identifies == strength)
