"""Signed tree heads, keys in their forms, and the anchor file."""

from __future__ import annotations

import base64
import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from evidence_world import DAWN, Installation, minute

from pipelines.errors import EvidenceInvalid, KeyUnavailable, StorageFull, TutelaError
from pipelines.evidence import certificate, checkpoint, signature

if TYPE_CHECKING:
    from pathlib import Path

HOME = Installation()
HEAD = checkpoint.sign(HOME.key, "tutela-1", 7, bytes(32), DAWN)


def test_a_signed_head_holds_and_is_written_as_lines_that_people_can_compare() -> None:
    checkpoint.verify(HEAD, HOME.public_key)
    assert HEAD.text().decode().splitlines() == [
        "tutela-1",
        "7",
        base64.b64encode(bytes(32)).decode(),
        "at 2026-01-05T01:00:00.000000Z",
        f"key {signature.key_id(HOME.public_key)}",
    ]
    assert checkpoint.from_bytes(checkpoint.to_bytes(HEAD)) == HEAD


FORGED = {
    "another installation": replace(HEAD, origin="tutela-2"),
    "another size": replace(HEAD, size=8),
    "another root": replace(HEAD, root=b"x" * 32),
    "another time": replace(HEAD, at=minute(1)),
    "another key's name": replace(HEAD, key_id="0" * 16),
    "another signature": replace(HEAD, signature=bytes(64)),
    "no signature": replace(HEAD, signature=b""),
    "a signature made for a certificate": replace(
        HEAD, signature=signature.sign(HOME.key, certificate.FORMAT, HEAD.text())
    ),
}


@pytest.mark.parametrize("sentence", FORGED)
def test_a_head_is_refused_with(sentence: str) -> None:
    with pytest.raises(EvidenceInvalid):
        checkpoint.verify(FORGED[sentence], HOME.public_key)


def test_a_head_is_refused_under_another_key() -> None:
    with pytest.raises(EvidenceInvalid, match="another key"):
        checkpoint.verify(HEAD, Installation(seed=2).public_key)


@pytest.mark.parametrize("origin", ["", "two\nlines", "a name", "13800138000"])
def test_no_head_is_signed_for_an_origin_that_is_no_name(origin: str) -> None:
    with pytest.raises(EvidenceInvalid):
        checkpoint.sign(HOME.key, origin, 0, bytes(32), DAWN)


def test_anchors_are_appended_and_read_back_and_only_the_owner_may_read_them(tmp_path: Path) -> None:
    path, later = tmp_path / "anchors.jsonl", replace(HEAD, size=8)
    checkpoint.append_anchor(path, HEAD)
    checkpoint.append_anchor(path, later)
    assert checkpoint.read_anchors(path) == (HEAD, later)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_that_a_power_cut_left_half_written_is_told_and_then_replaced(tmp_path: Path) -> None:
    path = tmp_path / "anchors.jsonl"
    checkpoint.append_anchor(path, HEAD)
    path.write_bytes(path.read_bytes() + b'{"at":"2026')
    with pytest.raises(EvidenceInvalid, match="cut off"):
        checkpoint.read_anchors(path)
    checkpoint.append_anchor(path, HEAD)
    assert checkpoint.read_anchors(path) == (HEAD, HEAD)


def test_a_damaged_anchor_is_told_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "anchors.jsonl"
    checkpoint.append_anchor(path, HEAD)
    path.write_bytes(path.read_bytes() + b"{}\n")
    with pytest.raises(EvidenceInvalid, match="Line 2"):
        checkpoint.read_anchors(path)
    with pytest.raises(EvidenceInvalid, match="can't be read"):
        checkpoint.read_anchors(tmp_path / "absent")


def test_an_anchor_file_that_can_not_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TutelaError, match="can't be written"):
        checkpoint.append_anchor(tmp_path / "absent" / "anchors.jsonl", HEAD)


def test_a_full_disk_leaves_the_anchor_file_as_it_was_and_the_same_command_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write = tmp_path / "anchors.jsonl", os.write
    checkpoint.append_anchor(path, HEAD)
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, line: write(file, line[:9]))
        with pytest.raises(StorageFull, match="as it was"):
            checkpoint.append_anchor(path, replace(HEAD, size=8))
    assert checkpoint.read_anchors(path) == (HEAD,)
    checkpoint.append_anchor(path, replace(HEAD, size=8))
    assert [item.size for item in checkpoint.read_anchors(path)] == [7, 8]


def test_a_public_key_is_read_in_every_form(tmp_path: Path) -> None:
    raw = HOME.public_key
    pem = HOME.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for number, text in enumerate((raw.hex(), raw.hex().upper(), base64.b64encode(raw).decode(), pem)):
        path = tmp_path / f"key-{number}"
        path.write_text(text + "\n")
        assert signature.read_public_key(text) == raw
        assert signature.read_public_key(str(path)) == raw


def test_what_is_no_public_key_is_refused(tmp_path: Path) -> None:
    elliptic = generate_private_key(SECP256R1()).public_key()
    pem = elliptic.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    (tmp_path / "binary").write_bytes(bytes([200]) * 32)
    broken = "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----"
    for text in ("", "00", "zz" * 32, pem, broken, str(tmp_path), str(tmp_path / "binary"), "a\0b"):
        with pytest.raises(KeyUnavailable):
            signature.read_public_key(text)
