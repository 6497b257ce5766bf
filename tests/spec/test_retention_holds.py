"""Legal holds (S-07, D-01): of one subject or of a whole plan; what they kept is due again by itself once they are lifted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from pipelines.errors import UnknownPlan, UnknownReference
from pipelines.jobs import holds
from tests.homes import NOON, TODAY, Home, Homes, customers

DUE, REVIEW = "2023-06-01", date(2026, 9, 1)
PLAN = "counter_customers"


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory) -> Home:
    """Two records due today, one a month later, one in three years; and a quarantined row."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect(PLAN, customers(folder / "counter_1.csv", [1, 2], last=DUE))
    home.collect(PLAN, customers(folder / "counter_2.csv", [3], last="2023-07-01"))
    home.collect(PLAN, customers(folder / "counter_3.csv", [4]))
    home.collect(PLAN, customers(folder / "counter_4.csv", [5], 手机号="1"))
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    homes.drop(home)


def lay(home: Home, review: date = REVIEW, *, subject: str | None = None, plan: str | None = None) -> str:
    return holds.add(home.settings, subject, "lawsuit", "legal", review, NOON, plan)


def code(home: Home, number: int) -> str:
    return home.rows("SELECT code FROM vault.subject ORDER BY subject_id")[number - 1][0]


def cohorts(home: Home) -> list[tuple[str, date, str, bool, int]]:
    """Say what lies in which cohort: class, day, action, restricted, records and quarantined rows."""
    return home.rows(
        "SELECT c.retention_class, c.expires_on, c.action, c.restricted, count(*) FROM keyring.cohort c JOIN "
        "(SELECT cohort_id FROM vault.record UNION ALL SELECT cohort_id FROM quality.quarantine) r USING (cohort_id) "
        "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2"
    )


def told(home: Home, kind: str) -> list[dict[str, object]]:
    return [row[0] for row in home.rows(
        "SELECT body::jsonb -> 'body' FROM evidence.entry WHERE body::jsonb ->> 'kind' = %s ORDER BY seq", kind)]  # fmt: skip


def test_a_hold_of_a_plan_keeps_all_its_records_and_quarantined_rows_past_their_day_restricted(vault: Home):
    records, waiting = vault.records(), vault.quarantined()
    lay(vault, plan=PLAN)
    day = TODAY + timedelta(90)
    purged = vault.purge(day)
    assert (purged.due, purged.held, purged.destroyed, purged.verdict) == (4, 4, 0, None)
    assert cohorts(vault) == [("HOLD", REVIEW, "review", True, 4), ("R-REL", date(2029, 5, 1), "destroy", False, 1)]
    assert (vault.records(), vault.quarantined()) == (records, waiting)
    assert told(vault, "retention.records_held") == [{"as_of": day.isoformat(), "records": 4}]
    assert vault.ledger_holds()


def test_what_a_hold_of_a_plan_kept_is_due_at_once_when_it_is_lifted_and_not_the_rest(vault: Home):
    hold = lay(vault, plan=PLAN)
    vault.purge(TODAY + timedelta(90))
    assert holds.release(vault.settings, hold, "legal", NOON + timedelta(90)) == 4
    assert told(vault, "hold.released")[-1]["records"] == 4
    purged = vault.purge(TODAY + timedelta(90), NOON + timedelta(90))
    assert (purged.destroyed, purged.held, purged.verdict) == (4, 0, "PASS")
    assert len(vault.records()) == 1
    assert vault.quarantined() == {}
    assert vault.value("SELECT count(*) FROM vault.subject") == 1
    assert vault.value("SELECT count(*) FROM vault.blind_index") == 2


def test_what_was_kept_too_early_goes_back_to_its_true_day(vault: Home):
    """A purge for a later day moved it; the hold is lifted before its own day has come."""
    hold = lay(vault, subject=code(vault, 3))
    vault.purge(date(2026, 7, 1))
    assert ("HOLD", REVIEW, "review", True, 1) in cohorts(vault)
    assert holds.release(vault.settings, hold, "legal", NOON) == 1
    assert ("R-REL", date(2026, 7, 1), "destroy", False, 1) in cohorts(vault)
    assert vault.purge(date(2026, 6, 30)).due == 0
    assert vault.purge(date(2026, 7, 1)).destroyed == 1


def test_of_two_holds_the_last_to_be_lifted_counts_and_the_later_review(vault: Home):
    person, plan = lay(vault, subject=code(vault, 1)), lay(vault, date(2026, 10, 1), plan=PLAN)
    vault.purge()
    assert ("HOLD", date(2026, 10, 1), "review", True, 2) in cohorts(vault)
    assert holds.release(vault.settings, plan, "legal", NOON) == 1
    assert vault.purge().destroyed == 1
    assert holds.release(vault.settings, person, "legal", NOON) == 1
    assert vault.purge().destroyed == 1


def test_a_hold_is_looked_at_on_its_day_and_again_after_thirty_days_where_that_is_past(vault: Home):
    lay(vault, TODAY - timedelta(5), subject=code(vault, 1))
    lay(vault, plan=PLAN)
    vault.purge()
    assert ("HOLD", REVIEW, "review", True, 2) in cohorts(vault)
    assert vault.purge(REVIEW).held == 4
    assert cohorts(vault)[0] == ("HOLD", REVIEW + timedelta(30), "review", True, 4)
    assert len(told(vault, "retention.records_held")) == 2


def test_a_record_that_is_not_due_yet_stays_where_it_is_under_a_hold(vault: Home):
    before = cohorts(vault)
    hold = lay(vault, subject=code(vault, 4))
    assert vault.purge(TODAY - timedelta(1)).held == 0
    assert holds.release(vault.settings, hold, "legal", NOON) == 0
    assert cohorts(vault) == before


def test_the_key_of_a_cohort_of_holds_goes_with_the_first_record_that_leaves_it(vault: Home):
    """Two people are held in one cohort; one is let go and destroyed. An old backup must not open her record."""
    first = lay(vault, subject=code(vault, 1))
    lay(vault, subject=code(vault, 2))
    vault.purge()
    kept = vault.value("SELECT cohort_id FROM keyring.cohort WHERE retention_class = 'HOLD'")
    holds.release(vault.settings, first, "legal", NOON)
    staying = vault.records()
    assert vault.purge().verdict == "PASS"
    keys = vault.keys("cohort")[0]
    assert not any(keys[kept * 32 : (kept + 1) * 32])
    assert len(vault.records()) == len(staying) - 1
    assert ("HOLD", REVIEW, "review", True, 1) in cohorts(vault)


def test_an_erasure_waits_for_the_hold_of_a_plan_that_has_a_record_of_her(vault: Home):
    from pipelines.jobs import erasure

    lay(vault, plan=PLAN)
    asked = erasure.erase(vault.settings, [code(vault, 4)], "she asks", "officer", lambda: NOON)
    assert (asked.destruction, asked.held) == (None, 1)


def test_holds_are_listed_those_to_be_looked_at_first(vault: Home):
    later, sooner = lay(vault, date(2026, 12, 1), plan=PLAN), lay(vault, subject=code(vault, 1))
    listed = holds.listed(vault.settings)
    assert [hold["hold"] for hold in listed] == [sooner, later]
    assert (listed[0]["subject"], listed[1]["plan"], listed[0]["review_on"]) == (code(vault, 1), PLAN, "2026-09-01")
    holds.release(vault.settings, sooner, "legal", NOON)
    assert [hold["hold"] for hold in holds.listed(vault.settings)] == [later]
    assert len(holds.listed(vault.settings, released=True)) == 2


@pytest.mark.parametrize("both", [True, False])
def test_a_hold_names_one_subject_or_one_plan(vault: Home, both):
    with pytest.raises(UnknownReference, match="one data subject or one plan"):
        holds.add(vault.settings, "CP01" if both else None, "r", "legal", REVIEW, NOON, PLAN if both else None)
    with pytest.raises(UnknownPlan):
        lay(vault, plan="no_such_plan")
    with pytest.raises(UnknownReference, match="hold list"):
        holds.release(vault.settings, "HD-0", "legal", NOON)
