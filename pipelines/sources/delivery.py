"""Open a partner's delivery: nothing is taken before licence, agreement, signature and every file hold (C-09, C-10).

A delivery is a folder with ``manifest.json``, ``manifest.sig`` (Ed25519 over the manifest's exact bytes) and the files
that the manifest lists, nothing else. The verifying function is handed in: this stage knows no cryptography.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import DeliveryRefused, ManifestMismatch, SourceMissing
from pipelines.sources.files import check_readable, read_chunks

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.policy import Partner

Verify = Callable[[bytes, bytes, bytes], bool]
"""(public key, message, signature) → whether it holds."""
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
MAX_MANIFEST_BYTES = 1 << 20
MAX_FILES = 1_000
SIGNATURE_BYTES = 64
CLOCK_SKEW = dt.timedelta(hours=1)
COUNTING_ROWS = 50_000
BLOCK = 1 << 20


class ManifestFile(BaseModel):
    """One file as the partner describes it; a plain name, so that it can't point out of the folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[^/\\.\x00-\x1f][^/\\\x00-\x1f]{0,199}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    rows: Annotated[int, Field(ge=1)]
    bytes: Annotated[int, Field(ge=1)]


class Manifest(BaseModel):
    """What the partner signed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partner: str
    plan: str
    agreement: str
    created_at: dt.datetime
    files: Annotated[tuple[ManifestFile, ...], Field(min_length=1, max_length=MAX_FILES)]


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """One verified file."""

    path: Path
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified delivery. Files are read where they lie: keep the folder from being written until they are."""

    partner: str
    plan: str
    agreement: str
    created_at: dt.datetime
    manifest_sha256: str
    files: tuple[DeliveredFile, ...]

    @property
    def rows(self) -> int:
        """The rows of all files."""
        return sum(file.rows for file in self.files)


def open_delivery(path: Path, partner: Partner, verify: Verify, at: dt.datetime) -> Delivery:
    """Verify a delivery (its folder, or the manifest in it) from that partner at that time; return its files.

    Raises:
        DeliveryRefused: licence or agreement expired, another partner's, unsigned or wrongly signed.
        ManifestMismatch: a file is missing, not listed, or not what the manifest says.
        SourceError: a file can't be read as the format that its name says.
    """
    folder = path.parent if path.name == MANIFEST else path
    _check_partner(partner, at.date())
    signed = _read(folder / MANIFEST, MAX_MANIFEST_BYTES)
    signature = _read(folder / SIGNATURE, SIGNATURE_BYTES)
    if not verify(bytes.fromhex(partner.public_key), signed, signature):
        msg = (
            f"{MANIFEST}: the signature is not that of partner `{partner.key}`; ask the partner to sign and send again."
        )
        raise DeliveryRefused(msg)
    manifest = _parse(signed)
    _check_terms(manifest, partner, at)
    _check_listing(folder, manifest)
    return Delivery(
        partner=manifest.partner,
        plan=manifest.plan,
        agreement=manifest.agreement,
        created_at=manifest.created_at,
        manifest_sha256=hashlib.sha256(signed).hexdigest(),
        files=tuple(_check_file(folder, file) for file in manifest.files),
    )


def _check_partner(partner: Partner, day: dt.date) -> None:
    if day > partner.licence_until:
        msg = (
            f"The licence of partner `{partner.key}` ended on {partner.licence_until}; renew its dossier first (C-09)."
        )
        raise DeliveryRefused(msg)
    if day > partner.agreement.until:
        msg = (
            f"The confidentiality agreement {partner.agreement.id} with partner `{partner.key}` ended on "
            f"{partner.agreement.until}; sign a new one first (C-10)."
        )
        raise DeliveryRefused(msg)


def _read(path: Path, most: int) -> bytes:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise FileNotFoundError
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError:
        msg = f"{path.name}: the delivery has none that can be read; ask the partner for the whole folder."
        raise DeliveryRefused(msg) from None
    if len(content) > most:
        msg = f"{path.name}: larger than {most:,} bytes; this is not one of ours."
        raise DeliveryRefused(msg)
    return content


def _parse(signed: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(signed)
    except ValidationError as error:
        parts = sorted({".".join(str(step) for step in detail["loc"]) or "the whole" for detail in error.errors()})
        msg = f"{MANIFEST}: signed, but not of the agreed form in: {', '.join(parts[:5])}; tell the partner."
        raise ManifestMismatch(msg) from None


def _check_terms(manifest: Manifest, partner: Partner, at: dt.datetime) -> None:
    if manifest.partner != partner.key:
        msg = f"{MANIFEST}: it names another partner than `{partner.key}`; only the plan's partner may deliver."
        raise DeliveryRefused(msg)
    if manifest.agreement != partner.agreement.id:
        msg = f"{MANIFEST}: it does not name the agreement in force, {partner.agreement.id}; ask for a corrected one."
        raise DeliveryRefused(msg)
    created = manifest.created_at
    if created.tzinfo is None:
        msg = f"{MANIFEST}: `created_at` has no time zone; ask for a corrected one."
        raise ManifestMismatch(msg)
    if created > (at if at.tzinfo else at.replace(tzinfo=dt.UTC)) + CLOCK_SKEW:
        msg = f"{MANIFEST}: `created_at` is in the future; check both clocks."
        raise DeliveryRefused(msg)


def _check_listing(folder: Path, manifest: Manifest) -> None:
    listed = [file.name for file in manifest.files]
    if len(set(listed)) != len(listed):
        msg = f"{MANIFEST}: a file is listed twice; ask for a corrected one."
        raise ManifestMismatch(msg)
    there = {entry.name for entry in folder.iterdir()} - {MANIFEST, SIGNATURE}
    if missing := sorted(set(listed) - there):
        msg = f"{missing[0]}: listed in the manifest, but not in the delivery; ask the partner for it."
        raise ManifestMismatch(msg)
    if extra := there - set(listed):
        msg = f"The delivery holds {len(extra)} file(s) that the signed manifest does not list; remove or ask for them."
        raise ManifestMismatch(msg)


def _check_file(folder: Path, file: ManifestFile) -> DeliveredFile:
    path = folder / file.name
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        msg = f"{file.name}: a link or folder, not a file; ask the partner for the file itself."
        raise ManifestMismatch(msg)
    check_readable(path)
    if status.st_size != file.bytes:
        msg = f"{file.name}: {status.st_size:,} bytes, the manifest says {file.bytes:,}; was the transfer cut short?"
        raise ManifestMismatch(msg)
    if _sha256(path) != file.sha256:
        msg = f"{file.name}: the content is not what the partner signed; ask for it again."
        raise ManifestMismatch(msg)
    rows = sum(len(chunk) for chunk in read_chunks(path, chunk_rows=COUNTING_ROWS))
    if rows != file.rows:
        msg = f"{file.name}: {rows:,} rows, the manifest says {file.rows:,}; ask the partner which is right."
        raise ManifestMismatch(msg)
    return DeliveredFile(path, file.sha256, rows)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError:
        msg = f"{path.name}: the file could not be read to its end; check the disk or share it lies on."
        raise SourceMissing(msg) from None
    return digest.hexdigest()
