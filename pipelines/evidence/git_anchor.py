"""Checkpoints in a git repository: a line and a commit each, in a clone that goes to somebody else.

Who has a clone has an anchor, and a history that was written again does not fit it. Every line that was ever committed
counts: taking one out again changes nothing. Not for the platform's own anchor file: see `anchors`.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from pipelines.errors import EvidenceInvalid, TutelaError
from pipelines.evidence import checkpoint
from pipelines.evidence.anchors import Anchors, Outside
from pipelines.evidence.checkpoint import Checkpoint

SOURCE = "git"
SUFFIX = ".anchors.jsonl"
SECONDS = 120


def commit(repository: Path, head: Checkpoint, *, push: bool = False) -> bool:
    """Add a checkpoint to the repository's file for this installation and commit it; nothing if it is there.

    Args:
        repository: A clone with a work tree.
        head: What to lay down.
        push: Send it to where the branch comes from.

    Returns:
        Whether anything was committed.

    Raises:
        TutelaError: It is no git repository, or git refused; run the same command again when that is mended.
        StorageFull: There is no room.
    """
    path = repository / file_name(head.origin)
    if not (repository / ".git").exists():
        raise TutelaError(f"{repository} is no git repository; make one there with `git init`, or clone one.")
    new = head not in (checkpoint.read_anchors(path) if path.exists() else ())
    if new:
        checkpoint.append_anchor(path, head)
    # Also where a kill came between line and commit.
    if waiting := bool(_git(repository, "status", "--porcelain", "--", path.name)):
        _git(repository, "add", "--", path.name)
        message = f"Anchor {head.size} entries of {head.origin}"
        _git(repository, "commit", "--quiet", "--message", message, "--only", "--", path.name)
    if push:
        _git(repository, "push", "--quiet")
    return waiting


def committed(repository: Path) -> Outside:
    """Name a repository, from whose history the checkpoints of all installations are read."""

    def read() -> Anchors:
        try:
            # Only what was added: no filter, no other program, nothing of the work tree.
            log = _git(
                repository, "log", "--patch", "--unified=0", "--format=", "--no-ext-diff", "--no-textconv", "--no-color",
                "--first-parent", "--diff-merges=first-parent", "--", f"*{SUFFIX}",
            )  # fmt: skip
        except TutelaError as exc:
            raise EvidenceInvalid(str(exc)) from None
        lines = [line for line in log.split(b"\n") if line.startswith(b"+") and not line.startswith(b"+++ ")]
        added = b"".join(line[1:] + b"\n" for line in lines)
        return Anchors(SOURCE, checkpoint.parse_lines(added, checkpoint.from_bytes, "in git"), shared=True)

    return Outside(SOURCE, read)


def file_name(origin: str) -> str:
    """Name an installation's file; several may share a repository."""
    return origin.replace("/", "_") + SUFFIX


def _git(repository: Path, *arguments: str) -> bytes:
    command = shutil.which("git")
    if command is None:
        raise TutelaError("git is not installed on this machine; install it, and run the same command again.")
    try:
        run = subprocess.run(
            [command, "-C", str(repository), *arguments], capture_output=True, check=False, timeout=SECONDS,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise TutelaError(
            f"git {arguments[0]} did not end within {SECONDS} seconds; run the same command again."
        ) from None
    if run.returncode:
        hint = " Has it a name to commit under (git config user.name, user.email)?" if arguments[0] == "commit" else ""
        raise TutelaError(f"git {arguments[0]} was refused in {repository} (exit {run.returncode}).{hint}")
    return run.stdout
