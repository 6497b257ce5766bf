"""Take the pictures of the stewards' guide: `python docs/pictures.py [FOLDER]`, with the system's Chromium.

Two weeks of made-up deliveries are collected into a home of its own, some rows decided about, and the console is looked
at on one fixed day; so the pictures change only when the console does.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from pipelines.platform.postgres import EmbeddedPostgres
from pipelines.settings import Settings
from tests.browser import PHONE, chromium, enter, opened
from tests.console_world import served
from tests.steward_world import history, wrong_rows

NOW = datetime(2026, 6, 10, 2, 0, tzinfo=UTC)
DAYS = 14
WIDE = {"width": 1200, "height": 820}
RULE = "/quality/plans/counter_customers/rules/id_number.checksum"
PICTURES = {
    "overview": "/",
    "plans": "/plans",
    "quality": "/quality",
    "rule": RULE,
    "queue": "/quarantine?plan=counter_customers&rule=id_number.checksum",
    "catalogue": "/catalogue",
    "evidence": "/evidence",
}


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tutela-pictures-") as made:
        Path(made).chmod(0o711)
        settings = Settings(home=Path(made) / "home", workers=1)
        try:
            history(settings, Path(made), NOW.date(), DAYS)
            wrong_rows(settings, Path(made) / "counter_wrong.csv", 12, NOW)
            with served(settings, lambda: NOW) as address, chromium() as browser:
                for language in ("zh", "en"):
                    with opened(browser, language, WIDE) as page:
                        _take(page, address, folder, language)
                with opened(browser, "zh", PHONE, color_scheme="dark") as page:
                    enter(page, address, "steward")
                    page.goto(f"{address}/quarantine")
                    page.screenshot(path=folder / "phone.zh.png")
        finally:
            EmbeddedPostgres(settings.resolved_home).remove()


def _take(page: Page, address: str, folder: Path, language: str) -> None:
    enter(page, address, "steward")
    for name, path in PICTURES.items():
        page.goto(f"{address}{path}")
        page.screenshot(path=folder / f"{name}.{language}.png")
    page.goto(f"{address}{PICTURES['queue']}")
    for box in page.locator("tbody input[type=checkbox]").all()[:10]:
        box.check()
    page.locator(".bar button[value=accepted]").click()
    page.screenshot(path=folder / f"preview.{language}.png")
    page.goto(f"{address}{PICTURES['queue']}")
    page.locator("[data-open]").first.click()
    page.screenshot(path=folder / f"row.{language}.png", full_page=True)


if __name__ == "__main__":
    main()
