"""Evidence of destructions that did not go in one piece, or not alone; the histories are those that the machine found."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.evidence.verify import verify_file
from pipelines.jobs import approvals, erasure
from pipelines.jobs.home import open_home
from pipelines.retention.decision import Decision
from tests.homes import NOON, Home, customers, die, fork

EARLIER = NOON - timedelta(days=2)


def wrong_with_certificates(home: Home) -> list[tuple[str, str]]:
    opened = open_home(home.settings)
    reports = [verify_file(path, opened.public_key, opened.anchors) for path in certificates(home)]
    return [(check.name, check.detail) for report in reports for check in report.checks if not check.ok]


def certificates(home: Home) -> list[Path]:
    return sorted((home.folder / "certificates").glob("*.json"))


@pytest.mark.parametrize("step", ["applied", "approved", "keys_destroyed", "rows_removed", "verified", "confirmed"])
def test_a_clock_put_back_in_the_middle_of_a_destruction_does_not_stop_it(
    step: str, home: Home, tmp_path: Path
) -> None:
    home.collect("counter_customers", customers(tmp_path / "counter_1.csv", [1], last="2023-05-01"))
    assert fork(lambda: home.purge(step=lambda name: die() if name == step else None)) == -9
    home.collect("counter_customers", customers(tmp_path / "counter_2.csv", [2]), at=EARLIER)
    home.purge(EARLIER.date(), EARLIER)
    assert len(certificates(home)) == 1
    assert wrong_with_certificates(home) == []
    assert home.ledger_holds()


def test_each_of_several_certificates_of_one_purge_verifies_against_the_anchors(home: Home, tmp_path: Path) -> None:
    home.collect("counter_customers", customers(tmp_path / "counter_1.csv", [1], last="2023-05-01"))
    home.collect("counter_customers", customers(tmp_path / "counter_2.csv", [2]))
    code = home.value(
        "SELECT code FROM vault.subject JOIN vault.record r USING (subject_id) ORDER BY r.expires_on DESC LIMIT 1"
    )
    asked = erasure.erase(home.settings, [code], "a letter", "steward", lambda: NOON)
    manifest = home.value("SELECT manifest_hash FROM destruction.job WHERE job_id = %s", asked.destruction)
    approvals.decide(
        home.settings, Decision(str(asked.destruction), "approved", "console", "leader", "leader", manifest, NOON), NOON
    )
    assert len(home.purge().certificates) == 2
    assert wrong_with_certificates(home) == []
