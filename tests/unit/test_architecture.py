"""What keeps the code readable: sizes, docstrings, names, one home for SQL, nothing of one machine.

Import rules are import-linter's (`make imports`). The budgets are those of the style guide: do not raise them, split.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent.parent
MODULE_LINES = 400
FUNCTION_LINES = 40
EMPTY_NAMES = {"utils", "helpers", "common", "base", "manager"}
PRODUCT = ("pipelines", "dags", "examples", "benchmarks", "docs", ".ci")
QUERY_NAME = re.compile(r"^-- ([a-z][a-z0-9_]*) --$", re.MULTILINE)
QUERY_METHODS = {"run", "run_many", "rows", "one", "scalar", "stream", "copy_binary", "copy_rows"}
# Written in pieces, so that this file is not what it looks for.
OF_ONE_MACHINE = ("/" + "work/", "/" + "tmp/w", "/" + "root/", "/" + "home/")
OF_ONE_REGISTRY = (
    "pypi." + "org",
    "pythonhosted." + "org",
    "registry.npmjs." + "org",
    "proxy.golang" + ".org",
)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _modules(*folders: str) -> list[str]:
    found = [path for folder in folders for path in (CHECKOUT / folder).rglob("*.py")]
    return sorted(path.relative_to(CHECKOUT).as_posix() for path in found if "__pycache__" not in path.parts)


def _tree(module: str) -> ast.Module:
    return ast.parse((CHECKOUT / module).read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", _modules(*PRODUCT, "tests"))
def test_a_module_fits_on_a_few_screens(module: str) -> None:
    assert len((CHECKOUT / module).read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


@pytest.mark.parametrize("module", _modules(*PRODUCT))
def test_a_function_fits_on_one_screen(module: str) -> None:
    lines = (CHECKOUT / module).read_text(encoding="utf-8").splitlines()
    sizes = {node.name: _code_lines(node, lines) for node in ast.walk(_tree(module)) if isinstance(node, Function)}
    assert {name: size for name, size in sizes.items() if size > FUNCTION_LINES} == {}


@pytest.mark.parametrize("module", _modules(*PRODUCT, "tests"))
def test_a_module_is_named_after_what_it_is_about(module: str) -> None:
    assert not EMPTY_NAMES & set(Path(module).with_suffix("").parts)


@pytest.mark.parametrize("module", _modules(*PRODUCT))
def test_everything_public_says_what_it_is_for(module: str) -> None:
    tree = _tree(module)
    silent = [] if ast.get_docstring(tree) else ["the module"]
    silent += [f"{node.name}, line {node.lineno}" for node in _public(tree) if not ast.get_docstring(node)]
    assert not silent


def test_queries_are_run_by_names_that_exist_and_every_query_is_run() -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted((CHECKOUT / "sql" / "queries").glob("*.sql"))]
    written = [name for text in texts for name in QUERY_NAME.findall(text)]
    assert len(written) == len(set(written))
    trees = {module: _tree(module) for module in _modules("pipelines")}
    run = {name for tree in trees.values() for name in _query_names(tree)}
    assert run - set(written) == set()
    # A name that is handed on before it is run is still a literal somewhere.
    literals = {node.value for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert set(written) - literals == set()


def test_nothing_names_one_machine_or_one_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    found = []
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = CHECKOUT / name
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        found += [f"{name}: {word}" for word in (*OF_ONE_MACHINE, *OF_ONE_REGISTRY) if word in text]
    assert found == []


def _code_lines(function: Function, lines: list[str]) -> int:
    """Count a function's lines without docstrings, blank lines and comments; what is nested in it counts too."""
    described: set[int] = set()
    for node in ast.walk(function):
        if isinstance(node, (Function, ast.ClassDef)) and ast.get_docstring(node):
            described |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    numbers = range(function.lineno, (function.end_lineno or function.lineno) + 1)
    code = [number for number in numbers if number not in described]
    return sum(1 for number in code if (text := lines[number - 1].strip()) and not text.startswith("#"))


def _public(tree: ast.Module) -> Iterator[Function | ast.ClassDef]:
    """Yield the classes and functions that others may use: not those within functions or within private classes."""
    for node in tree.body:
        if isinstance(node, (Function, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (each for each in node.body if isinstance(each, Function) and not each.name.startswith("_"))


def _query_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in QUERY_METHODS:
            on_transaction = isinstance(node.func.value, ast.Name) and node.func.value.id == "tx"
            if on_transaction and node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
