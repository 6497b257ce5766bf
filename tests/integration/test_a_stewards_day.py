"""The steward's day, in a real browser against real Airflow, in both languages: report → worst rule → rows → decisions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page

from tests.airflow_world import World
from tests.browser import chromium, log_in, opened
from tests.homes import resident_id
from tests.steward_world import wrong_rows

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]
ROWS = 12
RULE = "id_number.checksum"


@dataclass(frozen=True)
class Said:
    """What the buttons and notices are called in one language."""

    language: str
    first: int
    """Number of the first of the made-up people of this test's delivery."""
    quality: str
    review: str
    row: str
    correct: str
    accept: str
    confirm: str
    stored: str
    accepted: str
    rejected: str
    evidence: str


ZH = Said(
    "zh", 300, "数据质量", "处理", r"第 (\d+) 行", "更正并重新检查", "特批", "特批入库", "入库", "特批", "驳回", "证据",
)  # fmt: skip
EN = Said(
    "en", 400, "Data quality", "Review", r"Row (\d+)", "Correct and check again", "Accept", "Accept 10", "stored",
    "accepted", "rejected", "Evidence",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def _sql(world: World, query: str, *given: object) -> list[tuple]:
    with psycopg.connect(world.postgres.url("tutela")) as connection:
        return connection.execute(query, given).fetchall()


def _open(page: Page) -> int:
    """Read how many failures of the rule nobody has settled."""
    figure = page.locator(".figure", has=page.locator(f"a[href*='{RULE}']")).locator(".value").first
    return int(figure.inner_text().replace(",", ""))


@pytest.mark.parametrize("said", [ZH, EN], ids=lambda said: said.language)
def test_a_steward_finds_the_worst_rule_decides_about_its_rows_and_is_on_record(world, browser, tmp_path, said):
    world_day = _Day(world, said, tmp_path)
    with opened(browser, said.language) as page:
        world_day.come(page)
        before = world_day.find_the_worst_rule(page)
        world_day.correct_one(page)
        world_day.accept_ten(page)
        world_day.reject_one(page)
        assert world_day.waiting_now(page) == before - ROWS
        world_day.look_at_the_evidence(page)


class _Day:
    def __init__(self, world: World, said: Said, folder: Path) -> None:
        self.world, self.said = world, said
        self.address = f"{world.platform.base_url}/console"
        wrong_rows(world.settings, folder / "counter_wrong.csv", ROWS, datetime.now(UTC), said.first)
        (self.batch,) = _sql(world, "SELECT max(batch_id) FROM quality.quarantine")[0]

    def come(self, page: Page) -> None:
        log_in(page, self.world.platform.base_url, "steward", self.world.platform.password_path("steward").read_text())
        page.goto(f"{self.world.platform.base_url}/")
        page.get_by_text("Tutela").first.click()
        inside = page.frame_locator("iframe").first
        inside.get_by_role("link", name=self.said.quality).first.wait_for()
        page.goto(f"{self.address}/")
        page.get_by_role("link", name=self.said.quality, exact=True).first.click()
        assert page.locator(".headline").count() == 1

    def find_the_worst_rule(self, page: Page) -> int:
        worst = page.locator(f"a[href*='/rules/{RULE}']").first
        worst.click()
        waiting = _open(page)
        page.locator("a.main-act", has_text=self.said.review).click()
        assert RULE in page.url
        return waiting

    def queue(self, page: Page) -> None:
        page.goto(f"{self.address}/quarantine?batch={self.batch}")

    def correct_one(self, page: Page) -> None:
        self.queue(page)
        page.locator("[data-open]").first.click()
        found = re.search(self.said.row, page.locator("h1").inner_text())
        assert found is not None
        right = resident_id(self.said.first + int(found[1]) - 1)
        assert right[:-1] not in page.content()
        box = page.locator("form.fields", has_text=self.said.correct)
        box.locator("input[name=value]").first.fill(right)
        box.locator("input[name=reason]").fill("looked up in the paper form")
        box.get_by_role("button", name=self.said.correct).click()
        assert self.said.stored in page.locator(".notice").inner_text()

    def accept_ten(self, page: Page) -> None:
        self.queue(page)
        for box in page.locator("tbody input[type=checkbox]").all()[:10]:
            box.check()
        assert page.locator("[data-count]").inner_text() == "10"
        page.locator(".bar button[value=accepted]").click()
        page.locator("input[name=reason]").fill("the card was shown again")
        page.locator("form.fields button.main-act").click()
        assert self.said.accepted in page.locator(".notice").inner_text()
        assert "10" in page.locator(".notice").inner_text()

    def reject_one(self, page: Page) -> None:
        self.queue(page)
        page.keyboard.press("j")
        page.keyboard.press("r")
        page.locator("input[name=reason]").fill("entered twice")
        page.locator("form.fields button.danger").click()
        assert self.said.rejected in page.locator(".notice").inner_text()

    def waiting_now(self, page: Page) -> int:
        page.goto(f"{self.address}/quality/plans/counter_customers/rules/{RULE}")
        settled = _sql(
            self.world, "SELECT settled FROM quality.score WHERE batch_id = %s AND expectation = %s", self.batch, RULE
        )
        assert settled == [(ROWS,)]
        figures = page.locator(".figure .value").all_inner_texts()
        assert figures
        waiting = page.locator(f".figure a[href*='{RULE}']")
        return int(waiting.first.inner_text().replace(",", "")) if waiting.count() else 0

    def look_at_the_evidence(self, page: Page) -> None:
        page.get_by_role("link", name=self.said.evidence, exact=True).first.click()
        page.goto(f"{self.address}/evidence?kind=quarantine.rows_decided&person=steward")
        told = page.locator("main").inner_text()
        assert told.count("steward") >= 3
        kinds = _sql(
            self.world,
            "SELECT kind, count(*), min(steward) FROM quality.decision WHERE batch_id = %s GROUP BY 1 ORDER BY 1",
            self.batch,
        )
        assert kinds == [("accepted", 10, "steward"), ("corrected", 1, "steward"), ("rejected", 1, "steward")]
