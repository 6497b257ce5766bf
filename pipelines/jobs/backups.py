"""Backups, for the CLI and the DAG: made, listed, removed when their time is up, brought back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.errors import NotInitialised
from pipelines.evidence import signature
from pipelines.jobs.home import ORIGIN, Home, open_home
from pipelines.moments import day_of
from pipelines.platform.hosting import programs
from pipelines.retention import backup
from pipelines.retention.backup import Backups, Manifest
from pipelines.settings import Settings

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What `tutela backup create` came to."""

    manifest: Manifest
    folder: Path
    removed: int
    """Older backups whose time was up."""

    def as_json(self) -> dict[str, Any]:
        """Return it for programs and XCom."""
        return {**describe(self.manifest), "folder": str(self.folder), "removed": self.removed}


def create(settings: Settings, clock: Callable[[], datetime], step: Step = lambda _: None) -> Made:
    """Make a backup, and remove those whose time is up.

    Raises:
        TutelaError: one of its families; the same command can be run again.
    """
    home = open_home(settings)
    try:
        tools = backups_of(home, clock, step)
        made = backup.create(tools)
        removed = backup.remove_expired(tools, day_of(clock()))
        home.anchor()
        return Made(made, tools.place / made.id, removed)
    finally:
        home.database.close()


def listed(settings: Settings) -> list[dict[str, Any]]:
    """List the backups that lie in the backup place, oldest first, each with its state; needs no database.

    Raises:
        NotInitialised: the home has no keys to tell its own backups by.
    """
    keys = settings.resolved_home / "keys"
    if not (keys / ORIGIN).exists():
        raise NotInitialised(f"The home folder {settings.resolved_home} is not initialised; run `tutela init`.")
    public_key = signature.read_public_key(str(keys / "ledger.pub"))
    place = (settings.backups or settings.resolved_home / "backups").expanduser().resolve()
    origin = (keys / ORIGIN).read_text(encoding="ascii").strip()
    return [
        {**(describe(manifest) if manifest else {"backup": name}), "state": wrong or "ok"}
        for name, manifest, wrong in backup.listed(place, origin, public_key)
    ]


def backups_of(home: Home, clock: Callable[[], datetime], step: Step = lambda _: None) -> Backups:
    """Put together what backups are made with."""
    return Backups(
        database=home.database,
        custodian=home.custodian,
        ledger=home.ledger,
        policy=home.policy,
        home=home.folder,
        place=home.backups,
        snapshots=home.snapshots,
        journal=home.journal,
        days=home.settings.backup_days,
        programs=programs(home.settings.pg_bin),
        clock=clock,
        randomness=secrets.token_bytes,
        step=step,
    )


def describe(manifest: Manifest) -> dict[str, Any]:
    """Say what a backup is, for programs."""
    return {
        "backup": manifest.id,
        "made_at": manifest.made_at.isoformat(),
        "expires_on": manifest.expires_on.isoformat(),
        "bytes": manifest.dump_bytes,
        "sha256": manifest.dump_sha256.hex(),
        "entries": manifest.ledger_size,
        "generation": manifest.generation,
        "schema": manifest.schema,
    }
