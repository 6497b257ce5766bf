"""The quarantine pages: for stewards alone, without values, every decision by a form, back to where one came from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from uuid import UUID

import httpx
import pytest

from tests.console_world import client, served
from tests.homes import NOON, Home, Homes, counter, mobile, resident_id

LATER = NOON + timedelta(days=6)
PLAN = "counter_customers"
FORM = re.compile(r'name="form_token" value="([^"]+)"')
SEEN = "plan=counter_customers&rule=mobile.format&state=waiting"


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    rows = [{"身份证号": resident_id(number), "手机号": f"{number}2"} for number in range(10, 14)]
    home.collect(PLAN, counter(folder / "a.csv", {"姓名": "<i>1</i>"}, *rows), by="engineer")
    home.collect(PLAN, counter(folder / "b.csv", {"身份证号": resident_id(20), "手机号": "12"}), by="steward")
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    homes.drop(home)


@pytest.fixture
def address(vault: Home) -> Iterator[str]:
    with served(vault.settings, lambda: LATER) as at:
        yield at


def rows(home: Home) -> list[UUID]:
    found = home.rows(
        "SELECT record_id FROM quality.quarantine WHERE 'mobile.format' = ANY (failed) ORDER BY entered_by, record_id"
    )
    return [row for (row,) in found]


def send(visitor: httpx.Client, page: str, form: str, **fields: object) -> httpx.Response:
    """Open a page, and send a form that it has."""
    token = FORM.search(visitor.get(page).text)
    assert token is not None
    return visitor.post(form, data={"form_token": unescape(token[1]), **fields})


def notice(visitor: httpx.Client, answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    shown = visitor.get(answer.headers["location"].removeprefix("/console")).text
    found = re.search(r'class="notice" role="status">([^<]+)<', shown)
    assert found is not None
    return unescape(found[1])


PAGES = ["/quarantine", "/quarantine/rows/{}", "/quarantine/preview?kind=accepted", "/quarantine/slips/QD-1"]


def test_nobody_but_a_steward_sees_them(stocked: Home) -> None:
    with served(stocked.settings) as at:
        for role in ("engineer", "requester", "leader", "auditor", "privacy_officer", "Admin"):
            visitor = client(at, "somebody", role)
            assert [visitor.get(page.format(rows(stocked)[0])).status_code for page in PAGES] == [403] * len(PAGES)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_queue_says_what_is_wrong_since_when_and_shows_no_value(address: str, vault: Home, language: str) -> None:
    shown = client(address, "steward", language=language).get("/quarantine").text
    assert ("6 行待处理，其中 6 行已超期" if language == "zh" else "6 of 6 rows overdue") in unescape(shown)
    for value in (resident_id(10), "甄无名", "<i>1</i>"):
        assert value not in shown
    assert "甄**" in shown
    assert shown.count("data-accept") == 5, "one's own row has no buttons"


def test_a_row_shows_each_broken_rule_beside_its_field_and_what_can_be_done(address: str, vault: Home) -> None:
    shown = client(address, "steward").get(f"/quarantine/rows/{rows(vault)[0]}").text
    assert "A mobile number has 11 digits" in unescape(shown)
    assert resident_id(10) not in shown
    own = client(address, "steward").get(f"/quarantine/rows/{rows(vault)[-1]}").text
    assert "another steward decides about it" in own
    assert "/correct" not in own


def test_a_value_is_shown_for_half_a_minute_after_a_reason_that_stays(address: str, vault: Home) -> None:
    visitor, record = client(address, "steward"), rows(vault)[0]
    page = f"/quarantine/rows/{record}"
    shown = send(visitor, page, f"{page}/reveal", field="id_number", reason="compare with the form").text
    assert resident_id(10) in shown
    assert 'data-seconds="30"' in shown
    assert re.search(r'http-equiv="refresh" content="30;', shown)
    after = visitor.get(page).text
    assert resident_id(10) not in after
    assert "compare with the form" in after
    assert send(visitor, page, f"{page}/reveal", field="id_number", reason=resident_id(1)).status_code == 422
    assert vault.value("SELECT count(*) FROM quality.reveal") == 1


def test_a_row_is_corrected_and_the_steward_is_back_in_the_same_view(address: str, vault: Home) -> None:
    visitor, record = client(address, "steward"), rows(vault)[0]
    page = f"/quarantine/rows/{record}"
    fields = {"field": ["customer_name", "mobile"], "value": ["", mobile(10)], "reason": "seen the form", "seen": SEEN}
    answer = send(visitor, page, f"{page}/correct", **fields)
    assert answer.headers["location"].endswith(f"/quarantine?{SEEN}")
    assert notice(visitor, answer) == "1 row corrected and stored in the vault."
    assert mobile(10) in repr(vault.records())
    fields["value"] = ["", ""]
    other = f"/quarantine/rows/{rows(vault)[0]}"
    assert "Nothing was filled in" in unescape(send(visitor, other, f"{other}/correct", **fields).text)


def test_rows_are_ticked_seen_in_a_preview_and_decided_about_once(address: str, vault: Home) -> None:
    visitor, chosen = client(address, "steward"), [str(row) for row in rows(vault)[:3]]
    seen = send(
        visitor,
        "/quarantine",
        "/quarantine/preview",
        kind="accepted",
        record=[*chosen, str(rows(vault)[-1])],
        seen=SEEN,
    ).text
    assert "3 rows to be stored as is" in seen
    assert "You brought them in" in seen
    token = re.search(r'name="token" value="(\w+)"', seen)
    assert token is not None
    form = {
        "kind": "accepted",
        "token": token[1],
        "record": [*chosen, str(rows(vault)[-1])],
        "reason": "no phone",
        "seen": SEEN,
    }
    answer = send(visitor, "/quarantine", "/quarantine/decide", **form)
    assert notice(visitor, answer) == "3 rows accepted and stored in the vault."
    again = send(visitor, "/quarantine", "/quarantine/decide", **form)
    assert again.status_code == 409
    assert "Nothing was changed" in again.text or "nothing was changed" in again.text
    assert vault.value("SELECT count(*) FROM quality.decision") == 3


def test_a_whole_view_is_sent_back_with_a_slip_to_print_and_as_csv(address: str, vault: Home) -> None:
    visitor = client(address, "steward")
    page = f"/quarantine/preview?{SEEN}&kind=returned"
    token = re.search(r'name="token" value="(\w+)"', visitor.get(page).text)
    assert token is not None
    answer = send(
        visitor, page, "/quarantine/decide", kind="returned", token=token[1], view=SEEN, reason="ask the branch"
    )
    slip = answer.headers["location"].removeprefix("/console")
    shown, file = visitor.get(slip).text, visitor.get(f"{slip}?as=csv")
    assert "A mobile number has 11 digits" in unescape(shown)
    assert file.headers["content-disposition"].endswith('.csv"')
    assert file.text.count("\n") == 5
    for value in (resident_id(10), "102"):
        assert value not in shown
        assert value not in file.text


def test_a_form_of_somebody_else_decides_nothing(address: str, vault: Home) -> None:
    token = FORM.search(client(address, "steward").get("/quarantine").text)
    assert token is not None
    form = {"form_token": unescape(token[1]), "kind": "rejected", "reason": "x"}
    page = f"/quarantine/rows/{rows(vault)[0]}/decide"
    assert client(address, "second", "steward").post(page, data=form).status_code == 403
    assert client(address, "steward", "auditor").post(page, data=form).status_code == 403
    assert vault.value("SELECT count(*) FROM quality.decision") == 0


def test_whatever_is_asked_of_the_queue_is_answered_in_words(address: str) -> None:
    visitor = client(address, "steward")
    for query in ("after=nothing", "state=rejected", "rule=no.such", "plan=no_such", "batch=99", "sort=x"):
        answer = visitor.get(f"/quarantine?{query}")
        assert answer.status_code in {200, 404}, query
        assert "uarantine" in answer.text


def test_an_empty_queue_says_so(homes: Homes) -> None:
    home = homes.blank()
    with served(home.settings) as at:
        shown = client(at, "steward").get("/quarantine").text
    homes.drop(home)
    assert "Nothing waits" in shown
