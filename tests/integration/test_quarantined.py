"""Erasing a person takes her quarantined rows, which no index finds; the rows beside them stay as they were."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pipelines.custody import SUBJECT
from pipelines.errors import PolicyError
from pipelines.jobs import approvals, erasure
from pipelines.jobs.home import open_home
from pipelines.retention import quarantined, rotate
from pipelines.retention.decision import Decision
from pipelines.store import keyring
from pipelines.store.database import Role
from tests.homes import NOON, Home, Homes, counter, mobile, resident_id

BAD = {"手机号": "12"}
"""What makes a row fail, whoever it is about."""
NAMES = "零一二三四五六七八九"


def person(number: int, **cells: str) -> dict[str, str]:
    return {"姓名": f"甄{NAMES[number]}", "身份证号": resident_id(number), "手机号": mobile(number), **cells}


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Three people in the vault; of two of them more rows wait in quarantine, beside those of strangers."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", counter(folder / "a.csv", person(1), person(2), person(3)))
    typo = resident_id(1)[:-1] + "?"
    home.collect("counter_customers", counter(
        folder / "b.csv", person(1, **BAD), person(1, 身份证号=typo), person(2, **BAD), person(7, **BAD),
    ))  # fmt: skip
    home.collect("counter_customers", counter(folder / "c.csv", person(8, **BAD), person(9, **BAD)))
    home.collect("counter_customers", counter(folder / "d.csv", person(1, **BAD, 备注="once more")))
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    homes.drop(home)


def names(home: Home) -> list[str]:
    return sorted(row["customer_name"] for row in home.quarantined().values())


def subject_of(home: Home, number: int) -> int:
    wanted = resident_id(number)
    (record,) = [record for record, values in home.records().items() if values["id_number"] == wanted]
    return int(home.value("SELECT subject_id FROM vault.record WHERE record_id = %s", record))


def aim(home: Home, *subjects: int) -> quarantined.SetApart:
    opened = open_home(home.settings)
    with opened.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        tx.run("make_aimed")
        tx.run("aim_at_slots", slots=list(subjects))
        return quarantined.aim(tx, opened.custodian, opened.policy, opened.index_key)


def test_the_rows_are_there_and_look_like_everybodys(stocked: Home) -> None:
    assert names(stocked) == sorted(["甄一", "甄一", "甄一", "甄二", "甄七", "甄八", "甄九"])


def test_hers_are_found_by_any_identifier_and_set_apart_from_the_others(vault: Home) -> None:
    before = vault.quarantined()
    apart = aim(vault, subject_of(vault, 1))
    assert (apart.found, apart.resealed, len(apart.holders)) == (3, 2, 2)
    assert vault.quarantined() == before, "nothing is lost, and everything opens"
    under = vault.rows("SELECT record_id FROM quality.quarantine WHERE holder_id = ANY(%s)", list(apart.holders))
    assert {before[str(row[0])]["customer_name"] for row in under} == {"甄一"}
    again = aim(vault, subject_of(vault, 1))
    assert (again.found, again.resealed, again.holders) == (3, 0, apart.holders), "set apart already"


def test_whoever_has_none_costs_nothing(vault: Home) -> None:
    slots = vault.value("SELECT last_value FROM vault.subject_id_seq")
    assert aim(vault, subject_of(vault, 3)) == quarantined.SetApart((), 0, 0)
    assert aim(vault) == quarantined.SetApart((), 0, 0)
    assert vault.value("SELECT last_value FROM vault.subject_id_seq") == slots


def test_erasing_a_person_takes_her_quarantined_rows_and_leaves_the_others_readable(vault: Home) -> None:
    before = vault.quarantined()
    code = vault.value("SELECT code FROM vault.subject WHERE subject_id = %s", subject_of(vault, 1))
    asked = erasure.erase(vault.settings, [code], "asked by letter", "steward", lambda: NOON)
    listed = vault.value("SELECT manifest_hash FROM destruction.job WHERE job_id = %s", asked.destruction)
    approval = Decision(str(asked.destruction), "approved", "console", "leader", "leader", listed, NOON)
    approvals.decide(vault.settings, approval, NOON)
    purged = vault.purge()
    assert (purged.destroyed, purged.verdict) == (4, "PASS"), "her record and her three rows"
    assert names(vault) == sorted(["甄二", "甄七", "甄八", "甄九"])
    assert all(before[record] == values for record, values in vault.quarantined().items())
    assert len(vault.records()) == 2
    assert vault.ledger_holds()


def test_rows_of_a_plan_that_is_gone_stop_the_search_with_a_sentence(vault: Home) -> None:
    opened = open_home(vault.settings)
    policy = opened.policy.model_copy(update={"plans": {}})
    wanted = {"cn_resident_id": np.frombuffer(bytes(16), dtype="S16")}
    with opened.database.begin(Role.DESTROY) as tx, pytest.raises(PolicyError, match="counter_customers"):
        quarantined.find(tx, opened.custodian, policy, opened.index_key, wanted)


def test_rows_whose_key_is_destroyed_already_are_passed_over(vault: Home) -> None:
    holders = [row[0] for row in vault.rows("SELECT DISTINCT holder_id FROM quality.quarantine")]
    subject, opened = subject_of(vault, 1), open_home(vault.settings)
    with opened.database.begin(Role.DESTROY) as tx:
        tx.run("lock_writers")
        root = keyring.active_generation(tx)
        assert root is not None
        rotate.blank(tx, opened.custodian, SUBJECT, holders, root)
    assert aim(vault, subject) == quarantined.SetApart((), 0, 0)
