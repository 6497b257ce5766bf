"""Every page of the console, found by following its links: none leads nowhere, each can be used by everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser

from pipelines.console.visit import EVERYBODY
from tests.browser import PHONE, WIDE, accessibility, chromium, enter, opened
from tests.console_world import client, served
from tests.homes import Homes
from tests.steward_world import history, wrong_rows

LAST = datetime(2026, 6, 10, 2, 0, tzinfo=UTC)
LEAST = 95
"""Points of a hundred, as Lighthouse counts accessibility."""
ALIKE = 2
"""So many pages of one kind are looked at."""
_LINK = re.compile(r'\bhref="([^"#]+)')
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b(?:DS|QD|HD|cli|bench)-[A-Za-z0-9_.-]+|\d+")
_BLANK = re.compile(r"\{[a-z_]+\}")
_AIRFLOW = ("/dags", "/auth", "/required_actions")


@pytest.fixture(scope="module")
def address(homes: Homes, ground) -> Iterator[str]:
    """A console in front of four days of deliveries, a purge, and rows that wait."""
    home = homes.blank()
    made = ground / "console-history"
    made.mkdir()
    history(home.settings, made, LAST.date(), 4, (40, 20, 30))
    wrong_rows(home.settings, made / "counter_wrong.csv", 5, LAST)
    home.purge(LAST.date() + timedelta(days=1))
    with served(home.settings, lambda: LAST) as at:
        yield at
    homes.drop(home)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def _crawl(visitor: httpx.Client, address: str) -> dict[str, httpx.Response]:
    """Follow all links from the first page; of pages of one kind only a few."""
    found: dict[str, httpx.Response] = {}
    kinds: dict[str, int] = {}
    waiting = [f"{address}/"]
    while waiting:
        url = waiting.pop(0)
        kind = _kind(url)
        if url in found or kinds.get(kind, 0) >= ALIKE:
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        answer = found[url] = visitor.get(url)
        if "text/html" in answer.headers.get("content-type", "") and "/data-docs/" not in url:
            links = {urljoin(url, unescape(link)) for link in _LINK.findall(answer.text)}
            waiting += sorted(link for link in links if link.startswith(f"{address}/") and "/static/" not in link)
    return found


@pytest.fixture(scope="module")
def pages(address: str) -> dict[str, list[str]]:
    """What a steward, a leader and an auditor come to from the first page on."""
    told = {}
    for role in ("steward", "leader", "auditor"):
        with client(address, role) as visitor:
            answers = _crawl(visitor, address)
        of_kind = {_kind(url).partition("?")[0]: url for url, answer in reversed(answers.items()) if _shown(answer)}
        told[role] = sorted(of_kind.values())
    return told


def _kind(url: str) -> str:
    """Name the kind of page that an address is of: what is told of one plan, rule or row is told of all."""
    parts = urlsplit(url)
    path = re.sub(r"(plans|rules|catalogue|runs)/[^/]+", r"\1/*", _ID.sub("*", parts.path))
    return path + "?" + ",".join(sorted(re.findall(r"(\w+)=", parts.query)))


def _shown(answer: httpx.Response) -> bool:
    html = "text/html" in answer.headers.get("content-type", "")
    kept = "content-disposition" in answer.headers or "/data-docs/" in str(answer.url)
    return answer.status_code == 200 and html and not kept


@pytest.mark.parametrize(
    ("role", "language"),
    [("steward", "zh"), *((role, ("zh", "en")[place % 2]) for place, role in enumerate(EVERYBODY))],
)
def test_no_link_leads_nowhere_and_no_page_breaks(address, role, language):
    with client(address, role, language=language) as visitor:
        answers = _crawl(visitor, address)
    wrong = {url: answer.status_code for url, answer in answers.items() if answer.status_code not in {200, 303}}
    # Data Docs come with the first run of their DAG.
    assert {url: status for url, status in wrong.items() if "/data-docs" not in url} == {}
    assert len(answers) > 3
    blanks = {url: _BLANK.findall(answer.text) for url, answer in answers.items() if _shown(answer)}
    assert {url: left for url, left in blanks.items() if left} == {}


def test_nobody_without_a_role_sees_a_page(address, pages):
    with client(address, "guest", "guest") as visitor:
        for url in sorted({url for urls in pages.values() for url in urls}):
            assert visitor.get(url).status_code == 403, url
    for url in pages["steward"]:
        assert httpx.get(url).status_code == 303, url


def test_no_page_holds_a_clear_identity_or_mobile_number(address, pages):
    for role, urls in pages.items():
        with client(address, role) as visitor:
            for url in urls:
                text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}", "", visitor.get(url).text)
                assert re.findall(r"(?<![\w.-])(?:1[3-9]\d{9}|\d{17}[\dX])(?![\w.-])", text) == [], url


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("language", "scheme", "size"),
    [("zh", "light", WIDE), ("en", "dark", PHONE)],
    ids=["zh", "en dark phone"],
)
def test_every_page_can_be_used_by_everybody_and_fits_its_screen(browser, address, pages, language, scheme, size):
    poor: dict[str, object] = {}
    for role, urls in pages.items():
        with opened(browser, language, size, color_scheme=scheme) as page:
            enter(page, address, role)
            for url in urls if role == "steward" else [url for url in urls if url not in pages["steward"]]:
                page.goto(url)
                points, said = accessibility(page)
                if points < LEAST or any("critical" in each or "serious" in each for each in said):
                    poor[url] = (round(points, 1), said)
                wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                # What is made for paper is as wide as paper.
                if wide > 1 and not url.endswith("/paper"):
                    poor[f"{url} too wide"] = wide
    assert poor == {}


def test_the_console_works_without_its_script(browser, address):
    with opened(browser, "en", java_script_enabled=False) as page:
        enter(page, address, "steward")
        page.goto(f"{address}/quarantine")
        page.locator("tbody input[type=checkbox]").first.check()
        page.locator(".bar button[value=accepted]").click()
        page.locator("input[name=reason]").fill("seen")
        assert page.locator("form.fields button.main-act").is_enabled()
