"""The vault that the benchmark of destruction fills is a real one: its figures are those of the product."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from benchmarks.vault_filler import AS_OF, AT, CLASSES, Layout, fill, person, plan_name, write_policy
from tests.homes import Home, Homes

LAYOUT = Layout(due=60, total=180, plans=4)


@pytest.fixture(scope="module")
def filled(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    policy = write_policy(tmp_path_factory.mktemp("bench") / "policy", LAYOUT.plans)
    home = homes.blank(policy=policy)
    fill(home.settings, LAYOUT)
    yield home
    homes.drop(home)


def test_the_vault_holds_what_the_layout_says(filled: Home) -> None:
    assert (LAYOUT.survivors, LAYOUT.records) == (30, 180)
    by_subject = filled.rows("SELECT count(*), min(expires_on) <= %s FROM vault.record GROUP BY subject_id", AS_OF)
    assert sorted(by_subject) == sorted([(1, True)] * 60 + [(4, False)] * 30)
    assert filled.value("SELECT count(*) FROM vault.blind_index") == 2 * 90
    assert filled.value("SELECT count(*) FROM vault.subject") == 90


def test_every_record_opens_and_holds_the_person_it_is_about(filled: Home) -> None:
    found = {(fields["name"], fields["id_number"], fields["mobile"]) for fields in filled.records().values()}
    assert found == {person(number) for number in range(90)}


def test_due_days_lie_in_a_whole_month_and_in_one_that_survivors_share(filled: Home) -> None:
    days = [day for (day,) in filled.rows("SELECT DISTINCT expires_on FROM vault.record WHERE expires_on <= %s", AS_OF)]
    assert {(day.year, day.month) for day in days} == {(2026, 5), (2026, 6)}
    classes = {name for (name,) in filled.rows("SELECT DISTINCT retention_class FROM keyring.cohort")}
    assert classes == set(CLASSES[: LAYOUT.plans])


def test_a_purge_destroys_exactly_what_is_due_and_the_evidence_holds(filled: Home, homes: Homes) -> None:
    home = homes.copy(filled, policy=filled.settings.policy)
    done = home.purge(AS_OF, AT)
    assert (done.destroyed, done.verdict) == (60, "PASS")
    assert len(home.records()) == 120
    assert home.ledger_holds()
    homes.drop(home)


def test_the_plans_of_the_benchmark_are_in_force_on_its_day(filled: Home) -> None:
    from pipelines.policy import load_policy

    plans = load_policy(filled.settings.policy).plans
    assert set(plans) == {plan_name(number) for number in range(4)}
    assert all(plan.valid.covers(date(2026, 6, 20)) for plan in plans.values())
