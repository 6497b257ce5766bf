"""Worker processes that end with the process that started them, however it ends."""

from __future__ import annotations

import os
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread


def end_with_parent() -> None:
    """Watch for the end of the process that forked this worker: a killed one can't tell its workers.

    They would wait for work for ever, with rows, keys and connections in memory. What a worker was about to commit is
    not committed; the next run brings it in.
    """
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
