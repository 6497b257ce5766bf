"""What happens after the collection moves records at once: withdrawal, the end of a relationship, an activity (S-05 to S-07, D-01).

Classes of one test plan each: R-REL three years from the last activity, R-EC the same with a law's minimum, R-AML ten years
from the end of the relationship, R-PURP thirty days from the end of consent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import UnknownReference
from pipelines.jobs import consents, events, holds
from pipelines.jobs.home import open_home
from tests.homes import NOON, TODAY, Home, Homes, approve, customers, mobile, policy_copy

SECOND = "counter_second"
"""A second plan over the same people; its retention class is changed from test to test."""
FIFTEEN = TODAY + timedelta(15)


def second_plan(policy: Path, retention: str) -> None:
    """Write a copy of the counter's plan under another name and class, and have the schedule approved."""
    text = (policy / "plans" / "counter_customers.yaml").read_text("utf-8")
    changed = text.replace("plan: counter_customers", f"plan: {SECOND}").replace(
        "retention: R-REL", f"retention: {retention}"
    )
    (policy / "plans" / f"{SECOND}.yaml").write_text(changed, "utf-8")
    suite = policy.parent / "expectations" / "counter_customers.yaml"
    (suite.parent / f"{SECOND}.yaml").write_text(suite.read_text("utf-8").replace("counter_customers", SECOND), "utf-8")
    approve(policy, valid_until=date(2099, 12, 31))


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory) -> Home:
    """Two people at the counter, last active a month ago."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", customers(folder / "counter_1.csv", [1, 2]))
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home, tmp_path) -> Iterator[Home]:
    import shutil

    from pipelines.settings import CHECKOUT

    shutil.copytree(CHECKOUT / "expectations", tmp_path / "expectations")
    policy = policy_copy(tmp_path / "policy")
    approve(policy, valid_until=date(2099, 12, 31))
    home = homes.copy(stocked, policy=policy, expectations=tmp_path / "expectations")
    yield home
    homes.drop(home)


def collect_second(home: Home, path: Path, retention: str, *numbers: int, **cells: str) -> None:
    second_plan(home.settings.policy, retention)
    home.collect(SECOND, customers(path, numbers, **cells))


def code_of(home: Home, number: int) -> str:
    """Find a person by number: the subjects of the first delivery are in the order of its rows."""
    return home.rows("SELECT code FROM vault.subject ORDER BY subject_id")[number - 1][0]


def lies(home: Home, code: str, plan: str = "counter_customers") -> tuple[date, str, bool, str]:
    """Say where a person's record of a plan lies: day, what is done on it, restricted, class."""
    return home.rows(
        "SELECT r.expires_on, c.action, c.restricted, c.retention_class FROM vault.record r JOIN keyring.cohort c "
        "USING (cohort_id) JOIN vault.batch b USING (batch_id) JOIN vault.subject s USING (subject_id) "
        "WHERE s.code = %s AND b.plan = %s", code, plan,
    )[0]  # fmt: skip


def kinds(home: Home) -> list[str]:
    return [row[0] for row in home.rows("SELECT body::jsonb ->> 'kind' FROM evidence.entry ORDER BY seq")]


def happen(home: Home, code: str, kind: Any, day: str | None, plan: str | None = None) -> dict[str, Any]:
    return events.record(home.settings, code, kind, date.fromisoformat(day) if day else None, plan, NOON)


# --- withdrawal --------------------------------------------------------------------------------------------------


def test_after_a_withdrawal_the_record_is_due_in_fifteen_days_and_goes_with_all_that_finds_it(vault: Home):
    code, before = code_of(vault, 1), vault.records()
    consents.withdraw(vault.settings, code, "counter_customers", None, NOON)
    assert lies(vault, code) == (FIFTEEN, "destroy", False, "R-REL")
    assert vault.records() == before
    assert kinds(vault)[-2:] == ["consent.withdrawn", "retention.event_recorded"]
    assert vault.value("SELECT expires_on FROM vault.subject WHERE code = %s", code) == FIFTEEN
    assert vault.purge(FIFTEEN - timedelta(1)).due == 0
    purged = vault.purge(FIFTEEN)
    assert (purged.destroyed, purged.verdict) == (1, "PASS")
    assert vault.value("SELECT count(*) FROM vault.subject") == 1
    assert vault.value("SELECT count(*) FROM vault.blind_index") == 2
    assert vault.ledger_holds()


def test_who_withdrew_can_not_be_read_from_an_old_backup_either(vault: Home, homes: Homes):
    """Her record left its cohort early; others still lie there. So that cohort's key has to go with hers."""
    backup = homes.copy(vault)
    code, other = code_of(vault, 1), code_of(vault, 2)
    consents.withdraw(vault.settings, code, "counter_customers", None, NOON)
    staying = {record: values for record, values in vault.records().items() if values["mobile"] != mobile(1)}
    assert vault.purge(FIFTEEN).verdict == "PASS"
    assert vault.records() == staying
    assert lies(vault, other)[0] == date(2029, 5, 1)

    keys = vault.keys("cohort")[0]
    left = backup.value("SELECT DISTINCT cohort_id FROM vault.record")
    assert not any(keys[left * 32 : (left + 1) * 32])
    assert (
        vault.value(
            "SELECT count(*) FROM keyring.cohort WHERE destroyed_by IS NULL AND (spent OR left_on <= %s)", FIFTEEN
        )
        == 0
    )
    homes.drop(backup)


def test_nor_under_any_key_that_it_was_ever_sealed_under(vault: Home):
    """First an activity moved her record to a later day, then she withdrew: the first cohort's key has to go too."""
    code = code_of(vault, 1)
    first = vault.value("SELECT DISTINCT cohort_id FROM vault.record")
    happen(vault, code, "activity", "2026-05-31")
    consents.withdraw(vault.settings, code, "counter_customers", None, NOON)
    assert vault.purge(FIFTEEN).verdict == "PASS"
    keys = vault.keys("cohort")[0]
    assert not any(keys[first * 32 : (first + 1) * 32])
    assert len(vault.records()) == 1
    assert lies(vault, code_of(vault, 1))[0] == date(2029, 5, 1)


def test_a_law_keeps_what_was_withdrawn_restricted_at_once_until_its_minimum_has_run_out(vault: Home, tmp_path):
    collect_second(vault, tmp_path / "second.csv", "R-EC", 1)
    code, due = code_of(vault, 1), date(2029, 5, 1)
    assert lies(vault, code, SECOND) == (due, "destroy", False, "R-EC")
    consents.withdraw(vault.settings, code, SECOND, None, NOON)
    assert lies(vault, code, SECOND) == (due, "destroy", True, "R-EC")
    assert lies(vault, code)[0] == due, "the other plan's record stays as it is"
    assert vault.value("SELECT count(*) FROM vault.usable_record") == 2
    assert len(vault.records()) == 3
    assert vault.purge(due).destroyed == 3
    assert vault.ledger_holds()


def test_what_is_left_of_the_purposes_keeps_the_record(homes: Homes, tmp_path):
    home = homes.blank()
    path = tmp_path / "web_1.jsonl"
    path.write_text(WEB_ROW, "utf-8")
    home.collect("web_registrations", path)
    code = code_of(home, 1)
    before = lies(home, code, "web_registrations")
    consents.withdraw(home.settings, code, "web_registrations", ["marketing"], NOON)
    assert lies(home, code, "web_registrations") == before
    consents.withdraw(home.settings, code, "web_registrations", ["membership"], NOON)
    assert lies(home, code, "web_registrations")[0] == FIFTEEN


WEB_ROW = (
    '{"name": "甄无名", "mobile": "13800000001", "email": "a@example.com", "collected_at": "2026-05-01", '
    '"last_activity_at": "2026-05-01", "consent_notice": "N-WEB-2", "consent_at": "2026-05-01", '
    '"consent_until": "2027-05-01", "consent_method": "tick", "consent_purposes": "membership;marketing"}\n'
)


def test_consent_that_is_given_again_is_not_ended_by_the_withdrawal_before_it(vault: Home, tmp_path):
    code = code_of(vault, 1)
    consents.withdraw(vault.settings, code, "counter_customers", None, NOON)
    again = {"同意时间": "2026-06-10", "采集时间": "2026-06-10", "最近业务时间": "2026-06-10"}
    vault.collect("counter_customers", customers(tmp_path / "again.csv", [1], **again), at=NOON + timedelta(9))
    happen(vault, code, "activity", "2026-06-01")
    days = [row[0] for row in vault.rows("SELECT r.expires_on FROM vault.record r JOIN vault.subject s USING (subject_id) "
                                         "WHERE s.code = %s ORDER BY 1", code)]  # fmt: skip
    assert days == [FIFTEEN, date(2029, 6, 10)]


def test_an_identifier_that_only_the_withdrawn_record_shows_goes_with_it(vault: Home, tmp_path):
    """The withdrawn record shows another telephone number than the one that stays."""
    collect_second(vault, tmp_path / "second.csv", "R-SERV", 1, 手机号=mobile(99))
    code = code_of(vault, 1)
    weak = "SELECT b.expires_on FROM vault.blind_index b JOIN vault.subject s USING (subject_id) WHERE s.code = %s AND NOT strong ORDER BY 1"
    assert [row[0] for row in vault.rows(weak, code)] == [date(2029, 5, 1)] * 2
    consents.withdraw(vault.settings, code, SECOND, None, NOON)
    assert [row[0] for row in vault.rows(weak, code)] == [FIFTEEN, date(2029, 5, 1)]
    vault.purge(FIFTEEN)
    assert len(vault.rows(weak, code)) == 1


def test_a_plan_that_does_not_rest_on_consent_has_none_to_withdraw(vault: Home, tmp_path):
    policy = vault.settings.policy
    second_plan(policy, "R-AML")
    path = policy / "plans" / f"{SECOND}.yaml"
    text = path.read_text("utf-8").replace("legal_basis: consent", "legal_basis: legal_duty")
    path.write_text(text.replace("notices: [N-COUNTER-1, N-COUNTER-2]\n", ""), "utf-8")
    with pytest.raises(UnknownReference, match="does not rest on consent"):
        consents.withdraw(vault.settings, code_of(vault, 1), SECOND, None, NOON)


# --- relationships -----------------------------------------------------------------------------------------------


def test_what_counts_from_the_end_of_a_relationship_is_looked_at_until_it_has_ended(vault: Home, tmp_path):
    collect_second(vault, tmp_path / "second.csv", "R-AML", 1)
    code, first = code_of(vault, 1), date(2027, 5, 1)
    assert lies(vault, code, SECOND) == (first, "review", False, "R-AML")
    before = vault.records()
    purged = vault.purge(first)
    assert (purged.due, purged.verdict) == (0, None)
    assert lies(vault, code, SECOND) == (date(2028, 5, 1), "review", False, "R-AML")
    assert kinds(vault)[-1] == "retention.records_reviewed"
    assert vault.records() == before

    assert happen(vault, code, "relationship_end", "2026-05-31")["moved"] == {"records": 1, "restricted": 0}
    assert lies(vault, code, SECOND) == (date(2036, 5, 31), "destroy", False, "R-AML")
    assert lies(vault, code)[0] == date(2029, 5, 1)
    happen(vault, code, "relationship_end", "2026-05-15")
    assert lies(vault, code, SECOND)[0] == date(2036, 5, 15), "the last one recorded counts"
    happen(vault, code, "relationship_end", None)
    assert lies(vault, code, SECOND)[:2] == (date(2027, 5, 1), "review"), "taken back, it is looked at again"
    assert vault.ledger_holds()


def test_withdrawn_while_the_relationship_goes_on_it_is_restricted_and_looked_at_each_year(vault: Home, tmp_path):
    collect_second(vault, tmp_path / "second.csv", "R-AML", 1)
    code = code_of(vault, 1)
    consents.withdraw(vault.settings, code, SECOND, None, NOON)
    assert lies(vault, code, SECOND) == (date(2027, 5, 1), "review", True, "R-AML")
    vault.purge(date(2027, 5, 1))
    assert lies(vault, code, SECOND) == (date(2028, 5, 1), "review", True, "R-AML")
    assert vault.value("SELECT count(*) FROM vault.usable_record") == 2


def test_a_consent_given_for_a_time_ends_by_itself(vault: Home, tmp_path):
    collect_second(vault, tmp_path / "second.csv", "R-PURP", 1, 同意有效期="2026-09-30")
    code = code_of(vault, 1)
    assert lies(vault, code, SECOND) == (date(2026, 10, 31), "destroy", False, "R-PURP")
    happen(vault, code, "consent_end", "2026-07-01", SECOND)
    assert lies(vault, code, SECOND)[0] == date(2026, 7, 31)


def test_an_activity_prolongs_what_counts_from_the_last_one_and_never_lies_in_the_future(vault: Home):
    code = code_of(vault, 1)
    assert happen(vault, code, "activity", "2026-05-31")["moved"]["records"] == 1
    assert lies(vault, code)[0] == date(2029, 5, 31)
    assert vault.value("SELECT expires_on FROM vault.subject WHERE code = %s", code) == date(2029, 5, 31)
    assert happen(vault, code, "activity", "2026-05-20")["moved"]["records"] == 0
    with pytest.raises(UnknownReference, match="future"):
        happen(vault, code, "activity", "2026-06-02")


def test_where_nothing_is_known_of_the_subject_nothing_is_recorded(vault: Home):
    with pytest.raises(UnknownReference, match="no data subject"):
        happen(vault, "CP01NOBODY", "activity", "2026-05-31")
    assert vault.value("SELECT count(*) FROM destruction.event") == 0


# --- restriction at the end, and what is shown ---------------------------------------------------------------------


def test_what_is_to_be_restricted_is_restricted_on_its_day_and_then_looked_at(vault: Home, tmp_path):
    collect_second(vault, tmp_path / "second.csv", "R-ACC", 1, 最近业务时间="2022-01-01", 采集时间="2022-01-01",
                   同意时间="2022-01-01", 告知书版本="N-COUNTER-1")  # fmt: skip
    code, day = code_of(vault, 1), date(2052, 1, 1)
    assert lies(vault, code, SECOND) == (day, "restrict", False, "R-ACC")
    assert vault.purge(day).destroyed == 2, "the other plan's records were due long ago"
    assert lies(vault, code, SECOND) == (date(2057, 1, 1), "review", True, "R-ACC")
    assert "retention.records_restricted" in kinds(vault)
    assert len(vault.records()) == 1
    assert vault.value("SELECT count(*) FROM vault.usable_record") == 0
    assert vault.purge(date(2057, 1, 1)).due == 0
    assert lies(vault, code, SECOND)[0] == date(2062, 1, 1)


def test_show_says_when_and_why_and_no_value(vault: Home):
    code = code_of(vault, 1)
    holds.add(vault.settings, code, "lawsuit", "legal", date(2026, 9, 1), NOON)
    consents.withdraw(vault.settings, code, "counter_customers", None, NOON)
    (shown,) = events.show(vault.settings, code, NOON)
    assert shown["class"] == "R-REL"
    assert (shown["due"], shown["action"], shown["restricted"]) == (FIFTEEN.isoformat(), "destroy", False)
    assert (shown["collected"], shown["consent_end"]) == ("2026-05-01", TODAY.isoformat())
    assert (shown["held_until"], shown["kept_by_hold"]) == ("2026-09-01", False)
    assert not {"mobile", "customer_name"} & set(shown)
    vault.purge(FIFTEEN)
    (shown,) = events.show(vault.settings, code, NOON)
    assert (shown["class"], shown["due"], shown["kept_by_hold"]) == ("R-REL", "2026-09-01", True)


def test_the_schedule_is_shown_with_the_plans_that_lie_under_each_class(vault: Home):
    shown = {row["key"]: row for row in events.schedule(vault.settings)}
    assert shown["R-REL"]["plans"] == ["counter_customers"]
    assert shown["R-AML"]["minimum"]["anchor"]["law"] == "反洗钱法"


def test_nobody_but_who_destroys_verifies_or_backs_up_reads_the_records_themselves(vault: Home):
    """Whoever is to use records reads `vault.usable_record`, which leaves out what is restricted."""
    allowed = {"tutela_destroy", "tutela_verify", "tutela_backup"}
    tables = [row[0] for row in vault.rows(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'vault' AND c.relname LIKE 'record%%' AND c.relkind IN ('r', 'p')")]  # fmt: skip
    assert len(tables) > 1
    roles = [row[0] for row in vault.rows("SELECT rolname FROM pg_roles WHERE rolname LIKE 'tutela%%'")]
    readers = {role for role in roles for table in tables
               if vault.value("SELECT has_any_column_privilege(%s, %s, 'SELECT')", role, table)}  # fmt: skip
    assert readers == allowed
    with vault.sql() as connection:
        connection.execute("CREATE ROLE someone_who_uses NOLOGIN")
        try:
            connection.execute("GRANT USAGE ON SCHEMA vault TO someone_who_uses")
            connection.execute("GRANT SELECT ON vault.usable_record TO someone_who_uses")
            connection.execute("UPDATE keyring.cohort SET restricted = true")
            connection.execute("SET ROLE someone_who_uses")
            assert connection.execute("SELECT count(*) FROM vault.usable_record").fetchone() == (0,)
        finally:
            connection.execute("RESET ROLE")
            connection.execute("DROP OWNED BY someone_who_uses")
            connection.execute("DROP ROLE someone_who_uses")


def test_the_home_opens_what_moved_with_the_keys_that_it_has(vault: Home):
    before, code = vault.records(), code_of(vault, 1)
    for day in ("2026-05-02", "2026-05-03", "2026-05-04"):
        happen(vault, code, "activity", day)
    assert vault.records() == before
    assert open_home(vault.settings).kms.names()
