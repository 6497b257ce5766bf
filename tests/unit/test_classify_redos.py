"""No recognizer's time explodes on hostile text: twice the text takes about twice the time."""

from __future__ import annotations

import time

import pytest
import regex

from pipelines.classify.cells import of_texts
from pipelines.classify.finder import find
from pipelines.classify.recognizers import FLAGS, RECOGNIZERS, FoldedRecognizer, registry

UNITS = [
    "1", "1 ", "1-", "1\n", "1\r\n", "11\n", "9", "62", "a", "aA1", "a.", "a-", "1.", "a@", "a.b/", "www.", "://",
    "http://", "00:", "00-", "0000.", "ab:", "::", "%B1", ";1=", "^", "GB82", "GB82 ", "WEST ", "密码:", "验证码", "PIN ",
    "微信", "微信:", "QQ ", "wx", "京A", "京A1", "+1 ", "(1", "1990-", "1990年", "Jan ", "IMEI ", " ", "\n", "A1", "H1",
]  # fmt: skip
SHORT, LONG = 2_000, 16_000
"""Characters. Quadratic time grows by 64 from one to the other, linear time by 8."""
GROWTH = 32
IDLE = 0.05
"""Seconds for the longer text that need no explanation."""


def _seconds(patterns: list[regex.Pattern[str]], text: str) -> float:
    began = time.process_time()
    for pattern in patterns:
        for _ in pattern.finditer(text):
            pass
    return time.process_time() - began


@pytest.mark.parametrize("kind", RECOGNIZERS, ids=[kind.ENTITY for kind in RECOGNIZERS])
def test_time_grows_with_the_text_and_no_faster(kind: type[FoldedRecognizer]) -> None:
    patterns = [regex.compile(pattern.regex, FLAGS) for pattern in kind.PATTERNS]
    slow = []
    for unit in UNITS:
        long = _seconds(patterns, unit * (LONG // len(unit)))
        if long > IDLE:
            short = min(_seconds(patterns, unit * (SHORT // len(unit))) for _ in range(2))
            if long > GROWTH * max(short, 0.001):
                slow.append((unit, short, long))
    assert not slow


@pytest.mark.parametrize("unit", UNITS)
def test_all_recognizers_read_a_hostile_cell_in_reasonable_time(unit: str) -> None:
    cells, _ = of_texts([unit * (LONG // len(unit)) + "密码 微信 邮编 imei 澳门"])
    began = time.process_time()
    find(cells, registry(), ["微信 QQ 邮编 imei 澳门 出生日期"])
    assert time.process_time() - began < 3
