"""The bundle: written whole or not at all."""

from __future__ import annotations

import errno
import json
import stat
from typing import TYPE_CHECKING

import pytest
from evidence_world import DAWN, an_installation
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import EvidenceInvalid, StorageFull, TutelaError
from pipelines.evidence import bundle
from pipelines.evidence.bundle import BundleEntry, Header, Trailer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOME = an_installation()


def header(size: int) -> Header:
    return Header(HOME.origin, HOME.public_key, size, DAWN)


def full_disk() -> Iterator[bytes]:
    yield HOME.log[0]
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_is_written_is_read_back_in_order(tmp_path: Path) -> None:
    path = HOME.export(tmp_path / "evidence.jsonl")
    with path.open("rb") as file:
        items = [bundle.parse_line(raw) for raw in bundle.raw_lines(file)]
    assert isinstance(items[0], Header)
    assert items[1:-1] == [
        *HOME.heads,
        *HOME.certificates,
        *(BundleEntry(seq, entry.decode()) for seq, entry in enumerate(HOME.log)),
    ]
    assert items[-1] == Trailer(len(HOME.log), len(HOME.heads), 1, items[-1].sha256)  # type: ignore[union-attr]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    path.write_text("the old one")
    with pytest.raises(StorageFull, match="nothing was half-written"):
        bundle.write_bundle(path, header(2), full_disk(), [], [])
    assert path.read_text() == "the old one"
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("size", [0, 2])
def test_a_number_of_entries_that_is_not_the_headers_is_refused(tmp_path: Path, size: int) -> None:
    with pytest.raises(EvidenceInvalid, match="1 entries"):
        bundle.write_bundle(tmp_path / "evidence.jsonl", header(size), HOME.log[:1], [], [])
    assert list(tmp_path.iterdir()) == []


def test_an_entry_that_is_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceInvalid, match="not text"):
        bundle.write_bundle(tmp_path / "evidence.jsonl", header(1), [b"\xff"], [], [])


def test_a_folder_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TutelaError, match="can't be written"):
        bundle.write_bundle(tmp_path / "absent" / "evidence.jsonl", header(0), [], [], [])


NO_LINE = {
    "no line end": b'{"entry":"x","seq":0}',
    "a space": b'{"entry":"x", "seq":0}\n',
    "another escape": b'{"entry":"\\u0078","seq":0}\n',
    "half a character": b'{"entry":"\\ud800","seq":0}\n',
    "a truth value as number": b'{"entry":"x","seq":false}\n',
    "an unknown field": b'{"entry":"x","seq":0,"note":1}\n',
    "a missing number": b'{"entry":"x"}\n',
    "an unknown name": b'{"note":{}}\n',
    "two names": b'{"header":{},"trailer":{}}\n',
    "a list": b"[]\n",
    "an empty line": b"\n",
}


@pytest.mark.parametrize("sentence", NO_LINE)
def test_not_read_as_a_line(sentence: str) -> None:
    assert bundle.next_entries([NO_LINE[sentence]], 0) is None
    with pytest.raises(EvidenceInvalid):
        bundle.parse_line(NO_LINE[sentence])


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.integers(0, 10**6))
def test_the_short_way_reads_what_the_long_way_reads_or_nothing(text: str, seq: int) -> None:
    raw = b'{"entry":' + json.dumps(text, ensure_ascii=False).encode() + b',"seq":%d}\n' % seq
    assert bundle.parse_line(raw) == BundleEntry(seq, text)
    assert bundle.next_entries([raw], seq) in ([text.encode()], None)
    assert bundle.next_entries([raw], seq + 1) is None


@given(st.text('\\"ua0 ', max_size=12))
def test_the_short_way_reads_no_line_that_the_long_way_refuses(quoted: str) -> None:
    raw = b'{"entry":' + quoted.encode() + b',"seq":0}\n'
    found = bundle.next_entries([raw], 0)
    assert found is None or bundle.parse_line(raw) == BundleEntry(0, found[0].decode())


@settings(max_examples=400)
@given(st.lists(st.tuples(st.text('\\"a', max_size=4), st.text('\\"', max_size=2)), min_size=2, max_size=3))
def test_no_line_makes_good_for_another(parts: list[tuple[str, str]]) -> None:
    lines = [f'{{"entry":{before}"{text}","seq":{seq}}}\n'.encode() for seq, (text, before) in enumerate(parts)]
    found = bundle.next_entries(lines, 0)
    if found is not None:
        assert [BundleEntry(seq, entry.decode()) for seq, entry in enumerate(found)] == [
            bundle.parse_line(line) for line in lines
        ]
