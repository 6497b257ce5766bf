"""The register of derivatives: staging and landing files, copies of ours, recipients, keepers; each through a real vault."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import SourceError, TutelaError, UnknownReference
from pipelines.jobs import derivatives, notices, runs, work_orders
from pipelines.jobs.home import open_home
from pipelines.jobs.register import register_of
from pipelines.policy import Kind
from pipelines.retention import derived, letters
from pipelines.retention.derivatives import Copy, register
from pipelines.store.database import Role, Tx
from tests.homes import NOON, TODAY, Home, Homes, customers, die, fork

JOB = "DS-20260601-x00000001"


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Four people: two whose records are due, two who stay."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", customers(folder / "a.csv", [1, 2], last="2023-06-01"))
    home.collect("counter_customers", customers(folder / "b.csv", [3, 4]))
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    homes.drop(home)


def codes(home: Home) -> list[str]:
    """The subjects' codes, those who are due first."""
    return [row[0] for row in home.rows("SELECT code FROM vault.subject ORDER BY expires_on, subject_id")]


def listing(path: Path, *wanted: str) -> Path:
    path.write_text("\n".join(wanted) + "\n", "utf-8")
    return path


def hand_over(home: Home, subjects: Path | None = None, plans: list[str] | None = None, **more: Any) -> str:
    values = {"kind": "shared_copy", "place": "SFTP of the partner", "recipient": "partner-a", "keeper": None, **more}
    until = values.pop("until", date(2027, 1, 1))
    copy = derivatives.of_outside(by="steward-li", until=until, plans=plans or [], quantity=None, **values)
    return derivatives.add(home.settings, copy, subjects, NOON)


def state(home: Home, derivative: str) -> str:
    return home.value("SELECT state FROM destruction.derivative WHERE derivative_id = %s", derivative)


def applied(home: Home, subjects: list[str], origin: str = "request") -> str:
    """Have a destruction that aims at some subjects, or at what is due."""
    home.rows(
        "INSERT INTO destruction.job (job_id, origin, as_of, state, manifest, manifest_hash, schedule_hash, applicant,"
        " executor, created_at) VALUES (%s, %s, %s, 'applied', '{}', 'h', 'h', 'a', 'b', %s) RETURNING 1",
        JOB, origin, TODAY, NOON,
    )  # fmt: skip
    if subjects:
        home.rows(
            "INSERT INTO destruction.target SELECT %s, 'subject', subject_id FROM vault.subject WHERE code = ANY(%s) RETURNING 1",
            JOB, subjects,
        )  # fmt: skip
    else:
        home.rows(
            "INSERT INTO destruction.target SELECT %s, 'cohort', cohort_id FROM keyring.cohort WHERE expires_on <= %s RETURNING 1",
            JOB, TODAY,
        )  # fmt: skip
    return JOB


@contextmanager
def writing(home: Home, role: Role = Role.DESTROY) -> Iterator[tuple[Any, Tx]]:
    opened = open_home(home.settings)
    with opened.database.begin(role) as tx:
        tx.run("lock_writers")
        yield register_of(opened), tx
    opened.database.close()


def destroy(home: Home, job: str = JOB) -> dict[str, int]:
    """Do the job's part on copies, as the removal of rows does; its entries go into the ledger."""
    with writing(home) as (tools, tx):
        done = derived.destroy_for(tools, tx, job, NOON)
        if done.entries:
            tools.ledger.append(tx, done.entries, NOON)
    opened = open_home(home.settings)
    derivatives.write_letters(opened)
    opened.database.close()
    return dict(done.removed)


# --- staging and landing files -----------------------------------------------------------------------------------


def test_a_run_is_registered_before_it_makes_anything_and_gone_when_it_ends(home: Home, tmp_path: Path) -> None:
    seen: list[Any] = []

    def look(rows: int, _seconds: dict[str, float]) -> None:
        seen.extend(home.rows("SELECT kind::text, state, kms_key FROM destruction.derivative WHERE kind = 'staging'"))

    home.collect("counter_customers", customers(tmp_path / "a.csv", [1]), tick=look)
    ((kind, when, key), *_) = seen
    assert (kind, when) == ("staging", "present")
    assert key.startswith("run-cli_")
    assert home.rows("SELECT state FROM destruction.derivative WHERE kind = 'staging'") == [("destroyed",)]


POINTS = ["registered", "folder made", "key made", "staged"]


@pytest.mark.parametrize("point", POINTS)
def test_what_a_kill_leaves_of_a_run_is_swept(
    home: Home, tmp_path: Path, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(name: str, after: bool) -> None:
        part, method = {"folder": (runs.Staging, "begin"), "write": (runs.Staging, "write")}[name]
        original = getattr(part, method)

        def call(*args: Any, **more: Any) -> None:
            if after:
                original(*args, **more)
            die()

        monkeypatch.setattr(part, method, call)

    def work() -> None:
        dying("write" if point in {"key made", "staged"} else "folder", after=point in {"folder made", "staged"})
        home.collect("counter_customers", customers(tmp_path / "a.csv", [1]))

    assert fork(work) < 0
    assert home.value("SELECT count(*) FROM destruction.derivative WHERE kind = 'staging' AND state = 'present'") == 1
    assert runs.sweep(home.settings) == 1
    assert home.value("SELECT count(*) FROM destruction.derivative WHERE kind = 'staging' AND state = 'present'") == 0
    assert home.run_keys() == []
    assert not list((home.folder / "staging").glob("*"))


def land(home: Home, name: str, numbers: list[int]) -> Path:
    folder = home.folder / "landing" / "counter_customers"
    folder.mkdir(parents=True, exist_ok=True)
    return customers(folder / name, numbers)


def landing(home: Home) -> list[tuple[str, str]]:
    return home.rows("SELECT place, state FROM destruction.derivative WHERE kind = 'landing_file' ORDER BY number")


def test_a_landed_file_is_registered_by_the_gate_and_overwritten_when_it_is_in_the_vault(home: Home) -> None:
    path = land(home, "counter_1.csv", [1])
    kept = home.folder / "still-open"
    os.link(path, kept)  # another name shows what becomes of the content
    home.collect("counter_customers", path)
    assert landing(home) == [("landing/counter_customers/counter_1.csv", "present")]
    content = kept.read_bytes()
    runs.remove_landed(home.settings, "counter_customers", [path.name], "run-1", NOON)
    assert not path.exists()
    assert kept.read_bytes() == content, "a file that has another name is somebody else's too"
    assert landing(home) == [("landing/counter_customers/counter_1.csv", "destroyed")]


def test_removing_overwrites_the_blocks_of_a_file(home: Home) -> None:
    path = land(home, "counter_1.csv", [1])
    with path.open("rb") as still_open:
        runs.remove_landed(home.settings, "counter_customers", [path.name], "run-1", NOON)
        assert b"138" not in still_open.read(), "who had it open reads noise"


def test_a_file_that_no_gate_can_read_is_registered_all_the_same(home: Home) -> None:
    path = land(home, "counter_1.csv", [1])
    path.write_bytes(b"\xff\xfe\xfd\x00" * 50)
    with pytest.raises(SourceError):
        home.collect("counter_customers", path)
    assert landing(home) == [("landing/counter_customers/counter_1.csv", "present")]


def test_a_landing_file_that_nobody_takes_is_destroyed_on_its_day_and_not_before(home: Home) -> None:
    path, now = land(home, "counter_1.csv", [1]), datetime.now(UTC)
    os.utime(path, (0, 0))  # its sender's date says nothing about how long it lies here
    opened = open_home(home.settings)
    assert derivatives.expire(opened, now.date(), now) == {}
    assert [state for _, state in landing(home)] == ["present"]
    last = home.value("SELECT expires_on FROM destruction.derivative WHERE kind = 'landing_file'")
    assert derivatives.expire(opened, last - timedelta(days=1), now) == {}
    assert path.exists()
    assert derivatives.expire(opened, last, now) == {"landing_file": 1}
    assert not path.exists()
    assert [state for _, state in landing(home)] == ["destroyed"]
    assert home.ledger_holds()


def test_another_file_under_the_same_name_has_its_own_time(home: Home) -> None:
    path, opened = land(home, "counter_1.csv", [1]), open_home(home.settings)
    earlier = datetime.now(UTC) - timedelta(days=40)
    with writing(home, Role.INGEST) as (tools, tx):
        register(tools, tx, Copy(Kind.LANDING_FILE, "landing/counter_customers/counter_1.csv", "run-1"), earlier)
    assert derivatives.expire(opened, datetime.now(UTC).date(), datetime.now(UTC)) == {}
    assert path.exists()
    assert [state for _, state in landing(home)] == ["destroyed", "present"]


def test_a_landing_file_that_somebody_took_away_is_no_longer_in_the_register(home: Home) -> None:
    path, opened = land(home, "counter_1.csv", [1]), open_home(home.settings)
    derivatives.expire(opened, TODAY, datetime.now(UTC))
    path.unlink()
    derivatives.expire(opened, TODAY, datetime.now(UTC))
    assert [state for _, state in landing(home)] == ["destroyed"]


def test_a_file_elsewhere_that_a_command_is_given_is_not_ours_to_register(home: Home, tmp_path: Path) -> None:
    path = customers(tmp_path / "a.csv", [1])
    home.collect("counter_customers", path)
    assert landing(home) == []
    assert path.exists()


# --- copies of ours ----------------------------------------------------------------------------------------------


def release(home: Home, *subjects: str, until: date = date(2027, 1, 1)) -> tuple[str, Path]:
    """Make what a release will be: a file under a key of its own, registered with those whom it is about."""
    opened = open_home(home.settings)
    key, path = f"release-{until:%Y%m%d}", home.folder / "releases" / f"{until}.parquet"
    with writing(home) as (tools, tx):
        ids = [row.subject_id for row in tx.rows("subject_ids", codes=list(subjects))]
        copy = Copy(Kind.RELEASE, f"releases/{path.name}", "grant-1", until, kms_key=key)
        derivative = register(tools, tx, copy, NOON, ids)  # type: ignore[arg-type]
    opened.kms.create(key)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"sealed")
    return derivative, path


def test_a_release_that_covers_an_erased_person_loses_its_key_and_its_file(vault: Home) -> None:
    who = codes(vault)
    hit, path = release(vault, who[2], who[3])
    spared, other = release(vault, who[3], until=date(2027, 1, 2))
    applied(vault, [who[2]])
    assert destroy(vault) == {"release": 1}
    assert (state(vault, hit), path.exists()) == ("destroyed", False)
    assert (state(vault, spared), other.exists()) == ("present", True)
    assert not (vault.folder / "kms" / "release-20270101.key").exists()
    assert (vault.folder / "kms" / "release-20270102.key").exists()
    assert destroy(vault) == {}, "nothing is left to be done"


def test_a_nightly_destruction_takes_the_releases_of_those_of_whom_nothing_is_left(vault: Home) -> None:
    who = codes(vault)
    hit, _ = release(vault, who[0])
    spared, _ = release(vault, who[2], until=date(2027, 1, 2))
    applied(vault, [], "expiry")
    assert destroy(vault) == {"release": 1}
    assert (state(vault, hit), state(vault, spared)) == ("destroyed", "present")


def test_a_kill_between_key_and_row_is_made_good_by_the_next_call(vault: Home) -> None:
    who = codes(vault)
    hit, path = release(vault, who[2])
    applied(vault, [who[2]])
    path.unlink()
    (vault.folder / "kms" / "release-20270101.key").unlink()
    assert state(vault, hit) == "present"
    assert destroy(vault) == {"release": 1}


def test_a_copy_whose_own_time_is_up_goes_without_any_destruction(vault: Home) -> None:
    derivative, path = release(vault, codes(vault)[3], until=TODAY)
    opened = open_home(vault.settings)
    assert derivatives.expire(opened, TODAY, NOON) == {"release": 1}
    assert (state(vault, derivative), path.exists()) == ("destroyed", False)
    assert derivatives.expire(opened, TODAY, NOON) == {}


# --- recipients and keepers --------------------------------------------------------------------------------------


def test_a_recipient_is_told_by_code_once_and_its_answer_ends_the_list(vault: Home, tmp_path: Path) -> None:
    who = codes(vault)
    derivative = hand_over(vault, listing(tmp_path / "codes.txt", *who))
    applied(vault, [who[2]])
    destroy(vault)
    destroy(vault)
    (notice,) = notices.listed(vault.settings, NOON)
    assert (notice["recipient"], notice["subjects"], notice["whole"]) == ("partner-a", 1, False)
    path = vault.folder / "notices" / f"{notice['notice_id']}.json"
    body = letters.read(path.read_bytes(), open_home(vault.settings).public_key)
    assert body["subjects"] == [who[2]]
    assert "甄无名" not in path.read_text("utf-8")
    answer = tmp_path / "answer.pdf"
    answer.write_bytes(b"we destroyed it")
    notices.acknowledge(vault.settings, notice["notice_id"], "steward-li", "destroyed", answer, NOON)
    assert not path.exists()
    shown = notices.show(vault.settings, notice["notice_id"])
    assert shown["outcome"] == "destroyed"
    assert who[2] not in json.dumps(shown)
    assert state(vault, derivative) == "handed_over", "the others' information is still there"
    with pytest.raises(UnknownReference, match="answered already"):
        notices.acknowledge(vault.settings, notice["notice_id"], "steward-li", "refused", answer, NOON)
    assert vault.ledger_holds()


def test_a_refusal_leaves_the_notice_open_and_overdue_ones_come_first(vault: Home, tmp_path: Path) -> None:
    who = codes(vault)
    for recipient in ("partner-a", "partner-b"):
        hand_over(vault, listing(tmp_path / "codes.txt", *who), recipient=recipient)
    applied(vault, [who[2]])
    destroy(vault)
    evidence = listing(tmp_path / "letter.txt", "no")
    first, second = notices.listed(vault.settings, NOON)
    notices.acknowledge(vault.settings, first["notice_id"], "steward-li", "refused", evidence, NOON)
    with writing(vault, Role.VERIFY) as (_, tx):
        found = derived.summary(tx, JOB)
    assert (found.recipients.told, found.recipients.acknowledged, len(found.recipients.open)) == (2, 0, 2)
    notices.acknowledge(vault.settings, second["notice_id"], "steward-li", "not_held", evidence, NOON)
    late = notices.listed(vault.settings, NOON + timedelta(days=30))
    assert [(row["notice_id"], row["overdue"], row["open"]) for row in late] == [
        (first["notice_id"], True, True),
        (second["notice_id"], False, False),
    ]
    notices.acknowledge(vault.settings, first["notice_id"], "steward-li", "destroyed", evidence, NOON)


def test_a_copy_all_of_whose_people_are_gone_is_to_be_destroyed_whole(vault: Home, tmp_path: Path) -> None:
    who = codes(vault)
    derivative = hand_over(vault, listing(tmp_path / "codes.txt", who[0], who[1]))
    applied(vault, [], "expiry")
    destroy(vault)
    (notice,) = notices.listed(vault.settings, NOON)
    assert (notice["whole"], notice["subjects"]) == (True, 2)
    notices.acknowledge(
        vault.settings, notice["notice_id"], "li", "destroyed", listing(tmp_path / "answer.txt", "done"), NOON
    )
    assert state(vault, derivative) == "destroyed"
    assert vault.value("SELECT count(*) FROM destruction.derivative_subject") == 0


def test_a_copy_whose_people_are_not_listed_covers_whoever_is_in_its_plans(vault: Home) -> None:
    who = codes(vault)
    hand_over(vault, plans=["counter_customers"])
    hand_over(vault, plans=["web_registrations"], recipient="partner-b")
    applied(vault, [], "expiry")
    destroy(vault)
    (notice,) = notices.listed(vault.settings, NOON)
    body = notices.show(vault.settings, notice["notice_id"])
    assert (notice["recipient"], body["subjects"]) == ("partner-a", sorted(who[:2]))


def test_a_shared_copy_whose_time_is_up_is_asked_back_once(vault: Home) -> None:
    hand_over(vault, plans=["counter_customers"], until=TODAY)
    opened = open_home(vault.settings)
    for _ in range(2):
        derivatives.expire(opened, TODAY, NOON)
    (notice,) = notices.listed(vault.settings, NOON)
    assert (notice["whole"], notice["job_id"]) == (True, None)


def paper(home: Home, subjects: Path | None, **more: Any) -> str:
    values = {"kind": "paper", "place": "档案室 B2, 箱 12", "recipient": None, "keeper": "archive-wang", **more}
    return hand_over(home, subjects, plans=["counter_customers"], **values)


def test_paper_gets_a_work_order_with_method_witness_and_photo(vault: Home, tmp_path: Path) -> None:
    who = codes(vault)
    derivative = paper(vault, listing(tmp_path / "codes.txt", who[2]))
    applied(vault, [who[2]])
    destroy(vault)
    (order,) = work_orders.listed(vault.settings, NOON)
    assert (order["least_method"], order["whole"], order["open"]) == ("shred_P5", True, True)
    assert (vault.folder / "work_orders" / f"{order['order_id']}.json").exists()
    photo = listing(tmp_path / "photo.jpg", "a picture")
    done = (vault.settings, order["order_id"])
    with pytest.raises(TutelaError, match="another person"):
        work_orders.complete(*done, "wang", ["wang"], "shred_P5", [photo], NOON)
    with pytest.raises(TutelaError, match="will not do"):
        work_orders.complete(*done, "wang", ["zhao"], "shred_P4", [photo], NOON)
    with pytest.raises(TutelaError, match="photo"):
        work_orders.complete(*done, "wang", ["zhao"], "shred_P5", [], NOON)
    work_orders.complete(*done, "wang", ["zhao"], "shred_P6", [photo], NOON)
    with pytest.raises(UnknownReference, match="completed already"):
        work_orders.complete(*done, "wang", ["zhao"], "shred_P6", [photo], NOON)
    assert state(vault, derivative) == "destroyed"
    with writing(vault, Role.VERIFY) as (_, tx):
        (summed,) = derived.summary(tx, JOB).work_orders
    assert (summed.carrier, summed.completed, summed.open, len(summed.photos)) == ("paper", 1, 0, 1)
    assert vault.ledger_holds()
