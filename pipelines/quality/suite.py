"""Suites: the expectations of one collection plan, read from ``expectations/<plan>.yaml``.

The file is a list; each item is one expectation::

    - id: id_number.checksum          # <column>.<rule>, unique in the file
      column: id_number
      expect: cn_resident_id          # a word of :mod:`vocabulary`
      dimension: accuracy
      severity: critical              # quarantines the row
      zh: 身份证号校验位须正确
      en: The check character of the ID number must be right
      with: {…}                       # what the word takes, if anything

A mistake is reported with file and line. Not for running a suite: that is :mod:`check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from pipelines.errors import PolicyError
from pipelines.quality.gx import Expectation, ExpectationSuite, FailureSeverity, GreatExpectationsError
from pipelines.quality.verdict import Dimension, Severity
from pipelines.quality.vocabulary import MARK, MARKS, WORDS, mark_column

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", max_length=120)]
_Sentence = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Rule(BaseModel):
    """One expectation as it stands in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)

    id: _Id
    column: _Name
    expect: str
    dimension: Dimension
    severity: Severity
    zh: _Sentence
    en: _Sentence
    given: Mapping[str, Any] = Field(default_factory=dict, alias="with")

    @model_validator(mode="after")
    def _holds_together(self) -> Rule:
        word = WORDS.get(self.expect)
        if word is None:
            message = f"expect: unknown word {self.expect!r}; known are {', '.join(WORDS)}"
            raise ValueError(message)
        if not self.id.startswith(f"{self.column}."):
            message = f"id: must be {self.column}.<rule>"
            raise ValueError(message)
        if unknown := sorted(self.given.keys() - word.keys.keys()):
            message = f"with: {self.expect} takes {', '.join(word.keys) or 'nothing'}, not {', '.join(unknown)}"
            raise ValueError(message)
        if missing := sorted(word.required - self.given.keys()):
            message = f"with: {self.expect} needs {', '.join(missing)}"
            raise ValueError(message)
        if "regex" in self.given:
            _compiles(self.given["regex"])
        if MARK in self.given and self.given[MARK] not in MARKS:
            message = f"with: mark is one of {', '.join(MARKS)}"
            raise ValueError(message)
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Name the columns of the rows that it reads."""
        other = WORDS[self.expect].other(self.given)
        return (self.column, other) if other else (self.column,)

    @property
    def mark(self) -> str | None:
        """Name the column of marks that it reads beside the rows, if any."""
        return mark_column(self.column, self.given[MARK]) if MARK in self.given else None

    def build(self) -> Expectation:
        """Make the Great Expectations object.

        Raises:
            ValueError: the class does not accept the keys under ``with:``.
        """
        word = WORDS[self.expect]
        return word.kind(
            **word.arguments(self.column, self.given),
            severity=FailureSeverity(self.severity.value),
            meta={"id": self.id},
            description=f"{self.zh} / {self.en} ({self.id}, {self.dimension.value}, {self.severity.value})",
        )


@dataclass(frozen=True, slots=True)
class Suite:
    """The expectations of one plan, with the Great Expectations suite that was built from them."""

    name: str
    """The plan's."""
    rules: tuple[Rule, ...]
    gx: ExpectationSuite = field(repr=False, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Name the columns it reads, each once, in suite order."""
        return tuple(dict.fromkeys(column for rule in self.rules for column in rule.columns))

    @property
    def marks(self) -> tuple[str, ...]:
        """Name the columns of marks that have to be looked up for it, each once."""
        return tuple(dict.fromkeys(rule.mark for rule in self.rules if rule.mark))

    def described(self) -> ExpectationSuite:
        """Make another Great Expectations suite of the same rules, for a context of its own to keep."""
        return ExpectationSuite(name=self.name, expectations=[rule.build() for rule in self.rules])

    def rule(self, name: str) -> Rule:
        """Return the expectation of an id.

        Raises:
            PolicyError: the suite has no such expectation.
        """
        for rule in self.rules:
            if rule.id == name:
                return rule
        message = f"the suite {self.name} has no expectation {name}; expectations/{self.name}.yaml lists them"
        raise PolicyError(message)


def load_suite(path: Path) -> Suite:
    """Read one suite; its name is the file's.

    Raises:
        PolicyError: the file is missing, is no YAML, or an expectation in it is wrong; names file and line.
    """
    rules: list[Rule] = []
    expectations: list[Expectation] = []
    for line, item in _items(path):
        try:
            rule = Rule.model_validate(item)
            if rule.id in {known.id for known in rules}:
                raise _mistake(path, line, f"id: {rule.id} stands twice in the file")
            expectations.append(rule.build())
        except ValidationError as error:
            raise _mistake(path, line, _reasons(error)) from None
        except (ValueError, TypeError, GreatExpectationsError):
            raise _mistake(path, line, f"with: the values are not what {item.get('expect')} takes") from None
        rules.append(rule)
    return Suite(path.stem, tuple(rules), ExpectationSuite(name=path.stem, expectations=expectations))


def _items(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each item of the list with the line it begins on."""
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError):
        message = f"{path.name}: can't be read; every plan needs its suite of expectations"
        raise PolicyError(message) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _mistake(path, line, f"no YAML: {error.problem}") from None
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise _mistake(path, 1, "must be a list of expectations, and not an empty one")
    for child in node.value:
        line = child.start_mark.line + 1
        if not isinstance(child, yaml.MappingNode):
            raise _mistake(path, line, "must be keys and values: id, column, expect, …")
        names = [key.value for key, _ in child.value]
        if len(set(names)) < len(names):
            raise _mistake(path, line, "a key stands twice in one expectation")
        yield line, _construct(path, line, child)


def _construct(path: Path, line: int, node: yaml.MappingNode) -> dict[str, Any]:
    loader = yaml.SafeLoader("")
    try:
        return {str(key): value for key, value in loader.construct_mapping(node, deep=True).items()}
    except yaml.YAMLError:
        raise _mistake(path, line, "holds a value that YAML can't read") from None


def _compiles(regex: object) -> None:
    try:
        re.compile(regex if isinstance(regex, str) else "(")
    except re.error as error:
        message = f"with: regex is no regular expression ({error.msg})"
        raise ValueError(message) from None


def _reasons(error: ValidationError) -> str:
    parts = []
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        where = ".".join(str(step) for step in detail["loc"])
        reason = detail["msg"].removeprefix("Value error, ")
        parts.append(f"{where}: {reason}" if where else reason)
    return "; ".join(parts)


def _mistake(path: Path, line: int, reason: str) -> PolicyError:
    return PolicyError(f"{path.name}, line {line}: {reason}")
