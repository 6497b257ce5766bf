"""Staging files between tasks: sealed under the run's key, and worthless without it (`pipelines.store.staging`)."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import KeyUnavailable, SourceMissing
from pipelines.seal.kms.file import FileKms
from pipelines.store.staging import Staging

PLANTED = "planted-value-7f3a"
FACTS = {"delivery": "planted-fact-91c2", "chunk": 0, "levels": [1, 2]}


def frame() -> pd.DataFrame:
    index = pd.Index([3, 5, 8], name="row", dtype="int64")
    return pd.DataFrame({"planted_heading": [PLANTED, None, "甄"], "empty": [None] * 3}, index=index).astype("str")


@pytest.fixture
def kms(tmp_path: Path) -> FileKms:
    provider = FileKms(tmp_path / "kms")
    provider.create("run-1")
    return provider


@pytest.fixture
def staging(tmp_path: Path, kms: FileKms) -> Staging:
    made = Staging(tmp_path / "staging" / "run-1", "run-1", kms.wrap, kms.unwrap)
    made.write("chunk-0", frame(), FACTS)
    return made


def path_of(staging: Staging) -> Path:
    return staging.folder / "chunk-0.parquet"


def test_a_chunk_is_read_as_it_was_written_with_its_facts(staging):
    found, facts = staging.read("chunk-0")
    pd.testing.assert_frame_equal(found, frame())
    assert (facts, staging.names()) == (FACTS, ["chunk-0"])


def test_a_chunk_without_rows_keeps_its_columns_and_types(staging):
    staging.write("chunk-0", frame().iloc[:0], FACTS)
    pd.testing.assert_frame_equal(staging.read("chunk-0")[0], frame().iloc[:0])


def test_writing_again_replaces(staging):
    staging.write("chunk-0", frame().iloc[1:], {"chunk": 1})
    assert (len(staging.read("chunk-0")[0]), staging.read("chunk-0")[1]) == (2, {"chunk": 1})
    assert [path.name for path in staging.folder.iterdir()] == ["chunk-0.parquet"]


@pytest.mark.parametrize("planted", [PLANTED, "planted", "甄", FACTS["delivery"], "planted_heading", "delivery"])
def test_neither_values_nor_headings_nor_facts_are_in_the_bytes_of_the_file(staging, planted):
    assert str(planted).encode() not in path_of(staging).read_bytes()


def test_the_folder_is_its_owners_alone(staging):
    assert stat.S_IMODE(staging.folder.stat().st_mode) == 0o700


def test_nothing_opens_once_the_runs_key_is_destroyed(staging, kms):
    kms.destroy("run-1")
    with pytest.raises(KeyUnavailable) as caught:
        staging.read("chunk-0")
    assert PLANTED not in str(caught.value)


def test_nothing_opens_under_another_key_of_the_same_name(staging, kms):
    kms.destroy("run-1")
    kms.create("run-1")
    with pytest.raises(KeyUnavailable):
        staging.read("chunk-0")


def flip(place: float) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        altered = bytearray(content)
        altered[int(place * (len(altered) - 1))] ^= 1
        return bytes(altered)

    return change


ALTERED: dict[str, Callable[[bytes], bytes]] = {
    **{f"a bit changed at {tenth * 10} per cent": flip(tenth / 10) for tenth in range(11)},
    "cut in half": lambda content: content[: len(content) // 2],
    "its last byte gone": lambda content: content[:-1],
    "emptied": lambda _: b"",
    "bytes put behind it": lambda content: content + b"more",
    "something else": lambda _: b"PAR1" + bytes(40) + b"PAR1",
}


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED.keys())
def test_an_altered_file_does_not_open(staging, change):
    path_of(staging).write_bytes(change(path_of(staging).read_bytes()))
    with pytest.raises(KeyUnavailable):
        staging.read("chunk-0")


def test_a_file_in_clear_that_somebody_put_there_is_not_taken(staging):
    frame().to_parquet(path_of(staging))
    with pytest.raises(KeyUnavailable):
        staging.read("chunk-0")


def test_a_file_that_is_gone_is_told_for_what_it_is(staging):
    staging.remove()
    staging.remove()
    assert staging.names() == []
    with pytest.raises(SourceMissing, match="chunk-0"):
        staging.read("chunk-0")


def test_a_file_in_clear_is_not_taken_even_with_facts_of_its_own(staging):
    table = pa.Table.from_pandas(frame()).replace_schema_metadata({b"tutela": b"{}"})
    pq.write_table(table, path_of(staging))
    with pytest.raises(KeyUnavailable):
        staging.read("chunk-0")
