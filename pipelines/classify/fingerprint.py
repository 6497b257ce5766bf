"""What the columns were read with, as a hash: two profiles with the same fingerprint were told apart by the same rules.

It covers the code of this package, the taggers' weights, the libraries that hold rules of their own, and the taxonomy.
Not for evidence of what a rule does: it only says whether anything may read a cell otherwise than before.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.policy.taxonomy import Taxonomy

LIBRARIES: Final = ("presidio-analyzer", "phonenumbers", "python-stdnum", "probablepeople", "jieba", "regex")
"""Libraries whose rules or weights say what a cell is; another version may say something else."""
_ROUTINE: Final = {"__pycache__"}


def fingerprint(engine: str, taxonomy: Taxonomy) -> str:
    """Return the fingerprint of the recognizers, taggers and taxonomy.

    Args:
        engine: What reads names here (``Analyzer.engine``): models that someone installed read otherwise.
        taxonomy: What the kinds of information mean.
    """
    parts = (_program(), engine, taxonomy.model_dump_json())
    return sha256("\n".join(sha256(part.encode()).hexdigest() for part in parts).encode()).hexdigest()[:32]


@cache
def _program() -> str:
    """Hash all files of this package and name the libraries' versions; once a process."""
    folder = Path(__file__).resolve().parent
    files = [
        f"{path.relative_to(folder).as_posix()} {sha256(path.read_bytes()).hexdigest()}" for path in _files(folder)
    ]
    return "\n".join([*files, *(f"{name} {_version(name)}" for name in LIBRARIES)])


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and not _ROUTINE & set(path.parts))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
