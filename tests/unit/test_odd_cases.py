"""What nobody means and everybody meets: dates at the calendar's edge, creators that race, disks that fill up."""

from __future__ import annotations

import errno
import os
import secrets
import threading
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import KeyUnavailable, StorageFull
from pipelines.moments import day_of, days, moments
from pipelines.seal import envelope
from pipelines.seal.kms.file import FileKms
from pipelines.store import binary_copy


def column(*cells: str | None) -> pd.Series:
    return pd.Series(list(cells), dtype="str")


@pytest.mark.parametrize("beside", [(), ("2026-01-01T00:00:00Z",), ("2026-01-01",), (None, "garbage")])
@pytest.mark.parametrize("offset", ["+08", "+0800", "+08:00", " +08:00"])
def test_an_offset_is_read_in_all_its_forms_and_never_spoils_the_column(offset, beside):
    found = moments(column(f"2026-06-01T08:00:00{offset}", *beside))
    assert found.iloc[0] == pd.Timestamp("2026-06-01T00:00:00Z")
    assert found.iloc[1:].notna().sum() == sum(1 for cell in beside if cell and cell != "garbage")


ODD = ["0000-00-00", "99999-01-01", "NaT", "+08:00", "Z", "\x00", "2026-06-01+08", "2026-06-01T08:00:00+99:99",
       "2026-06-01T08:00:00+08:00[x]", "٢٠٢٦-٠٦-٠١", "0001-01-01T00:00:00+14:00", "0001-01-01",
       "9999-12-31T23:00:00-05:00", "9999-12-31"]  # fmt: skip


@settings(max_examples=150)
@given(cells=st.lists(st.one_of(st.none(), st.text(max_size=30), st.sampled_from(ODD))))
def test_no_column_is_an_error_and_every_day_of_it_is_on_the_calendar(cells):
    found = days(column(*cells))
    assert len(moments(column(*cells))) == len(cells) == len(found)
    assert all(isinstance(day, date) for day in found[~np.isnat(found)].astype(object))


@given(at=st.datetimes(datetime(1900, 1, 2), datetime(9999, 12, 29)), hours=st.integers(-12, 14))
def test_any_moment_with_a_zone_is_read_as_it_is(at, hours):
    zoned = at.replace(tzinfo=timezone(timedelta(hours=hours)), fold=0)
    assert moments(column(zoned.isoformat())).iloc[0] == pd.Timestamp(zoned)
    assert days(column(zoned.isoformat()))[0] == np.datetime64(day_of(zoned))


def test_a_missing_date_is_refused_rather_than_stored_as_another_day():
    with pytest.raises(RuntimeError, match="missing date"):
        b"".join(binary_copy.fixed_rows([np.array(["2026-06-01", "NaT"], dtype="datetime64[D]")]))


def test_no_nonce_is_used_twice_in_a_batch():
    count, plain = 200, envelope.encode_parts(["a"], [("x",)] * 200)
    sealed = envelope.seal_records(
        [number.to_bytes(16, "big") for number in range(count)], [b"s" * 32] * count, [b"c" * 32] * count,
        dict.fromkeys((1, 2, 5), plain), secrets.token_bytes,
    )  # fmt: skip
    nonces = [part[:12] for parts in sealed for part in parts if part]
    assert len(set(nonces)) == len(nonces) == 3 * count


def test_of_many_creators_at_once_one_wins_and_all_go_on_with_its_key(tmp_path):
    made, wrapped = [FileKms(tmp_path / "kms") for _ in range(8)], []

    def create(kms: FileKms) -> None:
        kms.create("root")
        wrapped.extend(kms.wrap("root", [b"a"], [b""]))

    threads = [threading.Thread(target=create, args=(kms,)) for kms in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made[0].unwrap("root", wrapped, [b""] * 8) == [b"a"] * 8
    assert [path.name for path in (tmp_path / "kms").iterdir()] == ["root.key"]


def test_a_destroyed_key_is_overwritten_where_another_link_to_it_is_left(tmp_path):
    kms = FileKms(tmp_path / "kms")
    kms.create("root")
    content = (kms.folder / "root.key").read_bytes()
    os.link(kms.folder / "root.key", kms.folder / "copy")
    kms.destroy("root")
    assert (kms.folder / "copy").read_bytes() != content


def test_a_full_disk_leaves_no_half_made_key(tmp_path, monkeypatch):
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    kms = FileKms(tmp_path / "kms")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        kms.create("root")
    assert list(kms.folder.iterdir()) == []
    monkeypatch.undo()
    kms.create("root")
    assert kms.exists("root")


def test_a_key_folder_that_is_no_folder_is_a_sentence(tmp_path):
    (tmp_path / "kms").write_text("x")
    with pytest.raises(KeyUnavailable):
        FileKms(tmp_path / "kms").create("root")
