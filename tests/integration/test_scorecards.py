"""Scorecards: of a batch, a plan, a department and a month."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import TutelaError
from pipelines.jobs import scorecards
from pipelines.jobs.home import Home as Opened
from pipelines.jobs.home import open_home
from pipelines.quality.card import COLUMNS
from pipelines.quality.verdict import Dimension
from pipelines.store import scores
from pipelines.store.database import Database
from tests.homes import NOON, Home, Homes, counter, customers

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAN = "counter_customers"
DAYS = [NOON - timedelta(days=2), NOON - timedelta(days=1), NOON]
NAME = "customer_name.present"


@pytest.fixture(scope="module")
def three(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Three days: a sound one, then two on which a name is missing; one of these failures is settled."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("days")
    home.collect(PLAN, customers(folder / "a.csv", range(1, 5)), at=DAYS[0])
    home.collect(PLAN, counter(folder / "b.csv", {"姓名": ""}, {}), at=DAYS[1])
    home.collect(PLAN, counter(folder / "c.csv", {"姓名": ""}, {"姓名": "", "手机号": "1"}, {}), at=DAYS[2])
    first = home.value("SELECT batch_id FROM quality.score WHERE expectation = %s AND failed = 1", NAME)
    database = Database(home.admin, home.settings.sql)
    with database.begin(None) as tx:
        scores.settle(tx, {(first, NAME): 1})
    database.close()
    with home.sql() as connection:
        connection.execute("UPDATE quality.quarantine SET state = 'rejected' WHERE batch_id = %s", [first])
    return home


@pytest.fixture
def opened(three: Home) -> Iterator[Opened]:
    home = open_home(three.settings)
    yield home
    home.database.close()


def _rule(found: Any, name: str) -> Any:
    return next(rule for rule in found.rules if rule.rule == name)


def test_a_plan_s_card_counts_failures_as_they_arrived_and_as_they_are_now(opened: Opened) -> None:
    card = scorecards.plan(opened, PLAN, NOON)
    name = _rule(card, NAME)
    assert (name.standing.evaluated, name.standing.failed, name.standing.settled) == (9, 3, 1)
    assert (name.standing.arrived, name.standing.now) == pytest.approx((6 / 9, 7 / 9))
    assert card.overall.failed == sum(rule.standing.failed for rule in card.rules)
    assert card.overall.arrived is not None
    assert card.overall.now is not None
    assert card.overall.arrived < card.overall.now < 1
    completeness = [rule.standing for rule in card.rules if rule.dimension is Dimension.COMPLETENESS]
    assert card.dimensions[Dimension.COMPLETENESS].failed == sum(each.failed for each in completeness)


def test_the_worst_rule_is_the_one_that_rows_wait_for_and_says_since_when(opened: Opened) -> None:
    card = scorecards.plan(opened, PLAN, NOON)
    worst = card.rules[0]
    assert (worst.rule, worst.waiting, worst.since) == (NAME, 2, date(2026, 5, 31))
    assert worst.zh == "客户姓名必填"
    assert _rule(card, "mobile.format").since == date(2026, 6, 1)
    assert _rule(card, "mobile.present").since is None
    assert [rule.rule for rule in card.worst][:2] == [NAME, "mobile.format"]


def test_rows_and_reviews_are_counted(opened: Opened) -> None:
    card = scorecards.plan(opened, PLAN, NOON + timedelta(days=6))
    assert (card.rows.arrived, card.rows.stored, card.rows.quarantined, card.rows.refused) == (9, 6, 3, 0)
    assert (card.sla.waiting, card.sla.overdue) == (2, 2)
    assert card.sla.middle_days == pytest.approx(6)
    assert scorecards.plan(opened, PLAN, NOON).sla.overdue == 0


def test_what_can_not_be_compared_yet_is_unknown_and_no_pass(opened: Opened) -> None:
    card = scorecards.everything(opened, NOON)
    assert (card.unlike, card.untold) == (0, 1)
    assert [found["sign"] for found in card.as_json()["drift"]] == ["unknown"]


def test_a_trend_has_a_point_for_each_day_on_which_something_came(opened: Opened) -> None:
    trend = scorecards.plan(opened, PLAN, NOON).trend
    assert [label for label, _ in trend.points] == ["2026-05-30", "2026-05-31", "2026-06-01"]
    assert trend.points[0][1].failed == 0


def test_a_month_counts_its_own_days_in_china(opened: Opened) -> None:
    may, june = (scorecards.month(opened, name, NOON) for name in ("2026-05", "2026-06"))
    assert (may.first, may.last) == (date(2026, 5, 1), date(2026, 5, 31))
    assert (may.rows.arrived, june.rows.arrived) == (6, 3)
    assert {part.plan for part in june.parts} >= {PLAN, "web_registrations", "partner_enterprises"}
    assert next(part for part in june.parts if part.plan == "web_registrations").overall.arrived is None


def test_a_department_s_card_is_about_its_own_plans(opened: Opened) -> None:
    card = scorecards.department(opened, "sales", "2026-06", NOON)
    assert [part.plan for part in card.parts] == [
        plan.name for plan in opened.policy.plans.values() if plan.owner.department == "sales"
    ]
    assert card.rows.arrived == 3


def test_a_batch_s_card_knows_its_rows_its_drift_and_the_runs_before_it(opened: Opened, three: Home) -> None:
    run = three.value("SELECT run FROM vault.batch ORDER BY batch_id DESC LIMIT 1")
    card = scorecards.batch(opened, run, NOON)
    assert (card.rows.arrived, card.sla.waiting, len(card.trend.points)) == (3, 2, 3)
    assert card.rules[0].rule == NAME
    assert {found.sign.value for found in card.drifts[PLAN]} == {"unknown"}
    lines = scorecards.runs(opened, PLAN)
    assert [line.run for line in lines] == [label for label, _ in reversed(card.trend.points)]
    assert lines[0].standing == card.overall


def test_a_rule_has_a_history(opened: Opened) -> None:
    history = scorecards.rule(opened, PLAN, NAME, NOON)
    assert [(label, each.failed) for label, each in history.trend.points] == [
        ("2026-05-30", 0),
        ("2026-05-31", 1),
        ("2026-06-01", 2),
    ]
    assert (history.rule.waiting, history.rule.since) == (2, date(2026, 5, 31))


def test_what_a_steward_put_in_again_is_no_delivery(opened: Opened, three: Home) -> None:
    before = scorecards.everything(opened, NOON).as_json()
    with three.sql() as connection:
        connection.execute(
            "INSERT INTO vault.batch (plan, delivery_id, chunk, run, arrived, stored, refused, quarantined, level, at, source)"
            " SELECT plan, delivery_id, 77, 'steward-1', 1, 1, '{}', '{}', 4, at, 'steward' FROM vault.batch LIMIT 1"
        )
    assert scorecards.everything(opened, NOON).as_json() == before
    with pytest.raises(TutelaError, match="brought anything"):
        scorecards.batch(opened, "steward-1", NOON)


UNKNOWN = [
    (lambda home: scorecards.batch(home, "nothing", NOON), "No run nothing"),
    (lambda home: scorecards.department(home, "nobody", "2026-06", NOON), "department nobody"),
    (lambda home: scorecards.month(home, "June", NOON), "no month"),
    (lambda home: scorecards.month(home, "2026-13", NOON), "no month"),
    (lambda home: scorecards.rule(home, PLAN, "no.rule", NOON), "no.rule"),
]


@pytest.mark.parametrize(("ask", "said"), UNKNOWN, ids=[case[1] for case in UNKNOWN])
def test_what_is_not_there_is_said(opened: Opened, ask: Any, said: str) -> None:
    with pytest.raises(TutelaError, match=said):
        ask(opened)


@pytest.mark.parametrize(
    ("day", "last"),
    [("2026-02", date(2026, 2, 28)), ("2028-02", date(2028, 2, 29)), ("2026-12", date(2026, 12, 31))],
)
def test_a_month_ends_on_its_last_day(day: str, last: date) -> None:
    assert scorecards.days_of_month(day) == (last.replace(day=1), last)


def test_cards_are_json_and_csv(opened: Opened) -> None:
    card = scorecards.month(opened, "2026-06", NOON)
    told = json.loads(json.dumps(card.as_json(), ensure_ascii=False))
    assert told["plans"][0]["rows"]["arrived"] == 3
    assert told["rules"][0]["since"] == "2026-05-31"
    rows = list(csv.DictReader(io.StringIO(scorecards.as_csv(card))))
    assert tuple(rows[0]) == COLUMNS
    overall = next(row for row in rows if row["level"] == "overall")
    assert int(overall["failed"]) == sum(int(row["failed"]) for row in rows if row["level"] == "rule")


def test_nothing_yet_is_a_card_too(home: Home) -> None:
    opened = open_home(home.settings)
    card = scorecards.everything(opened, datetime(2026, 6, 1, tzinfo=UTC))
    assert card.overall.now is None
    assert card.rules == ()
    assert card.rows.arrived == 0
    opened.database.close()
