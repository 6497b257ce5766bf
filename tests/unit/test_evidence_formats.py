"""Certificates of every format that was ever written: the old ones hold for as long as somebody keeps them."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from evidence_world import MANIFEST_HASH, RECORDS, Installation, a_case, an_erasure, an_installation, minute, resigned

from pipelines.errors import EvidenceInvalid, FormatUnknown
from pipelines.evidence import certificate
from pipelines.evidence.certificate import (
    Case,
    CheckResult,
    Derivative,
    Door,
    OpenNotice,
    Recipients,
    Sanitisation,
    Trigger,
    Verdict,
    WorkOrder,
)
from pipelines.evidence.report import Finding, Kind
from pipelines.evidence.verify import verify_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOME = an_installation()
DOCUMENT = HOME.certificates[0]
CASE = a_case()
ERASURE = an_erasure()


def saved(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_certificate_of_format_1_still_holds_and_is_written_as_it_was_signed(tmp_path: Path) -> None:
    data = FORMAT_1.encode() + b"\n"
    report = verify_file(saved(tmp_path / "old.json", data), HOME.public_key)
    assert report.valid, report.to_json()
    document = certificate.from_bytes(data)
    assert certificate.to_bytes(document) == data
    assert document.case.derivatives == ()
    assert document.case.manifest.hash is None


OLD: dict[str, tuple[Finding, Callable[[bytes], bytes]]] = {
    "a count is altered": (Finding.ALTERED, lambda data: data.replace(b'"records":1204', b'"records":1205')),
    "it passes for a later one": (Finding.ALTERED, lambda data: data.replace(b"certificate/1", b"certificate/2")),
    "a later field is added": (Finding.ALTERED, lambda data: data.replace(b'"told":2', b'"open":[],"told":2')),
    "bytes follow": (Finding.TRAILING_BYTES, lambda data: data + b"x"),
    "it is cut off": (Finding.TRUNCATED, lambda data: data[:-1]),
}


@pytest.mark.parametrize("sentence", OLD)
def test_a_certificate_of_format_1_when(sentence: str, tmp_path: Path) -> None:
    expected, damage = OLD[sentence]
    data = damage(FORMAT_1.encode() + b"\n")
    assert verify_file(saved(tmp_path / "old.json", data), HOME.public_key).finding is expected


def test_a_later_certificate_does_not_pass_for_an_earlier_one(tmp_path: Path) -> None:
    stripped = resigned(DOCUMENT, HOME.key, format="tutela-certificate/1")
    assert verify_file(saved(tmp_path / "own.json", certificate.to_bytes(stripped))).valid, "its key may sign both"
    forged = certificate.to_bytes(replace(stripped, signature=DOCUMENT.signature))
    assert verify_file(saved(tmp_path / "forged.json", forged)).finding is Finding.ALTERED


def test_a_format_that_nobody_knows_is_told_as_such_alone_and_in_a_bundle(tmp_path: Path) -> None:
    data = certificate.to_bytes(DOCUMENT).replace(b"certificate/2", b"certificate/3")
    with pytest.raises(FormatUnknown):
        certificate.from_bytes(data)
    report = verify_file(saved(tmp_path / "later.json", data))
    assert (report.kind, report.finding) == (Kind.UNKNOWN, Finding.UNKNOWN_FORMAT)
    bundle = HOME.export(tmp_path / "evidence.jsonl").read_bytes().replace(b"certificate/2", b"certificate/3")
    assert verify_file(saved(tmp_path / "later.jsonl", bundle)).finding is Finding.UNKNOWN_FORMAT


def test_what_format_2_adds_is_signed_and_read_back() -> None:
    value = json.loads(certificate.to_bytes(DOCUMENT))["case"]
    assert value["authority"]["door"] == "standing"
    assert value["manifest"]["hash"] == MANIFEST_HASH.hex()
    assert value["method"]["sanitisation"] == "purge"
    assert value["derivatives"][1] == {"kind": "backup", "destroyed": 0, "remaining": 2, "until": "2026-02-04"}
    assert value["recipients"]["open"] == [{"recipient": "P-LOGISTICS", "due": "2026-01-20"}]
    assert value["work_orders"][0]["photos"] == [bytes(range(1, 33)).hex()]
    assert value["spared"] == {"held": 3, "restricted": 41, "reviewed": 1}
    assert certificate.from_bytes(certificate.to_bytes(DOCUMENT)) == DOCUMENT


def test_somebody_with_other_tools_comes_to_the_same_result() -> None:
    value = json.loads(certificate.to_bytes(DOCUMENT))
    signed = {**value, "signature": ""}
    message = json.dumps(signed, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(value["public_key"]))
    key.verify(bytes.fromhex(value["signature"]), value["format"].encode() + b"\n" + message)
    shown, head = value["ledger"]["entries"][-1], value["ledger"]["checkpoint"]
    assert shown["seq"] == head["size"] - 1 == 12
    root = sha256(b"\0" + shown["entry"].encode()).digest()
    for node in shown["path"]:
        # The last of thirteen leaves is the right child all the way up.
        root = sha256(b"\1" + bytes.fromhex(node) + root).digest()
    assert root.hex() == head["root"]


def test_an_erasure_on_request_is_certified(tmp_path: Path) -> None:
    document = an_installation().destroy(ERASURE)
    assert document.verdict is Verdict.PASS
    assert verify_file(saved(tmp_path / "erasure.json", certificate.to_bytes(document)), HOME.public_key).valid


AUTHORITY = ERASURE.authority
CONTRADICTING: dict[str, Case] = {
    "it says standing, and came in by another door": replace(
        CASE, authority=replace(CASE.authority, door=Door.COMMAND, approval_hash=MANIFEST_HASH)
    ),
    "a standing approval stands for a request": replace(
        CASE, authority=replace(CASE.authority, trigger=Trigger.REQUEST, request="RQ-1")
    ),
    "a destruction on request names no request": replace(ERASURE, authority=replace(AUTHORITY, request=None)),
    "a specific approval names no manifest": replace(ERASURE, authority=replace(AUTHORITY, approval_hash=None)),
    "another manifest was approved": replace(ERASURE, authority=replace(AUTHORITY, approval_hash=bytes(32))),
    "a derivative is not accounted for": replace(CASE, derivatives=CASE.derivatives[1:]),
    "a kind of derivative is listed twice": replace(CASE, derivatives=(Derivative("release", 5),) * 2),
    "an open notice is not listed": replace(CASE, recipients=Recipients(told=2, acknowledged=1)),
    "more acknowledged than were told": replace(CASE, recipients=Recipients(told=1, acknowledged=2)),
    "a count of what was spared is negative": replace(CASE, spared=replace(CASE.spared, held=-1)),
    "more copies of the keyring were removed than found": replace(
        CASE, rotation=replace(CASE.rotation, copies_found=1, copies_removed=2)
    ),
    "a check is none that anybody knows": replace(CASE, checks=(*CASE.checks, CheckResult("looks_fine", 1, 1))),
    "a recipient is a person": replace(CASE, recipients=Recipients(1, 0, (OpenNotice("张三"),))),
    "a work order's carrier is a sentence": replace(CASE, work_orders=(WorkOrder("in the cellar", "shred_P5", 0, 1),)),
}


@pytest.mark.parametrize("sentence", CONTRADICTING)
def test_no_certificate_when(sentence: str) -> None:
    with pytest.raises(EvidenceInvalid):
        certificate.build(CONTRADICTING[sentence], DOCUMENT.ledger, HOME.public_key, minute(60))


def test_a_witness_of_shredding_with_a_mail_address_is_named_by_a_hash() -> None:
    case = replace(CASE, work_orders=(WorkOrder("paper", "shred_P5", 0, 1, ("li.wei@example.com",)),))
    drawn = certificate.build(case, DOCUMENT.ledger, HOME.public_key, minute(60))
    assert b"li.wei" not in certificate.to_bytes(drawn)


def judged(*more: CheckResult, keys: int | None = 3) -> Verdict:
    return certificate.verdict((*CASE.checks, *more), RECORDS, keys)


VERDICTS = {
    "nothing more was looked at": (judged(), Verdict.PASS),
    "an optional check holds": (judged(CheckResult("statistics_gone", 12, 12)), Verdict.PASS),
    "an optional check does not hold": (judged(CheckResult("statistics_gone", 12, 11)), Verdict.FAILED),
    "an optional check could not be told": (judged(CheckResult("residual_scan", 40, None)), Verdict.UNKNOWN),
    "an optional check looked at nothing": (judged(CheckResult("derivatives_gone", 0, 0)), Verdict.UNKNOWN),
    "a check is there twice": (judged(CheckResult("keys_gone", 3, 3)), Verdict.UNKNOWN),
    "fewer keys were looked for than were destroyed": (judged(keys=5), Verdict.FAILED),
    "nobody told how many keys were destroyed": (judged(keys=None), Verdict.PASS),
}


@pytest.mark.parametrize("sentence", VERDICTS)
def test_the_verdict_when(sentence: str) -> None:
    found, expected = VERDICTS[sentence]
    assert found is expected


def test_keys_of_both_rings_must_have_been_looked_for() -> None:
    keys = (*CASE.keys, replace(CASE.keys[0], ring="subject", keys=2))
    assert Installation().destroy(replace(CASE, keys=keys)).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("techniques", "expected"),
    [
        (("row_delete",), Sanitisation.CLEAR),
        (("row_delete", "cryptographic_erase"), Sanitisation.PURGE),
        (("shred_P5", "cryptographic_erase"), Sanitisation.DESTROY),
        (("prayer",), None),
    ],
)
def test_a_method_is_graded_by_its_strongest_technique(
    techniques: tuple[str, ...], expected: Sanitisation | None
) -> None:
    drawn = certificate.build(
        replace(CASE, method=replace(CASE.method, techniques=techniques)), DOCUMENT.ledger, HOME.public_key, minute(60)
    )
    assert drawn.case.method.sanitisation is expected


def test_a_grade_that_the_techniques_do_not_give_does_not_hold(tmp_path: Path) -> None:
    case = replace(DOCUMENT.case, method=replace(DOCUMENT.case.method, sanitisation=Sanitisation.DESTROY))
    data = certificate.to_bytes(resigned(DOCUMENT, HOME.key, case=case))
    assert [check.name for check in verify_file(saved(tmp_path / "x", data)).checks if not check.ok] == ["claims"]


@pytest.mark.parametrize("field", ["door", "manifest_hash"])
def test_a_certificate_that_tells_otherwise_than_the_ledger_does_not_hold(field: str, tmp_path: Path) -> None:
    authority, manifest = CASE.authority, CASE.manifest
    changed = {
        "door": replace(DOCUMENT.case, authority=replace(authority, door=None)),
        "manifest_hash": replace(DOCUMENT.case, manifest=replace(manifest, hash=bytes(32))),
    }[field]
    document = resigned(DOCUMENT, HOME.key, case=changed)
    report = verify_file(saved(tmp_path / "x", certificate.to_bytes(document)))
    assert report.valid is (field == "door"), "not telling is not telling otherwise"


FORMAT_1 = (
    r'{"case":{"authority":{"approval":"SA-2026-1","grounds":["PIPL-47","R-MKT","R-REL"],"request":null,"schedule_ha'
    r'sh":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","standing":true,"trigger":"expiry"},"ch'
    r'ecks":[{"held":1204,"name":"rows_gone","of":1204},{"held":1204,"name":"indexes_gone","of":1204},{"held":3,"nam'
    r'e":"keys_gone","of":3},{"held":64,"name":"samples_unreadable","of":64},{"held":1,"name":"generation_gone","of"'
    r':1},{"held":1204,"name":"counts_match","of":1204}],"id":"DS-20260105-0001","keys":[{"keys":3,"pages":1,"ring":'
    r'"cohort"}],"limits":["ciphertext_in_wal","ciphertext_in_backups","kms_guarantee_as_stated","process_memory_not'
    r'_wiped_with_certainty"],"manifest":{"by_category":{"I01":1204,"I02":204,"I05":1000},"by_level":{"L2":1204,"L3"'
    r':1204,"L4":204},"by_plan":{"counter_customers":204,"web_registrations":1000},"cohorts":{"R-MKT/2026-01-03":400'
    r',"R-MKT/2026-01-04":600,"R-REL/2026-01-04":204},"records":1204,"root":"a74bc9ac9f046454e1da4c8f086a079bbc3d336'
    r'a2a527c2157c0271a145a33e9"},"method":{"carrier":"postgresql","techniques":["key_destruction","row_deletion","i'
    r'ndex_deletion"],"tool":"tutela","version":"0.1.0"},"people":{"applicant":"system:schedule","approver":"leader"'
    r',"confirmer":"auditor","executor":"system:purge","witness":"system:verification"},"recipients":{"acknowledged"'
    r':1,"told":2},"removed":{"blind_indexes":2408,"rows":1204},"residuals":[{"place":"wal","until":"2026-01-06"},{"'
    r'place":"backups","until":"2026-02-04"}],"rotation":{"guarantee":"file: the key file is overwritten once and re'
    r'moved.","new_generation":7,"old_generation":6,"provider":"file"},"times":{"applied":"2026-01-05T01:01:00.00000'
    r'0Z","approved":"2026-01-05T01:02:00.000000Z","confirmed":"2026-01-05T01:06:00.000000Z","keys_destroyed":"2026-'
    r'01-05T01:03:00.000000Z","rows_removed":"2026-01-05T01:04:00.000000Z","verified":"2026-01-05T01:05:00.000000Z"}'
    r'},"format":"tutela-certificate/1","issued":"2026-01-05T02:00:00.000000Z","ledger":{"checkpoint":{"at":"2026-01'
    r'-05T01:13:00.000000Z","key_id":"34750f98bd59fcfc","origin":"tutela-1","root":"9f0988cdfa2058044e99e5497707bef4'
    r'f53e4103e55aa7f64530040201a347b0","signature":"dfa10d4c503471809a5ce3ce92607e864c84cfcfa6fa77a77bda66f494ff128'
    r'c864526ef4dd135bfb0050b9d0c748d03f1c79044933b7ca71ce664c58f972402","size":13},"entries":[{"entry":"{\"at\":\"2'
    r"026-01-05T01:01:00.000000Z\",\"body\":{\"applicant\":\"system:schedule\",\"destruction\":\"DS-20260105-0001\","
    r"\"manifest_root\":\"a74bc9ac9f046454e1da4c8f086a079bbc3d336a2a527c2157c0271a145a33e9\",\"records\":1204,\"sche"
    r"dule_hash\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\",\"trigger\":\"expiry\"},\"kin"
    r'd\":\"destruction.applied\",\"v\":1}","path":["46aaeac24416ae814fb0d1f482acead6c95e43b23e89bdf1540b23d2cad8e90'
    r'5","e11a440a6aa972c7f59afbe98d150ad63bf3901279a59d3e61d10f42b5978d8c","18ef110e5460107019829d2dc1db9b18abce366'
    r'b303c451b89ca1ce08dfaf118","f4feae63ce57a148b3de2a5614ea8d5b532c18215e9554a9cebd1ebbd56828e0"],"seq":5},{"entr'
    r'y":"{\"at\":\"2026-01-05T01:02:00.000000Z\",\"body\":{\"approval\":\"SA-2026-1\",\"approver\":\"leader\",\"des'
    r"truction\":\"DS-20260105-0001\",\"manifest_root\":\"a74bc9ac9f046454e1da4c8f086a079bbc3d336a2a527c2157c0271a14"
    r'5a33e9\"},\"kind\":\"destruction.approved\",\"v\":1}","path":["206852dd9d05cab666c915800c0912fb2ff8bcb2391cd6e'
    r'74aad8abb77c834e3","d594f1c02cc36a408d8e3a89f4d91b0c193fb73706a37228669e254a781da4d1","18ef110e5460107019829d2'
    r'dc1db9b18abce366b303c451b89ca1ce08dfaf118","f4feae63ce57a148b3de2a5614ea8d5b532c18215e9554a9cebd1ebbd56828e0"]'
    r',"seq":6},{"entry":"{\"at\":\"2026-01-05T01:03:00.000000Z\",\"body\":{\"generation\":7,\"provider\":\"file\"},'
    r'\"kind\":\"key.generation_created\",\"v\":1}","path":["6eeeda67b7a2f901a03a54fb4d16c15f817c3bc53e33e04a96c0dd8'
    r'800d094a8","d594f1c02cc36a408d8e3a89f4d91b0c193fb73706a37228669e254a781da4d1","18ef110e5460107019829d2dc1db9b1'
    r'8abce366b303c451b89ca1ce08dfaf118","f4feae63ce57a148b3de2a5614ea8d5b532c18215e9554a9cebd1ebbd56828e0"],"seq":7'
    r'},{"entry":"{\"at\":\"2026-01-05T01:03:00.000000Z\",\"body\":{\"destruction\":\"DS-20260105-0001\",\"executor'
    r"\":\"system:purge\",\"keys\":{\"cohort\":3},\"new_generation\":7,\"old_generation\":6},\"kind\":\"destruction."
    r'keys_destroyed\",\"v\":1}","path":["90e5a9bc37cb545227ba54fb2dd6eb101ed704fcd1048683bc80f9821dc741bd","598a5b8'
    r'8e5a62a6f1f9031b33cefe8f40b72b059100c9b02c5ba3aedffce8b1f","4db92a1c4e055472fa4309e9ad2c8d1f81cf970b0c6e84458a'
    r'b08bd90d11a4af","bff9cf5527a4c6414a71bbf1dd3c7f32ec379c46f2b7c394ddcb5cc9f5e87335"],"seq":8},{"entry":"{\"at\"'
    r":\"2026-01-05T01:03:00.000000Z\",\"body\":{\"generation\":6,\"provider\":\"file\"},\"kind\":\"key.generation_d"
    r'estroyed\",\"v\":1}","path":["50d8e1164218d0c7b6f6a132f8497187a00aa46fc7f7118906709158df29c1e7","598a5b88e5a62'
    r'a6f1f9031b33cefe8f40b72b059100c9b02c5ba3aedffce8b1f","4db92a1c4e055472fa4309e9ad2c8d1f81cf970b0c6e84458ab08bd9'
    r'0d11a4af","bff9cf5527a4c6414a71bbf1dd3c7f32ec379c46f2b7c394ddcb5cc9f5e87335"],"seq":9},{"entry":"{\"at\":\"202'
    r"6-01-05T01:04:00.000000Z\",\"body\":{\"destruction\":\"DS-20260105-0001\",\"executor\":\"system:purge\",\"remo"
    r'ved\":{\"blind_indexes\":2408,\"rows\":1204}},\"kind\":\"destruction.rows_removed\",\"v\":1}","path":["f0d922c'
    r'a50a9a1cc060476e434e9bb6d532852bae49ad9edeca394a461e687b3","8a6d984a7af5ae8e11016c5ae060bd368fb682679c8754b57d'
    r'feac61e6eb76a7","4db92a1c4e055472fa4309e9ad2c8d1f81cf970b0c6e84458ab08bd90d11a4af","bff9cf5527a4c6414a71bbf1dd'
    r'3c7f32ec379c46f2b7c394ddcb5cc9f5e87335"],"seq":10},{"entry":"{\"at\":\"2026-01-05T01:05:00.000000Z\",\"body\":'
    r"{\"checks\":{\"counts_match\":\"PASS\",\"generation_gone\":\"PASS\",\"indexes_gone\":\"PASS\",\"keys_gone\":\""
    r"PASS\",\"rows_gone\":\"PASS\",\"samples_unreadable\":\"PASS\"},\"destruction\":\"DS-20260105-0001\",\"verdict"
    r'\":\"PASS\",\"witness\":\"system:verification\"},\"kind\":\"destruction.verified\",\"v\":1}","path":["85158558'
    r'fabebd10ccd2dcceebd53912231f275d25d88536a7ab5a208a4241ed","8a6d984a7af5ae8e11016c5ae060bd368fb682679c8754b57df'
    r'eac61e6eb76a7","4db92a1c4e055472fa4309e9ad2c8d1f81cf970b0c6e84458ab08bd90d11a4af","bff9cf5527a4c6414a71bbf1dd3'
    r'c7f32ec379c46f2b7c394ddcb5cc9f5e87335"],"seq":11},{"entry":"{\"at\":\"2026-01-05T01:06:00.000000Z\",\"body\":{'
    r"\"confirmer\":\"auditor\",\"destruction\":\"DS-20260105-0001\",\"verdict\":\"PASS\"},\"kind\":\"destruction.co"
    r'nfirmed\",\"v\":1}","path":["e970e26b335e5eb44182ff3adeb18d7d7ef550c3edd530bd5841fcb85b53740a","bff9cf5527a4c6'
    r'414a71bbf1dd3c7f32ec379c46f2b7c394ddcb5cc9f5e87335"],"seq":12}]},"origin":"tutela-1","public_key":"8a88e3dd740'
    r'9f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c","signature":"ade8ee9846d357f141616448bdf6721cb6e3cd9535'
    r'49fd159252cf34292bf31045189b14efd68822372b9361b3d2983c08fb023096367dbc1922abd126302f0b","statuses":{"counts_ma'
    r'tch":"PASS","generation_gone":"PASS","indexes_gone":"PASS","keys_gone":"PASS","rows_gone":"PASS","samples_unre'
    r'adable":"PASS"},"verdict":"PASS"}'
)
"""Signed by the code of 0.1.0 over made-up data, with the key of `evidence_world`."""
