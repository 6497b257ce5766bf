"""What lies in the vault is looked at again when recognizers change: once, whole after a kill, under rights of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli.main import app
from pipelines.cli.reclassify import ALIKE
from pipelines.errors import UnknownPlan
from pipelines.jobs import classification, classification_tasks
from pipelines.jobs.classification import Reclassified, reclassify
from tests.homes import NOON, TODAY, Home, Homes, customers, die, fork, mobile, policy_copy, resident_id

PLAN = "counter_customers"
NEWER = "f" * 32


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with one delivery in three batches; its occupations are telephone numbers, which nobody declared."""
    home = homes.blank(chunk_rows=20)
    path = tmp_path_factory.mktemp("in") / "counter_1.csv"
    home.collect(PLAN, customers(path, range(50), 职业=mobile(7), 备注="客户来电"))
    return home


@pytest.fixture
def home(homes: Homes, stocked: Home) -> Iterator[Home]:
    copied = homes.copy(stocked, chunk_rows=20)
    yield copied
    homes.drop(copied)


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recognizers that are not those of the delivery."""
    monkeypatch.setattr(classification, "fingerprint", lambda _engine, _taxonomy: NEWER)


def again(home: Home, **more: Any) -> Reclassified:
    [found] = reclassify(home.settings, lambda: NOON, PLAN, **more)
    return found


def looks(home: Home) -> list[tuple[Any, ...]]:
    return home.rows("SELECT batch_id, look, recognizers, records FROM catalog.look ORDER BY batch_id, look")


def told(home: Home) -> list[dict[str, Any]]:
    bodies = [json.loads(row[0]) for row in home.rows("SELECT body FROM evidence.entry ORDER BY seq")]
    return [each["body"] for each in bodies if each["kind"] == "catalog.plan_reclassified"]


def test_what_was_read_with_the_present_recognizers_is_not_opened_again(home: Home) -> None:
    assert again(home).waiting == 0
    assert (looks(home), told(home)) == ([], [])


@pytest.mark.usefixtures("changed")
def test_a_look_keeps_the_profiles_before_it_and_says_what_it_found(home: Home) -> None:
    before = home.portrait()
    found = again(home)
    assert (found.waiting, found.batches, found.records) == (3, 3, 50)
    assert [row[1:] for row in looks(home)] == [(1, NEWER, 20), (1, NEWER, 20), (1, NEWER, 10)]
    history = home.rows(
        "SELECT look, entity, cells, recognizers = %s FROM catalog.column_profile WHERE field = 'mobile' ORDER BY look, batch_id",
        NEWER,
    )
    assert history == [(look, "PHONE_NUMBER", cells, look == 1) for look in (0, 1) for cells in (20, 20, 10)]
    kinds = {(each["field"], each["kind"], each["found"], each["cells"]) for each in found.findings}
    assert ("occupation", "over_collection", "PHONE_NUMBER", 50) in kinds
    assert home.portrait() == before, "no record was changed"
    assert home.ledger_holds()


@pytest.mark.usefixtures("changed")
def test_a_plan_has_one_entry_however_many_batches_and_a_second_run_none(home: Home) -> None:
    first, second = again(home), again(home)
    assert (second.waiting, second.batches, second.findings) == (0, 0, ())
    [entry] = told(home)
    assert (entry["plan"], entry["recognizers"], entry["batches"], entry["records"]) == (PLAN, NEWER, 3, 50)
    assert len(entry["findings"]) == len(first.findings)


@pytest.mark.usefixtures("changed")
def test_a_dry_run_only_counts(home: Home) -> None:
    assert again(home, dry_run=True).waiting == 3
    assert looks(home) == []


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("batches", [1, 2])
def test_a_run_that_was_killed_goes_on_behind_the_last_batch_that_it_finished(home: Home, batches: int) -> None:
    seen = 0

    def step(_plan: str, _records: int) -> None:
        nonlocal seen
        seen += 1
        if seen == batches:
            die()

    assert fork(lambda: again(home, step=step)) == -9
    assert len(looks(home)) == batches
    assert told(home) == [], "there is no entry before all is done"
    assert again(home).batches == 3 - batches
    assert [entry["batches"] for entry in told(home)] == [3]
    assert home.ledger_holds()


def test_a_taxonomy_that_asks_for_more_names_the_columns_that_lie_too_low(
    homes: Homes, home: Home, tmp_path: Path
) -> None:
    def raised(text: str) -> str:
        lines = [
            line.replace("level: 3", "level: 4") if line.strip().startswith("mobile:") else line
            for line in text.splitlines()
        ]
        return "\n".join(lines) + "\n"

    policy = policy_copy(tmp_path / "policy", taxonomy=raised)
    settings = home.settings.model_copy(update={"policy": policy})
    [found] = reclassify(settings, lambda: NOON, PLAN)
    low = [each for each in found.findings if each["kind"] == "level_raised"]
    assert [(each["field"], each["found"], each["level"], each["cells"]) for each in low] == [
        ("mobile", "PHONE_NUMBER", 4, 50),
        ("occupation", "PHONE_NUMBER", 4, 50),
    ]
    sealed = home.rows("SELECT DISTINCT sealed_level FROM catalog.column_profile WHERE field = 'mobile' AND look = 1")
    assert sealed == [(3,)]


@pytest.mark.usefixtures("changed")
def test_what_was_destroyed_is_not_looked_at(homes: Homes, home: Home, tmp_path: Path) -> None:
    old = customers(tmp_path / "counter_2.csv", range(100, 130), "2022-02-01")
    home.collect(PLAN, old)
    gone = home.value("SELECT count(*) FROM vault.record WHERE expires_on <= %s", TODAY)
    home.purge()
    left = home.value("SELECT count(*) FROM vault.record")
    assert gone
    assert again(home).records == left


def test_an_unknown_plan_is_refused(home: Home) -> None:
    with pytest.raises(UnknownPlan):
        reclassify(home.settings, lambda: NOON, "no_such_plan")


REFUSED = [
    "SELECT part_3 FROM vault.record",
    "SELECT digest FROM vault.blind_index",
    "SELECT code FROM vault.subject",
    "SELECT sealed FROM quality.quarantine",
    "UPDATE keyring.page SET sealed = sealed",
    "UPDATE catalog.column_profile SET level = 1",
    "DELETE FROM catalog.finding",
    "INSERT INTO catalog.correction (plan) VALUES ('p')",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_who_looks_again_may_do_nothing_else(stocked: Home, statement: str) -> None:
    with stocked.sql("tutela_classify") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.usefixtures("changed")
def test_no_value_is_in_what_is_stored_or_told(home: Home) -> None:
    found = again(home)
    shown = json.dumps(found.as_json()) + json.dumps(told(home), ensure_ascii=False)
    shown += "".join(str(row) for row in home.rows("SELECT p::text FROM catalog.column_profile p"))
    assert not [value for value in (mobile(7), resident_id(3), "客户来电", "甄无名") if value in shown]


@pytest.fixture
def shown(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home that commands and tasks find in the environment, on a screen of 100 columns."""
    assert home.settings.database_url is not None
    monkeypatch.setenv("TUTELA_HOME", str(home.settings.home))
    monkeypatch.setenv("TUTELA_DATABASE_URL", home.settings.database_url.get_secret_value())
    monkeypatch.setenv("COLUMNS", "100")


def tutela(*words: str) -> Result:
    return CliRunner().invoke(app, ["reclassify", *words], catch_exceptions=True)


@pytest.mark.usefixtures("shown", "changed")
def test_the_command_says_what_waits_and_what_was_found(home: Home) -> None:
    waiting = json.loads(tutela("--dry-run", "--json").stdout)
    assert {each["plan"]: each["waiting"] for each in waiting["plans"]}[PLAN] == 3
    drawn = tutela("--plan", PLAN).stdout
    assert max(map(len, drawn.splitlines())) <= 100
    assert "over_collection" in drawn
    assert ALIKE in tutela().stdout
    told = json.loads(tutela("--plan", PLAN, "--json").stdout)
    assert told["plans"][0] | {"recognizers": "", "findings": []} == Reclassified(PLAN, "", 0).as_json()


@pytest.mark.usefixtures("shown")
def test_the_command_refuses_an_unknown_plan_in_a_sentence() -> None:
    refused = tutela("--plan", "no_such_plan").exception
    assert isinstance(refused, UnknownPlan)
    assert refused.exit_code == 10


@pytest.mark.usefixtures("shown", "changed")
def test_the_tasks_look_at_the_plans_that_wait() -> None:
    assert classification_tasks.plans_to_look_at(None) == [PLAN]
    assert classification_tasks.look_again(PLAN)["records"] == 50
    assert classification_tasks.plans_to_look_at(PLAN) == []
