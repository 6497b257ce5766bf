"""Entries: what the ledger may hold, and the one way to write it."""

from __future__ import annotations

import ast
import inspect
import pickle
from datetime import datetime, timedelta, timezone
from uuid import uuid4

import pytest
from evidence_world import DAWN, SCHEDULE, a_case, a_morning, told
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import EvidenceInvalid
from pipelines.evidence import canonical, entries, entries_of_copies, guard
from pipelines.evidence.entries import Entry, EntryKind
from pipelines.records import Origin, Outcome


def card(prefix: str) -> str:
    """Complete a card number with its check digit."""
    digits = [int(digit) * (1 if place % 2 else 2) for place, digit in enumerate(reversed(prefix))]
    total = sum(value - 9 if value > 9 else value for value in digits)
    return f"{prefix}{-total % 10}"


def enterprise(prefix: str) -> str:
    """Complete an enterprise code with its check digit."""
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    return prefix + signs[-sum(signs.index(sign) * pow(3, place, 31) for place, sign in enumerate(prefix)) % 31]


def resident(prefix: str) -> str:
    """Complete a resident id number with its check digit."""
    return prefix + "10X98765432"[sum(int(d) * pow(2, 17 - p, 11) for p, d in enumerate(prefix)) % 11]


# Made-up numbers whose check digits are right; their county code is not assigned.
WITH_X = next(number for serial in range(100) if (number := resident(f"110999199001010{serial:02}")).endswith("X"))
REFUSED = {
    "a resident id number": "110999199001010014",
    "a resident id number with X and separators": WITH_X[:6] + "-" + WITH_X[6:14] + "-" + WITH_X[14:],
    "an old resident id number": "110999900101001",
    "a mobile number": "13800138000",
    "a mobile number with country code": "8613800138000",
    "a mobile number with separators": "138-0013-8000",
    "a bank card of 19 digits": card("622202000000000000"),
    "a bank card with separators": "4111-1111-1111-1111",
    "an enterprise code": enterprise("91110000000000000"),
    "a mail address": "somebody@example.com",
    "a number inside a name": "run:13800138000",
    "a Chinese name": "张三",
    "a sentence": "closed the account",
    "an address in full-width signs": "a\uff20b",
    "nothing": "",
    "a long text": "x" * 201,
    "a line break": "a\nb",
    "a number as large as a telephone number": 13_800_138_000,
    "a fraction": 0.5,
    "bytes": b"x",
    "a time": DAWN,
    "a personal number deep inside": [{"a": ["13800138000"]}],
    "a personal name as a key": {"张三": 1},
    "a personal number as a key": {"13800138000": 1},
}
HELD = {
    "a plan": "counter_customers",
    "an Airflow run": "scheduled__2026-01-05T01:00:00.123456+00:00",
    "a run by hand": "20260105093000",
    "a hash": "0" * 63 + "a",
    "a named hash of digits only": "sha256:" + "4111111111111111" * 4,
    "an id": "7e1f0000-5d3c-4a5b-8c11-411111111111",
    "a cohort": "R-REL/2026-01-04",
    "an expectation": "id_number.checksum",
    "a count": 9_999_999_999,
    "yes": True,
    "nothing known": None,
    "a list of ids": ["DS-20260105-0001", "DS-20260105-0002"],
    "counts by reason": {"consent.missing": 3},
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_the_ledger_refuses(sentence: str) -> None:
    with pytest.raises(EvidenceInvalid) as refusal:
        Entry(EntryKind.ROWS_REMOVED, DAWN, {"field": REFUSED[sentence]})  # type: ignore[dict-item]
    assert not any(part in str(refusal.value) for part in ("13800138000", "张三", "1990", "example", "622202"))


@pytest.mark.parametrize("sentence", HELD)
def test_the_ledger_holds(sentence: str) -> None:
    entry = Entry(EntryKind.ROWS_REMOVED, DAWN, {"field": HELD[sentence]})  # type: ignore[dict-item]
    assert entries.parse(entries.canonical(entry)) == entry


@given(st.from_regex(r"[1-9]\d{5}(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d)\d{3}", fullmatch=True), st.text("ab_:/.-"))
def test_no_resident_id_number_slips_through_beside_other_signs(prefix: str, around: str) -> None:
    assert guard.looks_personal(f"x{around}{resident(prefix)}{around}")


@given(st.uuids(), st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
def test_no_random_id_or_hash_is_taken_for_a_person(uuid: object, short: bytes, long: bytes) -> None:
    assert not any(guard.looks_personal(str(text)) for text in (uuid, f"sha256:{short.hex()}", long.hex()))


def test_every_kind_has_one_builder() -> None:
    modules = [ast.parse(inspect.getsource(module)) for module in (entries, entries_of_copies)]
    functions = [node for module in modules for node in module.body if isinstance(node, ast.FunctionDef)]
    built = [
        node.args[0].attr
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Entry"
        if node.args and isinstance(node.args[0], ast.Attribute)
    ]
    assert sorted(built) == sorted(kind.name for kind in EntryKind)


def test_what_is_built_is_read_back() -> None:
    origin = Origin("web_registrations", "r", uuid4(), 3)
    built = [
        *a_morning(),
        *told(a_case()),
        entries.destruction_failed("DS-1", "rows_removed", "database_unavailable", DAWN),
        entries.evidence_exported(9, SCHEDULE, "auditor", DAWN),
        entries.consent_recorded(SCHEDULE, 20, "N-WEB-1", DAWN),
        entries.consent_withdrawn(str(uuid4()), {"marketing", "membership"}, DAWN),
        entries.standing_approval("SA-1", SCHEDULE, "leader", DAWN.date(), DAWN),
        entries.hold_added("LH-1", "privacy_officer", DAWN.date(), DAWN),
        entries.hold_released("LH-1", "privacy_officer", DAWN),
        entries.rows_refused(origin, "plan.not_in_force", 0, DAWN),
        entries.findings_recorded(origin, [{"field": "mobile", "kind": "mis_declaration", "found": None}], DAWN),
        entries.column_corrected("CC-1", "p", "mobile", "overridden", None, 1, [{"found": "URL"}], "steward", DAWN),
    ]
    assert all(entries.parse(entries.canonical(entry)) == entry for entry in built)


def test_a_run_whose_rows_do_not_add_up_is_not_recorded() -> None:
    with pytest.raises(EvidenceInvalid, match="don't add up"):
        entries.run_finished(Outcome("plan", "run", arrived=10, refused={"a": 1}, stored=8), DAWN)


def test_a_body_changed_after_the_guard_saw_it_changes_nothing() -> None:
    inner = {"rows": 1}
    entry = Entry(EntryKind.ROWS_REMOVED, DAWN, {"removed": inner})  # type: ignore[dict-item]
    inner["张三"] = 13_800_138_000
    assert b'"removed":{"rows":1}' in entries.canonical(entry)


def test_an_entry_travels_between_processes() -> None:
    entry = told(a_case())[3]
    assert pickle.loads(pickle.dumps(entry)) == entry


def test_a_user_name_that_is_a_mail_address_is_replaced_by_a_hash() -> None:
    assert entries.actor("leader") == "leader"
    hidden = entries.actor("li.wei@example.com")
    assert hidden.startswith("user:")
    assert hidden == entries.actor("li.wei@example.com")
    assert guard.is_token(hidden)


def test_times_of_any_zone_are_written_in_utc() -> None:
    beijing = DAWN.astimezone(timezone(timedelta(hours=8)))
    assert canonical.moment(beijing) == "2026-01-05T01:00:00.000000Z"
    with pytest.raises(EvidenceInvalid, match="zone"):
        Entry(EntryKind.HOLD_RELEASED, datetime(2026, 1, 5), {})


NOT_CANONICAL = {
    "a space": b'{"a": 1}',
    "another order": b'{"b":1,"a":1}',
    "a doubled key": b'{"a":1,"a":1}',
    "a fraction": b'{"a":1.0}',
    "not a number": b'{"a":NaN}',
    "minus zero": b"-0",
    "an escape where none is needed": b'"\\u0061"',
    "half a character": b'"\\ud800"',
    "a number beyond doubles": b"9007199254740992",
    "no UTF-8": b'"\xff"',
    "a byte order mark": b"\xef\xbb\xbf1",
    "more than one value": b"1 1",
    "a thousand nested lists": b"[" * 1000 + b"]" * 1000,
    "a hundred thousand nested lists": b"[" * 100_000,
    "a number of five thousand digits": b"1" * 5000,
    "nothing": b"",
}


@pytest.mark.parametrize("sentence", NOT_CANONICAL)
def test_not_read_as_canonical(sentence: str) -> None:
    with pytest.raises(EvidenceInvalid):
        canonical.decode(NOT_CANONICAL[sentence])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner),
    max_leaves=20,
)


@given(JSON)
def test_what_is_written_is_read_back(value: canonical.Json) -> None:
    assert canonical.decode(canonical.encode(value)) == value


BAD_ENTRIES = {
    "an unknown kind": b'{"at":"2026-01-05T01:00:00.000000Z","body":{},"kind":"x","v":1}',
    "another version": b'{"at":"2026-01-05T01:00:00.000000Z","body":{},"kind":"hold.added","v":2}',
    "an unknown field": b'{"at":"2026-01-05T01:00:00.000000Z","body":{},"kind":"hold.added","v":1,"x":1}',
    "a time in another form": b'{"at":"2026-01-05T01:00:00Z","body":{},"kind":"hold.added","v":1}',
    "a list": b"[]",
}


@pytest.mark.parametrize("sentence", BAD_ENTRIES)
def test_not_read_as_an_entry(sentence: str) -> None:
    with pytest.raises(EvidenceInvalid):
        entries.parse(BAD_ENTRIES[sentence])
