"""The catalogue, destruction and certificate pages: what they show, who may act on them, and what an act leaves behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from fastapi.testclient import TestClient

from pipelines.console.app import application
from pipelines.console.security import FIELD
from pipelines.jobs import destructions, erasure
from pipelines.jobs.home import open_home
from tests.console_world import cookie, identify
from tests.homes import NOON, TODAY, Home, Homes, counter, customers, mobile, resident_id

PLAN = "counter_customers"
LOOKERS = ("steward", "leader", "auditor", "privacy_officer", "engineer")


class Console:
    """The console of one home, visited by whoever is named."""

    def __init__(self, home: Home) -> None:
        self.home, self.app = home, application(home.settings, identify, "/auth/login/", lambda: NOON)

    def _browser(self, who: str, role: str | None, language: str) -> TestClient:
        browser = TestClient(self.app, base_url="http://127.0.0.1", follow_redirects=False)
        browser.cookies.update(cookie(who, role or who))
        browser.headers["accept-language"] = language
        return browser

    def get(self, path: str, who: str = "auditor", role: str | None = None, language: str = "en") -> httpx.Response:
        return self._browser(who, role, language).get(path)

    def post(self, path: str, who: str, role: str | None = None, **data: str) -> httpx.Response:
        token = self.app.state.desk.seal.token(who)
        return self._browser(who, role, "en").post(path, data={FIELD: token, **data})


@pytest.fixture(scope="module")
def filled(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Records past their day, others with identity numbers among the occupations, and a request that waits."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("in")
    home.collect(PLAN, customers(folder / "counter_1.csv", range(1, 21), "2023-06-01"))
    rows = [{"身份证号": resident_id(n), "手机号": mobile(n), "职业": resident_id(999)} for n in range(101, 131)]
    home.collect(PLAN, counter(folder / "counter_2.csv", *rows))
    code = home.value(
        "SELECT s.code FROM vault.subject s JOIN vault.record r USING (subject_id) WHERE r.collected_on > '2026-01-01'"
        " ORDER BY 1 LIMIT 1"
    )
    erasure.erase(home.settings, [code], "Asked by letter", "requester", lambda: NOON)
    return home


@pytest.fixture
def console(homes: Homes, filled: Home) -> Iterator[Console]:
    home = homes.copy(filled)
    yield Console(home)
    homes.drop(home)


def waiting(home: Home) -> dict[str, str]:
    [told] = destructions.waiting(open_home(home.settings))
    return {"job": told["job"], "manifest_hash": told["manifest_hash"]}


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_whoever_may_look_sees_the_pages_and_no_value(console: Console, language: str) -> None:
    job = waiting(console.home)["job"]
    paths = (
        "/catalogue",
        f"/catalogue/{PLAN}/occupation",
        "/catalogue?show=open",
        "/destruction",
        f"/destruction/{job}",
    )
    for path in paths:
        for who in LOOKERS:
            answer = console.get(path, who, language=language)
            assert answer.status_code == 200, (path, who)
            assert resident_id(999) not in answer.text
        assert console.get(path, "requester").status_code == 403
    assert ("待处理" if language == "zh-CN" else "Open findings: 1") in console.get(
        "/catalogue", language=language
    ).text


def test_a_steward_says_what_a_column_holds_and_the_finding_is_closed(console: Console) -> None:
    path = f"/catalogue/{PLAN}/occupation"
    assert 'name="word"' in console.get(path, "steward").text
    assert 'name="word"' not in console.get(path, "leader").text
    said = {"word": "override", "entity": "OCCUPATION", "reason": "Numbers of jobs"}
    assert console.post(path, "leader", **said).status_code == 403
    assert console.post(path, "steward", **{**said, "reason": f"It is {mobile(7)}"}).status_code == 422
    assert console.home.value("SELECT count(*) FROM catalog.correction") == 0
    answer = console.post(path, "steward", **said)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    shown = console.get(path).text
    assert "Nothing is open here." in shown
    assert "Numbers of jobs" in shown
    assert console.home.rows("SELECT steward, decision FROM catalog.correction") == [("steward", "overridden")]
    assert console.home.ledger_holds()


def test_a_leader_approves_what_was_seen_and_nothing_else(console: Console) -> None:
    seen = waiting(console.home)
    path = f"/destruction/{seen['job']}/decide"
    yes = {"answer": "approved", "sure": "1", "manifest_hash": seen["manifest_hash"]}
    assert console.post(path, "steward", **yes).status_code == 403
    assert console.post(path, "leader", **{**yes, "manifest_hash": "0" * 64}).status_code == 403
    assert console.post(path, "leader", **{**yes, "sure": ""}).status_code == 303
    assert console.home.value("SELECT count(*) FROM destruction.approval") == 0
    assert console.post(path, "leader", **yes).status_code == 303
    told = console.home.rows("SELECT decision, door, approver, role, manifest_hash FROM destruction.approval")
    assert told == [("approved", "console", "leader", "leader", seen["manifest_hash"])]
    assert console.home.purge().verdict == "PASS"


def test_whoever_applied_is_offered_no_decision_and_takes_none(console: Console) -> None:
    seen = waiting(console.home)
    assert "Not yours to decide" in console.get(f"/destruction/{seen['job']}", "requester", "leader").text
    data = {"answer": "approved", "sure": "1", "manifest_hash": seen["manifest_hash"]}
    assert console.post(f"/destruction/{seen['job']}/decide", "requester", "leader", **data).status_code == 403
    assert console.home.value("SELECT count(*) FROM destruction.approval") == 0


def test_a_rejection_says_why_and_destroys_nothing(console: Console) -> None:
    seen = waiting(console.home)
    data = {"answer": "rejected", "reason": "Not asked for in writing", "manifest_hash": seen["manifest_hash"]}
    assert console.post(f"/destruction/{seen['job']}/decide", "leader", **data).status_code == 303
    assert console.home.rows("SELECT decision, reason FROM destruction.approval") == [("rejected", data["reason"])]
    assert "nothing waits" not in console.get("/destruction").text
    assert "Waiting for a leader" not in console.get("/destruction").text


def test_a_privacy_officer_lays_a_hold_which_keeps_the_night_and_releases_it(console: Console) -> None:
    assert (
        "Tonight takes 20" in console.get("/destruction").text or "tonight takes 20" in console.get("/destruction").text
    )
    data = {"plan": PLAN, "reason": "Court", "review_on": (TODAY + timedelta(days=90)).isoformat()}
    assert console.post("/holds", "leader", **data).status_code == 403
    assert console.post("/holds", "privacy_officer", **data).status_code == 303
    hold, owner = console.home.rows("SELECT hold_id, owner FROM destruction.hold")[0]
    assert owner == "privacy_officer"
    shown = console.get("/destruction", "engineer").text
    assert hold in shown
    assert "Court" not in shown
    assert "Court" in console.get("/destruction", "privacy_officer").text
    assert "Tonight takes 0 records" in shown
    assert console.post(f"/holds/{hold}/release", "steward").status_code == 403
    assert console.post(f"/holds/{hold}/release", "privacy_officer").status_code == 303
    assert console.home.value("SELECT released_by FROM destruction.hold") == "privacy_officer"


def test_a_certificate_is_shown_downloaded_verified_and_printed(console: Console) -> None:
    console.home.purge()
    job = console.home.value("SELECT job_id FROM destruction.job WHERE state = 'confirmed'")
    shown = console.get(f"/destruction/{job}/certificate").text
    assert "20 records were destroyed" in shown
    assert console.get(f"/certificates/{job}").headers["location"] == f"/destruction/{job}/certificate"
    document = console.get(f"/destruction/{job}/certificate/document")
    assert document.json()["case"]["id"] == job
    assert document.headers["content-disposition"] == f'attachment; filename="{job}.json"'
    checked = console.post(f"/destruction/{job}/certificate/verify", "auditor").text
    assert "The document holds" in checked
    assert len(re.findall(r"</span> holds</span>", checked)) >= 9
    (console.home.folder / "certificates" / f"{job}.json").write_bytes(
        document.content.replace(b'"records":20', b'"records":21')
    )
    assert "does not hold" in console.post(f"/destruction/{job}/certificate/verify", "auditor").text
    paper = console.get(f"/destruction/{job}/certificate/paper", language="zh-CN")
    assert "客户信息销毁证明" in paper.text
    assert "sha256-" in paper.headers["content-security-policy"]
    assert console.get("/destruction/DS-nothing/certificate").status_code == 404
    assert console.get(f"/destruction/{job}/certificate", "requester").status_code == 403


def test_an_empty_home_says_so(homes: Homes) -> None:
    home = homes.blank()
    console = Console(home)
    assert "Nothing is in the catalogue yet" in console.get("/catalogue").text
    assert "Nothing is due tonight, and nothing waits." in console.get("/destruction").text
    assert console.get(f"/catalogue/{PLAN}/mobile", "steward").status_code == 200
    assert console.get(f"/catalogue/{PLAN}/nothing").status_code == 404
    assert console.get("/catalogue?plan=nothing").status_code == 404
    assert console.get("/destruction?after=nonsense").status_code == 404
    homes.drop(home)
