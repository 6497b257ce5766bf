"""The bench: what the ingestion of one plan works with. Holds instruments, does nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.classify.engine import Analyzer
    from pipelines.classify.labels import EntityLabel
    from pipelines.custody import Custodian
    from pipelines.evidence.ledger import Ledger
    from pipelines.policy import Plan, Policy
    from pipelines.quality.suite import Suite
    from pipelines.store.database import Database


@dataclass(frozen=True)
class Bench:
    """What an ingestion works with: the policy of one plan, and the instruments."""

    plan: Plan
    policy: Policy
    suite: Suite
    analyzer: Analyzer
    labels: Mapping[str, EntityLabel]
    database: Database
    custodian: Custodian
    ledger: Ledger
    index_key: bytes = field(repr=False)
    randomness: Callable[[int], bytes] = field(repr=False)
    recognizers: str | None = None
    """Fingerprint of what tells the kinds of information apart."""
