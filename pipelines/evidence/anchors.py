"""Checkpoints that were laid down where the database's administrators can't change them.

Three places, one rule: whoever cuts the end off the ledger, or writes another one, is shown up by any checkpoint that
was laid down before (controls §6.2). The anchor file is written by the platform itself; time stamps are `timestamps`',
the git repository is `git_anchor`'s. Not for judging: `verify` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.evidence.checkpoint import Checkpoint, read_anchors


@dataclass(frozen=True, slots=True)
class Anchors:
    """Checkpoints from one place."""

    source: str
    checkpoints: tuple[Checkpoint, ...]
    note: str = ""
    """What else there is to tell of them, as the end of a sentence."""
    shared: bool = False
    """Other installations lay theirs down there too."""

    def of(self, origin: str) -> tuple[Checkpoint, ...]:
        """Give those that an installation's evidence must fit; a stranger among them is a fault where none belongs."""
        return tuple(item for item in self.checkpoints if item.origin == origin or not self.shared)


@dataclass(frozen=True, slots=True)
class Outside:
    """A place where checkpoints were laid down, to be read when something is verified."""

    source: str
    read: Callable[[], Anchors]
    """Raises `EvidenceInvalid` where the place can't be read or is damaged itself."""


def anchor_file(path: Path) -> Outside:
    """Name the anchor file."""
    return Outside("anchors", lambda: Anchors("anchors", read_anchors(path)))
