"""The consent gate: every reason to refuse a row, at its boundaries (C-16, U-02; PIPL art. 13-16)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pandas as pd
import pytest

from pipelines.consent.gate import Grounds, Reason, admit, purposes_of
from pipelines.policy import load_policy
from pipelines.records import META_COLUMNS, Arrivals, Origin
from pipelines.settings import CHECKOUT

POLICY = load_policy(CHECKOUT / "policy")
TODAY = date(2026, 6, 1)
COUNTER, WEB = POLICY.plan("counter_customers"), POLICY.plan("web_registrations")
GOOD = {
    "consent_notice": "N-COUNTER-2", "consent_at": "2026-05-01", "consent_until": "2036-05-01",
    "consent_method": "e_signature", "consent_purposes": "account_service", "collected_at": "2026-05-01",
    "last_activity_at": "2026-05-01",
}  # fmt: skip


def frame(*rows: dict[str, str | None]) -> pd.DataFrame:
    cells = [{**GOOD, **row} for row in rows]
    made = pd.DataFrame(cells, index=pd.RangeIndex(1, len(rows) + 1, name="row"), columns=list(META_COLUMNS))
    return made.astype("str")


def grounds(plan=COUNTER, withdrawn: list[tuple[int, str, str]] | None = None) -> Grounds:
    table = pd.DataFrame(withdrawn or [], columns=["row", "purpose", "at"])
    table["at"] = pd.to_datetime(table["at"], utc=True)
    return Grounds(plan, POLICY.notices, lambda _: table)


def refused(rows: list[dict[str, Any]], today: date = TODAY, **more: Any) -> dict[str, int]:
    arrivals = Arrivals(Origin("counter_customers", "run", UUID(int=1), 0), frame(*rows))
    admitted, refusals = admit(arrivals, grounds(**more), today)
    assert len(admitted) + len(refusals) == len(rows)
    return dict(refusals.counts)


ADMITTED: dict[str, dict[str, str | None]] = {
    "a consent given before collection is enough": {},
    "a consent given on the day of collection is in time": {"consent_at": "2026-05-01", "collected_at": "2026-05-01"},
    "a consent holds on its last day": {"consent_until": "2026-06-01"},
    "a consent without an end holds as long as its notice says": {"consent_until": None},
    "more purposes than the plan needs are no obstacle": {"consent_purposes": "customer_service;account_service"},
    "the old notice counts for a consent given while it was in force": {
        "consent_notice": "N-COUNTER-1", "consent_at": "2024-12-31", "consent_until": "2030-01-01"},
    "the new notice counts from its first day": {"consent_at": "2025-01-01"},
    "the plan's first day is within it": {
        "consent_notice": "N-COUNTER-1", "consent_at": "2019-12-31", "collected_at": "2020-01-01",
        "consent_until": None},
    "a row without a collection date goes on to quarantine": {"collected_at": None},
    "a row whose collection date is garbage goes on to quarantine": {"collected_at": "sometime"},
    "a time late in the evening in China is that day": {
        "consent_at": "2026-05-01T15:59:59Z", "collected_at": "2026-05-01"},
}  # fmt: skip
REFUSED: dict[str, tuple[Reason, dict[str, str | None]]] = {
    "no notice is no consent": (Reason.NO_CONSENT, {"consent_notice": None}),
    "no date is no consent": (Reason.NO_CONSENT, {"consent_at": None}),
    "a date that can't be read is no consent": (Reason.NO_CONSENT, {"consent_at": "last week"}),
    "a day that is not on the calendar is no consent": (Reason.NO_CONSENT, {"consent_at": "2026-02-30"}),
    "a notice nobody wrote is unknown": (Reason.UNKNOWN_NOTICE, {"consent_notice": "N-COUNTER-9"}),
    "another plan's notice is unknown here": (Reason.UNKNOWN_NOTICE, {"consent_notice": "N-WEB-2"}),
    "the day before a notice's first": (Reason.NOTICE_NOT_IN_FORCE, {"consent_at": "2024-12-31"}),
    "the day after a notice's last": (
        Reason.NOTICE_NOT_IN_FORCE, {"consent_notice": "N-COUNTER-1", "consent_at": "2025-01-01"}),
    "a consent given the day after collection is too late": (
        Reason.CONSENT_AFTER_COLLECTION, {"consent_at": "2026-05-02"}),
    "a minute past midnight in China is the day after": (
        Reason.CONSENT_AFTER_COLLECTION, {"consent_at": "2026-05-01T16:01:00Z"}),
    "a consent does not hold on the day after its last": (Reason.CONSENT_EXPIRED, {"consent_until": "2026-05-31"}),
    "a notice's own period ends a consent that claims to hold longer": (
        Reason.CONSENT_EXPIRED,
        {"consent_notice": "N-COUNTER-1", "consent_at": "2018-05-31", "collected_at": "2020-01-01",
         "consent_until": "2099-01-01"}),
    "no purpose covers nothing": (Reason.PURPOSE_NOT_COVERED, {"consent_purposes": None}),
    "another purpose covers nothing": (Reason.PURPOSE_NOT_COVERED, {"consent_purposes": "marketing"}),
    "a purpose is not covered by one that begins alike": (
        Reason.PURPOSE_NOT_COVERED, {"consent_purposes": "account_services"}),
    "collected the day before the plan": (Reason.COLLECTED_OUTSIDE_PLAN, {"collected_at": "2019-12-31"}),
    "collected the day after the plan": (Reason.COLLECTED_OUTSIDE_PLAN, {"collected_at": "2028-01-01"}),
}  # fmt: skip


@pytest.mark.parametrize("row", ADMITTED.values(), ids=ADMITTED.keys())
def test_a_row_is_admitted(row):
    assert refused([row]) == {}


@pytest.mark.parametrize(("reason", "row"), REFUSED.values(), ids=REFUSED.keys())
def test_a_row_is_refused_under_its_reason(reason, row):
    today = date(2028, 6, 2) if "2018-05-31" in row.values() else TODAY
    assert refused([row], today=today) == {reason.value: 1}


def test_the_period_of_a_notice_ends_on_the_corresponding_day():
    row = {
        "consent_notice": "N-COUNTER-1", "consent_at": "2020-02-29", "collected_at": "2020-03-01",
        "consent_until": None}  # fmt: skip
    assert refused([row], today=date(2030, 2, 28)) == {}
    assert refused([row], today=date(2030, 3, 1)) == {"consent_expired": 1}


def test_a_row_counts_once_under_the_first_reason_in_order():
    wrongs: list[tuple[Reason, dict[str, str | None]]] = [
        (Reason.COLLECTED_OUTSIDE_PLAN, {"collected_at": "2019-12-31"}),
        (Reason.NO_CONSENT, {"consent_at": None}),
        (Reason.UNKNOWN_NOTICE, {"consent_notice": "N-OTHER"}),
        (Reason.NOTICE_NOT_IN_FORCE, {"consent_at": "2018-01-01"}),
        (Reason.CONSENT_EXPIRED, {"consent_until": "2020-01-01"}),
        (Reason.PURPOSE_NOT_COVERED, {"consent_purposes": "other"}),
    ]
    for first in range(len(wrongs)):
        row: dict[str, str | None] = {}
        for _, wrong in reversed(wrongs[first:]):
            row |= wrong
        assert refused([row], withdrawn=[(1, "account_service", "2026-05-20")]) == {wrongs[first][0].value: 1}


def test_reasons_are_declared_in_the_order_in_which_the_gate_looks_at_them():
    at_the_door = {Reason.ALREADY_RECEIVED, Reason.PAYMENT_AUTHENTICATION}
    declared = [reason for reason in Reason if reason not in at_the_door]
    assert declared[0] is Reason.COLLECTED_OUTSIDE_PLAN
    assert declared[-1] is Reason.CONSENT_WITHDRAWN


def test_rows_are_counted_by_reason_and_the_rest_is_admitted_in_order():
    rows = [{}, {"consent_notice": None}, {}, {"consent_until": "2026-05-31"}, {"consent_notice": None}, {}]
    arrivals = Arrivals(Origin("counter_customers", "run", UUID(int=1), 0), frame(*rows))
    admitted, refusals = admit(arrivals, grounds(), TODAY)
    assert refusals.counts == {"no_consent": 2, "consent_expired": 1}
    assert admitted.frame.index.tolist() == [1, 3, 6]


def test_a_chunk_without_any_row_passes_as_nothing():
    assert refused([]) == {}


def test_a_chunk_of_refused_rows_only_admits_nothing():
    assert refused([{"consent_notice": None}] * 3) == {"no_consent": 3}


# --- withdrawal (PIPL art. 15) -----------------------------------------------------------------------------------

WITHDRAWALS: dict[str, tuple[str, str, bool]] = {
    "a withdrawal after the consent stops it": ("2026-05-01", "2026-05-20T08:00:00Z", True),
    "a new consent after the withdrawal counts": ("2026-05-01", "2026-04-20T08:00:00Z", False),
    "a consent dated on the day of the withdrawal can't be told to be later": (
        "2026-05-01", "2026-05-01T02:00:00Z", True),
    "a consent given with its time later on that day counts": (
        "2026-05-01T12:00:00+08:00", "2026-05-01T02:00:00Z", False),
    "a consent at the very moment of the withdrawal does not": (
        "2026-05-01T10:00:00+08:00", "2026-05-01T02:00:00Z", True),
}  # fmt: skip


@pytest.mark.parametrize(("given", "withdrawn", "stops"), WITHDRAWALS.values(), ids=WITHDRAWALS.keys())
def test_a_withdrawal_holds_until_a_later_consent(given, withdrawn, stops):
    counts = refused([{"consent_at": given}], withdrawn=[(1, "account_service", withdrawn)])
    assert counts == ({"consent_withdrawn": 1} if stops else {})


def test_only_the_row_of_the_one_who_withdrew_is_refused():
    assert refused([{}, {}, {}], withdrawn=[(2, "account_service", "2026-05-20")]) == {"consent_withdrawn": 1}


def test_the_latest_withdrawal_counts():
    both = [(1, "account_service", "2026-04-01"), (1, "account_service", "2026-05-20")]
    assert refused([{}], withdrawn=both) == {"consent_withdrawn": 1}


def test_a_withdrawal_of_a_purpose_that_the_plan_has_not_stops_nothing():
    assert refused([{}], withdrawn=[(1, "marketing", "2026-05-20")]) == {}


def test_a_withdrawal_of_one_of_two_purposes_stops_the_row():
    row = {"consent_notice": "N-WEB-2", "consent_purposes": "membership;marketing", "consent_until": None}
    assert refused([row], plan=WEB) == {}
    assert refused([row], plan=WEB, withdrawn=[(1, "marketing", "2026-05-20")]) == {"consent_withdrawn": 1}


def test_a_consent_to_one_of_two_purposes_covers_not_the_plan():
    row = {"consent_notice": "N-WEB-2", "consent_purposes": "membership", "consent_until": None}
    assert refused([row], plan=WEB) == {"purpose_not_covered": 1}


# --- another legal basis (PIPL art. 13 (2)-(7)) ------------------------------------------------------------------


@pytest.mark.parametrize("basis", ["contract", "legal_duty", "emergency", "public_interest", "other_law"])
def test_a_plan_on_another_legal_basis_needs_no_receipt_but_stays_in_its_time(basis):
    plan = COUNTER.model_copy(update={"legal_basis": basis, "notices": ()})
    bare = dict.fromkeys(("consent_notice", "consent_at", "consent_until", "consent_purposes"))
    assert refused([bare], plan=plan) == {}
    assert refused([{**bare, "collected_at": "2019-12-31"}], plan=plan) == {"collected_outside_plan": 1}


PURPOSES = {
    "a;b": ("a", "b"), "b, a": ("a", "b"), "a，b；c、d": ("a", "b", "c", "d"), " a | b ": ("a", "b"), "a;a": ("a",),
    "": (), ";;": (),
}  # fmt: skip


@pytest.mark.parametrize(("cell", "expected"), PURPOSES.items(), ids=PURPOSES.keys())
def test_purposes_are_read_whatever_separates_them(cell, expected):
    assert purposes_of(cell) == expected


def test_the_day_of_the_gate_is_the_day_in_china():
    from pipelines.moments import day_of

    assert day_of(datetime(2026, 5, 31, 16, 0, tzinfo=UTC)) == date(2026, 6, 1)
    assert day_of(datetime(2026, 5, 31, 15, 59, 59, tzinfo=UTC)) == date(2026, 5, 31)
