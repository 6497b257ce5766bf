"""The policy: what people wrote and reviewed as YAML in ``policy/``, as frozen values.

The map: `terms` shared words · `taxonomy` kinds of information · `purposes` what for · `retention` how long, `due` the
same for columns · `derivatives` kinds of copies · `notices` what people were told · `partners` who may deliver · `plans`
one collection plan · `headings` names of columns · `book` the whole policy · `documents` YAML with lines · `validation`
its form · `rules` its cross-references · `load` the files. Not for decisions about rows: stages take a policy and decide.
"""

from __future__ import annotations

from pipelines.policy.book import Policy
from pipelines.policy.derivatives import DerivativeKind, Kind
from pipelines.policy.headings import META_HEADINGS, heading_key
from pipelines.policy.load import check_plan, load_policy
from pipelines.policy.notices import Notice
from pipelines.policy.partners import Partner
from pipelines.policy.plans import Plan, PlanField
from pipelines.policy.problems import Problem
from pipelines.policy.purposes import Purpose
from pipelines.policy.retention import HOLD, QUARANTINE, RetentionClass, RetentionSchedule
from pipelines.policy.taxonomy import Item, Taxonomy
from pipelines.policy.terms import Bilingual, Duration, Validity

__all__ = [
    "HOLD",
    "META_HEADINGS",
    "QUARANTINE",
    "Bilingual",
    "DerivativeKind",
    "Duration",
    "Item",
    "Kind",
    "Notice",
    "Partner",
    "Plan",
    "PlanField",
    "Policy",
    "Problem",
    "Purpose",
    "RetentionClass",
    "RetentionSchedule",
    "Taxonomy",
    "Validity",
    "check_plan",
    "heading_key",
    "load_policy",
]
