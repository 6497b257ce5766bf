"""No name that the platform gives may ever be refused by its own ledger, whatever the time and the dice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.evidence import names
from pipelines.evidence.guard import is_token

moments = st.datetimes(datetime(2026, 1, 1), datetime(2099, 12, 31, 23, 59, 59))


@settings(max_examples=1000)
@given(at=moments, process=st.integers(1, 2**22), chance=st.binary(min_size=3, max_size=3))
@example(at=datetime(2026, 11, 24, 13, 0, 0), process=24533, chance=bytes.fromhex("a02b72"))
@example(at=datetime(2026, 11, 24, 20, 0, 0), process=24533, chance=bytes.fromhex("123456"))
def test_a_run_may_stand_in_the_ledger(at, process, chance):
    name = names.run_of_command(at, process, chance)
    assert is_token(name)
    assert name.split("-")[2] == f"p{process}"


@settings(max_examples=1000)
@given(at=moments, chance=st.binary(min_size=4, max_size=4))
@example(at=datetime(2026, 6, 1), chance=bytes.fromhex("12345678"))
def test_destructions_and_holds_may_stand_in_the_ledger(at, chance):
    assert is_token(names.destruction(at, chance))
    assert is_token(names.hold(at, chance))


@pytest.mark.parametrize("make", [names.destruction, names.hold], ids=["destruction", "hold"])
def test_not_one_of_many_names_is_refused(make):
    at = datetime(2026, 1, 1)
    drawn = (make(at + timedelta(days=n % 3000), (n * 2654435761 % 2**32).to_bytes(4, "big")) for n in range(20_000))
    assert not [name for name in drawn if not is_token(name)]
