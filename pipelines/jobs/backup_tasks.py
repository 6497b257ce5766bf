"""The tasks of the backup and drill DAGs; conventions as in `tasks`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipelines.errors import EvidenceInvalid
from pipelines.jobs import backups
from pipelines.jobs import drill as drills
from pipelines.jobs.drill import Drill
from pipelines.jobs.tasks import impersonal
from pipelines.settings import Settings


@impersonal
def create() -> dict[str, Any]:
    """Make a backup, and destroy those whose time is up."""
    return backups.create(Settings(), _now).as_json()


@impersonal
def drill() -> dict[str, Any]:
    """Run the whole drill with made-up people.

    Raises:
        EvidenceInvalid: something does not hold.
    """
    return _held(drills.drill(Settings(), _now))


@impersonal
def try_newest() -> dict[str, Any]:
    """Bring the newest real backup back on a server of its own, removed at the end.

    Raises:
        EvidenceInvalid: something does not hold.
    """
    return _held(drills.try_newest(Settings(), _now))


def _held(done: Drill) -> dict[str, Any]:
    wrong = [check.name for check in done.checks if not check.ok]
    if not done.ok:
        raise EvidenceInvalid(
            f"The restore drill failed ({', '.join(wrong) or 'nothing was looked at'}); call someone."
        )
    return done.as_json()


def _now() -> datetime:
    return datetime.now(UTC)
