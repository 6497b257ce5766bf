"""The workbench: settings + keys + transaction, then one story. DAGs, the CLI and (later) the console call this.

`home` makes and opens a home folder · `collection` runs of ingestion, whole or task by task · `destruction` the purge ·
`evidence` export · `reports` what people read. Arguments and results are names, ids and counts: they may lie in XCom.
"""

from __future__ import annotations

from pipelines.jobs.home import init, open_home

__all__ = ["init", "open_home"]
