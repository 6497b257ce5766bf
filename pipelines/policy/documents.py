"""Turn the text of a policy file into plain data that remembers its lines.

Strict on purpose: no anchors or aliases (so nothing expands), no tags (so nothing is built), no duplicate keys, only
``true`` and ``false`` are booleans (so ``on:`` is a key). Not for what the data means.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from pipelines.policy.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 16
Path = tuple[str | int, ...]
_TAG = "tag:yaml.org,2002:"


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe loader without the surprises."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML's own class attribute
    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        if self.check_event(AliasEvent):
            raise self._refusal("aliases are not allowed")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._refusal("nested too deeply")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _refusal(self, why: str) -> ComposerError:
        return ComposerError(None, None, why, self.peek_event().start_mark)  # type: ignore[no-untyped-call]


for _name, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", r"^-?(?:0|[1-9][0-9]{0,17})$", "-0123456789"),
    ("float", r"^-?[0-9]+\.[0-9]+$", "-0123456789"),
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("timestamp", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "0123456789"),
):
    _StrictLoader.add_implicit_resolver(_TAG + _name, re.compile(_pattern), list(_first))

_SCALARS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "bool": lambda text: text == "true",
    "int": int,
    "float": float,
    "null": lambda _: None,
    "timestamp": dt.date.fromisoformat,
}


@dataclass(frozen=True, slots=True)
class Document:
    """The data of one policy file, the line of every part of it, and what was wrong with it."""

    file: str
    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def line(self, path: Path) -> int:
        """Return the line of that part, or of the nearest part around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: Path, message: str, hint: str) -> Problem:
        """Make a problem of that part."""
        return Problem(self.file, self.line(path), message, hint)


def parse(text: str, file: str) -> Document:
    """Read a policy file; a file that can't be read gives a document with one problem and no data."""
    if len(text) > MAX_CHARACTERS:
        return _broken(file, 1, "the file is larger than a million characters", "split it")
    lines: dict[Path, int] = {}
    try:
        node = _StrictLoader(text).get_single_node()
        if node is None:
            return _broken(file, 1, "the file is empty", "`tutela plan new` writes a skeleton")
        return Document(file, _build(node, (), lines), lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        why = error.problem or "unfinished"
        return _broken(file, line, f"this is not YAML we accept: {why}", _HINTS.get(why, _HINT))
    except yaml.YAMLError:
        return _broken(file, 1, "the file holds characters that YAML does not allow", "save it as UTF-8 text")


_HINT = "check indentation, colons and quotes on this line and the one before"
_HINTS = {
    "aliases are not allowed": "write the value out, so that reviewers see what applies",
    "nested too deeply": "policy files are flat; remove the nesting",
}


def _broken(file: str, line: int, message: str, hint: str) -> Document:
    return Document(file, problems=(Problem(file, line, message, hint),))


def _build(node: Node, path: Path, lines: dict[Path, int]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, MappingNode):
        return _mapping(node, path, lines)
    if isinstance(node, SequenceNode):
        return [_build(child, (*path, place), lines) for place, child in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: MappingNode, path: Path, lines: dict[Path, int]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, ScalarNode):
            raise ConstructorError(None, None, "a key must be a plain word", key_node.start_mark)
        key = str(key_node.value)
        if key in data:
            raise ConstructorError(None, None, f"the key `{key}` stands here twice", key_node.start_mark)
        lines[*path, key] = key_node.start_mark.line + 1
        data[key] = _build(value_node, (*path, key), lines)
    return data


def _scalar(node: Node) -> Any:
    convert = _SCALARS.get(node.tag.removeprefix(_TAG))
    if convert is None or not node.tag.startswith(_TAG):
        raise ConstructorError(None, None, "tags are not allowed", node.start_mark)
    try:
        return convert(node.value)
    except ValueError:
        raise ConstructorError(None, None, f"`{node.value}` is not a date", node.start_mark) from None
