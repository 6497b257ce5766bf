"""How a row looks to somebody who may not see its values: titles, masks, what may be corrected, broken rules in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.classify.labels import entity_labels
from pipelines.errors import UnknownReference
from pipelines.jobs.rule_words import rules_of
from pipelines.policy import META_HEADINGS
from pipelines.policy.masking import masked
from pipelines.records import CONSENT_COLUMNS, META_COLUMNS

if TYPE_CHECKING:
    from pipelines.jobs.home import Home
    from pipelines.policy import Plan

FREE_TEXT, UNDATED = "free_text.", "retention.undated"
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ][0-9:.+Z-]{2,20})?")
_META_ENGLISH = {
    "consent_notice": "Notice",
    "consent_at": "Consent given",
    "consent_until": "Consent until",
    "consent_method": "How consent was given",
    "consent_purposes": "Purposes agreed to",
    "collected_at": "Collected",
    "last_activity_at": "Last activity",
}


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a row broke, in words."""

    rule: str
    field: str
    severity: str
    zh: str
    en: str


@dataclass(frozen=True)
class Looks:
    """The fields of one plan."""

    plan: Plan
    items: Mapping[str, Any]

    @property
    def fields(self) -> tuple[str, ...]:
        """Name all fields of a row: the plan's in its order, then what is said about the record."""
        return (*self.plan.columns, *META_COLUMNS)

    @property
    def correctable(self) -> tuple[str, ...]:
        """Name the fields that a steward may correct."""
        return tuple(name for name in self.fields if name not in CONSENT_COLUMNS)

    def titles(self, name: str) -> tuple[str, str]:
        """Return what a field is called, in Chinese and in English."""
        declared = self.plan.field(name)
        if declared is None:
            return META_HEADINGS[name][0], _META_ENGLISH[name]
        item = self.items[declared.item]
        return declared.headers[0], item.en

    def show(self, name: str, value: object) -> str | None:
        """Mask a value; None where there is none."""
        if value is None or value == "":
            return None
        declared = self.plan.field(name)
        text = str(value)
        if declared is None:
            return text if _MOMENT.fullmatch(text) else masked("none", text)
        return masked(self.items[declared.item].mask, text)

    def free_text(self, rule: str) -> Broken:
        """Say in words that free text holds what it should not."""
        entity = rule.partition(".")[2].upper()
        label = entity_labels(self.items).get(entity)
        found = [item for item in self.items.values() if item.entity == entity] if label else []
        zh, en = (found[0].zh, found[0].en.lower()) if found else (entity, entity)
        notes = [each.name for each in self.plan.fields if each.free_text == "quarantine"]
        place = notes[0] if notes else ""
        return Broken(rule, place, "critical", f"自由文本中出现{zh}", f"The free text holds: {en}")


def looks_of(home: Home, plan: str) -> Looks:
    """Return how a plan's fields look.

    Raises:
        UnknownReference: the plan is not in the policy any more.
    """
    found = home.policy.plans.get(plan)
    if found is None:
        raise UnknownReference(
            f"Rows of the plan {plan} can't be read without it; restore policy/plans/{plan}.yaml. Nothing was changed."
        )
    return Looks(found, home.policy.taxonomy.items)


def rule_in_words(home: Home, plan: str, rule: str) -> Broken:
    """Say what a rule asks for; one that the suite has no more is called by its name."""
    known = rules_of(home.settings.expectations, plan).get(rule)
    if known is not None:
        return Broken(rule, known.field, known.severity, known.zh, known.en)
    if rule == UNDATED:
        zh, en = "缺少计算保存期限的日期", "There is no date that retention counts from"
        return Broken(rule, "collected_at", "critical", zh, en)
    if rule.startswith(FREE_TEXT):
        return looks_of(home, plan).free_text(rule)
    return Broken(rule, rule.partition(".")[0], "critical", rule, rule)
