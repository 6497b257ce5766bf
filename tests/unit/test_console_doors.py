"""Who comes into the console, and what a form must bring: deny by default, no value in an error."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Annotated

import pytest
from fastapi import APIRouter, Form, Response
from fastapi.testclient import TestClient

from pipelines.console import app as console
from pipelines.console import pages
from pipelines.console.security import FIELD, Seal
from pipelines.console.visit import EVERYBODY, Visit, act, allow
from pipelines.errors import ApprovalMissing, PolicyError
from pipelines.settings import Settings
from tests.console_world import cookie, identify

NOW = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)
router = APIRouter()


@router.get("/try")
def show(visit: Annotated[Visit, allow("steward")]) -> Response:
    return visit.page("error.html", code=200, sentence="It is shown.")


@router.post("/try")
def do(visit: Annotated[Visit, act("steward")], name: Annotated[str, Form()]) -> Response:
    if name == "张三丰":
        raise ValueError(name)
    if name == "wrong":
        raise PolicyError("That is wrong.")
    return visit.back("/try", "It was done.", name=len(name))


@pytest.fixture
def browser(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "routers", lambda: iter([router]))
    app = console.application(Settings(home=tmp_path), identify, "/auth/login/", lambda: NOW)
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False, raise_server_exceptions=True)


def _token(browser: TestClient, name: str = "steward") -> str:
    return browser.app.state.desk.seal.token(name)


def test_a_view_without_a_door_keeps_the_console_from_starting(tmp_path, monkeypatch):
    careless = APIRouter()
    careless.add_api_route("/open", lambda: "everything", methods=["GET"])
    monkeypatch.setattr(pages, "routers", lambda: iter([careless]))
    with pytest.raises(RuntimeError, match="/open says not whom it admits"):
        console.application(Settings(home=tmp_path), identify)


def test_every_view_there_is_has_a_door(tmp_path):
    console.application(Settings(home=tmp_path), identify)


def test_nobody_unknown_comes_in(browser):
    answer = browser.get("/try", params={"plan": "x"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/auth/login/?next=/try")
    assert browser.post("/try", data={"name": "x", FIELD: _token(browser)}).status_code == 401


@pytest.mark.parametrize("role", [role for role in (*EVERYBODY, "nobody") if role != "steward"])
def test_a_page_for_stewards_is_for_nobody_else(browser, role):
    browser.cookies.update(cookie("eve", role))
    assert browser.get("/try").status_code == 403
    assert browser.post("/try", data={"name": "x", FIELD: _token(browser, "eve")}).status_code == 403


def test_a_name_is_no_role(browser):
    browser.cookies.update(cookie("steward", "requester"))
    assert browser.get("/try").status_code == 403


def test_a_form_that_was_made_for_the_steward_is_taken_and_the_next_page_says_so(browser):
    browser.cookies.update(cookie("steward"))
    answer = browser.post("/try", data={"name": "four", FIELD: _token(browser)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/try?name=4")
    assert "It was done." in browser.get("/try").text
    assert "It was done." not in browser.get("/try").text


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        (None, {}),
        ("made up", {}),
        ("somebody else's", {}),
        ("right", {"sec-fetch-site": "cross-site"}),
        ("right", {"sec-fetch-site": "same-site"}),
        ("right", {"origin": "https://evil.example"}),
        ("right", {"origin": "null"}),
    ],
)
def test_a_form_from_elsewhere_does_nothing(browser, token, headers):
    browser.cookies.update(cookie("steward"))
    made = {"right": _token(browser), "somebody else's": _token(browser, "leader")}
    data = {"name": "x"} | ({FIELD: made.get(token, token)} if token else {})
    answer = browser.post("/try", data=data, headers=headers)
    assert answer.status_code == 403
    assert "nothing was changed" in answer.text or "未作任何更改" in answer.text


def test_an_old_form_is_too_old(monkeypatch):
    seal = Seal("secret")
    old = seal.token("steward")
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: datetime(2099, 1, 1, tzinfo=UTC).timestamp())

    class Asked:
        headers: dict[str, str] = {}  # noqa: RUF012

    with pytest.raises(ApprovalMissing, match="too old"):
        seal.require(Asked(), "steward", old)


def test_an_unforeseen_error_shows_and_logs_its_place_and_never_its_text(browser, caplog):
    browser.cookies.update(cookie("steward"))
    with caplog.at_level(logging.DEBUG):
        answer = browser.post("/try", data={"name": "张三丰", FIELD: _token(browser)})
    assert answer.status_code == 500
    assert "ValueError" in answer.text
    assert "张三丰" not in answer.text
    assert "张三丰" not in caplog.text


def test_an_error_of_ours_is_a_page_with_its_sentence(browser):
    browser.cookies.update(cookie("steward"))
    answer = browser.post("/try", data={"name": "wrong", FIELD: _token(browser)})
    assert (answer.status_code, "That is wrong." in answer.text) == (422, True)


def test_a_form_that_lacks_a_field_is_told_so_without_repeating_what_was_sent(browser):
    browser.cookies.update(cookie("steward"))
    answer = browser.post("/try", data={"nome": "13812345678", FIELD: _token(browser)})
    assert answer.status_code == 422
    assert "13812345678" not in answer.text


def test_pages_forbid_scripts_and_styles_from_elsewhere_and_are_kept_by_no_cache(browser):
    browser.cookies.update(cookie("steward"))
    headers = browser.get("/try").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("then", "goes"),
    [("/plans?a=1", "/plans?a=1"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil.example", "/")],
)
def test_switching_the_language_never_leads_elsewhere(browser, then, goes):
    answer = browser.get("/language/en", params={"then": then})
    assert (answer.status_code, answer.headers["location"]) == (303, goes)
    assert "tutela_language=en" in answer.headers["set-cookie"]
