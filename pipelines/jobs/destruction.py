"""The nightly purge, for the CLI and the DAG: what is past its retention is destroyed, verified, certified."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.errors import ApprovalMissing, DestructionFailed, StorageFull
from pipelines.evidence import certificate as certificates
from pipelines.evidence import page
from pipelines.evidence.checkpoint import FULL, sync_folder
from pipelines.jobs import derivatives, residues, runs
from pipelines.jobs.evidence import names
from pipelines.jobs.home import Home, open_home
from pipelines.moments import CHINA
from pipelines.retention import certify
from pipelines.retention import purge as purges
from pipelines.retention.apply import list_due
from pipelines.retention.job import Destroyer
from pipelines.settings import Settings
from pipelines.store.database import Role


@dataclass(frozen=True, slots=True)
class Purge:
    """What a purge came to."""

    due: int
    held: int
    destroyed: int
    verdict: str | None
    certificate: str | None
    """Path of the file of the last certificate."""
    certificates: tuple[str, ...] = ()
    """Paths of all of them, in the order of the destructions; told where there is more than one."""
    residual: dict[str, Any] | None = None
    """What a residual scan found, where one was asked for."""

    def as_json(self) -> dict[str, Any]:
        """Return it for programs and XCom."""
        told = {**asdict(self), "certificates": list(self.certificates)}
        # The usual keys are relied upon; what is usually absent is told only where it says something.
        unusual = {"certificates": len(self.certificates) > 1, "residual": self.residual is not None}
        return {key: value for key, value in told.items() if unusual.get(key, True)}


def purge(
    settings: Settings,
    as_of: date,
    clock: Callable[[], datetime],
    *,
    dry_run: bool = False,
    residual_scan: bool = False,
    step: Callable[[str], None] = lambda _: None,
) -> Purge:
    """Destroy what is past its retention on a day, and what a leader approved on request.

    ``residual_scan`` reads all files of cluster and home afterwards for what was destroyed.

    Raises:
        TutelaError: one of its families; the same command goes on where this one stopped.
    """
    home, watch = open_home(settings), residues.Watch(settings)

    def passed(name: str) -> None:
        if residual_scan:
            watch.step(name)
        step(name)

    tools = destroyer(home, clock, passed)
    if dry_run:
        listed, held = list_due(tools, as_of)
        home.database.close()
        return Purge(listed.records, held, 0, None, None)
    runs.sweep(settings)
    derivatives.expire(home, as_of, clock())
    done = _done(home, lambda: purges.purge(tools, as_of))
    return replace(done, residual=watch.look()) if residual_scan else done


def destroy_one(
    settings: Settings, job: str, clock: Callable[[], datetime], step: Callable[[str], None] = lambda _: None
) -> Purge:
    """Do one destruction that a leader has decided about.

    Raises:
        TutelaError: as :func:`purge`.
    """
    home = open_home(settings)
    tools = destroyer(home, clock, step)
    return _done(home, lambda: purges.destroy_one(tools, job))


def show(settings: Settings) -> list[dict[str, Any]]:
    """List all destructions, newest first: state, what they are about, who decided what."""
    home = open_home(settings)
    with home.database.begin(Role.AUDIT) as tx:
        rows = [row._asdict() for row in tx.rows("jobs")]
    home.database.close()
    moments = ("created_at", "decided_at", "as_of")
    return [{**row, **{name: row[name].isoformat() if row[name] else None for name in moments}} for row in rows]


def _done(home: Home, work: Callable[[], purges.Result]) -> Purge:
    """Do it; whatever failed, the certificates of what was done get their files and the newest head its anchor."""
    folder = home.folder / "certificates"
    try:
        result = work()
    except (ApprovalMissing, DestructionFailed):
        home.anchor()
        _write_missing(home, folder)
        raise
    # The journal first: what leaves the house is signed over entries that outlive the database.
    home.anchor()
    _write_missing(home, folder)
    derivatives.write_letters(home)
    paths = tuple(str(folder / f"{certificate.case.id}.json") for certificate in result.certificates)
    home.database.close()
    return Purge(result.due, result.held, result.destroyed, result.verdict, paths[-1] if paths else None, paths)


def write_certificate(folder: Path, certificate: certificates.Certificate) -> Path:
    """Write a certificate's file, whole or not at all.

    Raises:
        StorageFull: there is no room; the certificate is in the database and the next purge writes it.
    """
    path = folder / f"{certificate.case.id}.json"
    partial = path.with_suffix(".partial")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(certificates.to_bytes(certificate))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(folder)
    except OSError as exc:
        partial.unlink(missing_ok=True)
        if exc.errno in FULL:
            raise StorageFull(
                f"There is no room for the certificate {path.name}; it is kept in the database and written by the next purge."
            ) from None
        raise
    return path


def _write_missing(home: Home, folder: Path) -> None:
    """Write the certificates, and their pages, that have no file yet: new ones, and what a kill or a full disk kept back."""
    with home.database.begin(Role.VERIFY) as tx:
        issued = [row.job_id for row in tx.rows("certified")]
    for job_id in issued:
        path = folder / f"{job_id}.json"
        # The pages come last: where they are, all is.
        pages = [path.with_name(f"{job_id}.{language}.html") for language in page.LANGUAGES]
        if not all(file.exists() for file in (path, *pages)):
            certificate = certify.load(home.database, job_id)
            # Its own head, which an outsider compares it with; the newest may be a later one.
            home.anchor(certificate.ledger.checkpoint)
            write_certificate(folder, certificate)
            page.write_pages(path, certificate, names=names(home.policy), zone=CHINA)


def destroyer(home: Home, clock: Callable[[], datetime], step: Callable[[str], None] = lambda _: None) -> Destroyer:
    """Put together what a destruction works with."""
    return Destroyer(
        database=home.database,
        custodian=home.custodian,
        ledger=home.ledger,
        policy=home.policy,
        policy_folder=home.settings.policy,
        snapshots=home.snapshots,
        clock=clock,
        randomness=secrets.token_bytes,
        index_key=home.index_key,
        home=home.folder,
        step=step,
    )
