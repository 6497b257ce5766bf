"""The workbench: settings + keys + transaction, then one story. DAGs, the CLI and (later) the console call this.

`home` makes and opens a home folder · `collection` runs of ingestion, whole or task by task · `destruction` the purge ·
`evidence` export · `reports` what people read. Arguments and results are names, ids and counts: they may lie in XCom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.settings import Settings


def init(settings: Settings, at: datetime) -> bool:
    """Make the home where there is none; see :func:`pipelines.jobs.home.init`."""
    # Late, because DAG files import this package every few seconds and want `wiring` only.
    from pipelines.jobs import home

    return home.init(settings, at)
