"""What customer information may be processed for.

Not for who may: `pipelines.access` decides that, from a purpose and a grant.
"""

from __future__ import annotations

from pipelines.policy.terms import Frozen, Key, Words


class Purpose(Frozen):
    """One purpose that a plan, a notice, a receipt or a request can name; free-text purposes do not exist (U-03)."""

    key: Key
    zh: Words
    en: Words
    automated_decision: bool = False
    """Decides about people without people: needs an impact assessment and a way out (PIPL 2021, art. 24, 55)."""
