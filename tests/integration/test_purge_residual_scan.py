"""`tutela purge --residual-scan`: what was destroyed is looked for in all files of cluster and home afterwards."""

from __future__ import annotations

from pathlib import Path

from tests.homes import Home, customers


def test_a_purge_says_what_of_the_destroyed_still_lies_in_the_files(home: Home, tmp_path: Path) -> None:
    home.collect("counter_customers", customers(tmp_path / "old.csv", [1, 2], last="2023-06-01"))
    home.collect("counter_customers", customers(tmp_path / "new.csv", [2, 3]))
    purged = home.purge(residual_scan=True)
    assert purged.residual is not None
    told = purged.as_json()["residual"]
    # Two ciphertexts, and the identifiers of the one person of whom nothing is left.
    assert told["patterns"] == 4
    assert set(told["found"]) == {"cluster", "home"}
    assert told["found"]["home"] == {}
    assert told["bytes"] > 0
    assert isinstance(told["complete"], bool)


def test_where_nothing_was_destroyed_nothing_is_looked_for_and_nothing_called_clean(home: Home) -> None:
    told = home.purge(residual_scan=True).residual
    assert told == {"patterns": 0, "complete": False, "found": {}}
