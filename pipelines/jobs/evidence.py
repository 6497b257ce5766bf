"""Export the evidence: the whole ledger, its signed heads, and all certificates, in one file that verifies itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pipelines.errors import EvidenceInvalid
from pipelines.evidence import certificate as certificates
from pipelines.evidence import entries, ledger
from pipelines.evidence.bundle import Header, write_bundle
from pipelines.jobs.home import open_home
from pipelines.settings import Settings
from pipelines.store.database import Role


def export(settings: Settings, path: Path, by: str, at: datetime) -> int:
    """Write the evidence up to now; return how many entries. The export itself is put on record.

    Raises:
        StorageFull: there is no room; the file is not half-written.
    """
    home = open_home(settings)
    with home.database.begin(Role.AUDIT) as tx:
        tx.run("lock_writers")
        head = ledger.latest(tx)
        if head is None:
            raise EvidenceInvalid("The ledger is empty; run `tutela init` first.")
        home.ledger.append(tx, [entries.evidence_exported(head.size, head.root, by, at)], at)
    with home.database.begin(Role.AUDIT) as tx:
        heads = ledger.heads(tx)
        size = heads[-1].size
        issued = [certificates.from_bytes(row.certificate.encode()) for row in tx.rows("certificates")]
        header = Header(home.ledger.origin, home.public_key, size, at)
        write_bundle(path, header, ledger.bodies(tx, size), heads, issued)
    home.anchor(heads[-1])
    home.database.close()
    return size
