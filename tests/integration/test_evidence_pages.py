"""The pages of plans and evidence: who may see them, what the filters find, and what verifying and exporting leaves behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from pipelines.evidence.verify import verify_file
from pipelines.jobs import holds
from tests.console_world import client, served
from tests.homes import NOON, TODAY, Home, Homes, counter, resident_id

PLAN = "counter_customers"
FORM = re.compile(r'name="form_token" value="([^"]+)"')
SEQ = re.compile(r'data-label="No." class="amount tight faint">([\d,]+)<')


@pytest.fixture(scope="module")
def told(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a delivery of which a row was refused, and a hold."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    rows = [{"身份证号": resident_id(number)} for number in range(10, 13)]
    home.collect(PLAN, counter(folder / "a.csv", {"同意时间": ""}, *rows), by="engineer")
    holds.add(home.settings, None, "a lawsuit", "privacy_officer", TODAY, NOON, PLAN)
    return home


@pytest.fixture
def home(homes: Homes, told: Home) -> Iterator[Home]:
    made = homes.copy(told)
    yield made
    homes.drop(made)


@pytest.fixture
def address(home: Home) -> Iterator[str]:
    with served(home.settings, lambda: NOON) as at:
        yield at


def send(visitor: httpx.Client, form: str) -> httpx.Response:
    """Open the page of evidence, and press a button that it has."""
    token = FORM.search(visitor.get("/evidence").text)
    assert token is not None
    return visitor.post(form, data={"form_token": unescape(token[1])})


@pytest.mark.parametrize("role", ["engineer", "requester"])
def test_evidence_is_not_for_everybody(address: str, role: str) -> None:
    with client(address, role) as visitor:
        assert visitor.get("/evidence").status_code == 403
        assert visitor.get("/plans").status_code == 200
        assert 'href="/console/evidence' not in visitor.get(f"/plans/{PLAN}").text


@pytest.mark.parametrize("role", ["steward", "leader"])
def test_only_who_audits_is_offered_to_verify_and_export(address: str, role: str) -> None:
    with client(address, role) as visitor:
        page = visitor.get("/evidence")
        assert page.status_code == 200
        assert "/evidence/verify" not in page.text
        assert visitor.post("/evidence/verify").status_code == 403
        assert visitor.post("/evidence/export").status_code == 403


FILTERS = {
    "a plan": ("plan=counter_customers", "1 row of Customers at the counter refused: no consent.", "Installation</a>"),
    "a kind": ("kind=hold.added", "privacy_officer placed the legal hold", "Batch stored</a>"),
    "a group": ("group=retention", "privacy_officer placed the legal hold", "Batch stored</a>"),
    "a kind of another group": ("group=keys&kind=hold.added", "placed the legal hold", "Batch stored</a>"),
    "a person": ("person=privacy_officer", "privacy_officer placed the legal hold", "Batch stored</a>"),
    "a group that there is none of": ("group=consent", "Nothing here", "Batch stored</a>"),
    "a day": ("day=2026-06-01", "privacy_officer placed the legal hold", "Nothing here"),
    "another day": ("day=2026-06-02", "Nothing here", "Batch stored</a>"),
    "a kind that is none": ("kind=nonsense", "Nothing here", "Batch stored</a>"),
    "a group that is none": ("group=nonsense", "Batch stored</a>", "Nothing here"),
    "a day that is none": ("day=2026-02-30", "Batch stored</a>", "Nothing here"),
}


@pytest.mark.parametrize("why", FILTERS)
def test_a_filter_finds_what_it_says(address: str, why: str) -> None:
    query, there, absent = FILTERS[why]
    with client(address, "auditor") as visitor:
        page = unescape(visitor.get(f"/evidence?{query}").text)
    assert there in page
    assert absent not in page


def test_the_story_goes_on_where_its_page_ended(address: str) -> None:
    with client(address, "auditor") as visitor:
        seqs = [int(seq.replace(",", "")) for seq in SEQ.findall(visitor.get("/evidence").text)]
        assert seqs == sorted(seqs, reverse=True)
        older = [int(seq.replace(",", "")) for seq in SEQ.findall(visitor.get(f"/evidence?before={seqs[2]}").text)]
    assert older == seqs[3:]


def test_an_auditor_verifies_and_the_page_says_so(address: str, home: Home) -> None:
    with client(address, "auditor") as visitor:
        assert "Nobody has verified the ledger yet" in visitor.get("/evidence").text
        answer = send(visitor, "/evidence/verify")
        assert answer.status_code == 303
        page = unescape(visitor.get("/evidence").text)
    assert "The ledger holds: verified" in page
    assert "auditor had the first" in page


def test_a_ledger_that_was_altered_is_said_to_be(address: str, home: Home) -> None:
    with home.sql() as connection:
        connection.execute("ALTER TABLE evidence.entry DISABLE TRIGGER entry_append_only")
        connection.execute("UPDATE evidence.entry SET body = replace(body, 'tutela', 'tutele') WHERE seq = 0")
    with client(address, "auditor") as visitor:
        answer = send(visitor, "/evidence/verify")
        assert answer.status_code == 409
        assert "The ledger does not hold" in answer.text
        assert "did not pass" in visitor.get("/evidence").text


def test_what_is_exported_verifies_offline_and_nothing_of_it_stays(address: str, home: Home, tmp_path: Path) -> None:
    with client(address, "privacy_officer") as visitor:
        answer = send(visitor, "/evidence/export")
        page = unescape(visitor.get("/evidence").text)
    assert answer.headers["content-disposition"].startswith("attachment")
    path = tmp_path / "evidence.jsonl"
    path.write_bytes(answer.content)
    assert verify_file(path, bytes.fromhex((home.folder / "keys" / "ledger.pub").read_text())).valid
    assert "privacy_officer exported the first" in page
    assert not list(home.folder.glob(".export-*"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_plan_says_what_became_of_its_rows_and_why(address: str, language: str) -> None:
    with client(address, "auditor", language=language) as visitor:
        page = unescape(visitor.get(f"/plans/{PLAN}").text)
    assert ("没有同意凭据" if language == "zh" else "No consent") in page
    assert ("柜面客户信息采集" if language == "zh" else "Customers at the counter") in page
    assert "/dags/collect__counter_customers/runs" in page
    assert f"/evidence?plan={PLAN}&kind=ingest.rows_refused" in page


def test_a_plan_that_is_not_there_is_said_so(address: str) -> None:
    with client(address, "auditor") as visitor:
        assert visitor.get("/plans/nonsense").status_code == 404
