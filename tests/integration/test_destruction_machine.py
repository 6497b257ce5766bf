"""Whatever happens to a home, in whatever order: who must stay can be read, who must go can't, and the evidence holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.destruction_machine import DestructionMachine
from tests.homes import Homes

SHORT = settings(
    max_examples=4, stateful_step_count=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
LONG = settings(SHORT, max_examples=200, stateful_step_count=40, derandomize=False)


@pytest.fixture
def machine(homes: Homes, ground: Path) -> type[DestructionMachine]:
    DestructionMachine.homes, DestructionMachine.ground = homes, ground
    return DestructionMachine


def test_a_short_life(machine: type[DestructionMachine]) -> None:
    run_state_machine_as_test(machine, settings=SHORT)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_a_long_life(machine: type[DestructionMachine]) -> None:
    run_state_machine_as_test(machine, settings=LONG)
