"""A partner's delivery opens only when licence, agreement, signature and every file hold (C-09, C-10)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pipelines.errors import DeliveryRefused, ManifestMismatch, SourceError
from pipelines.policy import load_policy
from pipelines.sources import open_delivery

AT = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
VALUE = "Zq13912345678"
KEY = Ed25519PrivateKey.generate()
PARTNER = (
    load_policy(Path(__file__).parents[2] / "policy")
    .partners["hexin_data"]
    .model_copy(update={"public_key": KEY.public_key().public_bytes_raw().hex()})
)


def verify(public_key, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def deliver(folder, change=dict.copy, key=KEY):
    """Write a delivery of two files, its manifest changed before it is signed."""
    folder.mkdir(exist_ok=True)
    entries = []
    for name, rows in (("a.csv", 2), ("b.csv", 1)):
        content = ("h,i\n" + f"{VALUE},x\n" * rows).encode()
        (folder / name).write_bytes(content)
        entries.append(
            {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "rows": rows, "bytes": len(content)}
        )
    manifest = {"partner": "hexin_data", "plan": "partner_enterprises", "agreement": "AG-2026-0007",
                "created_at": "2026-11-22T18:00:00+00:00", "files": entries}  # fmt: skip
    change(manifest)
    signed = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(signed)
    (folder / "manifest.sig").write_bytes(key.sign(signed))
    return folder


def test_a_delivery_in_order_opens_by_folder_or_manifest(tmp_path):
    folder = deliver(tmp_path / "d")
    delivery = open_delivery(folder, PARTNER, verify, AT)
    assert [file.path.name for file in delivery.files] == ["a.csv", "b.csv"]
    assert (delivery.rows, delivery.plan, delivery.agreement) == (3, "partner_enterprises", "AG-2026-0007")
    assert open_delivery(folder / "manifest.json", PARTNER, verify, AT) == delivery


def update(**values):
    return lambda manifest: manifest.update(values)


def first(**values):
    return lambda manifest: manifest["files"][0].update(values)


TERMS = {
    "another partner": (update(partner="other_data"), DeliveryRefused, "another partner than `hexin_data`"),
    "another agreement": (update(agreement="AG-2020-0001"), DeliveryRefused, "AG-2026-0007"),
    "made in the future": (update(created_at="2026-11-24T18:00:00+00:00"), DeliveryRefused, "in the future"),
    "no time zone": (update(created_at="2026-11-22T18:00:00"), ManifestMismatch, "no time zone"),
    "no files": (update(files=[]), ManifestMismatch, "agreed form in: files"),
    "an unknown key": (update(comment="x"), ManifestMismatch, "agreed form in: comment"),
    "a path out of the folder": (first(name="../a.csv"), ManifestMismatch, "agreed form in: files.0.name"),
    "an absolute path": (first(name="/etc/passwd"), ManifestMismatch, "files.0.name"),
    "a Windows path": (first(name="..\\a.csv"), ManifestMismatch, "files.0.name"),
    "a hidden name": (first(name=".a.csv"), ManifestMismatch, "files.0.name"),
    "a file not delivered": (first(name="c.csv"), ManifestMismatch, "c.csv: listed in the manifest, but not"),
    "a file listed twice": (first(name="b.csv"), ManifestMismatch, "listed twice"),
    "another content": (first(sha256="0" * 64), ManifestMismatch, "not what the partner signed"),
    "another size": (first(bytes=1), ManifestMismatch, "cut short"),
    "another number of rows": (first(rows=3), ManifestMismatch, "2 rows, the manifest says 3"),
}


@pytest.mark.parametrize(("change", "kind", "message"), TERMS.values(), ids=TERMS.keys())
def test_a_signed_manifest_that_does_not_hold_is_refused(tmp_path, change, kind, message):
    with pytest.raises(kind) as caught:
        open_delivery(deliver(tmp_path / "d", change), PARTNER, verify, AT)
    assert message in str(caught.value)
    assert VALUE not in str(caught.value)
    assert caught.value.exit_code == 12


def add_file(folder):
    (folder / "c.csv").write_text(VALUE)


def edit_manifest(folder):
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"rows": 2', b'"rows": 3'))


def replace_by_link(folder):
    (folder / "a.csv").rename(folder.parent / "elsewhere.csv")
    (folder / "a.csv").symlink_to(folder.parent / "elsewhere.csv")


def change_one_byte(folder):
    path = folder / "a.csv"
    path.write_bytes(path.read_bytes().replace(b"x", b"y", 1))


TAMPERED = {
    "a file was added": (add_file, ManifestMismatch, "does not list"),
    "the manifest was edited": (edit_manifest, DeliveryRefused, "signature is not that of partner `hexin_data`"),
    "a file became a link": (replace_by_link, ManifestMismatch, "a link or folder"),
    "a byte was changed": (change_one_byte, ManifestMismatch, "not what the partner signed"),
    "the signature is missing": (lambda f: (f / "manifest.sig").unlink(), DeliveryRefused, "manifest.sig"),
    "the signature is too long": (
        lambda f: (f / "manifest.sig").write_bytes(b"0" * 99), DeliveryRefused, "larger than 64"),
    "the signature is too short": (
        lambda f: (f / "manifest.sig").write_bytes(b"0"), DeliveryRefused, "signature is not"),
    "the manifest is missing": (lambda f: (f / "manifest.json").unlink(), DeliveryRefused, "manifest.json"),
    "the manifest is huge": (
        lambda f: (f / "manifest.json").write_bytes(b" " * 1_100_000), DeliveryRefused, "larger than 1,048,576"),
    "a file is missing": (lambda f: (f / "a.csv").unlink(), ManifestMismatch, "a.csv: listed in the manifest"),
}  # fmt: skip


@pytest.mark.parametrize(("tamper", "kind", "message"), TAMPERED.values(), ids=TAMPERED.keys())
def test_a_delivery_changed_on_its_way_is_refused(tmp_path, tamper, kind, message):
    folder = deliver(tmp_path / "d")
    tamper(folder)
    with pytest.raises(kind, match=message) as caught:
        open_delivery(folder, PARTNER, verify, AT)
    assert VALUE not in str(caught.value)


def test_a_manifest_signed_by_another_key_is_refused(tmp_path):
    with pytest.raises(DeliveryRefused, match="signature"):
        open_delivery(deliver(tmp_path / "d", key=Ed25519PrivateKey.generate()), PARTNER, verify, AT)


def test_a_file_that_can_not_be_read_is_a_source_error(tmp_path):
    folder = deliver(tmp_path / "d")
    content = b"h,i\n1\n"
    (folder / "a.csv").write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"][0] |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    signed = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(signed)
    (folder / "manifest.sig").write_bytes(KEY.sign(signed))
    with pytest.raises(SourceError, match="row 1"):
        open_delivery(folder, PARTNER, verify, AT)


EXPIRY = {
    "the licence": ({"licence_until": dt.date(2026, 11, 22)}, "The licence .* ended on 2026-11-22"),
    "the agreement": (
        {"agreement": PARTNER.agreement.model_copy(update={"until": dt.date(2026, 11, 22)})},
        "confidentiality agreement AG-2026-0007 .* ended on 2026-11-22"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), EXPIRY.values(), ids=EXPIRY.keys())
def test_a_partner_whose_papers_ran_out_may_not_deliver(tmp_path, change, message):
    with pytest.raises(DeliveryRefused, match=message):
        open_delivery(deliver(tmp_path / "d"), PARTNER.model_copy(update=change), verify, AT)


def test_the_papers_hold_through_their_last_day(tmp_path):
    partner = PARTNER.model_copy(update={"licence_until": AT.date()})
    assert open_delivery(deliver(tmp_path / "d"), partner, verify, AT).rows == 3
