"""Kinds of derivatives: the copies that may be made from the vault, how each is destroyed, and how long it may live.

The list is closed three times over: here, in the reviewed file, and as a type of the database. Not for single copies:
`pipelines.retention.derivatives` keeps their register.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipelines.policy.terms import Frozen, Words


class Kind(StrEnum):
    """What a copy is."""

    STAGING = "staging"
    LANDING_FILE = "landing_file"
    RELEASE = "release"
    EXPORT = "export"
    BACKUP = "backup"
    SHARED_COPY = "shared_copy"
    PAPER = "paper"
    QUARANTINE = "quarantine"
    BLIND_INDEX = "blind_index"
    STATISTICS = "statistics"
    DATA_DOCS = "data_docs"
    KEYRING_SNAPSHOT = "keyring_snapshot"
    TASK_LOG = "task_log"
    WAL = "wal"


Days = Annotated[int, Field(ge=1, le=36_525)]


class DerivativeKind(Frozen):
    """One kind."""

    key: Kind
    zh: Words
    en: Words
    listed: Literal["each", "standing"]
    holds: Literal["clear", "sealed", "digests", "keys", "nothing"]
    destroyed_by: Literal["own_key", "removal", "with_record", "replacement", "recipient", "keeper", "not_held"]
    days: Days | None = None
    """A copy lives no longer."""
    answer_days: Days | None = None
    """So long have recipients and keepers to answer."""
    remains: Literal["nothing", "freed_storage", "until_expiry", "their_word"]

    @model_validator(mode="after")
    def _has_an_end(self) -> DerivativeKind:
        if (self.listed == "each") != (self.days is not None):
            msg = "a kind that is listed copy by copy has `days`, a standing one has none"
            raise ValueError(msg)
        if (self.holds == "nothing") != (self.destroyed_by == "not_held"):
            msg = "`destroyed_by: not_held` is for what holds nothing, and for that alone"
            raise ValueError(msg)
        return self


class DerivativeKinds(Frozen):
    """All kinds; a missing one is a mistake too."""

    version: Annotated[int, Field(ge=1)]
    kinds: Mapping[Kind, DerivativeKind]

    @model_validator(mode="before")
    @classmethod
    def _key_the_kinds(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("kinds"), dict):
            keyed = {k: {**v, "key": k} if isinstance(v, dict) else v for k, v in data["kinds"].items()}
            return {**data, "kinds": keyed}
        return data

    @model_validator(mode="after")
    def _is_complete(self) -> DerivativeKinds:
        if missing := sorted(set(Kind) - set(self.kinds)):
            msg = f"the kinds {', '.join(missing)} are missing"
            raise ValueError(msg)
        return self
