"""Verification of files: what holds, and each way in which it doesn't."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from evidence_world import (
    RECORDS,
    Installation,
    a_case,
    a_morning,
    an_installation,
    minute,
    resigned,
    told,
    whole_checks,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipelines.cli.evidence import app
from pipelines.errors import EvidenceInvalid, SourceMissing
from pipelines.evidence import certificate, checkpoint
from pipelines.evidence.certificate import CheckResult, Manifest, Verdict
from pipelines.evidence.report import Check, Finding, Kind, Report
from pipelines.evidence.verify import verify_file

if TYPE_CHECKING:
    from collections.abc import Callable

HOME = an_installation()
OTHER = an_installation("tutela-2", seed=2)
Lines = list[bytes]


@pytest.fixture(scope="module")
def bundle_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return HOME.export(tmp_path_factory.mktemp("evidence") / "evidence.jsonl").read_bytes()


def sealed_again(lines: Lines) -> Lines:
    """Write a trailer that fits, as somebody would who hides a change."""
    body = b"".join(lines[:-1])
    names = [b'{"entry"', b'{"checkpoint"', b'{"certificate"']
    entries, heads, certificates = (sum(line.startswith(name) for line in lines) for name in names)
    trailer = {"certificates": certificates, "checkpoints": heads, "entries": entries}
    content = json.dumps({"trailer": {**trailer, "sha256": sha256(body).hexdigest()}}, separators=(",", ":"))
    return [*lines[:-1], content.encode() + b"\n"]


def first(lines: Lines, name: str, skip: int = 0) -> int:
    return [number for number, line in enumerate(lines) if line.startswith(f'{{"{name}"'.encode())][skip]


def swapped(lines: Lines, one: int, other: int) -> Lines:
    lines = [*lines]
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def replaced(lines: Lines, number: int, old: bytes, new: bytes) -> Lines:
    assert old in lines[number]
    return [*lines[:number], lines[number].replace(old, new), *lines[number + 1 :]]


def without(lines: Lines, *numbers: int) -> Lines:
    return [line for number, line in enumerate(lines) if number not in numbers]


def shortened(lines: Lines) -> Lines:
    """Cut off the day's end as somebody would who hides it well: entries, their checkpoint, header and trailer."""
    cut = HOME.heads[-2].size
    kept = without(lines, first(lines, "checkpoint", 2), *range(first(lines, "entry", cut), len(lines) - 1))
    return sealed_again(replaced(kept, 0, f'"size":{len(HOME.log)}'.encode(), f'"size":{cut}'.encode()))


def numbered_again(lines: Lines, one: int, other: int) -> Lines:
    """Swap two entries and give each the number of its new place."""
    mixed = swapped(lines, one, other)
    numbers = [line.rsplit(b",", 1)[1] for line in (lines[one], lines[other])]
    for place, number in zip((one, other), numbers, strict=True):
        mixed[place] = mixed[place].rsplit(b",", 1)[0] + b"," + number
    return mixed


E, C, D = "entry", "checkpoint", "certificate"
DAMAGE: dict[str, tuple[Finding, Callable[[Lines], Lines]]] = {
    "nothing is done to it": (Finding.VALID, lambda x: x),
    "it is empty": (Finding.UNKNOWN_FORMAT, lambda _: []),
    "it is another file": (Finding.UNKNOWN_FORMAT, lambda _: [b"%PDF-1.7\n"]),
    "it is of a later format": (Finding.UNKNOWN_FORMAT, lambda x: replaced(x, 0, b"evidence/1", b"evidence/2")),
    "its last line is cut off": (Finding.TRUNCATED, lambda x: x[:-1]),
    "its last byte is cut off": (Finding.TRUNCATED, lambda x: [*x[:-1], x[-1][:-1]]),
    "it ends in the middle of a line": (Finding.TRUNCATED, lambda x: [*x[:7], x[7][:40]]),
    "it ends after a line": (Finding.TRUNCATED, lambda x: x[:9]),
    "its end is cut off and a trailer written": (Finding.TRUNCATED, lambda x: sealed_again([*x[:-3], x[-1]])),
    "a line follows": (Finding.TRAILING_BYTES, lambda x: [*x, b"x\n"]),
    "a byte follows": (Finding.TRAILING_BYTES, lambda x: [*x, b" "]),
    "a line of its own follows again": (Finding.TRAILING_BYTES, lambda x: [*x, x[-1]]),
    "two entries are swapped": (Finding.REORDERED, lambda x: swapped(x, first(x, E, 2), first(x, E, 3))),
    "two entries are swapped under a new trailer": (
        Finding.REORDERED,
        lambda x: sealed_again(swapped(x, first(x, E, 2), first(x, E, 9))),
    ),
    "two checkpoints are swapped": (Finding.REORDERED, lambda x: sealed_again(swapped(x, first(x, C), first(x, C, 1)))),
    "an entry stands before the certificates": (Finding.REORDERED, lambda x: swapped(x, first(x, D), first(x, E))),
    "the header is not first": (Finding.REORDERED, lambda x: swapped(x, 0, 1)),
    "there are two headers": (Finding.REORDERED, lambda x: [x[0], *x]),
    "two entries are swapped and renumbered": (
        Finding.ALTERED,
        lambda x: sealed_again(numbered_again(x, first(x, E, 2), first(x, E, 3))),
    ),
    "an entry is altered": (Finding.ALTERED, lambda x: replaced(x, first(x, E, 1), b'arrived\\":10', b'arrived\\":11')),
    "an entry is altered under a new trailer": (
        Finding.ALTERED,
        lambda x: sealed_again(replaced(x, first(x, E, 1), b'arrived\\":10', b'arrived\\":11')),
    ),
    "an entry is missing": (Finding.ALTERED, lambda x: sealed_again(without(x, first(x, E, 4)))),
    "an entry is there twice": (Finding.ALTERED, lambda x: sealed_again([*x[: first(x, E, 4)], *x[first(x, E, 3) :]])),
    "a line is unreadable": (Finding.ALTERED, lambda x: replaced(x, first(x, E, 1), b'"entry"', b'"entry')),
    "a checkpoint's root is altered": (
        Finding.ALTERED,
        lambda x: sealed_again(replaced(x, first(x, C), HOME.heads[0].root.hex().encode(), b"00" * 32)),
    ),
    "a checkpoint is of another installation": (
        Finding.FOREIGN,
        lambda x: sealed_again(replaced(x, first(x, C), b"tutela-1", b"tutela-9")),
    ),
    "the checkpoints are missing": (
        Finding.ALTERED,
        lambda x: sealed_again([line for line in x if not line.startswith(b'{"checkpoint"')]),
    ),
    "the last checkpoint is missing": (Finding.ALTERED, lambda x: sealed_again(without(x, first(x, C, 2)))),
    "the certificate is missing": (Finding.ALTERED, lambda x: sealed_again(without(x, first(x, D)))),
    "the certificate is there twice": (
        Finding.ALTERED,
        lambda x: sealed_again([*x[: first(x, D)], x[first(x, D)], *x[first(x, D) :]]),
    ),
    "the certificate is of another installation": (
        Finding.FOREIGN,
        lambda x: sealed_again([*x[: first(x, D)], other_certificate(), *x[first(x, D) + 1 :]]),
    ),
    "a count in the certificate is altered": (
        Finding.ALTERED,
        lambda x: sealed_again(replaced(x, first(x, D), b'"blind_indexes":2408', b'"blind_indexes":2409')),
    ),
}


def other_certificate() -> bytes:
    return b'{"certificate":' + certificate.to_bytes(OTHER.certificates[0])[:-1] + b"}\n"


def findings(path: Path, key: bytes | None = HOME.public_key, anchors: Path | None = None) -> Finding:
    report = verify_file(path, key, anchors)
    assert report.valid is (report.finding is Finding.VALID), "the word and the verdict must not differ"
    return report.finding


@pytest.mark.parametrize("sentence", DAMAGE)
def test_a_bundle_when(sentence: str, bundle_bytes: bytes, tmp_path: Path) -> None:
    expected, damage = DAMAGE[sentence]
    path = tmp_path / "evidence.jsonl"
    path.write_bytes(b"".join(damage(bundle_bytes.splitlines(keepends=True))))
    assert findings(path) is expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=st.data())
def test_any_single_byte_changed_in_a_bundle_is_detected(
    bundle_bytes: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(bundle_bytes) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != bundle_bytes[place]))
    path = tmp_path / "evidence.jsonl"
    path.write_bytes(bundle_bytes[:place] + bytes([byte]) + bundle_bytes[place + 1 :])
    assert not verify_file(path).valid


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=st.data())
def test_any_single_byte_changed_in_a_certificate_is_detected(tmp_path: Path, data: st.DataObject) -> None:
    content = certificate.to_bytes(HOME.certificates[0])
    place = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != content[place]))
    path = tmp_path / "certificate.json"
    path.write_bytes(content[:place] + bytes([byte]) + content[place + 1 :])
    assert not verify_file(path).valid


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_any_cut_of_a_bundle_is_detected(bundle_bytes: bytes, tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "evidence.jsonl"
    path.write_bytes(bundle_bytes[: data.draw(st.integers(0, len(bundle_bytes) - 1))])
    assert not verify_file(path).valid


def test_another_key_is_told_apart_from_damage(bundle_bytes: bytes, tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    path.write_bytes(bundle_bytes)
    assert findings(path, OTHER.public_key) is Finding.WRONG_KEY
    single = tmp_path / "certificate.json"
    single.write_bytes(certificate.to_bytes(OTHER.certificates[0]))
    assert findings(single) is Finding.WRONG_KEY


def test_without_a_key_the_report_says_that_none_was_pinned(bundle_bytes: bytes, tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    path.write_bytes(bundle_bytes)
    report = verify_file(path)
    fingerprint = sha256(HOME.public_key).hexdigest()
    assert report.valid
    assert [check.detail for check in report.checks if check.name == "key"] == [
        f"key not pinned: fingerprint {fingerprint}; compare it with the installation's"
    ]


def saved_anchors(path: Path, *heads: checkpoint.Checkpoint) -> Path:
    path.touch()
    for head in heads:
        checkpoint.append_anchor(path, head)
    return path


ANCHORS: dict[str, tuple[Finding, Callable[[Installation], tuple[checkpoint.Checkpoint, ...]]]] = {
    "all of its own": (Finding.VALID, lambda home: tuple(home.heads)),
    "one of its own": (Finding.VALID, lambda home: (home.heads[1],)),
    "none": (Finding.ALTERED, lambda _: ()),
    "one of a longer log": (Finding.TRUNCATED, lambda _: (an_installation().append(*a_morning()),)),
    "one of another history": (Finding.ALTERED, lambda _: (Installation().append(*a_morning()[1:]),)),
    "one of another installation": (Finding.FOREIGN, lambda _: (OTHER.heads[0],)),
    "a forged one": (Finding.ALTERED, lambda home: (replace(home.heads[0], at=minute(99)),)),
}


@pytest.mark.parametrize("sentence", ANCHORS)
def test_a_bundle_against_anchors(sentence: str, tmp_path: Path) -> None:
    expected, anchored = ANCHORS[sentence]
    anchors = saved_anchors(tmp_path / "anchors.jsonl", *anchored(an_installation()))
    assert findings(HOME.export(tmp_path / "evidence.jsonl"), anchors=anchors) is expected


def test_an_end_cut_off_with_its_checkpoint_is_seen_by_an_anchor_only(bundle_bytes: bytes, tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    path.write_bytes(b"".join(shortened(bundle_bytes.splitlines(keepends=True))))
    assert findings(path) is Finding.VALID
    assert findings(path, anchors=saved_anchors(tmp_path / "anchors.jsonl", *HOME.heads)) is Finding.TRUNCATED


def test_an_anchor_file_that_can_not_be_read_is_never_valid(tmp_path: Path) -> None:
    assert not verify_file(HOME.export(tmp_path / "evidence.jsonl"), anchors=tmp_path / "absent").valid


DOCUMENT = HOME.certificates[0]
CASE = DOCUMENT.case


def with_case(**changes: object) -> certificate.Certificate:
    """Let the holder of the key sign another case over the same ledger."""
    return resigned(DOCUMENT, HOME.key, case=replace(CASE, **changes))  # type: ignore[arg-type]


def with_ledger(**changes: object) -> certificate.Certificate:
    return resigned(DOCUMENT, HOME.key, ledger=replace(DOCUMENT.ledger, **changes))  # type: ignore[arg-type]


def failing(verdict: Verdict) -> certificate.Certificate:
    """Claim a verdict over a check that failed."""
    checks = (CheckResult("rows_gone", RECORDS, RECORDS - 1), *whole_checks()[1:])
    return replace(with_case(checks=checks), verdict=verdict)


ENTRIES = DOCUMENT.ledger.entries
DISHONEST: dict[str, Callable[[], certificate.Certificate]] = {
    "it claims a PASS that a failed check forbids": lambda: resigned(failing(Verdict.PASS), HOME.key),
    "it claims a status that the numbers forbid": lambda: resigned(
        failing(Verdict.FAILED), HOME.key, statuses=DOCUMENT.statuses
    ),
    "it claims a PASS with a check missing": lambda: with_case(checks=whole_checks()[1:]),
    "it names other records than were applied for": lambda: with_case(manifest=replace(CASE.manifest, root=bytes(32))),
    "it names another approver than the ledger": lambda: with_case(people=replace(CASE.people, approver="director")),
    "it names another witness than the ledger": lambda: with_case(people=replace(CASE.people, witness="friend")),
    "it lets one person approve and execute": lambda: with_case(people=replace(CASE.people, approver="system:purge")),
    "it names another generation than the ledger": lambda: with_case(rotation=replace(CASE.rotation, old_generation=5)),
    "it removed other numbers than the ledger": lambda: with_case(removed={"rows": 1}),
    "it is of another number": lambda: with_case(id="DS-20260105-0009"),
    "its times are out of order": lambda: with_case(times=replace(CASE.times, approved=minute(30))),
    "it shows no entry": lambda: with_ledger(entries=()),
    "it shows no entry of the approval": lambda: with_ledger(entries=(ENTRIES[0], *ENTRIES[2:])),
    "it shows an entry that is not in the ledger": lambda: with_ledger(
        entries=(replace(ENTRIES[0], entry=ENTRIES[0].entry.replace("1204", "1205")), *ENTRIES[1:])
    ),
    "it shows an entry at another place": lambda: with_ledger(entries=(replace(ENTRIES[0], seq=0), *ENTRIES[1:])),
    "it shows an entry that is none": lambda: with_ledger(entries=(*ENTRIES, replace(ENTRIES[0], entry="{}"))),
    "its checkpoint is unsigned": lambda: with_ledger(checkpoint=replace(DOCUMENT.ledger.checkpoint, signature=b"")),
    "its checkpoint is of another installation": lambda: with_ledger(checkpoint=OTHER.heads[1]),
    "it is of an earlier format": lambda: resigned(DOCUMENT, HOME.key, format="tutela-certificate/0"),
    "it is unsigned": lambda: replace(DOCUMENT, signature=b""),
    "its key is no key": lambda: replace(DOCUMENT, public_key=b"x"),
}


@pytest.mark.parametrize("sentence", DISHONEST)
def test_a_certificate_does_not_hold_when(sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "certificate.json"
    path.write_bytes(certificate.to_bytes(DISHONEST[sentence]()))
    assert not verify_file(path).valid


def test_a_certificate_alone_holds_and_so_does_an_honest_failure(tmp_path: Path) -> None:
    home, path = an_installation(), tmp_path / "certificate.json"
    checks = (CheckResult("rows_gone", RECORDS, RECORDS - 1), *whole_checks()[1:])
    for document in (DOCUMENT, home.destroy(replace(a_case("DS-2"), checks=checks))):
        path.write_bytes(certificate.to_bytes(document))
        assert verify_file(path, HOME.public_key).valid
    assert document.verdict is Verdict.FAILED


SINGLE: dict[str, tuple[Finding, Callable[[bytes], bytes]]] = {
    "it is whole": (Finding.VALID, lambda data: data),
    "its line end is cut off": (Finding.TRUNCATED, lambda data: data[:-1]),
    "half of it is cut off": (Finding.TRUNCATED, lambda data: data[: len(data) * 2 // 3]),
    "bytes follow": (Finding.TRAILING_BYTES, lambda data: data + b"x"),
    "it is of a later format": (Finding.UNKNOWN_FORMAT, lambda data: data.replace(b"certificate/2", b"certificate/3")),
    "somebody wrote it again with indents": (
        Finding.ALTERED,
        lambda data: json.dumps(json.loads(data), indent=1).encode(),
    ),
    "a count is altered": (Finding.ALTERED, lambda data: data.replace(b'"records":1204', b'"records":1205')),
    "a space is added": (Finding.ALTERED, lambda data: b" " + data),
}


@pytest.mark.parametrize("sentence", SINGLE)
def test_a_certificate_file_when(sentence: str, tmp_path: Path) -> None:
    expected, damage = SINGLE[sentence]
    path = tmp_path / "certificate.json"
    path.write_bytes(damage(certificate.to_bytes(DOCUMENT)))
    assert findings(path) is expected


def test_a_certificate_against_anchors(tmp_path: Path) -> None:
    path = tmp_path / "certificate.json"
    path.write_bytes(certificate.to_bytes(DOCUMENT))
    assert findings(path, anchors=saved_anchors(tmp_path / "own", *HOME.heads)) is Finding.VALID
    assert findings(path, anchors=saved_anchors(tmp_path / "other", HOME.heads[0])) is Finding.ALTERED


def test_a_pass_over_nothing_does_not_hold_even_if_signed(tmp_path: Path) -> None:
    home, empty = an_installation(), Manifest(bytes(32), 0, {}, {}, {}, {})
    case = replace(a_case("DS-2"), manifest=empty, checks=whole_checks(0), removed={"rows": 0})
    document = home.destroy(case)
    assert document.verdict is Verdict.UNKNOWN
    path = tmp_path / "certificate.json"
    path.write_bytes(certificate.to_bytes(resigned(document, home.key, verdict=Verdict.PASS)))
    assert not verify_file(path).valid


def test_a_bundle_with_a_destruction_that_nobody_certified_does_not_hold(tmp_path: Path) -> None:
    home = an_installation()
    home.append(*told(a_case("DS-2")))
    report = verify_file(home.export(tmp_path / "evidence.jsonl"))
    assert [check.name for check in report.checks if not check.ok] == ["destructions"]


def test_a_report_that_looked_at_nothing_is_not_valid() -> None:
    assert not Report(Kind.BUNDLE, ()).valid


def test_the_checks_of_a_damaged_file_name_what_failed() -> None:
    report = Report(Kind.BUNDLE, (Check("a", ok=True, detail="x"), Check("b", ok=False, detail="y")))
    assert report.to_json() == {
        "valid": False,
        "kind": "bundle",
        "finding": "altered",
        "checks": [{"name": "a", "ok": True, "detail": "x"}, {"name": "b", "ok": False, "detail": "y"}],
    }


def test_the_command_exits_zero_only_when_all_holds(tmp_path: Path, bundle_bytes: bytes) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_bytes(bundle_bytes)
    bad.write_bytes(bundle_bytes[:-1])
    key = ["--public-key", HOME.public_key.hex()]
    run = CliRunner().invoke
    assert run(app, ["verify", str(good), *key]).exit_code == 0
    assert run(app, ["verify", str(bad), *key]).exit_code == EvidenceInvalid.exit_code
    told = json.loads(run(app, ["verify", str(bad), *key, "--json"]).stdout)
    assert told["valid"] is False
    assert told["finding"] == "truncated"
    assert "lines" in [check["name"] for check in told["checks"] if not check["ok"]]
    assert isinstance(run(app, ["verify", str(tmp_path / "absent")]).exception, SourceMissing)
