"""Sealing: what opens, and above all what never does (`pipelines.seal`, DESIGN §4)."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import KeyUnavailable, PolicyError
from pipelines.seal import blind_index, envelope, keyring
from pipelines.seal.kms import open_kms
from pipelines.seal.kms.file import FileKms

SUBJECT, COHORT, RECORD = bytes([1]) * 32, bytes([2]) * 32, bytes(range(16))
PLAIN = {"mobile": "planted", "remark": None}

cells = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
record_fields = st.dictionaries(st.text("abcdefgh_", min_size=1, max_size=8), cells, min_size=1, max_size=5)


def seal(fields: dict[str, Any], level: int = 3) -> list[bytes | None]:
    plain = envelope.encode_parts(list(fields), [tuple(fields.values())])
    return list(envelope.seal_records([RECORD], [SUBJECT], [COHORT], {level: plain}, secrets.token_bytes)[0])


# --- envelope ----------------------------------------------------------------------------------------------------


@given(fields=record_fields, level=st.sampled_from(envelope.LEVELS))
def test_a_record_opens_to_what_was_sealed_without_its_empty_fields(fields, level):
    opened = envelope.open_record(RECORD, SUBJECT, COHORT, seal(fields, level), envelope.SCHEMA_VERSION)
    assert opened == {name: value for name, value in fields.items() if value is not None}


@given(rows=st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=5))
def test_many_records_of_several_levels_open_each_by_its_own_keys_and_share_no_nonce(rows):
    ids, subjects, cohorts = ([secrets.token_bytes(size) for _ in rows] for size in (16, 32, 32))
    plain = {
        2: envelope.encode_parts(["a"], [row[:1] for row in rows]),
        4: envelope.encode_parts(["b", "c"], [row[1:] for row in rows]),
    }
    sealed = envelope.seal_records(ids, subjects, cohorts, plain, secrets.token_bytes)
    for row, record, subject, cohort, parts in zip(rows, ids, subjects, cohorts, sealed, strict=True):
        wanted = {name: value for name, value in zip("abc", row, strict=True) if value is not None}
        assert envelope.open_record(record, subject, cohort, parts, 1) == wanted
        holds = [False, row[0] is not None, False, row[1:] != (None, None), False]
        assert [part is not None for part in parts] == holds
    nonces = [part[:12] for parts in sealed for part in parts if part is not None]
    assert len(set(nonces)) == len(nonces)


def test_a_record_without_any_value_has_no_part():
    assert seal({"mobile": None}) == [None] * 5


@given(place=st.integers(0, 10_000), change=st.integers(1, 255))
def test_a_part_of_which_any_byte_was_changed_never_opens(place, change):
    altered = bytearray(seal(PLAIN)[2] or b"")
    altered[place % len(altered)] ^= change
    with pytest.raises(KeyUnavailable) as caught:
        envelope.open_record(RECORD, SUBJECT, COHORT, [None, None, bytes(altered), None, None], 1)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 27, 28, -1])
def test_a_part_that_was_cut_off_never_opens(length):
    part = seal(PLAIN)[2] or b""
    with pytest.raises(KeyUnavailable):
        envelope.open_record(RECORD, SUBJECT, COHORT, [None, None, part[:length], None, None], 1)


ELSEWHERE: dict[str, dict[str, Any]] = {
    "another record": {"record": bytes(16)},
    "another subject's key": {"subject": bytes([3]) * 32},
    "another cohort's key": {"cohort": bytes([3]) * 32},
    "a blank subject key": {"subject": bytes(32)},
    "a blank cohort key": {"cohort": bytes(32)},
    "the two keys exchanged": {"subject": COHORT, "cohort": SUBJECT},
    "another version": {"version": 2},
    "a lower level": {"level": 2},
    "a higher level": {"level": 4},
}


@pytest.mark.parametrize("changed", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_part_opens_nowhere_else(changed):
    place = {"record": RECORD, "subject": SUBJECT, "cohort": COHORT, "version": 1, "level": 3, **changed}
    parts: list[bytes | None] = [None] * 5
    parts[place["level"] - 1] = seal(PLAIN)[2]
    with pytest.raises(KeyUnavailable):
        envelope.open_record(place["record"], place["subject"], place["cohort"], parts, place["version"])


def test_a_moved_record_opens_under_its_new_cohort_only():
    new, parts = bytes([9]) * 32, [seal(PLAIN)]
    old_keys, new_keys = ([SUBJECT], [COHORT]), ([SUBJECT], [new])
    (moved,) = envelope.reseal_records([RECORD], old_keys, new_keys, parts, [1], secrets.token_bytes)
    assert envelope.open_record(RECORD, SUBJECT, new, moved, 1) == {"mobile": "planted"}
    with pytest.raises(KeyUnavailable):
        envelope.open_record(RECORD, SUBJECT, COHORT, moved, 1)
    with pytest.raises(KeyUnavailable):
        envelope.reseal_records([RECORD], new_keys, old_keys, parts, [1], secrets.token_bytes)


def test_a_row_sealed_whole_opens_at_the_highest_level():
    sealed = envelope.seal_whole([RECORD], SUBJECT, [COHORT], [PLAIN], secrets.token_bytes)
    opened = envelope.open_record(RECORD, SUBJECT, COHORT, [None, None, None, None, sealed[0]], 1)
    assert opened == {"mobile": "planted"}


def test_a_record_key_is_that_of_the_published_derivation():
    """RFC 5869, appendix A.1, its first 32 bytes."""
    found = envelope.record_key(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)))
    assert found.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"


# --- pages of the keyring ----------------------------------------------------------------------------------------


def test_each_id_is_given_the_key_of_its_slot_in_its_page():
    pages = {0: secrets.token_bytes(keyring.PAGE_BYTES), 2: secrets.token_bytes(keyring.PAGE_BYTES)}
    ids = np.array([2048, 0, 1023, 3071, 0], dtype=np.int64)
    wanted = [pages[number >> 10][(number & 1023) * 32 :][:32] for number in ids.tolist()]
    assert [key.tobytes() for key in keyring.pick(ids, pages)] == wanted


def test_no_ids_are_given_no_keys():
    assert keyring.pick(np.zeros(0, dtype=np.int64), {}).shape == (0, 32)


def test_a_missing_page_is_named():
    with pytest.raises(KeyUnavailable, match="Page 1 "):
        keyring.pick(np.array([1024], dtype=np.int64), {0: secrets.token_bytes(keyring.PAGE_BYTES)})


@given(slots=st.sets(st.integers(0, keyring.SLOTS - 1), min_size=1, max_size=20))
def test_blank_slots_are_refused_and_all_others_keep_their_keys(slots):
    keys = secrets.token_bytes(keyring.PAGE_BYTES)
    blanked = keyring.blank(keys, slots)
    others = np.array(sorted(set(range(keyring.SLOTS)) - slots), dtype=np.int64)
    assert np.array_equal(keyring.pick(others, {0: blanked}), keyring.pick(others, {0: keys}))
    for slot in slots:
        with pytest.raises(KeyUnavailable, match="destroyed"):
            # Asked for among sound ones, it stops them all.
            keyring.pick(np.array([others[0], slot], dtype=np.int64), {0: blanked})


PAGES: dict[str, tuple[str, int, bool]] = {
    "on another page": ("subject", 6, False),
    "in another ring": ("cohort", 5, False),
    "under another page key": ("subject", 5, True),
}


@pytest.mark.parametrize(("ring", "page", "other_key"), PAGES.values(), ids=PAGES.keys())
def test_a_page_opens_in_its_place_only(ring, page, other_key):
    sealed = keyring.new_page("subject", 5, secrets.token_bytes)
    assert len(keyring.open_page("subject", 5, sealed.sealed, sealed.page_key)) == keyring.PAGE_BYTES
    with pytest.raises(KeyUnavailable):
        keyring.open_page(ring, page, sealed.sealed, bytes(32) if other_key else sealed.page_key)


@given(place=st.integers(0, 12 + keyring.PAGE_BYTES + 15), change=st.integers(1, 255))
def test_a_page_of_which_any_byte_was_changed_never_opens(place, change):
    sealed = keyring.new_page("subject", 5, secrets.token_bytes)
    altered = bytearray(sealed.sealed)
    altered[place] ^= change
    with pytest.raises(KeyUnavailable):
        keyring.open_page("subject", 5, bytes(altered), sealed.page_key)


@pytest.mark.parametrize("length", [0, 11, 12, 27, -1])
def test_a_page_that_was_cut_off_never_opens(length):
    sealed = keyring.new_page("subject", 5, secrets.token_bytes)
    with pytest.raises(KeyUnavailable):
        keyring.open_page("subject", 5, sealed.sealed[:length], sealed.page_key)


def test_keys_do_not_show_in_what_is_printed_of_a_page():
    sealed = keyring.new_page("subject", 5, secrets.token_bytes)
    assert repr(sealed.page_key) not in repr(sealed)


# --- the file: provider ------------------------------------------------------------------------------------------


@pytest.fixture
def kms(tmp_path: Path) -> FileKms:
    provider = FileKms(tmp_path / "kms")
    provider.create("root-1")
    return provider


def test_a_key_created_twice_stays_the_same(kms):
    wrapped = kms.wrap("root-1", [b"k" * 32], [b"here"])
    kms.create("root-1")
    assert kms.unwrap("root-1", wrapped, [b"here"]) == [b"k" * 32]
    assert (kms.names(), kms.exists("root-1"), kms.exists("root-2")) == (["root-1"], True, False)


def test_keys_and_their_folder_are_their_owners_alone(kms):
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (kms.folder, kms.folder / "root-1.key")]
    assert modes == [0o700, 0o600]
    assert [path.name for path in kms.folder.iterdir()] == ["root-1.key"]


def test_a_destroyed_key_can_not_be_used_and_one_made_anew_opens_nothing_old(kms):
    wrapped = kms.wrap("root-1", [b"k" * 32], [b"here"])
    kms.destroy("root-1")
    kms.destroy("root-1")
    assert not kms.exists("root-1")
    for use in (lambda: kms.wrap("root-1", [b"k"], [b""]), lambda: kms.unwrap("root-1", wrapped, [b"here"])):
        with pytest.raises(KeyUnavailable, match="missing"):
            use()
    kms.create("root-1")
    with pytest.raises(KeyUnavailable, match="altered"):
        kms.unwrap("root-1", wrapped, [b"here"])


def test_a_destroyed_key_is_overwritten_before_it_is_removed(kms):
    path = kms.folder / "root-1.key"
    key, second = path.read_bytes(), kms.folder / "second-name"
    os.link(path, second)
    kms.destroy("root-1")
    assert len(second.read_bytes()) == len(key)
    assert second.read_bytes() != key


@pytest.mark.parametrize("content", [b"", b"short", bytes(31), bytes(33)], ids=["empty", "short", "31", "33"])
def test_a_key_file_of_another_length_is_damaged(kms, content):
    (kms.folder / "root-1.key").write_bytes(content)
    with pytest.raises(KeyUnavailable, match="damaged"):
        kms.wrap("root-1", [b"k"], [b""])


def test_what_was_wrapped_in_one_context_opens_in_no_other(kms):
    wrapped = kms.wrap("root-1", [b"k" * 32, b"l" * 32], [b"here", b"here"])
    assert len(set(wrapped)) == 2
    with pytest.raises(KeyUnavailable):
        kms.unwrap("root-1", wrapped, [b"here", b"there"])


@pytest.mark.parametrize("wrapped", [b"", b"n" * 11, b"n" * 12, b"n" * 60], ids=["empty", "11", "12", "garbage"])
def test_what_was_never_wrapped_does_not_open(kms, wrapped):
    with pytest.raises(KeyUnavailable):
        kms.unwrap("root-1", [wrapped], [b"here"])


@pytest.mark.parametrize("name", ["", "../root-1", "a/b", "a.b", "a b"])
def test_a_name_may_not_leave_the_folder(kms, name):
    for use in (kms.create, kms.exists, kms.destroy):
        with pytest.raises(KeyUnavailable):
            use(name)


def test_a_provider_is_chosen_by_its_scheme(tmp_path):
    for uri, folder in (("file:", tmp_path / "kms"), (f"file:{tmp_path}/elsewhere", tmp_path / "elsewhere")):
        open_kms(uri, tmp_path).create("root-1")
        assert (folder / "root-1.key").exists()
    with pytest.raises(PolicyError, match="unknown provider"):
        open_kms("paper:drawer", tmp_path)


# --- blind indexes -----------------------------------------------------------------------------------------------


@given(values=st.lists(st.text(max_size=20), max_size=8), key=st.binary(min_size=32, max_size=32))
def test_equal_identifiers_of_a_kind_have_equal_digests_and_others_do_not(values, key):
    digests = [row.tobytes() for row in blind_index.digests(key, "mobile", values)]
    assert digests == [row.tobytes() for row in blind_index.digests(key, "mobile", values)]
    assert len(set(digests)) == len(set(values))
    others = {row.tobytes() for row in blind_index.digests(key, "resident_id", values)}
    others |= {row.tobytes() for row in blind_index.digests(bytes(byte ^ 1 for byte in key), "mobile", values)}
    assert not others & set(digests)


def test_no_identifiers_have_no_digests():
    assert blind_index.digests(bytes(32), "mobile", []).shape == (0, 16)
