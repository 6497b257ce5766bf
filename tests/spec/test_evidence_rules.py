"""The rules of evidence, as an auditor or a lawyer reads them. Source: controls D-01 to D-10, §3.8, §6.1, §6.2."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from evidence_world import RECORDS, Installation, a_case, a_morning, an_installation, minute, whole_checks

from pipelines.errors import EvidenceInvalid
from pipelines.evidence import certificate, checkpoint
from pipelines.evidence.certificate import REQUIRED_CHECKS, CheckResult, Verdict
from pipelines.evidence.verify import verify_file

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = whole_checks()


def changed(name: str, of: int, held: int | None) -> tuple[CheckResult, ...]:
    """Give the checks of a good destruction, one of them with other numbers."""
    return tuple(CheckResult(name, of, held) if check.name == name else check for check in WHOLE)


# What was found → the verdict that alone may be given (controls §3.8 no. 6, 7; D-10).
VERDICTS: dict[str, tuple[tuple[CheckResult, ...], int, Verdict]] = {
    "all checks looked at something and all of it was as it should be": (WHOLE, RECORDS, Verdict.PASS),
    "one record was found again": (changed("rows_gone", RECORDS, RECORDS - 1), RECORDS, Verdict.FAILED),
    "one blind index was found": (changed("indexes_gone", RECORDS, RECORDS - 1), RECORDS, Verdict.FAILED),
    "one key was found": (changed("keys_gone", 3, 2), RECORDS, Verdict.FAILED),
    "one kept ciphertext still opens": (changed("samples_unreadable", 64, 63), RECORDS, Verdict.FAILED),
    "the old root key is still there": (changed("generation_gone", 1, 0), RECORDS, Verdict.FAILED),
    "one row fewer was removed than the manifest has": (
        changed("counts_match", RECORDS, RECORDS - 1),
        RECORDS,
        Verdict.FAILED,
    ),
    "one row more was removed than the manifest has": (
        changed("counts_match", RECORDS, RECORDS + 1),
        RECORDS,
        Verdict.FAILED,
    ),
    "only a part of the records was looked for": (changed("rows_gone", 10, 10), RECORDS, Verdict.FAILED),
    "the key management did not answer": (changed("generation_gone", 1, None), RECORDS, Verdict.UNKNOWN),
    "no ciphertext was kept to try": (changed("samples_unreadable", 0, 0), RECORDS, Verdict.UNKNOWN),
    "nothing was checked": ((), RECORDS, Verdict.UNKNOWN),
    "a check was done twice": ((*WHOLE, WHOLE[0]), RECORDS, Verdict.UNKNOWN),
    "there was nothing to destroy": (whole_checks(0), 0, Verdict.UNKNOWN),
    "a further check failed": ((*WHOLE, CheckResult("survivors_open", 5, 4)), RECORDS, Verdict.FAILED),
    "a further check held": ((*WHOLE, CheckResult("survivors_open", 5, 5)), RECORDS, Verdict.PASS),
}


@pytest.mark.parametrize("finding", VERDICTS)
def test_the_verdict_when(finding: str) -> None:
    checks, records, expected = VERDICTS[finding]
    assert certificate.verdict(checks, records) is expected


@pytest.mark.parametrize("missing", REQUIRED_CHECKS)
def test_a_destruction_is_not_verified_while_a_check_is_missing(missing: str) -> None:
    checks = tuple(check for check in WHOLE if check.name != missing)
    assert certificate.verdict(checks, RECORDS) is Verdict.UNKNOWN


# Who may not be the same person (controls D-06, D-08 to D-10).
PARTS = {
    "the one who applies does not approve": {"applicant": "wang", "approver": "wang"},
    "the one who approves does not carry out": {"approver": "wang", "executor": "wang"},
    "the one who carries out does not witness": {"executor": "wang", "witness": "wang"},
    "the one who carries out does not confirm": {"executor": "wang", "confirmer": "wang"},
    "the one who witnesses does not confirm": {"witness": "wang", "confirmer": "wang"},
}


@pytest.mark.parametrize("rule", PARTS)
def test_of_the_people(rule: str) -> None:
    home, case = an_installation(), a_case()
    people = replace(case.people, **PARTS[rule])
    with pytest.raises(EvidenceInvalid, match="No certificate"):
        certificate.build(replace(case, people=people), home.certificates[0].ledger, home.public_key, minute(60))


def test_a_certificate_can_be_verified_by_anyone_with_the_document_and_the_key_alone(tmp_path: Path) -> None:
    home, path = an_installation(), tmp_path / "certificate.json"
    path.write_bytes(certificate.to_bytes(home.certificates[0]))
    assert verify_file(path, home.public_key).valid


def test_a_history_written_anew_does_not_pass_an_anchor_even_if_the_holder_of_the_key_wrote_it(tmp_path: Path) -> None:
    home, anchors = an_installation(), tmp_path / "anchors.jsonl"
    for head in home.heads:
        checkpoint.append_anchor(anchors, head)
    forger = Installation()
    forger.append(*a_morning()[:1])
    forger.append(*a_morning()[2:])
    forged = forger.export(tmp_path / "evidence.jsonl")
    assert verify_file(forged, home.public_key).valid, "signed by the right key, so only an anchor can tell"
    assert not verify_file(forged, home.public_key, anchors).valid


def test_the_end_of_the_ledger_can_not_be_cut_off_below_an_anchor(tmp_path: Path) -> None:
    home, anchors, path = an_installation(), tmp_path / "anchors.jsonl", tmp_path / "evidence.jsonl"
    checkpoint.append_anchor(anchors, home.heads[-1])
    home.log = home.log[: home.heads[-2].size]
    home.heads.pop()
    report = verify_file(home.export(path), home.public_key, anchors)
    assert report.finding == "truncated"


def test_a_destruction_that_is_not_confirmed_yet_says_so() -> None:
    case = a_case()
    waiting = replace(case, people=replace(case.people, confirmer=None), times=replace(case.times, confirmed=None))
    home = an_installation()
    drawn = certificate.build(waiting, home.certificates[0].ledger, home.public_key, minute(60))
    assert drawn.case.people.confirmer is None


def test_a_certificate_names_what_it_can_not_promise() -> None:
    said = {limit.value for limit in an_installation().certificates[0].case.limits}
    assert {"ciphertext_in_wal", "ciphertext_in_backups", "process_memory_not_wiped_with_certainty"} <= said
