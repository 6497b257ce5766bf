"""What the Chinese tagger is trained on: made up by chance alone, marked where the names are, the same for the same seed."""

from __future__ import annotations

import random

import pytest

from training import chinese_texts, chinese_words

KINDS = sorted(chinese_texts.sentences())
LABELS = {"PERSON", "LOCATION", "ORGANIZATION"}


@pytest.fixture(scope="module")
def areas() -> chinese_words.Areas:
    return chinese_texts.areas()


@pytest.mark.parametrize("kind", KINDS)
def test_spans_lie_in_their_text_in_order_and_apart(kind: str) -> None:
    writer = chinese_texts.Writer(7)
    for _ in range(200):
        text, spans = writer.text(kind)
        edges = [0, *(edge for start, end, _ in spans for edge in (start, end)), len(text)]
        assert edges == sorted(edges)
        assert all(start < end and label in LABELS for start, end, label in spans)
        assert all(text[start:end].strip() == text[start:end] for start, end, _ in spans)


def test_one_seed_gives_one_text_and_another_another() -> None:
    first, again, other = (chinese_texts.Writer(seed).text("news") for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_every_slot_of_a_sentence_is_filled() -> None:
    writer = chinese_texts.Writer(11)
    for kind, lines in writer.sentences.items():
        for line in lines:
            assert "{" not in writer.fill(line, kind)[0], line


def test_other_names_take_the_place_of_names_and_stay_marked(areas: chinese_words.Areas) -> None:
    example = ("张三在北京见李四", [(0, 2, "PERSON"), (3, 5, "LOCATION"), (6, 8, "PERSON")])
    for seed in range(50):
        text, spans = chinese_texts.swapped(example, random.Random(seed), areas)
        assert [label for _, _, label in spans] == ["PERSON", "LOCATION", "PERSON"]
        assert text[spans[0][1] : spans[1][0]] == "在"
        assert text[spans[1][1] : spans[2][0]] == "见"
        assert spans[2][1] == len(text)


def test_joined_texts_keep_their_marks() -> None:
    joined = chinese_texts.joined([("张三来", [(0, 2, "PERSON")]), ("找李四", [(1, 3, "PERSON")])], "，")
    assert joined == ("张三来，找李四", [(0, 2, "PERSON"), (5, 7, "PERSON")])
