"""Subject codes: their form, their check character, and that chance alone makes them (`pipelines.store.subjects`)."""

from __future__ import annotations

import re
import secrets

from hypothesis import given
from hypothesis import strategies as st

from pipelines.store.subjects import new_codes

CODE = re.compile(r"^C[PE]\d\d[0-9A-HJ-NPQRTUWXY]{13}$")
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def is_right(code: str) -> bool:
    """GB 32100: the weighted sum of all characters, the check character with weight 1, is divisible by 31."""
    weighted = sum(ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(code[4:16]))
    return (weighted + ALPHABET.index(code[16])) % 31 == 0


def draw(count: int, kind: str = "P", channel: int = 1) -> list[str]:
    return [row.tobytes().decode() for row in new_codes(count, kind, channel, secrets.token_bytes)]


@given(count=st.integers(0, 40), kind=st.sampled_from("PE"), channel=st.integers(0, 99))
def test_a_subject_code_has_its_form_and_its_check_character(count, kind, channel):
    codes = draw(count, kind, channel)
    assert len(set(codes)) == count
    for code in codes:
        assert CODE.match(code)
        assert code.startswith(f"C{kind}{channel:02d}")
        assert is_right(code)


@given(place=st.integers(4, 16), char=st.sampled_from(ALPHABET))
def test_one_mistyped_character_is_always_noticed(place, char):
    code = draw(1)[0]
    assert is_right(code[:place] + char + code[place + 1 :]) == (code[place] == char)


def test_a_source_that_gives_unusable_bytes_is_asked_again_until_there_are_enough():
    """Bytes from 248 would favour some characters; they are left out, however many come."""
    asked: list[int] = []

    def mostly_unusable(count: int) -> bytes:
        asked.append(count)
        return b"\xff" * (count - 1) + b"\x07"

    code = new_codes(1, "P", 1, mostly_unusable)[0].tobytes().decode()
    assert (code[4:16], len(asked)) == ("7" * 12, 12)
    assert is_right(code)


def test_all_characters_are_equally_likely():
    drawn = "".join(code[4:16] for code in draw(20_000))
    expected = len(drawn) / len(ALPHABET)
    assert all(abs(drawn.count(char) / expected - 1) < 0.08 for char in ALPHABET)
