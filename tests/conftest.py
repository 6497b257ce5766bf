"""What all tests share."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from examples.generate import Summary
    from pipelines.settings import Settings
    from tests.homes import Home, Homes

pytest.register_assert_rewrite("tests.destruction_machine")
CHECKOUT = Path(__file__).resolve().parent.parent
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
"""As the platform runs: more threads than free cores make small matrices a hundred times as slow."""


@pytest.fixture(scope="session")
def public_data() -> Path:
    """Name the folder of public test data; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("TUTELA_TEST_DATA", CHECKOUT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the public test data is not here; TUTELA_TEST_DATA names its folder")
    return folder


@pytest.fixture(scope="session")
def ground() -> Iterator[Path]:
    """A short-named folder that the server's own account may pass through; pytest's temporary folders are closed."""
    folder = Path(tempfile.mkdtemp(prefix="tutela-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def embedded(ground: Path) -> Iterator[Settings]:
    """An initialised home with an embedded server of its own, as `tutela init` makes it; each test leaves it whole."""
    from pipelines.jobs.home import init
    from pipelines.platform.postgres import EmbeddedPostgres
    from pipelines.settings import Settings

    settings = Settings(home=ground / "embedded", workers=1)
    init(settings, datetime(2026, 6, 1, 4, tzinfo=UTC))
    yield settings
    EmbeddedPostgres(settings.home).remove()


@pytest.fixture(scope="session")
def homes(ground: Path) -> Iterator[Homes]:
    """The maker of homes: one server, a database a home."""
    from pipelines.platform.postgres import EmbeddedPostgres
    from tests.homes import Homes

    server = EmbeddedPostgres(ground / "server")
    yield Homes(server, ground)
    server.remove()


@pytest.fixture
def home(homes: Homes) -> Iterator[Home]:
    """An initialised home with nothing in it, for one test."""
    home = homes.blank()
    yield home
    homes.drop(home)


@pytest.fixture(scope="session")
def examples(ground: Path) -> Summary:
    """Example deliveries of a few hundred rows, dirty in known ways, as of the day on which tests play."""
    from examples.generate import generate
    from tests.homes import TODAY

    return generate(ground / "examples", seed=7, rows=(200, 90, 120), as_of=TODAY)
