"""Find SQL statements by name: every statement of the platform lives in ``sql/queries/*.sql``.

The format of those files: a line ``-- name --``, comment lines that describe it, the statement with ``:name``
parameters, up to the next name. Names are unique over all files.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_NAME = re.compile(r"^-- ([a-z][a-z0-9_]*) --$", re.MULTILINE)


@cache
def load(folder: Path) -> dict[str, str]:
    """Read every query of the folder: name → statement.

    Raises:
        RuntimeError: a name occurs twice (the programmer is wrong, not the world).
    """
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.sql")):
        pieces = _NAME.split(path.read_text(encoding="utf-8"))[1:]
        for name, statement in zip(pieces[::2], pieces[1::2], strict=True):
            if name in found:
                raise RuntimeError(f"query {name} is defined twice")
            found[name] = statement.strip()
    return found
