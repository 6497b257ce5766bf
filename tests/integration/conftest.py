"""What the tests of whole parts share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import airflow_world


@pytest.fixture(scope="session")
def world() -> Iterator[airflow_world.World]:
    """The one running Airflow, for whatever file needs it; `test_airflow.py` is the last, and puts it down."""
    with airflow_world.world() as running:
        yield running
