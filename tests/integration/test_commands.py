"""The contracts of the commands: one JSON object and nothing else, tables without a value, an exit code a family."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.platform.postgres import EmbeddedPostgres
from tests.command import (
    CHECKOUT,
    MOBILE,
    NAME,
    NOTE,
    TODAY,
    Command,
    Result,
    counter_file,
    customer,
    made,
    resident_id,
)

COUNTER = "counter_customers"
FRESH, OLD, SICK = (1, 2, 3), (11, 12), 21
"""Customers of the file: within retention, past it, and one whose mobile number is none."""
LONG_AGO = TODAY - timedelta(days=4 * 366)
HEAVY = {"pandas", "numpy", "pyarrow", "sqlalchemy", "great_expectations", "presidio_analyzer", "spacy", "airflow"}


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tutela-cli-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def tutela(place: Path) -> Iterator[Command]:
    with made(place / "home") as command:
        yield command


@pytest.fixture(scope="module")
def delivery(place: Path) -> Path:
    sick = customer(SICK)
    sick[2] = "none"
    unasked = customer(22)
    unasked[4:9] = [""] * 5
    rows = [*map(customer, FRESH), *(customer(n, last=LONG_AGO) for n in OLD), sick, unasked]
    return counter_file(place / "counter.csv", rows)


@pytest.fixture(scope="module")
def ingested(tutela: Command, delivery: Path) -> Result:
    """The file brought in, once for the module, by a process from scratch."""
    return tutela.apart("ingest", COUNTER, delivery, "--json")


def subject_of(tutela: Command, last: str) -> str:
    """Name the oldest subject whose newest business was on a day."""
    statement = (
        "SELECT s.code FROM vault.subject s JOIN vault.record r USING (subject_id) JOIN keyring.cohort c USING (cohort_id)"
        f" WHERE c.expires_on {last} CURRENT_DATE ORDER BY subject_id LIMIT 1"
    )
    return str(tutela.rows(statement)[0][0])


def tells_nobody(text: str) -> bool:
    values = [NAME, NOTE, *(customer(n)[2] for n in (*FRESH, *OLD)), *(resident_id(n) for n in (*FRESH, *OLD, SICK))]
    return not any(value in text for value in (*values, MOBILE))


# --- in ----------------------------------------------------------------------------------------------------------


def test_ingest_tells_what_became_of_every_row(ingested: Result) -> None:
    report = ingested.json
    assert set(report) == {"plan", "run", "arrived", "refused", "quarantined", "stored", "seconds"}
    assert (report["plan"], report["arrived"], report["stored"]) == (COUNTER, 7, 5)
    assert report["refused"] == {"no_consent": 1}
    assert sum(report["quarantined"].values()) == 1
    assert report["seconds"] > 0
    assert ingested.err == ""
    assert tells_nobody(ingested.out)


def test_the_same_file_is_not_brought_in_twice(tutela: Command, ingested: Result, delivery: Path) -> None:
    assert ingested.code == 0
    again = tutela("ingest", COUNTER, delivery, "--json").json
    assert (again["arrived"], again["stored"], again["refused"]) == (7, 0, {"already_received": 7})


@pytest.mark.parametrize("spans", [False, True], ids=["columns", "spans"])
def test_scan_needs_no_home(tutela: Command, tmp_path: Path, delivery: Path, spans: bool) -> None:
    elsewhere = tutela.at(tmp_path / "home")
    if spans:
        texts, out = tmp_path / "texts.jsonl", tmp_path / "out.jsonl"
        texts.write_text(json.dumps({"text": f"手机{MOBILE}"}) + "\n" + json.dumps({"text": "ok"}) + "\n", "utf-8")
        report = elsewhere("scan", "--spans", texts, "--out", out, "--json").json
        assert set(report) == {"texts", "spans", "encoding", "seconds", "engine"}
        lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
        assert [len(line["spans"]) for line in lines] == [1, 0]
        assert set(lines[0]["spans"][0]) == {"start", "end", "label", "score"}
    else:
        result = elsewhere("scan", delivery, "--json")
        report = result.json
        assert set(report) == {
            "rows",
            "skipped",
            "encoding",
            "lost",
            "seconds",
            "engine",
            "level",
            "reasons",
            "columns",
        }
        assert (report["rows"], report["skipped"]) == (7, 0)
        keys = {"name", "entity", "category", "level", "code", "confidence", "cells", "found", "also", "share"}
        assert all(set(column) == keys for column in report["columns"])
        found = {column["name"]: column["entity"] for column in report["columns"]}
        assert (found["身份证号"], found["手机号"], found["同意方式"]) == ("CN_ID_CARD", "PHONE_NUMBER", None)
        assert tells_nobody(result.out)
    assert not (tmp_path / "home").exists()


# --- read --------------------------------------------------------------------------------------------------------


def test_the_quality_report_has_a_scorecard_a_plan(tutela: Command, ingested: Result) -> None:
    assert ingested.code == 0
    cards = tutela("report", "quality", "--json").json["plans"]
    assert list(cards) == [COUNTER]
    assert {"overall", "dimensions", "severities", "expectations", "worst"} <= set(cards[COUNTER])
    overall = cards[COUNTER]["overall"]
    assert set(overall) == {"evaluated", "failed", "pass_rate"}
    assert overall["failed"] > 0
    one_run = tutela("report", "quality", "--run", ingested.json["run"], "--json").json["plans"]
    assert one_run[COUNTER]["overall"] == overall
    assert tutela("report", "quality", "--run", "no-such-run", "--json").json["plans"] == {}


def test_the_quarantine_is_counted_by_rule(tutela: Command, ingested: Result) -> None:
    assert ingested.code == 0
    (waiting,) = tutela("quarantine", "list", "--json").json["waiting"]
    assert set(waiting) == {"plan", "state", "failed", "rows", "overdue", "oldest", "due", "expires_on"}
    assert (waiting["state"], waiting["overdue"]) == ("waiting", 0)
    assert (waiting["plan"], waiting["rows"]) == (COUNTER, 1)
    assert waiting["failed"][0] == "mobile.format"
    assert tutela("quarantine", "list", "--plan", "web_registrations", "--json").json == {"waiting": []}


def test_the_plans_are_listed_and_checked(tutela: Command, tmp_path: Path) -> None:
    plans = tutela("plan", "list", "--json").json["plans"]
    assert [plan["plan"] for plan in plans] == [COUNTER, "partner_enterprises", "web_registrations"]
    assert {"version", "zh", "en", "channel", "subject", "fields", "purposes", "retention", "until"} <= set(plans[0])
    assert tutela("plan", "check", "--json").json == {"plans": 3, "problems": []}
    wrong = tmp_path / "counter_customers.yaml"
    text = (CHECKOUT / "policy" / "plans" / wrong.name).read_text("utf-8")
    wrong.write_text(text.replace("retention: R-REL", "retention: R-EVER"), "utf-8")
    result = tutela("plan", "check", wrong, "--json")
    (problem,) = json.loads(result.out)["problems"]
    assert set(problem) == {"file", "line", "message", "hint"}
    assert (result.code, result.err, result.out.count("\n")) == (10, "", 1)


TABLES = {
    "quality": ("report", "quality"),
    "quarantine": ("quarantine", "list"),
    "plans": ("plan", "list"),
    "plan check": ("plan", "check"),
    "due": ("purge", "--dry-run"),
}


@pytest.mark.parametrize("arguments", TABLES.values(), ids=TABLES)
def test_people_get_a_table_and_no_value(tutela: Command, ingested: Result, arguments: tuple[str, ...]) -> None:
    assert ingested.code == 0
    result = tutela(*arguments)
    assert result.code == 0
    assert len(result.out) > 20
    assert not result.out.startswith("{")
    assert tells_nobody(result.out + result.err)


def test_ingest_and_scan_show_people_tables_without_a_value(tutela: Command, delivery: Path) -> None:
    for result in (tutela("ingest", COUNTER, delivery), tutela("scan", delivery)):
        assert (result.code, result.err) == (0, "")
        assert tells_nobody(result.out)
        assert "──" in result.out


# --- consent -----------------------------------------------------------------------------------------------------


def test_a_withdrawn_consent_refuses_the_next_delivery(tutela: Command, ingested: Result, tmp_path: Path) -> None:
    """PIPL art. 15: what is withdrawn is refused from the next row on; the first subject is customer 1."""
    assert ingested.code == 0
    subject = subject_of(tutela, ">")
    shown = tutela("consent", "show", subject, "--json").json
    assert (shown["subject"], [receipt["action"] for receipt in shown["receipts"]]) == (subject, ["given"])
    keys = {"receipt", "action", "at", "valid_until", "plan", "notice", "purposes", "method"}
    assert set(shown["receipts"][0]) == keys
    withdrawn = tutela("consent", "withdraw", subject, "--plan", COUNTER, "--json").json
    assert set(withdrawn) == {"subject", "receipt"}
    receipts = tutela("consent", "show", subject, "--json").json["receipts"]
    assert [receipt["action"] for receipt in receipts] == ["given", "withdrawn"]
    assert receipts[1]["receipt"] == withdrawn["receipt"]
    assert tells_nobody(tutela("consent", "show", subject).out)
    again = counter_file(tmp_path / "again.csv", [customer(number, note="again") for number in FRESH])
    report = tutela("ingest", COUNTER, again, "--json").json
    assert (report["arrived"], report["stored"], report["refused"]) == (3, 2, {"consent_withdrawn": 1})


UNKNOWN = {
    "subject": (("consent", "show", "CP0000000000"), "CP0000000000"),
    "subject to hold": (
        ("hold", "add", "CP0000000000", "--reason", "x", "--owner", "x", "--review-on", "2027-01-01"), "CP0000000000",
    ),
    "hold": (("hold", "release", "HD-20260101-00000000", "--by", "legal"), "HD-20260101-00000000"),
    "plan": (("consent", "withdraw", "CP0000000000", "--plan", "no_plan"), "no_plan"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "told"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_reference_is_told(tutela: Command, arguments: tuple[str, ...], told: str) -> None:
    result = tutela(*arguments, "--json")
    assert (result.code, result.out, result.err.count("\n")) == (10, "", 1)
    assert told in result.err


# --- out ---------------------------------------------------------------------------------------------------------


def test_hold_purge_and_evidence_tell_one_story(tutela: Command, ingested: Result, tmp_path: Path) -> None:
    """Two customers are past retention: one is held, the other destroyed; released, the first is due again at once."""
    assert ingested.code == 0
    keys = {"due", "held", "destroyed", "verdict", "certificate", "seconds"}
    subject = subject_of(tutela, "<=")
    review = (TODAY + timedelta(days=30)).isoformat()
    words = ("--reason", NOTE, "--owner", "legal", "--review-on", review)
    hold = tutela("hold", "add", subject, *words, "--json").json
    assert set(hold) == {"subject", "hold"}
    planned = tutela("purge", "--dry-run", "--json").json
    assert set(planned) == keys
    assert (planned["held"], planned["destroyed"], planned["verdict"], planned["certificate"]) == (1, 0, None, None)
    purged = tutela("purge", "--json").json
    assert set(purged) == keys
    assert (purged["due"], purged["held"], purged["destroyed"], purged["verdict"]) == (2, 1, 1, "PASS")
    released = tutela("hold", "release", hold["hold"], "--by", "legal", "--json").json
    assert released == {"hold": hold["hold"], "released": True, "due_again": 1}
    assert tutela("hold", "release", hold["hold"], "--by", "legal", "--json").code == 10
    is_evident(tutela, Path(purged["certificate"]), tmp_path)


def is_evident(tutela: Command, certificate: Path, folder: Path) -> None:
    """Export the evidence; certificate and bundle verify without home or database, and not when they were changed."""
    bundle = folder / "evidence.jsonl"
    exported = tutela("evidence", "export", bundle, "--json").json
    assert (set(exported), exported["file"]) == ({"entries", "file"}, str(bundle))
    elsewhere, key = tutela.at(folder / "nowhere"), str(tutela.home / "keys" / "ledger.pub")
    for path in (bundle, certificate):
        assert tells_nobody(path.read_text("utf-8"))
        report = elsewhere("evidence", "verify", path, "--public-key", key, "--json").json
        assert (report["valid"], report["finding"]) == (True, "valid")
        assert all(set(check) == {"name", "ok", "detail"} for check in report["checks"])
    forged = folder / "forged.jsonl"
    forged.write_text(bundle.read_text("utf-8").replace('"hold', '"Hold', 1), "utf-8")
    result = elsewhere("evidence", "verify", forged, "--public-key", key, "--json")
    assert result.code == 16
    assert not json.loads(result.out)["valid"]
    assert [check["name"] for check in json.loads(result.out)["checks"] if not check["ok"]]
    assert not (folder / "nowhere").exists()


# --- all of them -------------------------------------------------------------------------------------------------


def test_two_homes_never_touch_each_other(tutela: Command, ingested: Result, delivery: Path, place: Path) -> None:
    assert ingested.code == 0
    before, other = tutela.state(), tutela.at(place / "other")
    try:
        assert other("init").code == 0
        assert other("ingest", COUNTER, delivery, "--json").json["stored"] == 5
        assert other.state()[:2] == (1, 5)
        assert tutela.state() == before
        assert other("consent", "show", subject_of(tutela, ">"), "--json").code == 10
        assert other("purge", "--json").json["destroyed"] == 2
        assert tutela.state() == before
        bundle = place / "other.jsonl"
        assert other("evidence", "export", bundle).code == 0
        own, foreign = (home / "keys" / "ledger.pub" for home in (other.home, tutela.home))
        assert tutela("evidence", "verify", bundle, "--public-key", str(own)).code == 0
        assert tutela("evidence", "verify", bundle, "--public-key", str(foreign)).code == 16
    finally:
        EmbeddedPostgres(other.home).remove()
    assert tutela("quarantine", "list", "--json").code == 0


def test_help_answers_at_once(tutela: Command) -> None:
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        result = tutela.apart("--help")
        seconds.append(time.perf_counter() - begun)
        assert (result.code, result.err) == (0, "")
    assert all(f" {name} " in result.out for name in ("init", "ingest", "scan", "purge", "evidence", "consent", "hold"))
    assert min(seconds) < 1


def test_no_heavy_library_is_imported_before_it_is_needed() -> None:
    ask = "import sys, pipelines.cli.main; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", ask], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert not HEAVY & set(found.stdout.split())
