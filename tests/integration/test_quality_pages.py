"""The quality pages of the console: what is wrong, since when, and where to go."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from pipelines.console.app import application
from tests.console_world import cookie, identify
from tests.homes import NOON, Home, Homes, counter, customers

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAN = "counter_customers"
PAGES = [
    "/quality",
    f"/quality/plans/{PLAN}",
    f"/quality/plans/{PLAN}?month=2026-05",
    f"/quality/plans/{PLAN}?month=2025-05",
    "/quality/plans/partner_enterprises",
    f"/quality/plans/{PLAN}/rules/customer_name.present",
    "/quality/runs/RUN",
    "/quality/reports",
    "/quality/reports?month=2026-05&department=sales",
    "/quality/reports?month=2024-05",
    f"/quality/reports?plan={PLAN}",
]


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home, folder = homes.blank(), tmp_path_factory.mktemp("pages")
    for ago in (3, 2, 1):
        home.collect(
            PLAN, customers(folder / f"{ago}.csv", range(10 * ago, 10 * ago + 4)), at=NOON - timedelta(days=ago)
        )
    home.collect(PLAN, counter(folder / "bad.csv", {"姓名": ""}, {"手机号": "1"}, {"姓名": ""}))
    return home


@pytest.fixture
def site(stocked: Home) -> Iterator[TestClient]:
    with TestClient(application(stocked.settings, identify, clock=lambda: NOON), cookies=cookie("steward")) as client:
        yield client


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_there_in_both_languages(site: TestClient, stocked: Home, page: str, language: str) -> None:
    run = stocked.value("SELECT run FROM vault.batch ORDER BY batch_id DESC LIMIT 1")
    site.cookies["tutela_language"] = language
    answer = site.get(page.replace("RUN", run))
    assert answer.status_code == 200
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}"' in answer.text


def test_the_first_line_says_what_is_wrong_and_the_rows_are_one_step_away(site: TestClient) -> None:
    site.cookies["tutela_language"] = "en"
    page = site.get("/quality").text
    assert "Customers at the counter has 3 rows waiting, most because this fails: The name is required." in page
    assert f'href="/quarantine?plan={PLAN}&amp;rule=customer_name.present"' in page
    assert "2026-06-01" in page
    site.cookies["tutela_language"] = "zh"
    assert "柜面客户信息采集有 3 行待处理，主要未满足“客户姓名必填”。" in site.get("/quality").text


def test_a_home_without_a_delivery_says_what_to_do(homes: Homes) -> None:
    empty = homes.blank()
    with TestClient(application(empty.settings, identify, clock=lambda: NOON), cookies=cookie("steward")) as client:
        client.cookies["tutela_language"] = "en"
        assert "No scores yet" in client.get("/quality").text
        assert client.get("/quality/reports").status_code == 200


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("/quality/plans/nothing", 404),
        (f"/quality/plans/{PLAN}/rules/no.such", 404),
        ("/quality/runs/no-such-run", 404),
        ("/quality/reports?department=nobody", 404),
        ("/quality/reports?plan=nothing%0D%0AX-Forged:1&form=csv", 404),
        ("/quality/reports?month=May", 422),
    ],
)
def test_what_is_not_there_is_said(site: TestClient, page: str, status: int) -> None:
    assert site.get(page).status_code == status


@pytest.mark.parametrize("page", [f"/quality/plans/{PLAN}", "/quality/runs/RUN", "/quality/reports?month=2026-06"])
def test_every_card_is_handed_out_as_json_and_csv(site: TestClient, stocked: Home, page: str) -> None:
    run = stocked.value("SELECT run FROM vault.batch ORDER BY batch_id DESC LIMIT 1")
    address = page.replace("RUN", run) + ("&" if "?" in page else "?")
    assert json.loads(site.get(f"{address}form=json").content)["rows"]["arrived"] in {3, 15}
    assert site.get(f"{address}form=csv").content.decode("utf-8-sig").startswith("card,name,plan")


def test_a_requester_has_no_business_here(stocked: Home) -> None:
    with TestClient(application(stocked.settings, identify, clock=lambda: NOON), cookies=cookie("requester")) as client:
        assert client.get("/quality").status_code == 403


def test_the_month_is_handed_out_as_json_csv_and_a_page_that_stands_alone(site: TestClient) -> None:
    month = "/quality/reports?month=2026-06"
    told = json.loads(site.get(f"{month}&form=json").content)
    assert told["rows"] == {"arrived": 3, "refused": 0, "quarantined": 3, "stored": 0}
    rows = list(csv.DictReader(io.StringIO(site.get(f"{month}&form=csv").content.decode("utf-8-sig"))))
    assert {row["level"] for row in rows} == {"overall", "dimension", "plan", "rule"}
    page = site.get(f"{month}&form=file")
    assert "attachment" in page.headers["content-disposition"]
    for outside in ("http://", "https://", "<script", "<link"):
        assert outside not in page.text.replace("http://www.w3.org", "")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_month_prints_as_pdf(site: TestClient, language: str) -> None:
    pytest.importorskip("weasyprint")
    site.cookies["tutela_language"] = language
    answer = site.get("/quality/reports?month=2026-06&form=pdf")
    if answer.status_code != 200:
        pytest.skip("no Pango or no Chinese font here")
    assert answer.content.startswith(b"%PDF-")
