"""Take evidence out of the house: the bundle, anchors, time stamps; and the names that a certificate's page shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from pipelines.errors import EvidenceInvalid, TutelaError
from pipelines.evidence import certificate as certificates
from pipelines.evidence import entries, git_anchor, ledger, timestamps
from pipelines.evidence.bundle import Header, write_bundle
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.timestamps import QUERY
from pipelines.jobs.home import Home, open_home
from pipelines.policy import Policy
from pipelines.settings import Settings
from pipelines.store.database import Role

SECONDS = 30
LONGEST_REPLY = 2**20


class _Named(Protocol):
    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...


def export(settings: Settings, path: Path, by: str, at: datetime) -> int:
    """Write the evidence up to now; return how many entries. The export itself is put on record.

    Raises:
        StorageFull: there is no room; the file is not half-written.
    """
    home = open_home(settings)
    size = export_from(home, path, by, at)
    home.database.close()
    return size


def export_from(home: Home, path: Path, by: str, at: datetime) -> int:
    """Write the evidence of an open home up to now, as :func:`export` does."""
    with home.database.begin(Role.AUDIT) as tx:
        tx.run("lock_writers")
        head = ledger.latest(tx)
        if head is None:
            raise EvidenceInvalid("The ledger is empty; run `tutela init` first.")
        home.ledger.append(tx, [entries.evidence_exported(head.size, head.root, by, at)], at)
    return bundle_of(home, path, at, leaves=True).size


def bundle_of(home: Home, path: Path, at: datetime, *, leaves: bool) -> Checkpoint:
    """Write all evidence of a home into one file, which leaves the house or is only to be verified in it.

    Returns:
        The head that it goes up to.

    Raises:
        EvidenceInvalid: the database holds less than its heads say, or a certificate that is none.
        StorageFull: there is no room; the file is not half-written.
    """
    with home.database.begin(Role.AUDIT) as tx:
        heads = ledger.hourly_heads(tx)
        if not heads:
            raise EvidenceInvalid("The ledger is empty; run `tutela init` first.")
        issued = [certificates.from_bytes(row.certificate.encode()) for row in tx.rows("certificates")]
        header = Header(home.ledger.origin, home.public_key, heads[-1].size, at)
        if leaves:
            # First where it outlives the database; then it may leave the house.
            home.anchor(heads[-1])
        write_bundle(path, header, ledger.bodies(tx, heads[-1].size), heads, issued)
    return heads[-1]


def anchor(settings: Settings, repository: Path | None, *, push: bool = False) -> Checkpoint:
    """Lay the newest checkpoint down in the anchor file, and in a git repository if one is given.

    Raises:
        TutelaError: git refused; the anchor file has the checkpoint.
        StorageFull: there is no room.
    """
    home = open_home(settings)
    head = _head(home)
    home.anchor(head)
    if repository is not None:
        git_anchor.commit(repository, head, push=push)
    home.database.close()
    return head


def timestamp(settings: Settings, url: str, authority: Path) -> tuple[Checkpoint, datetime]:
    """Have the newest checkpoint stamped by a time-stamp authority; keep the stamp beside the anchors.

    Returns:
        The checkpoint, and the authority's time.

    Raises:
        EvidenceInvalid: the answer is no stamp of this authority; nothing was kept.
        TutelaError: the authority does not answer; nothing was kept.
        KeyUnavailable: the authority's certificates can't be read.
    """
    home = open_home(settings)
    head, trusted = _head(home), timestamps.read_authority(authority)
    stamped = timestamps.ask(head, trusted, lambda query: _post(url, query))
    timestamps.append(home.anchors.with_name("timestamps.jsonl"), stamped)
    home.database.close()
    return head, timestamps.time_of(stamped, trusted)


def names(policy: Policy) -> dict[str, dict[str, str]]:
    """List what plans, categories, retention classes and kinds of copies are called: language → code → name."""
    named: dict[str, _Named] = {
        **{code: plan.title for code, plan in policy.plans.items()},
        **policy.taxonomy.categories,
        **policy.retention,
        **{kind.value: of for kind, of in policy.derivatives.items()},
    }
    return {"zh-CN": _in(named, "zh"), "en": _in(named, "en")}


def _in(named: Mapping[str, _Named], language: str) -> dict[str, str]:
    return {code: getattr(each, language) for code, each in named.items()}


def _head(home: Home) -> Checkpoint:
    with home.database.begin(Role.VERIFY) as tx:
        head = ledger.latest(tx)
    if head is None:
        raise EvidenceInvalid("The ledger is empty; run `tutela init` first.")
    return head


def _post(url: str, query: bytes) -> bytes:
    """Send a time-stamp query; the reply is for `timestamps` to judge."""
    import httpx

    where = urlsplit(url).netloc.rpartition("@")[2]
    failed = f"The time-stamp authority at {where} did not answer as it should"
    again = "nothing was kept, and the same command can be run again."
    try:
        with httpx.stream("POST", url, content=query, headers={"Content-Type": QUERY}, timeout=SECONDS) as reply:
            content = b""
            for piece in reply.iter_bytes():
                content += piece
                if len(content) > LONGEST_REPLY:
                    raise TutelaError(f"{failed}: its reply is too long; {again}")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as exc:
        raise TutelaError(f"{failed} ({type(exc).__name__}); {again}") from None
    if reply.status_code != httpx.codes.OK:
        raise TutelaError(f"{failed} (HTTP {reply.status_code}); {again}")
    return content
