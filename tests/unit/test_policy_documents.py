"""Policy files: read strictly, with the line of everything."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.policy.documents import MAX_CHARACTERS, parse


def test_on_and_no_are_plain_words():
    assert parse("on: no\nyes: off", "x").data == {"on": "no", "yes": "off"}


def test_scalars_have_the_types_that_people_expect():
    data = parse('a: 1\nb: true\nc: 2026-01-05\nd: "001"\ne:\nf: 010\ng: 1.5', "x").data
    assert data == {"a": 1, "b": True, "c": dt.date(2026, 1, 5), "d": "001", "e": None, "f": "010", "g": 1.5}


def test_the_line_of_a_missing_part_is_that_of_the_part_around_it():
    document = parse("a:\n  b: 1\n  c:\n    - d\n", "x")
    assert document.line(("a", "c", 0)) == 4
    assert document.line(("a", "zz", "y")) == 1


BROKEN = {
    "an alias": ("a: &x 1\nb: *x", 2, "aliases"),
    "an alias bomb": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", 2, "aliases"),
    "a duplicate key": ("a: 1\nb: 2\na: 3", 3, "twice"),
    "a tag": ("a: !!python/object:os.system x", 1, "tags"),
    "a list as key": ("? [a]\n: 1", 1, "plain word"),
    "nesting": ("a: " + "[" * 500, 1, "nested too deeply"),
    "nothing": ("", 1, "empty"),
    "an open bracket": ("a: [1", 1, "not YAML"),
    "an impossible day": ("a: 2026-02-30", 1, "not a date"),
    "two documents": ("a: 1\n---\nb: 2", 2, "not YAML"),
    "a control character": ("a: \x01", 1, "characters"),
    "too much": ("a" * (MAX_CHARACTERS + 1), 1, "million"),
}


@pytest.mark.parametrize(("text", "line", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_file_we_do_not_accept_gives_one_problem_with_its_line(text, line, message):
    document = parse(text, "x.yaml")
    assert document.data is None
    (problem,) = document.problems
    assert message in problem.message
    assert abs(problem.line - line) <= 1
    assert problem.hint


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_raise(text):
    document = parse(text, "x")
    assert document.problems or document.data is not None or text.strip()
