"""What consent a data subject still gives to a plan, after all that was given and withdrawn. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def purposes_left(receipts: Iterable[Any], plan: str, purposes: Sequence[str]) -> set[str]:
    """Say which of a plan's purposes are given and not withdrawn since.

    Args:
        receipts: of one subject, in the order in which they were given: ``plan``, ``action`` and ``purposes`` of each.
        plan: the plan's name.
        purposes: those that the plan pursues.
    """
    left: set[str] = set()
    for receipt in receipts:
        if receipt.plan == plan:
            named = set(receipt.purposes)
            left = left | named if receipt.action == "given" else left - named
    return left & set(purposes)
