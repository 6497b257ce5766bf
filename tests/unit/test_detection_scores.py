"""What the benchmark of detection calls right: strict, relaxed, merged, ignored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.detection_scores import (
    LabelScore,
    Tally,
    column_right,
    merged,
    score_text,
    score_texts,
    scored_spans,
    wrong_kinds,
)

P, L, O = "PERSON", "LOCATION", "ORGANIZATION"  # noqa: E741
CASES = [
    # marked, found, strict (found, right, marked, reached), relaxed
    ("the same", [(0, 3, P)], [(0, 3, P)], (1, 1, 1, 1), (1, 1, 1, 1)),
    ("one character less", [(0, 3, P)], [(0, 2, P)], (1, 0, 1, 0), (1, 1, 1, 1)),
    ("beside it", [(0, 3, P)], [(3, 5, P)], (1, 0, 1, 0), (1, 0, 1, 0)),
    ("nothing found", [(0, 3, P)], [], (0, 0, 1, 0), (0, 0, 1, 0)),
    ("nothing marked", [], [(0, 3, P)], (1, 0, 0, 0), (1, 0, 0, 0)),
    ("two findings in one", [(0, 6, P)], [(0, 2, P), (4, 6, P)], (2, 0, 1, 0), (2, 2, 1, 1)),
    ("one finding over two", [(0, 2, P), (4, 6, P)], [(0, 6, P)], (1, 0, 2, 0), (1, 1, 2, 2)),
    ("another label", [(0, 3, P)], [(0, 3, O)], (0, 0, 1, 0), (0, 0, 1, 0)),
    ("said twice", [(0, 3, P)], [(0, 3, P), (0, 3, P)], (1, 1, 1, 1), (1, 1, 1, 1)),
]


@pytest.mark.parametrize(("marked", "found", "strict", "relaxed"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_findings_are_counted(marked, found, strict, relaxed):
    score = score_text(marked, found).get(P, LabelScore())
    assert score.strict == Tally(*strict)
    assert score.relaxed == Tally(*relaxed)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(0, 3, L), (3, 6, L)], [(0, 6, L)]),
        ([(3, 6, L), (0, 3, L)], [(0, 6, L)]),
        ([(0, 4, L), (2, 6, L), (6, 8, L)], [(0, 8, L)]),
        ([(0, 6, L), (2, 3, L)], [(0, 6, L)]),
        ([(0, 3, L), (4, 6, L)], [(0, 3, L), (4, 6, L)]),
        ([(0, 3, P), (3, 6, P)], [(0, 3, P), (3, 6, P)]),
        ([(0, 3, L), (3, 5, P), (5, 6, L)], [(0, 3, L), (3, 5, P), (5, 6, L)]),
        ([], []),
    ],
)
def test_touching_places_are_one_place(spans, expected):
    assert merged(spans) == expected


def test_labels_that_nobody_asked_for_are_left_out_and_addresses_are_places():
    raw = [
        {"start": 0, "end": 2, "label": "OTHER"},
        {"start": 2, "end": 4, "label": "OTHER_NOM"},
        {"start": 4, "end": 6, "label": "ADDRESS"},
        {"start": 6, "end": 8, "label": "ADDR_PART", "raw": "road"},
        {"start": 9, "end": 11, "label": "LOCATION"},
        {"start": 12, "end": 12, "label": "PERSON"},
        {"start": 12, "end": 14, "label": "PERSON", "score": 0.85},
        {"start": 14, "end": 25, "label": "PHONE_NUMBER"},
    ]
    assert scored_spans(raw) == [(4, 8, L), (9, 11, L), (12, 14, P)]


def test_characters_covered_count_each_character_once():
    score = score_text([(0, 10, L)], [(0, 4, L), (3, 6, L), (8, 20, L)])[L]
    assert (score.characters, score.covered) == (10, 8)
    assert score.coverage == 0.8


def test_a_label_without_marks_and_findings_has_no_fault():
    assert score_texts([]) == {}
    assert (Tally().precision, Tally().recall, Tally().f1, LabelScore().coverage) == (1, 1, 1, 1)
    assert Tally(found=0, marked=3).f1 == 0


@pytest.mark.parametrize(
    ("answers", "entity", "right"),
    [
        ("PERSON", "PERSON", True),
        ("PERSON", None, False),
        ("-", None, True),
        ("-", "PERSON", False),
        ("SEX|-", None, True),
        ("SEX|-", "SEX", True),
        ("SEX|-", "AGE", False),
    ],
)
def test_a_column_is_right_if_it_is_one_of_the_answers(answers, entity, right):
    assert column_right(answers, entity) is right


def test_wrong_columns_are_counted_by_what_was_said():
    pairs = [("PERSON", "PERSON"), ("-", "PERSON"), ("PERSON", None), ("-", "PERSON")]
    assert wrong_kinds(pairs) == [("-", "PERSON", 2), ("PERSON", "-", 1)]


spans = st.lists(
    st.builds(
        lambda start, size, label: (start, start + size, label),
        st.integers(0, 40),
        st.integers(1, 8),
        st.sampled_from([P, L, O]),
    ),
    max_size=8,
)


@given(spans)
def test_whoever_says_what_the_annotator_says_has_full_marks(marked):
    for score in score_text(marked, marked).values():
        assert score.strict.f1 == score.relaxed.f1 == score.coverage == 1


@given(spans, spans)
def test_strict_is_never_above_relaxed(marked, found):
    for score in score_text(marked, found).values():
        assert score.strict.precision <= score.relaxed.precision
        assert score.strict.recall <= score.relaxed.recall
        assert score.strict.f1 <= score.relaxed.f1


@given(spans, spans, st.randoms(use_true_random=False))
def test_order_does_not_matter(marked, found, rng):
    other, ours = list(marked), list(found)
    rng.shuffle(other)
    rng.shuffle(ours)
    assert score_text(marked, found) == score_text(other, ours)
    assert merged(marked) == merged(other)


@given(spans)
def test_merging_twice_changes_nothing_and_loses_no_character(marked):
    once = merged(marked)
    assert merged(once) == once
    for label in (P, L, O):
        inside = [{at for s, e, own in each if own == label for at in range(s, e)} for each in (marked, once)]
        assert inside[0] == inside[1]


@given(st.lists(st.tuples(spans, spans), max_size=5))
def test_texts_add_up(pairs):
    total = score_texts(pairs)
    for label in (P, L, O):
        parts = [score_text(*pair).get(label, LabelScore()) for pair in pairs]
        assert sum(parts, LabelScore()) == total.get(label, LabelScore())
