"""Moving records as sets: the re-sealing engine, and following a schedule that was changed, kills included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
import pytest

from pipelines.errors import KeyUnavailable
from pipelines.jobs import events, holds
from pipelines.jobs.destruction import destroyer
from pipelines.jobs.home import Home as Opened
from pipelines.jobs.home import open_home
from pipelines.retention import reschedule, reseal
from pipelines.store import keyring, subjects
from pipelines.store.database import Role
from tests.homes import NOON, TODAY, Home, Homes, approve, customers, die, fork, policy_copy

PLAN = "counter_customers"


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory) -> Home:
    """Three people, each with a record due on another day; the first with another one of years later."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    for number, last in enumerate(["2024-01-15", "2024-02-29", "2025-03-31"], 1):
        home.collect(PLAN, customers(folder / f"counter_{number}.csv", [number], last=last))
    home.collect(PLAN, customers(folder / "counter_9.csv", [1], 职业="教师"))
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home, tmp_path) -> Iterator[Home]:
    policy = policy_copy(tmp_path / "policy")
    approve(policy, valid_until=date(2099, 12, 31))
    home = homes.copy(stocked, policy=policy)
    yield home
    homes.drop(home)


def keep_for(home: Home, years: int) -> None:
    """Have customer master data kept for another time."""
    path = home.settings.policy / "retention.yaml"
    text = path.read_text("utf-8").replace("{start: last_activity, duration: {years: 3}, action: destroy, zh: 客户主数据",
                                           f"{{start: last_activity, duration: {{years: {years}}}, action: destroy, zh: 客户主数据")  # fmt: skip
    path.write_text(text, "utf-8")
    approve(home.settings.policy, valid_until=date(2099, 12, 31))


def days(home: Home) -> list[str]:
    return [row[0].isoformat() for row in home.rows("SELECT expires_on FROM vault.record ORDER BY 1")]


# --- the engine --------------------------------------------------------------------------------------------------


def move(opened: Opened, home: Home, day: date, subject: int | None = None) -> int:
    """Move everything to one day, and to the key of another subject where one is named."""
    with opened.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        reseal.begin(tx)
        cohort = int(keyring.ensure_cohorts(tx, "R-REL", np.array([day], dtype="datetime64[D]"))[0])
        rows = home.rows("SELECT record_id, expires_on FROM vault.record")
        tx.copy_rows("copy_moving", ["uuid", "date", "int4", "date"], [(*row, cohort, day) for row in rows])
        if subject is not None:
            tx._connection.exec_driver_sql(f"UPDATE moving SET subject_id = {subject}")
        return reseal.run(tx, opened.custodian)


def test_what_moves_opens_with_its_new_keys_and_with_those_alone(vault: Home):
    before = vault.records()
    ciphertext = (
        "SELECT md5(string_agg(coalesce(part_3, '') || coalesce(part_4, ''), '' ORDER BY record_id)) FROM vault.record"
    )
    old = vault.value(ciphertext)
    assert move(open_home(vault.settings), vault, date(2031, 7, 1)) == 4
    assert vault.records() == before
    assert vault.value(ciphertext) != old
    assert days(vault) == ["2031-07-01"] * 4
    assert vault.value("SELECT count(*) FROM vault.subject WHERE expires_on = '2031-07-01'") == 3
    assert vault.value("SELECT count(*) FROM vault.blind_index WHERE expires_on = '2031-07-01'") == 6


def test_records_can_move_to_the_key_of_another_subject(vault: Home):
    opened, before = open_home(vault.settings), vault.records()
    with opened.database.begin(Role.INGEST) as tx:
        tx.run("lock_writers")
        fresh = int(subjects.allot(tx, 1)[0])
    assert move(opened, vault, date(2031, 7, 1), fresh) == 4
    assert vault.value("SELECT count(*) FROM vault.record WHERE subject_id = %s", fresh) == 4
    assert vault.records() == before


def test_a_move_of_what_is_not_there_moves_nothing(vault: Home):
    opened, before = open_home(vault.settings), vault.portrait()

    def stray() -> None:
        with opened.database.begin(Role.DESTROY) as tx:
            tx.run("lock_writers")
            reseal.begin(tx)
            tx.copy_rows("copy_moving", ["uuid", "date", "int4", "date"], [(UUID(int=1), date(2027, 1, 15), 1, TODAY)])
            reseal.run(tx, opened.custodian)

    with pytest.raises(RuntimeError, match="1 records were to move, 0 did"):
        stray()
    assert vault.portrait() == before


def test_a_record_that_was_altered_stops_the_move_and_nothing_has_moved(vault: Home):
    with vault.sql() as connection:
        connection.execute("UPDATE vault.record SET part_3 = part_3 || 'x' WHERE expires_on = '2027-02-28'")
    before = days(vault)
    with pytest.raises(KeyUnavailable, match="does not open"):
        move(open_home(vault.settings), vault, date(2031, 7, 1))
    assert days(vault) == before


def test_renewed_cohorts_are_like_the_old_ones_and_take_their_place(vault: Home):
    opened = open_home(vault.settings)
    old = vault.rows("SELECT cohort_id, retention_class, expires_on, action, restricted FROM keyring.cohort ORDER BY 1")
    with opened.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        fresh = reseal.renew(tx, [row[0] for row in old])
        assert reseal.renew(tx, [row[0] for row in old]) == {}
    new = vault.rows(
        "SELECT cohort_id, retention_class, expires_on, action, restricted FROM keyring.cohort WHERE NOT spent"
    )
    assert sorted(new) == sorted((fresh[row[0]], *row[1:]) for row in old)


def test_where_there_is_nothing_to_settle_it_costs_one_look_up(vault: Home, monkeypatch):
    from pipelines.retention import settle
    from pipelines.store.database import Tx

    opened, asked = open_home(vault.settings), []
    one = Tx.one
    monkeypatch.setattr(Tx, "one", lambda tx, name, **more: (asked.append(name), one(tx, name, **more))[1])
    for method in ("run", "rows", "stream", "scalar", "copy_rows"):
        monkeypatch.setattr(Tx, method, lambda *_, **__: pytest.fail("more than one look-up"))
    with opened.database.begin(Role.DESTROY) as tx:
        assert settle.settle(tx, opened.custodian, opened.policy, date(2027, 1, 15), NOON) == settle.Settled()
    assert asked == ["unsettled"]


# --- another schedule --------------------------------------------------------------------------------------------


def test_where_nothing_was_changed_nothing_moves(vault: Home):
    before = vault.portrait()
    moved = events.reschedule(vault.settings, lambda: NOON)
    assert (moved.plans, moved.records) == ((), 0)
    assert vault.portrait() == before


def test_a_shorter_period_moves_what_lies_there_and_the_purge_follows_by_itself(vault: Home):
    before = vault.records()
    assert days(vault) == ["2027-01-15", "2027-02-28", "2028-03-31", "2029-05-01"]
    keep_for(vault, 2)
    moved = events.reschedule(vault.settings, lambda: NOON)
    assert (moved.plans, moved.records) == ((PLAN,), 4)
    assert days(vault) == [TODAY.isoformat()] * 2 + ["2027-03-31", "2028-05-01"], (
        "what would be past its day goes today"
    )
    assert vault.records() == before
    assert vault.rows("SELECT expires_on FROM vault.subject ORDER BY 1") == [
        (TODAY,),
        (date(2027, 3, 31),),
        (date(2028, 5, 1),),
    ]
    assert events.reschedule(vault.settings, lambda: NOON).records == 0
    purged = vault.purge()
    assert (purged.destroyed, purged.verdict) == (2, "PASS")
    assert vault.ledger_holds()


def test_a_longer_period_is_followed_by_the_nightly_purge_before_it_destroys(vault: Home):
    keep_for(vault, 4)
    purged = vault.purge(date(2027, 1, 15))
    assert (purged.due, purged.verdict) == (0, None)
    assert days(vault)[0] == "2028-01-15"


def test_another_class_of_a_plan_moves_its_records(vault: Home):
    path = vault.settings.policy / "plans" / f"{PLAN}.yaml"
    path.write_text(path.read_text("utf-8").replace("retention: R-REL", "retention: R-AML"), "utf-8")
    assert events.reschedule(vault.settings, lambda: NOON).records == 4
    assert vault.rows("SELECT DISTINCT c.retention_class, c.action FROM vault.record JOIN keyring.cohort c USING (cohort_id)") == [
        ("R-AML", "review")]  # fmt: skip
    assert vault.rows("SELECT plan, retention_class FROM destruction.schedule_in_force") == [(PLAN, "R-AML")]
    told = vault.rows("SELECT body::jsonb ->> 'kind' FROM evidence.entry ORDER BY seq DESC LIMIT 1")
    assert told == [("retention.rule_in_force",)]


def test_what_a_hold_keeps_stays_until_it_is_lifted_and_goes_by_the_new_rule_then(vault: Home):
    code = vault.rows("SELECT code FROM vault.subject ORDER BY subject_id")[1][0]
    hold = holds.add(vault.settings, code, "lawsuit", "legal", date(2030, 1, 1), NOON)
    vault.purge(date(2027, 2, 28))
    keep_for(vault, 4)
    assert events.reschedule(vault.settings, lambda: NOON).records == 2
    assert days(vault) == ["2029-03-31", "2030-01-01", "2030-05-01"]
    holds.release(vault.settings, hold, "legal", NOON)
    assert days(vault)[0] == "2028-02-29"


@pytest.mark.parametrize("pages", [1, 3])
def test_a_kill_in_the_middle_loses_nothing_and_the_next_call_goes_on(vault: Home, homes: Homes, monkeypatch, pages):
    monkeypatch.setattr(reschedule, "CHUNK_ROWS", 1)
    before = vault.records()
    keep_for(vault, 4)
    passed: list[str] = []

    def step(name: str) -> None:
        passed.append(name)
        if len(passed) == pages + 1:
            die()

    def work() -> None:
        reschedule.reschedule(destroyer(open_home(vault.settings), lambda: NOON, step))

    assert fork(work) < 0
    assert vault.records() == before
    assert 0 < len([day for day in days(vault) if day in NEW]) < 4
    reschedule.reschedule(destroyer(open_home(vault.settings), lambda: NOON))
    assert days(vault) == NEW
    assert vault.records() == before
    assert vault.ledger_holds()


NEW = ["2028-01-15", "2028-02-29", "2029-03-31", "2030-05-01"]


def test_a_plan_of_an_older_version_is_taken_to_lie_right(vault: Home):
    with vault.sql() as connection:
        connection.execute("DELETE FROM destruction.schedule_in_force")
    assert events.reschedule(vault.settings, lambda: datetime.now(UTC)).records == 0
    assert vault.value("SELECT count(*) FROM destruction.schedule_in_force") == 1
