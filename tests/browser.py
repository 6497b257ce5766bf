"""A real browser for tests: the system's Chromium, driven by Playwright; skipped where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.console_world import cookie

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
WEIGHTS = {"critical": 10, "serious": 7, "moderate": 3, "minor": 1}
"""How much a failed rule weighs, by its impact; a passed one weighs as a serious one."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; the test is skipped where there is none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("there is no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, language: str = "zh", size: dict[str, int] = WIDE, **more: Any) -> Iterator[Page]:
    """Give an empty page of a browser that asks for a language; what goes wrong in its scripts fails the test."""
    context: BrowserContext = browser.new_context(locale=LOCALES[language], viewport=size, **more)  # type: ignore[arg-type]
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    # What goes wrong in Airflow's own pages is not ours.
    page.on("pageerror", lambda error: wrong.append(str(error)) if "/console" in page.url else None)
    yield page
    context.close()
    # An answer of 4xx or 5xx that a test asked for is told there as well.
    told = [text for text in wrong if "Failed to load resource" not in text]
    assert not told, told


def enter(page: Page, address: str, name: str, *roles: str) -> None:
    """Have a page come as a user of the console that runs alone."""
    page.context.add_cookies(
        [{"name": key, "value": value, "url": address} for key, value in cookie(name, *roles).items()]
    )


def log_in(page: Page, address: str, user: str, password: str) -> None:
    """Log in to Airflow on its own page."""
    page.goto(f"{address}/auth/login/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password)
    page.click("input[type=submit]")
    page.wait_for_load_state()


def accessibility(page: Page) -> tuple[float, list[str]]:
    """Judge a page by the rules of axe (WCAG 2.2 A and AA and best practices): points of 100, and what fails where."""
    found = Axe().run(page).response
    lost = sum(WEIGHTS[each["impact"] or "minor"] for each in found["violations"])
    kept = len(found["passes"]) * WEIGHTS["serious"]
    said = [f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:120]}" for each in found["violations"]]
    return 100 * kept / (kept + lost), said
