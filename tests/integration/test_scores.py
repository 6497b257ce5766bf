"""What batches scored is kept by batch and by day, and tells what was settled since."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import TutelaError
from pipelines.quality.verdict import Dimension, Score, Severity
from pipelines.store import scores
from pipelines.store.database import Database
from tests.homes import NOON, Home, Homes, counter, customers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAN = "counter_customers"
CHECKSUM = "resident_id.checksum"
BY_DAY = (
    "SELECT day, sum(evaluated)::int, sum(failed)::int, sum(settled)::int FROM quality.daily GROUP BY day ORDER BY day"
)
BY_BATCH = "SELECT sum(evaluated)::int, sum(failed)::int, sum(settled)::int FROM quality.score"


@pytest.fixture
def database(home: Home) -> Iterator[Database]:
    opened = Database(home.admin, home.settings.sql)
    yield opened
    opened.close()


def test_the_scores_of_a_day_are_the_sum_of_its_batches(homes: Homes, tmp_path: Path) -> None:
    home = homes.blank(chunk_rows=2)
    home.collect(PLAN, customers(tmp_path / "a.csv", range(1, 6)))
    home.collect(PLAN, counter(tmp_path / "b.csv", {"手机号": "1380000"}, {"姓名": ""}))
    evaluated, failed, settled = home.rows(BY_BATCH)[0]
    assert home.value("SELECT count(*) FROM vault.batch") == 4
    assert home.rows(BY_DAY) == [(date(2026, 6, 1), evaluated, failed, settled)]
    assert failed > 0 == settled


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 6, 1, 15, 59, 59, tzinfo=UTC), date(2026, 6, 1)),
        (datetime(2026, 6, 1, 16, 0, tzinfo=UTC), date(2026, 6, 2)),
    ],
)
def test_a_day_is_a_calendar_day_in_china_for_who_counts_and_who_settles(
    home: Home, database: Database, tmp_path: Path, at: datetime, day: date
) -> None:
    home.collect(PLAN, counter(tmp_path / "a.csv", {"姓名": ""}), at=at)
    batch, failing = home.rows("SELECT batch_id, expectation FROM quality.score WHERE failed = 1 LIMIT 1")[0]
    with database.begin(None) as tx:
        scores.settle(tx, {(batch, failing): 1})
    assert [row[0] for row in home.rows(BY_DAY)] == [day]
    assert home.rows(BY_DAY)[0][3] == home.rows(BY_BATCH)[0][2] == 1


def test_settled_failures_are_counted_by_batch_and_day_and_reasons_without_a_score_are_passed_over(
    home: Home, database: Database, tmp_path: Path
) -> None:
    home.collect(PLAN, counter(tmp_path / "a.csv", {"姓名": ""}, {"姓名": "", "手机号": "139"}))
    home.collect(PLAN, counter(tmp_path / "b.csv", {"姓名": ""}))
    missing = home.rows(
        "SELECT batch_id, expectation, failed FROM quality.score WHERE failed > 0 AND expectation = 'customer_name.present' ORDER BY 1"
    )
    counts = {(batch, expectation): failed for batch, expectation, failed in missing}
    with database.begin(None) as tx:
        scores.settle(tx, {**counts, (missing[0][0], "retention.undated"): 1})
    assert home.rows(BY_BATCH)[0][2] == home.rows(BY_DAY)[0][3] == sum(counts.values()) == 3
    assert (
        home.value(
            "SELECT count(*) FROM quality.score WHERE settled <> failed AND expectation = 'customer_name.present'"
        )
        == 0
    )


def test_more_than_failed_can_not_be_settled_and_nothing_of_it_happens(
    home: Home, database: Database, tmp_path: Path
) -> None:
    home.collect(PLAN, counter(tmp_path / "a.csv", {"姓名": ""}))
    batch, failing = home.rows("SELECT batch_id, expectation FROM quality.score WHERE failed = 1 LIMIT 1")[0]
    with pytest.raises(TutelaError), database.begin(None) as tx:
        scores.settle(tx, {(batch, failing): 2})
    assert home.rows(BY_BATCH)[0][2] == home.rows(BY_DAY)[0][3] == 0


def test_a_steward_s_batch_keeps_its_scores_and_adds_none_to_the_day(
    home: Home, database: Database, tmp_path: Path
) -> None:
    home.collect(PLAN, customers(tmp_path / "a.csv", range(1, 3)))
    before = home.rows(BY_DAY)
    with home.sql() as connection:
        connection.execute(
            "INSERT INTO vault.batch (plan, delivery_id, chunk, run, arrived, stored, refused, quarantined, level, at)"
            " SELECT plan, delivery_id, 99, 'steward', 1, 1, '{}', '{}', 4, at FROM vault.batch LIMIT 1"
        )
    batch = home.value("SELECT max(batch_id) FROM vault.batch")
    with database.begin(None) as tx:
        scores.put(tx, batch, PLAN, NOON.date(), _scores(), {}, daily=False)
    assert home.rows(BY_DAY) == before
    assert home.value("SELECT evaluated FROM quality.score WHERE batch_id = %s", batch) == 1


def test_the_migration_fills_the_days_from_what_is_there(home: Home, tmp_path: Path) -> None:
    home.collect(PLAN, counter(tmp_path / "a.csv", {"姓名": ""}))
    home.collect(PLAN, customers(tmp_path / "b.csv", range(1, 4)), at=datetime(2026, 6, 1, 17, tzinfo=UTC))
    whole = "SELECT * FROM quality.daily ORDER BY plan, day, expectation"
    before = home.rows(whole)
    script = (home.settings.sql / "migrations" / "00.04.00_02_pre_scorecards.sql").read_text("utf-8")
    with home.sql() as connection:
        connection.execute("TRUNCATE quality.daily")
        connection.execute(
            script[script.index("INSERT INTO quality.daily") : script.index("GROUP BY 1, 2, 3;")] + "GROUP BY 1, 2, 3"
        )
    assert home.rows(whole) == before != []


def _scores() -> list[Score]:

    return [Score(CHECKSUM, "resident_id", Dimension.ACCURACY, Severity.CRITICAL, 1, 0)]
