"""Loads the heavy libraries in processes that fork tasks. Not for the others: each would pay seconds and memory.

A task forked from a process that has pandas, Great Expectations and Presidio loaded starts in tenths of a second.
"""

from __future__ import annotations

import gc
import importlib
import logging
import sys

HEAVY = (
    "pandas",
    "great_expectations",
    "presidio_analyzer",
    "pipelines.classify.engine",
    "pipelines.quality.suite",
    "pipelines.ingest",
    "pipelines.jobs.tasks",
    "pipelines.jobs.approval_tasks",
    "pipelines.jobs.stages",
)
FORKING = ("scheduler", "celery")
"""Airflow's commands whose children are tasks."""
CHATTER = "great_expectations._docs_decorators"
"""Writes two hundred lines at import; Airflow's own level settings don't reach it."""


def preload_if_worthwhile(arguments: list[str] | None = None) -> tuple[str, ...]:
    """Load what there is if this process forks tasks; give the names that were loaded."""
    logging.getLogger(CHATTER).addFilter(lambda record: False)  # noqa: ARG005
    given = sys.argv if arguments is None else arguments
    if len(given) < 2 or given[1] not in FORKING:
        return ()
    loaded = tuple(name for name in HEAVY if _load(name))
    # What is here now stays: the collector need not touch, and so copy, these pages in each task.
    gc.collect()
    gc.freeze()
    return loaded


def _load(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:  # noqa: BLE001  # a library that is missing or broken must stop its tasks, not the scheduler
        logging.getLogger(__name__).warning("%s could not be preloaded; its tasks will start slowly", name)
        return False
    return True
