"""Certificates: what they may say, and how they are printed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from evidence_world import RECORDS, Installation, a_case, an_installation, minute, told

from pipelines.errors import EvidenceInvalid, TutelaError
from pipelines.evidence import canonical, certificate, merkle, page
from pipelines.evidence.certificate import Case, Certificate, CheckResult

CASE = a_case()
HOME = an_installation()
DOCUMENT = HOME.certificates[0]


def test_what_is_written_is_read_back() -> None:
    assert certificate.from_bytes(certificate.to_bytes(DOCUMENT)) == DOCUMENT
    assert certificate.is_signed(DOCUMENT)


def test_the_root_of_a_manifest_does_not_depend_on_the_order_it_was_read_in() -> None:
    ids = [bytes([number]) * 16 for number in range(5)]
    assert certificate.manifest_root(ids) == certificate.manifest_root(reversed(ids))
    assert certificate.manifest_root(ids) != certificate.manifest_root(ids[:4])
    assert certificate.manifest_root([]) == merkle.EMPTY_ROOT


SELF_CONTRADICTING: dict[str, Case] = {
    "the approver applied": replace(CASE, people=replace(CASE.people, applicant="leader")),
    "the approver carried it out": replace(CASE, people=replace(CASE.people, executor="leader")),
    "the witness carried it out": replace(CASE, people=replace(CASE.people, witness="system:purge")),
    "the confirmer carried it out": replace(CASE, people=replace(CASE.people, confirmer="system:purge")),
    "the confirmer was the witness": replace(CASE, people=replace(CASE.people, confirmer="system:verification")),
    "it was carried out before it was approved": replace(CASE, times=replace(CASE.times, keys_destroyed=minute(0))),
    "it was confirmed by nobody": replace(CASE, people=replace(CASE.people, confirmer=None)),
    "it was confirmed at no time": replace(CASE, times=replace(CASE.times, confirmed=None)),
    "the plans' counts are others": replace(CASE, manifest=replace(CASE.manifest, by_plan={"p": 1})),
    "a count is negative": replace(CASE, removed={"rows": -1}),
    "the root generation stayed": replace(CASE, rotation=replace(CASE.rotation, new_generation=6)),
    "a plan is a person": replace(CASE, manifest=replace(CASE.manifest, by_plan={"张三": RECORDS})),
    "an id is a sentence": replace(CASE, id="the first one"),
    "the provider's guarantee names a number": replace(
        CASE, rotation=replace(CASE.rotation, guarantee="Call 13800138000.")
    ),
}


@pytest.mark.parametrize("sentence", SELF_CONTRADICTING)
def test_no_certificate_when(sentence: str) -> None:
    with pytest.raises(EvidenceInvalid):
        certificate.build(SELF_CONTRADICTING[sentence], DOCUMENT.ledger, HOME.public_key, minute(60))


def test_a_mail_address_as_user_name_does_not_reach_the_certificate() -> None:
    case = replace(CASE, people=replace(CASE.people, approver="li.wei@example.com"))
    drawn = certificate.build(case, DOCUMENT.ledger, HOME.public_key, minute(60))
    assert b"li.wei" not in certificate.to_bytes(drawn)
    assert drawn.case.people.approver.startswith("user:")


def test_a_certificate_is_not_signed_with_another_key_than_it_names() -> None:
    with pytest.raises(EvidenceInvalid, match="another key"):
        certificate.sign(DOCUMENT, Installation(seed=2).key)


MALFORMED = {
    "a field is missing": lambda value: value.pop("issued"),
    "a field is unknown": lambda value: value.update(note="x"),
    "a number is a truth value": lambda value: value["case"]["manifest"].update(records=True),
    "a number is a text": lambda value: value["case"]["manifest"].update(records="1"),
    "a hash is in capitals": lambda value: value.update(public_key="AB" * 32),
    "a hash is no hash": lambda value: value.update(public_key="x"),
    "a time is a number": lambda value: value.update(issued=1),
    "a date is in another form": lambda value: value["case"]["residuals"][0].update(until="20260106"),
    "a verdict is unknown": lambda value: value.update(verdict="PERHAPS"),
    "a list is an object": lambda value: value["case"].update(checks={}),
    "an object is a list": lambda value: value["case"].update(removed=[]),
}


@pytest.mark.parametrize("sentence", MALFORMED)
def test_not_read_as_a_certificate_when(sentence: str) -> None:
    value = json.loads(certificate.to_bytes(DOCUMENT))
    MALFORMED[sentence](value)
    with pytest.raises(EvidenceInvalid):
        certificate.from_bytes(canonical.encode(value) + b"\n")


def failed() -> Certificate:
    """Certify a destruction that left a row, and whose keys could not be told."""
    checks = (CheckResult("rows_gone", RECORDS, RECORDS - 1), CheckResult("keys_gone", 3, None))
    people, times = replace(CASE.people, confirmer=None), replace(CASE.times, confirmed=None)
    return an_installation().destroy(replace(CASE, id="DS-2", checks=checks, people=people, times=times))


@pytest.mark.parametrize("language", page.LANGUAGES)
def test_the_page_says_what_the_document_says(language: str) -> None:
    printed = page.render(DOCUMENT, language, zone=timezone(timedelta(hours=8)))
    facts = ["DS-20260105-0001", "1,204", "2026-01-05 09:04:00 +08:00", DOCUMENT.signature.hex(), "PASS", "SA-2026-1"]
    assert [fact for fact in facts if fact not in printed] == []
    assert [sign for sign in ("built-in", "None", "{records}", "&lt;") if sign in printed] == []
    assert f'lang="{language}"' in printed


@pytest.mark.parametrize("language", page.LANGUAGES)
def test_the_page_of_a_failed_destruction_does_not_say_that_it_is_destroyed(language: str) -> None:
    printed = page.render(failed(), language)
    assert "✕ FAILED" in printed
    assert 'class="verdict PASS"' not in printed
    assert ("按未销毁处理" if language == "zh-CN" else "Treat them as not destroyed") in printed


def test_the_page_shows_names_where_they_are_known_and_lets_nothing_become_markup() -> None:
    printed = page.render(DOCUMENT, "en", names={"counter_customers": "<b>Customers</b>"})
    assert "&lt;b&gt;Customers&lt;/b&gt;" in printed
    assert "<b>Customers" not in printed


def test_both_languages_have_the_same_words() -> None:
    chinese, english = (
        json.loads((page.TEMPLATES / f"certificate.{name}.json").read_text()) for name in page.LANGUAGES
    )
    assert {part: set(words) for part, words in chinese.items()} == {
        part: set(words) for part, words in english.items()
    }
    assert set(certificate.REQUIRED_CHECKS) | {limit.value for limit in certificate.Limit} <= set(english["names"])


def test_there_is_no_page_in_a_language_that_nobody_wrote() -> None:
    with pytest.raises(TutelaError, match="zh-CN and en"):
        page.render(DOCUMENT, "../en")


def test_what_the_ledger_tells_of_a_case_is_what_the_world_says() -> None:
    assert len(told(CASE)) == len(DOCUMENT.ledger.entries)
