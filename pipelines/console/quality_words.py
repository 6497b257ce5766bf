"""What dimensions, severities, comparisons and departments are called; the catalogue has their Chinese."""

from __future__ import annotations

from pipelines.console.words import N_
from pipelines.quality.drift import Sign
from pipelines.quality.verdict import Dimension, Severity

DIMENSIONS = {
    Dimension.CONFORMITY: N_("Conformity"),
    Dimension.COMPLETENESS: N_("Completeness"),
    Dimension.ACCURACY: N_("Accuracy"),
    Dimension.CONSISTENCY: N_("Consistency"),
    Dimension.TIMELINESS: N_("Timeliness"),
    Dimension.ACCESSIBILITY: N_("Accessibility"),
    Dimension.UNIQUENESS: N_("Uniqueness"),
}
SEVERITIES = {
    Severity.CRITICAL: ("bad", N_("Critical")),
    Severity.WARNING: ("attention", N_("Warning")),
    Severity.INFO: ("unknown", N_("Info")),
}
SIGNS = {
    Sign.WARNING: ("bad", N_("Unusual")),
    Sign.INFO: ("attention", N_("A little unusual")),
    Sign.STEADY: ("ok", N_("As usual")),
    Sign.UNKNOWN: ("unknown", N_("Too early to tell")),
}
DEPARTMENTS = {
    "marketing": N_("Marketing"),
    "sales": N_("Sales"),
    "customer_service": N_("Customer service"),
}
