"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def public_data() -> Path:
    """Name the folder of public test data; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("TUTELA_TEST_DATA", CHECKOUT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the public test data is not here; TUTELA_TEST_DATA names its folder")
    return folder
