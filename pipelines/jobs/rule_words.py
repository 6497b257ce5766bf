"""What the rules of suites are called, without loading what checks them: for whoever shows results of long ago.

The suite itself, with all that its words mean, is `pipelines.quality.suite`'s; it takes seconds to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class RuleWords:
    """One expectation, in words."""

    field: str
    dimension: str
    severity: str
    zh: str
    en: str


def rules_of(folder: Path, plan: str) -> Mapping[str, RuleWords]:
    """Read what the rules of a plan's suite are called: id → words. Nothing where the plan has no suite any more."""
    path = folder / f"{plan}.yaml"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError:
        return {}


def rule_sentences(folder: Path, language: str) -> dict[str, str]:
    """Read the sentences of all suites: id → sentence; rules of two plans with the same id say the same thing."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        found |= {rule: getattr(words, language) for rule, words in rules_of(folder, path.stem).items()}
    return found


@lru_cache(maxsize=32)
def _read(path: Path, _stamped: int) -> Mapping[str, RuleWords]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    items = yaml.load(path.read_text("utf-8"), loader)  # noqa: S506 - a safe loader, in C where there is one
    return {
        item["id"]: RuleWords(item["column"], item["dimension"], item["severity"], item["zh"], item["en"])
        for item in items
    }
