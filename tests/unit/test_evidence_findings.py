"""What verification finds, told apart: each finding with its sentence, of a bundle and of a certificate."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from evidence_world import Installation, a_morning, an_installation, resigned

from pipelines.evidence import bundle, canonical, certificate, checkpoint
from pipelines.evidence.report import Finding
from pipelines.evidence.verify import verify_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOME = an_installation()
OTHER = an_installation("tutela-2", seed=2)
DOCUMENT = HOME.certificates[0]


def exported(home: Installation, path: Path) -> list[bytes]:
    return home.export(path).read_bytes().splitlines(keepends=True)


def swapped(lines: list[bytes], one: int, other: int) -> list[bytes]:
    lines = [*lines]
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new, 1)


BUNDLE: dict[Finding, tuple[str, Callable[[list[bytes]], list[bytes]]]] = {
    Finding.VALID: ("every line can be read, to the file's end", lambda x: x),
    Finding.ALTERED: (
        "the root over the first 5 entries is not the signed one: an entry among them was altered",
        lambda x: [replaced(b"".join(x), b'arrived\\":10', b'arrived\\":11')],
    ),
    Finding.REORDERED: ("entry 6 is not in its place", lambda x: swapped(x, -12, -13)),
    Finding.TRUNCATED: ("the file ends after", lambda x: x[:-4]),
    Finding.UNKNOWN_FORMAT: (
        "this version does not know the bundle's format",
        lambda x: [replaced(b"".join(x), b"tutela-evidence/1", b"tutela-evidence/9")],
    ),
    Finding.TRAILING_BYTES: ("the file goes on after its end", lambda x: [*x, b"\n"]),
    Finding.FOREIGN: (
        "the checkpoint of 5 entries is of another installation",
        lambda x: [x[0], checkpoint_of_another(), *x[2:]],
    ),
}


def checkpoint_of_another() -> bytes:
    foreign = checkpoint.sign(HOME.key, "tutela-2", 5, HOME.heads[0].root, HOME.heads[0].at)
    return b'{"checkpoint":' + checkpoint.to_bytes(foreign) + b"}\n"


def told(path: Path, key: bytes | None, finding: Finding) -> str:
    report = verify_file(path, key)
    assert report.finding is finding, report.to_json()
    return " | ".join(check.detail for check in report.checks if check.ok is report.valid)


@pytest.mark.parametrize("finding", BUNDLE)
def test_a_bundle_is_told(finding: Finding, tmp_path: Path) -> None:
    sentence, damage = BUNDLE[finding]
    path = tmp_path / "evidence.jsonl"
    path.write_bytes(b"".join(damage(exported(HOME, path))))
    assert sentence in told(path, HOME.public_key, finding)


def cut() -> bytes:
    return certificate.to_bytes(DOCUMENT)[:-40]


ENTRIES = DOCUMENT.ledger.entries
SWAPPED = replace(DOCUMENT.ledger, entries=(ENTRIES[1], ENTRIES[0], *ENTRIES[2:]))
FOREIGN = replace(DOCUMENT.ledger, checkpoint=OTHER.heads[1])
CERTIFICATE: dict[Finding, tuple[str, Callable[[], bytes]]] = {
    Finding.VALID: ("the signature holds", lambda: certificate.to_bytes(DOCUMENT)),
    Finding.ALTERED: (
        "the signature does not hold",
        lambda: replaced(certificate.to_bytes(DOCUMENT), b'"records":1204', b'"records":1205'),
    ),
    Finding.REORDERED: (
        "the entries are not in the order of the ledger",
        lambda: certificate.to_bytes(replace(DOCUMENT, ledger=SWAPPED)),
    ),
    Finding.TRUNCATED: ("The certificate is cut off", cut),
    Finding.UNKNOWN_FORMAT: (
        "none that this version knows; verify it with a newer one",
        lambda: replaced(certificate.to_bytes(DOCUMENT), b"tutela-certificate/2", b"tutela-certificate/9"),
    ),
    Finding.TRAILING_BYTES: ("the file goes on after the certificate", lambda: certificate.to_bytes(DOCUMENT) + b"x"),
    Finding.FOREIGN: (
        "its checkpoint is of another installation",
        lambda: certificate.to_bytes(resigned(DOCUMENT, HOME.key, ledger=FOREIGN)),
    ),
    Finding.WRONG_KEY: (
        "signed by another key, as of the installation tutela-2",
        lambda: certificate.to_bytes(OTHER.certificates[0]),
    ),
}


@pytest.mark.parametrize("finding", CERTIFICATE)
def test_a_certificate_is_told(finding: Finding, tmp_path: Path) -> None:
    sentence, make = CERTIFICATE[finding]
    path = tmp_path / "certificate.json"
    path.write_bytes(make())
    assert sentence in told(path, HOME.public_key, finding)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.5, 0.9, 0.999])
def test_a_certificate_that_is_cut_anywhere_is_told_as_cut(share: float, tmp_path: Path) -> None:
    whole = certificate.to_bytes(DOCUMENT)
    path = tmp_path / "certificate.json"
    path.write_bytes(whole[: int(len(whole) * share)])
    told(path, HOME.public_key, Finding.TRUNCATED)


def test_every_finding_is_in_both_tables() -> None:
    assert {*BUNDLE, Finding.WRONG_KEY} == set(Finding)
    assert set(CERTIFICATE) == set(Finding)


def test_a_bundle_of_another_installation_has_another_key(tmp_path: Path) -> None:
    path = OTHER.export(tmp_path / "evidence.jsonl")
    sentence = "signed by another key, as of the installation tutela-2"
    assert sentence in told(path, HOME.public_key, Finding.WRONG_KEY)


def test_without_a_key_anchors_tell_that_a_certificate_is_of_another_installation(tmp_path: Path) -> None:
    path, anchors = tmp_path / "certificate.json", tmp_path / "anchors.jsonl"
    path.write_bytes(certificate.to_bytes(OTHER.certificates[0]))
    checkpoint.append_anchor(anchors, HOME.heads[1])
    report = verify_file(path, None, anchors)
    assert report.finding is Finding.FOREIGN
    assert [check.detail for check in report.checks if not check.ok] == [
        "it is of the installation tutela-2, and no anchor is"
    ]


def test_an_installation_that_took_anothers_name_is_told_by_its_key(tmp_path: Path) -> None:
    forged = an_installation("tutela-1", seed=2)
    assert "signed by another key" in told(forged.export(tmp_path / "x"), HOME.public_key, Finding.WRONG_KEY)


def test_where_several_things_are_wrong_the_first_to_mend_is_told(tmp_path: Path) -> None:
    path = tmp_path / "certificate.json"
    path.write_bytes(certificate.to_bytes(replace(OTHER.certificates[0], signature=b"")) + b"x")
    assert verify_file(path, HOME.public_key).finding is Finding.TRAILING_BYTES


def test_a_certificate_written_again_in_another_order_is_altered(tmp_path: Path) -> None:
    path, value = tmp_path / "certificate.json", json.loads(certificate.to_bytes(DOCUMENT))
    path.write_bytes(json.dumps(dict(reversed(value.items())), separators=(",", ":")).encode() + b"\n")
    assert "somebody wrote it again" in told(path, HOME.public_key, Finding.ALTERED)
    assert canonical.encode(value) + b"\n" == certificate.to_bytes(DOCUMENT)


def test_entries_that_only_one_side_has_are_told_by_number(tmp_path: Path) -> None:
    home = an_installation()
    home.append(*a_morning()[1:3])
    lines = exported(home, tmp_path / "evidence.jsonl")
    gone = [line for line in lines if not line.endswith(b',"seq":6}\n')]
    (tmp_path / "evidence.jsonl").write_bytes(b"".join(gone))
    report = verify_file(tmp_path / "evidence.jsonl", HOME.public_key)
    assert "entry 6 is missing or doubled" in [check.detail for check in report.checks]
    assert bundle.FORMAT in [check.detail for check in report.checks]
