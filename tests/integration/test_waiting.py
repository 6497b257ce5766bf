"""How many rows wait, by plan and rule, is known without counting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.homes import Home, counter

if TYPE_CHECKING:
    from pathlib import Path

COUNTED = "SELECT plan, rule, rows FROM quality.waiting WHERE rows > 0 ORDER BY 1, 2"
THERE = (
    "SELECT plan, rule, count(*) FROM quality.quarantine, unnest(array_append(failed, '')) rule"
    " WHERE state = 'waiting' GROUP BY 1, 2 ORDER BY 1, 2"
)


def test_what_comes_moves_and_goes_is_counted(home: Home, tmp_path: Path) -> None:
    home.collect(
        "counter_customers", counter(tmp_path / "a.csv", {"姓名": ""}, {"姓名": "", "手机号": "139"}, {"手机号": "1"})
    )
    assert home.rows(COUNTED) == home.rows(THERE)
    assert ("counter_customers", "", 3) in home.rows(COUNTED)
    with home.sql() as connection:
        connection.execute("UPDATE quality.quarantine SET state = 'returned' WHERE 'mobile.format' = ANY (failed)")
        assert home.rows(COUNTED) == home.rows(THERE) != []
        connection.execute(
            "UPDATE quality.quarantine SET state = 'waiting' WHERE state = 'returned' AND reason = 'mobile.format'"
        )
        assert home.rows(COUNTED) == home.rows(THERE)
        connection.execute("DELETE FROM quality.quarantine WHERE state = 'waiting' AND reason = 'mobile.format'")
        assert home.rows(COUNTED) == home.rows(THERE)
        connection.execute("DELETE FROM quality.quarantine")
    assert home.rows(COUNTED) == []
