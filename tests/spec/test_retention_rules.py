"""What the schedule decides: which period wins, when a record is restricted, when it is looked at again (S-05 to S-07).

The rule of the policy: the longest mandatory minimum wins, then the shortest maximum; between them the record is
restricted (PIPL art. 47). Nothing is kept for ever: what has no end yet has a day on which it is looked at again.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import astuple
from datetime import date
from time import process_time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import PolicyError
from pipelines.policy import load_policy
from pipelines.policy.due import ACTIONS, EventDays, decide_all
from pipelines.policy.retention import Action, Decision, Events, RetentionClass, decide
from pipelines.policy.terms import Duration
from pipelines.settings import CHECKOUT

LAW = {"law": "某法", "version": "2021", "article": "第1条"}
D, RES, REV = Action.DESTROY, Action.RESTRICT, Action.REVIEW


def kept(start: str, action: str = "destroy", minimum: dict[str, int] | None = None, **more: Any) -> RetentionClass:
    """Make a class that keeps for 3 years, unless told otherwise."""
    law = {"minimum": {"duration": minimum, "anchor": {**LAW, "kind": "minimum"}}} if minimum else {}
    given = {"duration": {"years": 3}, "anchor": {**LAW, "kind": "basis"}, "zh": "某", "en": "Some", **law, **more}
    return RetentionClass.model_validate({"key": "R-X", "start": start, "action": action, **given})


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


YEARLY = {"review": {"years": 1}}
CASES: dict[str, tuple[RetentionClass, tuple[str | None, ...], str, tuple[str, Action, bool]]] = {
    # class, (collected, last activity, end of relationship, end of consent), today, (due, action, restricted)
    "it counts from the collection": (
        kept("collected"), ("2024-02-29", "2025-01-01"), "2024-03-01", ("2027-02-28", D, False)),
    "it counts from the last activity": (
        kept("last_activity"), ("2020-01-01", "2024-02-29"), "2024-03-01", ("2027-02-28", D, False)),
    "without an activity it counts from the collection": (
        kept("last_activity"), ("2024-02-29",), "2024-03-01", ("2027-02-28", D, False)),
    "past its day it still has that day": (
        kept("collected"), ("2020-01-31",), "2026-06-01", ("2023-01-31", D, False)),
    "a withdrawal makes it due in 15 days": (
        kept("collected"), ("2026-01-01", None, None, "2026-02-20"), "2026-02-20", ("2026-03-07", D, False)),
    "a withdrawal that comes after its day changes nothing": (
        kept("collected"), ("2020-01-01", None, None, "2026-01-01"), "2026-01-01", ("2023-01-01", D, False)),
    "a class may give a withdrawal another time": (
        kept("collected", withdrawal={"months": 1}), ("2026-01-01", None, None, "2026-01-31"), "2026-02-01",
        ("2026-02-28", D, False)),
    "a minimum as long as the period restricts nothing": (
        kept("collected", minimum={"years": 3}), ("2024-02-29",), "2027-02-28", ("2027-02-28", D, False)),
    "a minimum that runs out before a withdrawal takes effect restricts nothing": (
        kept("collected", minimum={"years": 1}), ("2025-01-10", None, None, "2025-12-31"), "2026-01-01",
        ("2026-01-15", D, False)),
    "a minimum that runs out on the very day restricts nothing": (
        kept("collected", minimum={"years": 1}), ("2025-01-15", None, None, "2025-12-31"), "2026-01-01",
        ("2026-01-15", D, False)),
    "a minimum that runs out one day later restricts for that day": (
        kept("collected", minimum={"years": 1}), ("2025-01-16", None, None, "2025-12-31"), "2026-01-01",
        ("2026-01-16", D, True)),
    "after a withdrawal the law keeps it, restricted at once, until the minimum has run out": (
        kept("collected", minimum={"years": 3}), ("2024-02-29", None, None, "2024-05-01"), "2024-05-01",
        ("2027-02-28", D, True)),
    "a withdrawal that is announced restricts from its day": (
        kept("collected", minimum={"years": 3}), ("2024-02-29", None, None, "2024-05-01"), "2024-04-30",
        ("2024-05-01", RES, False)),
    "a minimum longer than the period: in use until the one": (
        kept("collected", minimum={"years": 5}), ("2021-06-01",), "2024-05-31", ("2024-06-01", RES, False)),
    "a minimum longer than the period: restricted on the day itself, until the other": (
        kept("collected", minimum={"years": 5}), ("2021-06-01",), "2024-06-01", ("2026-06-01", D, True)),
    "a minimum longer than the period: past both, it goes": (
        kept("collected", minimum={"years": 5}), ("2021-06-01",), "2026-06-02", ("2026-06-01", D, True)),
    "what is to be restricted is in use until its day": (
        kept("collected", "restrict", **YEARLY), ("2021-06-01",), "2024-05-31", ("2024-06-01", RES, False)),
    "what is restricted for good is looked at again each year": (
        kept("collected", "restrict", **YEARLY), ("2021-06-01",), "2024-06-01", ("2025-06-01", REV, True)),
    "on a day of review the next one is a year later": (
        kept("collected", "restrict", **YEARLY), ("2021-06-01",), "2025-06-01", ("2026-06-01", REV, True)),
    "reviews keep to the corresponding day, leap day included": (
        kept("collected", "restrict", **YEARLY), ("2021-02-28",), "2027-05-01", ("2028-02-28", REV, True)),
    "restricted by a withdrawal, it is looked at when the minimum has run out": (
        kept("collected", "restrict", {"years": 3}, **YEARLY), ("2021-06-01", None, None, "2022-01-01"), "2022-01-01",
        ("2024-06-01", REV, True)),
    "the relationship goes on: looked at again a year after the collection": (
        kept("relationship_end", **YEARLY), ("2024-02-29",), "2024-03-01", ("2025-02-28", REV, False)),
    "the relationship still goes on: the day itself is past": (
        kept("relationship_end", **YEARLY), ("2024-02-29",), "2025-02-28", ("2026-02-28", REV, False)),
    "the relationship has ended": (
        kept("relationship_end", **YEARLY), ("2024-02-29", None, "2026-01-31"), "2026-02-01",
        ("2029-01-31", D, False)),
    "the relationship will end": (
        kept("relationship_end", **YEARLY), ("2024-02-29", None, "2027-01-31"), "2026-02-01",
        ("2030-01-31", D, False)),
    "withdrawn while the relationship goes on and no law keeps it": (
        kept("relationship_end", **YEARLY), ("2024-02-29", None, None, "2026-02-01"), "2026-02-01",
        ("2026-02-16", D, False)),
    "withdrawn while the relationship goes on and a law keeps it: restricted, and looked at again": (
        kept("relationship_end", "destroy", {"years": 10}, **YEARLY), ("2024-02-29", None, None, "2026-02-01"),
        "2026-02-01", ("2026-02-28", REV, True)),
    "withdrawn, and then the relationship ended: restricted until the minimum has run out": (
        kept("relationship_end", "destroy", {"years": 10}, **YEARLY), ("2024-02-29", None, "2026-03-01", "2026-02-01"),
        "2026-03-01", ("2036-03-01", D, True)),
    "the consent goes on: looked at again": (
        kept("consent_end", **YEARLY), ("2024-02-29",), "2024-03-01", ("2025-02-28", REV, False)),
    "a class that counts from the end of consent has no other time for a withdrawal": (
        kept("consent_end", **YEARLY), ("2024-02-29", None, None, "2026-02-01"), "2026-02-01",
        ("2029-02-01", D, False)),
    "the end of the relationship is nothing to what counts from the collection": (
        kept("collected"), ("2024-02-29", None, "2024-03-01"), "2024-03-01", ("2027-02-28", D, False)),
}  # fmt: skip


@pytest.mark.parametrize(("retention", "events", "on", "decided"), CASES.values(), ids=CASES.keys())
def test_the_decision(retention, events, on, decided):
    happened = Events(*(day(event) for event in events))  # type: ignore[arg-type]
    assert decide(retention, happened, day(on)) == Decision(day(decided[0]), *decided[1:])  # type: ignore[arg-type]


DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
DURATIONS = st.one_of(
    st.builds(lambda n: {"years": n}, st.integers(1, 30)),
    st.builds(lambda n: {"months": n}, st.integers(1, 40)),
    st.builds(lambda n: {"days": n}, st.integers(1, 1000)),
)
EVENTS = st.builds(Events, DAYS, st.none() | DAYS, st.none() | DAYS, st.none() | DAYS)


@st.composite
def classes(draw: st.DrawFn) -> RetentionClass:
    start = draw(st.sampled_from(["collected", "last_activity", "relationship_end", "consent_end"]))
    action = draw(st.sampled_from(["destroy", "restrict"]))
    reviewed = action == "restrict" or start.endswith("_end")
    return kept(
        start, action, draw(st.none() | DURATIONS), duration=draw(DURATIONS),
        review=draw(DURATIONS) if reviewed else None, withdrawal=None if start == "consent_end" else draw(DURATIONS),
    )  # fmt: skip


def columns(events: list[Events]) -> EventDays:
    return EventDays(*(np.array(column, dtype="datetime64[D]") for column in zip(*map(astuple, events), strict=True)))


@settings(max_examples=400, deadline=None)
@given(retention=classes(), events=st.lists(EVENTS, min_size=1, max_size=12), on=DAYS)
def test_a_column_of_records_is_decided_as_each_of_them_is(retention, events, on):
    together = decide_all(retention, columns(events), on)
    found = [
        Decision(due.astype(object), ACTIONS[number], bool(restricted))
        for due, number, restricted in zip(together.due, together.actions, together.restricted, strict=True)
    ]
    assert found == [decide(retention, each, on) for each in events]


@settings(max_examples=400, deadline=None)
@given(retention=classes(), events=EVENTS, on=DAYS)
def test_only_what_is_to_be_destroyed_is_ever_past_its_day_and_no_minimum_is_cut_short(retention, events, on):
    decision = decide(retention, events, on)
    assert decision.action is D or decision.due > on
    start = (
        events.last_activity or events.collected
        if retention.start == "last_activity"
        else getattr(events, retention.start)
    )
    if retention.minimum is not None and decision.action is D:
        assert start is not None
        assert decision.due >= retention.minimum.duration.after(start)
    assert not (retention.action == "restrict" and decision.action is D)


@given(duration=DURATIONS, anchor=DAYS, on=DAYS)
def test_reviews_come_in_order_and_none_is_left_out(duration, anchor, on):
    review, days = Duration(**duration), [anchor]
    while days[-1] <= max(on, anchor):
        days.append(review.following(anchor, days[-1]))
    assert days == sorted(set(days))
    assert review.following(anchor, on) == days[-1]
    assert days[1] == review.after(anchor)


def test_a_million_records_are_decided_in_a_moment():
    rng = np.random.default_rng(1)
    days = np.datetime64("2020-01-01") + rng.integers(0, 2000, (4, 1_000_000)).astype("timedelta64[D]")
    days[2:, ::3] = np.datetime64("NaT")
    started = process_time()
    decided = decide_all(
        kept("relationship_end", "destroy", {"years": 10}, **YEARLY), EventDays(*days), date(2026, 6, 1)
    )
    assert process_time() - started < 5
    assert len(decided) == 1_000_000
    assert not np.isnat(decided.due).any()


# --- what a schedule may say -------------------------------------------------------------------------------------

WRONG: dict[str, tuple[str, str, str]] = {
    "restricting without a day of review": (
        "action: restrict, review: {years: 5}", "action: restrict", "`review` is missing: it never ends by itself"),
    "a start that may never come without a day of review": (
        "duration: {days: 15}, action: destroy, review: {months: 6}", "duration: {days: 15}, action: destroy",
        "`review` is missing: `consent_end` may not have come yet"),
    "a review of what ends by itself": (
        "{start: collected, duration: {days: 90}, action: destroy, zh: 位置",
        "{start: collected, duration: {days: 90}, action: destroy, review: {years: 1}, zh: 位置", "`review` has no effect"),
    "a withdrawal of what counts from the end of consent": (
        "duration: {days: 15}, action", "duration: {days: 15}, withdrawal: {days: 3}, action", "remove `withdrawal`"),
    "a law's minimum that is not stated": (
        ',\n     minimum: {duration: {years: 3}, anchor: {law: 电子商务法, version: "2019", article: 第31条, kind: minimum}}',
        "", "state it as `minimum`"),
    "a minimum that no law sets": (
        'minimum: {duration: {months: 6}, anchor: {law: 网络安全法, version: "2025", article: 第23条, kind: minimum}}',
        'minimum: {duration: {months: 6}, anchor: {law: 网络安全法, version: "2025", article: 第23条, kind: platform}}',
        "not `platform`"),
    "a minimum longer than the law's maximum": (
        "article: 第16条, kind: maximum}}",
        'article: 第16条, kind: maximum}, minimum: {duration: {years: 6}, anchor: {law: 某法, version: "1", article: "1", kind: minimum}}}',
        "longer than the maximum"),
    "quarantine that is not destroyed": (
        "QUARANTINE:\n    {start: collected, duration: {days: 90}, action: destroy",
        "QUARANTINE:\n    {start: collected, duration: {days: 90}, action: restrict, review: {years: 1}",
        "nobody knows what is in it"),
    "a class with the name of what holds keep": ("  R-SHORT:", "  HOLD:", "choose another"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_schedule_is_refused_in_one_sentence(tmp_path, before, after, said):
    shutil.copytree(CHECKOUT / "policy", tmp_path / "policy")
    path = tmp_path / "policy" / "retention.yaml"
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(PolicyError, match=re.escape(said)) as refused:
        load_policy(tmp_path / "policy")
    assert "retention.yaml:" in str(refused.value)


def test_every_class_of_the_schedule_comes_to_an_end_or_a_day_of_review():
    for retention in load_policy(CHECKOUT / "policy").retention.values():
        decision = decide(retention, Events(date(2026, 1, 31)), date(2026, 6, 1))
        assert decision.due < date(2060, 1, 1)


def test_a_rule_is_the_same_under_another_name_and_another_with_another_period():
    assert kept("collected").rule() == kept("collected", zh="别的", anchor={**LAW, "kind": "platform"}).rule()
    assert kept("collected").rule() != kept("collected", withdrawal={"days": 14}).rule()
    assert kept("collected").rule() != kept("collected", minimum={"days": 14}).rule()
