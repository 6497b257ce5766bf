"""The whole policy, loaded and checked; what every stage asks.

Not for reading files: `pipelines.policy.load` does, and it is the only one that does.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.errors import UnknownPlan
from pipelines.policy.derivatives import DerivativeKind, DerivativeKinds, Kind
from pipelines.policy.notices import Notice
from pipelines.policy.partners import Partner
from pipelines.policy.plans import Plan
from pipelines.policy.problems import suggestion
from pipelines.policy.purposes import Purpose
from pipelines.policy.retention import RetentionClass, RetentionSchedule
from pipelines.policy.taxonomy import Taxonomy
from pipelines.policy.terms import Frozen


class Policy(Frozen):
    """Everything that people wrote and reviewed, in one frozen value."""

    taxonomy: Taxonomy
    purposes: Mapping[str, Purpose]
    schedule: RetentionSchedule
    notices: Mapping[str, Notice]
    partners: Mapping[str, Partner]
    copies: DerivativeKinds
    plans: Mapping[str, Plan] = {}

    @property
    def retention(self) -> Mapping[str, RetentionClass]:
        """The retention classes by key."""
        return self.schedule.classes

    @property
    def derivatives(self) -> Mapping[Kind, DerivativeKind]:
        """The kinds of derivatives."""
        return self.copies.kinds

    def schedule_hash(self) -> str:
        """Return the hash by which a standing approval names the retention schedule."""
        return self.schedule.hash()

    def plan(self, name: str) -> Plan:
        """Return the collection plan of that name.

        Raises:
            UnknownPlan: there is none.
        """
        if name not in self.plans:
            hint = suggestion(name, self.plans)
            end = "" if hint.endswith("?") else "."
            msg = f"There is no collection plan `{name}` (`tutela plan list` shows them all): {hint}{end}"
            raise UnknownPlan(msg)
        return self.plans[name]
