"""Which places outside to verify against, as a command's options name them. Not for judging: `verify` does."""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import KeyUnavailable
from pipelines.evidence import git_anchor, timestamps
from pipelines.evidence.anchors import Outside


def places(stamps: Path | None, authority: Path | None, repository: Path | None) -> list[Outside]:
    """List the places beside the anchor file.

    Args:
        stamps: A file of time stamps.
        authority: The certificates of the authority that they must be of.
        repository: A git clone.

    Raises:
        KeyUnavailable: There are time stamps without an authority, or its certificates can't be read.
    """
    found: list[Outside] = []
    if stamps is not None:
        if authority is None:
            raise KeyUnavailable(
                "Time stamps are verified against their authority's certificates; give --authority too."
            )
        found.append(timestamps.time_stamps(stamps, timestamps.read_authority(authority)))
    if repository is not None:
        found.append(git_anchor.committed(repository))
    return found
