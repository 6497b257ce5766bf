"""A mistake in a policy file, told to the person who wrote it: where, what, and what to do.

Not for mistakes in data: those are counted, never shown.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN_CHOICES = 12


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in one policy file."""

    file: str
    line: int
    message: str
    hint: str

    def __str__(self) -> str:
        """Write it as editors read it: ``file:line: message; hint``."""
        return f"{self.file}:{self.line}: {self.message}; {self.hint}"

    def as_dict(self) -> dict[str, str | int]:
        """Return it for ``--json``."""
        return asdict(self)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant, else which there are."""
    choices = sorted(known)
    close = get_close_matches(word, choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    if not choices:
        return "there is none to choose from"
    more = ", …" if len(choices) > SHOWN_CHOICES else ""
    return f"use one of: {', '.join(choices[:SHOWN_CHOICES])}{more}"
