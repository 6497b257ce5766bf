"""A run is compared with the runs of its plan before it, and what was found is kept."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.homes import NOON, Home, Homes, counter, mobile, resident_id

PLAN = "counter_customers"
SECRET = "半男半女"
SIGNS = "SELECT measure, field, sign, runs FROM quality.drift WHERE run = %s AND sign <> 'steady' ORDER BY 1, 2"


@pytest.fixture(scope="module")
def six(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A plan that brought 30 alike rows on each of six days, and then 90 of which a third lack an e-mail."""
    home, folder = homes.blank(chunk_rows=50), tmp_path_factory.mktemp("runs")
    for day in range(6):
        rows = [_row(100 * day + number, "男" if number % 2 else "女") for number in range(30)]
        home.collect(PLAN, counter(folder / f"{day}.csv", *rows), at=NOON + timedelta(hours=day))
    odd = [_row(1000 + n, SECRET if n % 2 else "女") | ({"电子邮箱": ""} if n % 3 else {}) for n in range(90)]
    home.collect(PLAN, counter(folder / "odd.csv", *odd), at=NOON + timedelta(hours=9))
    return home


def _row(number: int, sex: str) -> dict[str, str]:
    cells = {"性别": sex, "电子邮箱": f"nobody{number}@example.com"}
    return {"身份证号": resident_id(number), "手机号": mobile(number), **cells}


def test_the_first_five_runs_are_unknown_and_the_sixth_is_steady(six: Home) -> None:
    runs = [run for (run,) in six.rows("SELECT run FROM vault.batch GROUP BY run ORDER BY min(batch_id)")]
    assert len(runs) == 7
    for number, run in enumerate(runs[:5]):
        signs = six.rows("SELECT sign, runs FROM quality.drift WHERE run = %s", run)
        assert set(signs) == {("unknown", number)}
    assert six.rows(SIGNS, runs[5]) == []


def test_all_chunks_of_an_odd_run_are_compared_together(six: Home) -> None:
    odd = six.value("SELECT run FROM vault.batch ORDER BY batch_id DESC LIMIT 1")
    assert six.value("SELECT count(*) FROM vault.batch WHERE run = %s", odd) == 2
    assert six.rows(SIGNS, odd) == [
        ("missing", "email", "warning", 6),
        ("volume", "", "warning", 6),
        ("words", "sex", "warning", 6),
    ]
    assert six.rows("SELECT value, word FROM quality.drift WHERE run = %s AND field = 'email'", odd) == [
        (60 / 90, None)
    ]


def test_what_a_cell_holds_outside_the_closed_set_is_kept_nowhere(six: Home) -> None:
    words = six.rows("SELECT DISTINCT jsonb_object_keys(words) FROM quality.shape ORDER BY 1")
    assert {word for (word,) in words} == {"女", "男", "N-COUNTER-2"}
    assert six.value("SELECT word FROM quality.drift WHERE measure = 'words' AND sign = 'warning'") == "*"
    kept = six.rows("SELECT row_to_json(s) FROM quality.shape s") + six.rows(
        "SELECT row_to_json(d) FROM quality.drift d"
    )
    assert SECRET not in json.dumps(kept, ensure_ascii=False)
