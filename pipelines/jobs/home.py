"""Make and open a home: database, keys, policy. The only part of the platform that reads key files."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.custody import Custodian
from pipelines.errors import EvidenceInvalid, KeyUnavailable, NotInitialised
from pipelines.evidence import checkpoint, entries, journal, signature
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.ledger import Ledger, latest
from pipelines.platform.postgres import EmbeddedPostgres
from pipelines.platform.secrets import Secrets
from pipelines.policy import Policy, load_policy
from pipelines.seal.kms import Kms, open_kms
from pipelines.settings import Settings
from pipelines.store import schema
from pipelines.store.database import Database, Role

VERSION = "0.1.0"
DATABASE, LOGIN = "tutela", "tutela"
INDEX_KEY, LEDGER_KEY, ORIGIN = "index.key", "ledger.key", "origin"


@dataclass(frozen=True)
class Home:
    """An initialised home, open: everything a job needs. Cheap; open it anew in each process."""

    settings: Settings
    folder: Path
    policy: Policy
    database: Database
    kms: Kms
    custodian: Custodian
    ledger: Ledger
    index_key: bytes = field(repr=False)

    @cached_property
    def public_key(self) -> bytes:
        """The public half of the key that signs this home's evidence."""
        return signature.public_bytes(self.ledger.private_key)

    @property
    def anchors(self) -> Path:
        """The file of signed tree heads outside the database; put it where its administrators can't write."""
        return self.folder / "anchors.jsonl"

    @property
    def journal(self) -> Path:
        """The ledger once more, outside the database: what a restored backup's ledger is brought forward with."""
        return self.folder / journal.FILE

    @property
    def backups(self) -> Path:
        """The folder of backups."""
        return (self.settings.backups or self.folder / "backups").expanduser().resolve()

    @property
    def snapshots(self) -> Path:
        """The folder of the keyring's snapshots."""
        return (self.settings.snapshots or self.folder / "snapshots").expanduser().resolve()

    def anchor(self, head: Checkpoint | None = None) -> None:
        """Write the newest tree head to the anchor file, once the journal has every entry below it."""
        with self.database.begin(Role.VERIFY) as tx:
            head = head or latest(tx)
            if head is not None:
                journal.extend(self.journal, tx, head)
        if head is not None:
            checkpoint.append_anchor(self.anchors, head)


def init(settings: Settings, at: datetime) -> bool:
    """Make the home: folder, keys, database, first root generation, first ledger entry. Safe to run again.

    Returns:
        Whether anything was made.

    Raises:
        DatabaseUnavailable: the database does not answer.
        KeyUnavailable: the database knows this home, but its key files are gone: making new ones would orphan it.
        EvidenceInvalid: the home has a ledger, but the database is new.
    """
    folder = settings.resolved_home
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    admin, login = admin_database(settings)
    _require_its_ledger(folder, admin)
    made = schema.create(admin)
    schema.migrate(admin)
    schema.grant_roles(admin, login)
    if made or not _begun(admin):
        for name in (INDEX_KEY, LEDGER_KEY):
            _make_key(folder / "keys" / name)
        _write_once(folder / "keys" / ORIGIN, f"tutela-{secrets.token_hex(4)}".encode())
    admin.close()
    home = open_home(settings)
    with home.database.begin(Role.INGEST) as tx:
        tx.run("lock_writers")
        generation = home.custodian.begin(tx, at)
        if latest(tx) is None:
            begun = [
                entries.home_initialised(home.ledger.origin, home.public_key, VERSION, at),
                entries.generation_created(generation.number, home.kms.scheme, at),
            ]
            home.ledger.append(tx, begun, at)
            made = True
    if made:
        home.anchor()
        (folder / "keys" / "ledger.pub").write_text(home.public_key.hex() + "\n", encoding="ascii")
    home.database.close()
    return made


def open_home(settings: Settings) -> Home:
    """Open an initialised home; the embedded database is started if it is down.

    Raises:
        NotInitialised: there is nothing to open.
        KeyUnavailable: a key file is gone or damaged.
        DatabaseUnavailable: the database does not answer.
        PolicyError: the policy holds a mistake.
    """
    folder = settings.resolved_home
    if not (folder / "keys" / ORIGIN).exists():
        # Keys come first when a home is made: what is made after them tells that they were there.
        if (folder / "anchors.jsonl").exists() or any((folder / "kms").glob("generation-*")):
            raise KeyUnavailable(
                f"The folder {folder / 'keys'} is gone; restore it from its keeper before anything else."
            )
        raise NotInitialised(f"The home folder {folder} is not initialised; run `tutela init`.")
    kms = open_kms(settings.kms, folder)
    origin = _key(folder / "keys" / ORIGIN, None).decode().strip()
    return Home(
        settings=settings,
        folder=folder,
        policy=current_policy(settings),
        database=Database(_runtime_url(settings), settings.sql),
        kms=kms,
        custodian=Custodian(kms, secrets.token_bytes, origin),
        ledger=Ledger(
            origin,
            Ed25519PrivateKey.from_private_bytes(_key(folder / "keys" / LEDGER_KEY)),
        ),
        index_key=_key(folder / "keys" / INDEX_KEY),
    )


def current_policy(settings: Settings) -> Policy:
    """Read the policy as it stands now; what did not change is not read again.

    Raises:
        PolicyError: the policy holds a mistake.
    """
    return _policy(settings.policy, stamp(settings.policy))


def stamp(folder: Path) -> int:
    """Tell one state of a folder of YAML files from another, so that a long-lived process sees a change."""
    return hash(tuple(sorted((path.name, path.stat().st_mtime_ns) for path in folder.rglob("*.yaml"))))


@lru_cache(maxsize=4)
def _policy(folder: Path, _stamped: int) -> Policy:
    return load_policy(folder)


def verify_ed25519(public_key: bytes, message: bytes, signed: bytes) -> bool:
    """Tell whether a partner's or leader's plain Ed25519 signature holds."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signed, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def admin_database(settings: Settings) -> tuple[Database, str]:
    """Open the database as its administrator; tell the login that the platform works under."""
    if settings.database_url is None:
        postgres = EmbeddedPostgres(settings.resolved_home, bin=settings.pg_bin)
        postgres.ensure_running()
        postgres.create_database(DATABASE)
        postgres.create_login(LOGIN, Secrets(settings.resolved_home).get("database"))
        return Database(postgres.url(DATABASE), settings.sql), LOGIN
    runtime = Database(settings.database_url.get_secret_value(), settings.sql)
    admin = settings.database_admin_url or settings.database_url
    return Database(admin.get_secret_value(), settings.sql), runtime.url.username or LOGIN


def _runtime_url(settings: Settings) -> str:
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    postgres = EmbeddedPostgres(settings.resolved_home, bin=settings.pg_bin)
    postgres.ensure_running()
    return postgres.url(DATABASE, LOGIN, Secrets(settings.resolved_home).get("database"))


def _require_its_ledger(folder: Path, database: Database) -> None:
    """Refuse to begin a second ledger under the name of one whose database was lost."""
    with database.begin(None) as tx:
        known = tx.scalar("schema_exists") and tx.one("last_checkpoint") is not None
    if not known and (folder / "anchors.jsonl").exists() and (folder / "keys" / ORIGIN).exists():
        raise EvidenceInvalid(
            f"The database is new, but the home {folder} has a ledger already; bring it back with `tutela backup restore`."
        )


def _begun(database: Database) -> bool:
    with database.begin(None) as tx:
        return tx.one("last_checkpoint") is not None


def _make_key(path: Path) -> None:
    _write_once(path, secrets.token_bytes(32))


def _write_once(path: Path, content: bytes) -> None:
    """Write a file that did not exist, 0600 from its first moment; one that exists stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_suffix(f".{secrets.token_hex(4)}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def _key(path: Path, size: int | None = 32) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise KeyUnavailable(
            f"The key file {path} can't be read ({exc.strerror}); restore it from its keeper. Nothing was changed."
        ) from None
    if not content.strip() or (size is not None and len(content) != size):
        raise KeyUnavailable(
            f"The key file {path} is damaged ({len(content)} bytes); restore it from its keeper. Nothing was changed."
        )
    return content
