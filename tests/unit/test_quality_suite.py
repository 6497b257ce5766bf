"""Reading suites: what is understood, and how a mistake is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import PolicyError
from pipelines.quality.suite import load_suite
from pipelines.quality.verdict import Dimension, Severity
from pipelines.quality.vocabulary import WORDS

GOOD = """\
# a comment
- id: id_number.checksum
  column: id_number
  expect: cn_resident_id
  dimension: accuracy
  severity: critical
  zh: 校验位
  en: The check character
- {id: sex.agrees, column: sex, expect: sex_of, dimension: consistency, severity: info, zh: 一致, en: Agrees,
   with: {id: id_number}}
"""


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "members.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_suite_is_read_in_order_and_built_once(tmp_path: Path) -> None:
    suite = load_suite(_file(tmp_path, GOOD))
    assert suite.name == "members"
    assert [rule.id for rule in suite.rules] == ["id_number.checksum", "sex.agrees"]
    assert suite.columns == ("id_number", "sex")
    assert suite.rule("sex.agrees").dimension is Dimension.CONSISTENCY
    assert suite.rule("sex.agrees").severity is Severity.INFO
    assert [(each.meta or {})["id"] for each in suite.gx.expectations] == ["id_number.checksum", "sex.agrees"]
    with pytest.raises(PolicyError, match="no expectation x"):
        suite.rule("x")


@pytest.mark.parametrize(
    ("change", "line", "reason"),
    [
        pytest.param(("cn_resident_id", "cn_resident"), 2, "unknown word", id="an unknown expectation"),
        pytest.param(("severity: critical", "severity: fatal"), 2, "severity", id="an unknown severity"),
        pytest.param(("dimension: accuracy", "dimension: beauty"), 2, "dimension", id="an unknown dimension"),
        pytest.param(("  zh: 校验位\n", ""), 2, "zh", id="a missing sentence"),
        pytest.param(("  zh: 校验位\n", "  zh: 校验位\n  colour: red\n"), 2, "colour", id="an unknown key"),
        pytest.param(("id_number.checksum", "idnumber.checksum"), 2, "id_number.<rule>", id="an id of another column"),
        pytest.param(("with: {id: id_number}", "with: {is: id_number}"), 9, "not is", id="an unknown argument"),
        pytest.param((",\n   with: {id: id_number}", ""), 9, "needs id", id="a missing argument"),
        pytest.param(("with: {id: id_number}", "with: {id: [1]}"), 9, "not what sex_of takes", id="a wrong argument"),
        pytest.param(
            ("sex.agrees, column: sex", "id_number.checksum, column: id_number"), 9, "twice", id="a second id"
        ),
        pytest.param(("  zh: 校验位\n", "  zh: 校验位\n  zh: 又\n"), 2, "twice", id="a key that stands twice"),
        pytest.param(("- {id: sex", "- {id sex"), 9, "", id="a broken item"),
        pytest.param(("  column: id_number\n", "  column: id_number\n\tx: y\n"), 4, "no YAML", id="no YAML at all"),
    ],
)
def test_a_mistake_is_reported_with_file_and_line(
    tmp_path: Path, change: tuple[str, str], line: int, reason: str
) -> None:
    assert change[0] in GOOD
    with pytest.raises(PolicyError) as caught:
        load_suite(_file(tmp_path, GOOD.replace(*change, 1)))
    message = str(caught.value)
    assert message.startswith(f"members.yaml, line {line}: ")
    assert reason in message


@pytest.mark.parametrize("text", ["", "a: b\n", "- just text\n", "[]\n", "- - 1\n"])
def test_what_is_no_list_of_expectations_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PolicyError, match=r"members.yaml, line 1"):
        load_suite(_file(tmp_path, text))


def test_a_broken_regular_expression_is_found_when_the_suite_is_read(tmp_path: Path) -> None:
    text = GOOD.replace("expect: cn_resident_id", "expect: matches\n  with: {regex: '['}")
    with pytest.raises(PolicyError, match=r"line 2: with: regex is no regular expression"):
        load_suite(_file(tmp_path, text))


def test_a_plan_without_a_suite_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="every plan needs its suite"):
        load_suite(tmp_path / "none.yaml")


def test_every_word_stands_for_an_expectation_that_great_expectations_knows() -> None:
    assert all(word.kind.expectation_type.startswith("expect_") for word in WORDS.values())
