"""The examples are reproducible, valid where they should be, and wrong exactly where they say so."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from examples import identities
from examples.dirt import FATE, RATES
from examples.generate import EXAMPLE_KEY, generate
from examples.structured import structured, write_structured
from pipelines.policy import load_policy
from pipelines.policy.partners import is_uscc
from pipelines.records import META_COLUMNS
from pipelines.sources import arrange, normalise, open_delivery, read_chunks

CHECKOUT = Path(__file__).parents[2]
POLICY = load_policy(CHECKOUT / "policy")
AS_OF = dt.date(2026, 11, 23)
COUNTER_FILES = {"counter_utf8.csv", "counter_gbk.csv", "counter_book.xlsx"}
FILES = COUNTER_FILES | {"partner/enterprises_weekly.csv", "web_registrations.jsonl"}


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    return generate(tmp_path_factory.mktemp("examples"), seed=1, rows=(600, 400, 500), as_of=AS_OF)


@pytest.fixture(scope="module")
def frames(summary):
    return {planted.file: rows_of(summary, planted) for planted in summary.files}


def rows_of(summary, planted):
    plan = POLICY.plan(planted.plan)
    chunks = [arrange(chunk.frame, plan) for chunk in read_chunks(summary.path(planted), chunk_rows=200)]
    outside = {name for _, names in chunks for name in names}
    assert outside == set(planted.outside)
    return normalise(pd.concat([frame for frame, _ in chunks]), plan)


def is_resident_id(number):
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return "10X98765432"[sum(int(d) * w for d, w in zip(number, weights, strict=False)) % 11] == number[-1]


def is_card(number):
    places = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(place // 10 + place % 10 for place in places) % 10 == 0


def tree(folder):
    return {path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.*")}


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path, summary):
    generate(tmp_path / "again", seed=1, rows=(600, 400, 500), as_of=AS_OF)
    generate(tmp_path / "other", seed=2, rows=(600, 400, 500), as_of=AS_OF)
    assert tree(tmp_path / "again") == tree(summary.folder)
    assert not set(tree(tmp_path / "other").values()) & set(tree(summary.folder).values())


def test_all_kinds_of_files_are_written_with_the_asked_rows(summary, frames):
    assert {planted.file for planted in summary.files} == FILES
    assert {planted.file: planted.rows for planted in summary.files} == {
        file: len(rows) for file, rows in frames.items()
    }
    totals = {plan: sum(p.rows for p in summary.of_plan(plan)) for plan in POLICY.plans}
    assert totals == {"counter_customers": 600, "partner_enterprises": 400, "web_registrations": 500}


def test_no_row_carries_two_mistakes(summary):
    for planted in summary.files:
        rows = [row for rows in planted.cases.values() for row in rows]
        assert len(rows) == len(set(rows))
        assert all(1 <= row <= planted.rows for row in rows)


def test_every_mistake_is_planted_and_its_fate_is_told(summary):
    assert set(FATE) == set(RATES)
    assert {case for planted in summary.files for case in planted.cases} == set(RATES)
    assert summary.count("counter_customers", "past_retention") == 60


def test_numbers_check_except_where_planted(summary, frames):
    for planted in summary.files:
        column, check = ("uscc", is_uscc) if planted.plan == "partner_enterprises" else ("id_number", is_resident_id)
        wrong = [row for row, number in frames[planted.file][column].items() if not check(number)]
        assert tuple(wrong) == planted.cases["wrong_check"]


def test_cards_pass_luhn(frames):
    assert all(map(is_card, frames["counter_utf8.csv"]["bank_card"]))


def test_consent_is_missing_exactly_where_planted(summary, frames):
    for planted in summary.files:
        missing = frames[planted.file].index[frames[planted.file]["consent_notice"].isna()]
        assert tuple(missing) == planted.cases["missing_consent"]


def test_mobiles_are_normal_except_where_planted(summary, frames):
    for planted in summary.files:
        column = "contact_mobile" if planted.plan == "partner_enterprises" else "mobile"
        good = frames[planted.file][column].str.fullmatch(r"1[0-9]{10}").fillna(value=False)
        assert set(good.index[~good]) == {*planted.cases["swapped"], *planted.cases["missing_mobile"]}


def test_what_is_past_retention_is_due_and_nothing_else_is(summary, frames):
    for planted in summary.files:
        retention = POLICY.retention[POLICY.plan(planted.plan).retention]
        column = "collected_at" if retention.start == "collected" else "last_activity_at"
        starts = frames[planted.file][column].str[:10].to_numpy(dtype="datetime64[D]")
        due = retention.due_days(starts) <= np.datetime64(AS_OF)
        assert tuple(frames[planted.file].index[due]) == planted.cases["past_retention"]


def test_a_repeated_row_repeats_another(summary, frames):
    rows = frames["counter_utf8.csv"]
    again = rows[rows.duplicated(keep=False)]
    (planted,) = (planted for planted in summary.files if planted.file == "counter_utf8.csv")
    assert set(planted.cases["duplicate"]) <= set(again.index)


def test_dates_are_iso_after_normalising(frames):
    assert frames["counter_utf8.csv"]["birth_date"].str.fullmatch(r"\d{4}-\d{2}-\d{2}").all()


def test_some_persons_are_customers_of_both_counter_and_web(frames):
    counter = pd.concat([rows for file, rows in frames.items() if file.startswith("counter")])
    both = set(counter["id_number"]) & set(frames["web_registrations.jsonl"]["id_number"])
    assert 50 < len(both) < 120


def test_the_partners_delivery_opens_with_the_key_of_the_policy(summary):
    def verify(public_key, message, signature):
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        return True

    partner = POLICY.partners["hexin_data"]
    assert EXAMPLE_KEY.public_key().public_bytes_raw().hex() == partner.public_key
    at = dt.datetime.combine(AS_OF, dt.time(), dt.UTC)
    assert open_delivery(summary.delivery, partner, verify, at).rows == 400


def test_the_command_reports_counts_and_no_values(tmp_path):
    command = [sys.executable, "-m", "examples.generate", str(tmp_path / "x"), "--rows", "60", "--seed", "5",
               "--as-of", "2026-11-23"]  # fmt: skip
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert sum(file["rows"] for file in report["files"]) == 60
    assert all(isinstance(case["rows"], int) for file in report["files"] for case in file["planted"].values())


def test_identity_numbers_are_unique_and_valid():
    numbers = np.arange(20_000, dtype=np.uint64)
    ids, births, sexes = identities.resident_ids(numbers, 3)
    values = ids.to_pylist()
    assert len(set(values)) == len(values)
    assert all(map(is_resident_id, values[:2000]))
    assert [value[6:14] for value in values] == [birth.replace("-", "") for birth in births.to_pylist()]
    assert ["女男"[int(value[16]) % 2] for value in values] == sexes.to_pylist()
    for many in (identities.mobiles, identities.bank_cards, identities.credit_codes, identities.emails):
        assert len(set(many(numbers, 3).to_pylist())) == len(numbers)


def test_structured_rows_are_clean_unique_and_numbered(tmp_path):
    plan = POLICY.plan("counter_customers")
    frames = list(structured(2_500, 4, as_of=AS_OF, profile="text", chunk_rows=1_000))
    assert [len(frame) for frame in frames] == [1000, 1000, 500]
    rows = pd.concat(frames)
    assert tuple(rows.columns) == (*plan.columns, *META_COLUMNS)
    assert rows.index.tolist() == list(range(1, 2_501))
    assert rows[["id_number", "mobile", "bank_card", "remark"]].nunique().tolist() == [2500] * 4
    assert rows["remark"].str.len().between(20, 40).all()
    write_structured(tmp_path / "a.csv", 2_500, 4, as_of=AS_OF, profile="text")
    again = pd.concat([arrange(c.frame, plan)[0] for c in read_chunks(tmp_path / "a.csv", chunk_rows=1_000)])
    pd.testing.assert_frame_equal(again, rows, check_index_type=False)
