"""Look for planted values in every byte that there is, before and after an old backup was brought back.

The people of a filled vault are planted: nobody else has their identifiers. After a backup, a purge and an erasure the
files of the home and of the whole server are read, past the platform; then the database is lost, the backup from before
is restored, and all is read once more. Nothing may be found, of survivors as little as of the destroyed.
"""

from __future__ import annotations

import time
from typing import Any

from benchmarks.vault_filler import AT, Layout, person
from benchmarks.vault_homes import VaultHomes
from pipelines.jobs import backups, residues, restores
from pipelines.retention import residual
from pipelines.settings import Settings

PLANTED = 300
"""People whose values are looked for, spread over the vault."""


def planted(layout: Layout) -> dict[str, bytes]:
    """Write the identifiers of some people of the vault as they may lie in files."""
    people = layout.due + layout.survivors
    patterns: dict[str, bytes] = {}
    for number in range(0, people, max(1, people // PLANTED)):
        _, strong, weak = person(number)
        patterns |= residual.spellings(f"strong {number}", strong) | residual.spellings(f"weak {number}", weak)
        patterns[f"hex {number}"] = strong.encode().hex().encode()
    return patterns


def back_up(settings: Settings) -> float:
    """Make the backup from before; tell the seconds."""
    started = time.perf_counter()
    backups.create(settings, lambda: AT)
    return time.perf_counter() - started


def scan(homes: VaultHomes, settings: Settings, layout: Layout, left: int) -> dict[str, Any]:
    """Scan, lose the database, restore the backup, and scan again.

    Args:
        homes: the server.
        settings: of a home whose backup is older than its destructions.
        layout: how its vault was filled.
        left: records that must be back after the restore.

    Raises:
        SystemExit: the restore or a scan is not what it must be, so that its figure would mean nothing.
    """
    patterns = planted(layout)
    before = _look(settings, patterns)
    homes.lose(settings)
    started = time.perf_counter()
    restored = restores.restore(settings, lambda: AT)
    seconds = time.perf_counter() - started
    survivors = restored.restored.opened
    if (survivors.records, survivors.shut) != (left, 0):
        raise SystemExit(f"{survivors.records} records came back, {survivors.shut} of them shut, not {left}")
    after = _look(settings, patterns)
    return {
        "scan_hits": before.total + after.total,
        "scan_patterns": len(patterns),
        "scan_bytes": sum(before.bytes.values()) + sum(after.bytes.values()),
        "scan_seconds": round(before.seconds + after.seconds, 1),
        "restore_records": survivors.records,
        "restore_removed": restored.restored.removed["records"],
        "restore_seconds": round(seconds, 1),
    }


def _look(settings: Settings, patterns: dict[str, bytes]) -> residual.Hits:
    hits = residual.scan(residues.stores(settings), patterns)
    if not hits.complete:
        raise SystemExit(f"the scan is not complete: {', '.join(hits.unproven)} {hits.unread}")
    return hits
