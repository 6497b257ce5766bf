"""Signed lists for people outside: which subjects' information is to be destroyed, by their codes. No personal data.

A recipient or keeper knows these codes; nobody else can tell whom they mean. A letter is canonical JSON with an Ed25519
signature bound to its format, so that whoever gets it can check that the installation sent it, and its hash is in the
ledger. The list is kept until it is answered, and no longer.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import EvidenceInvalid, StorageFull
from pipelines.evidence import canonical, signature
from pipelines.evidence.checkpoint import FULL, sync_folder

if TYPE_CHECKING:
    from pipelines.evidence.canonical import Json
    from pipelines.evidence.ledger import Ledger

NOTICE, WORK_ORDER = "tutela-destruction-notice/1", "tutela-work-order/1"


@dataclass(frozen=True, slots=True)
class Letter:
    """A signed list."""

    text: str = field(repr=False)
    sha256: str


def write(ledger: Ledger, form: str, facts: Mapping[str, Json], codes: Sequence[str]) -> Letter:
    """Draw up and sign a list.

    Raises:
        EvidenceInvalid: a fact is nothing that canonical JSON holds.
    """
    key = ledger.private_key
    body: dict[str, Json] = {
        **facts,
        "format": form,
        "origin": ledger.origin,
        "public_key": signature.public_bytes(key).hex(),
        "subjects": [*codes],
    }
    signed = signature.sign(key, form, canonical.encode(body))
    text = canonical.encode({**body, "signature": signed.hex()})
    return Letter(text.decode(), sha256(text).hexdigest())


def read(data: bytes, public_key: bytes) -> dict[str, Json]:
    """Read a list that this key signed.

    Raises:
        EvidenceInvalid: it is none, was altered, or another key signed it.
    """
    body = canonical.decode(data.removesuffix(b"\n"))
    if isinstance(body, dict):
        match body:
            case {"format": str(form), "signature": str(signed)} if form in {NOTICE, WORK_ORDER}:
                bare = {name: value for name, value in body.items() if name != "signature"}
                try:
                    mark = bytes.fromhex(signed)
                except ValueError:
                    mark = b""
                if signature.holds(public_key, form, canonical.encode(bare), mark):
                    return bare
    raise EvidenceInvalid("The list is none of this installation, or it was altered.")


def put(path: Path, text: str) -> None:
    """Write a list's file, whole or not at all.

    Raises:
        StorageFull: there is no room; the list is in the database and the next command writes it.
    """
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as exc:
        partial.unlink(missing_ok=True)
        if exc.errno in FULL:
            raise StorageFull(
                f"There is no room for {path.name}; it is kept in the database and written by the next command."
            ) from None
        raise
