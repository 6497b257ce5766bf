"""The reference pages repeat the code; every command and option explains itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pipelines.cli.main import app

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def _walk(command: Any, path: str) -> list[tuple[str, Any]]:
    below = [_walk(child, f"{path} {name}") for name, child in getattr(command, "commands", {}).items()]
    return [(path, command), *(found for each in below for found in each)]


COMMANDS = dict(_walk(typer.main.get_command(app), "tutela"))


def test_reference_pages_are_current() -> None:
    checked = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_option_has_help(path: str) -> None:
    command = COMMANDS[path]
    assert command.help, f"{path} has no help"
    silent = [each.name for each in command.params if not (getattr(each, "help", None) or "").strip()]
    assert not silent, f"{path}: no help for {silent}"


@pytest.mark.parametrize("path", [path for path, command in COMMANDS.items() if not command.hidden])
def test_every_command_is_in_the_reference(path: str) -> None:
    page = (CHECKOUT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    if not hasattr(COMMANDS[path], "commands"):
        assert f"## `{path}`" in page


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md", "docs/operations.md", "docs/security.md"])
def test_commands_named_in_documents_exist(readme: str) -> None:
    words = [line.split("#")[0].split() for line in _commands_in(CHECKOUT / readme)]
    unknown = [" ".join(each) for each in words if not _known(each)]
    assert not unknown


@pytest.mark.parametrize("document", sorted(path.relative_to(CHECKOUT).as_posix() for path in CHECKOUT.glob("*.md")))
def test_links_between_documents_lead_somewhere(document: str) -> None:
    path = CHECKOUT / document
    text = path.read_text(encoding="utf-8")
    targets = [part.split(")")[0].split("#")[0] for part in text.split("](")[1:]]
    broken = [each for each in targets if each and "://" not in each and not (path.parent / each).exists()]
    assert not broken


def _commands_in(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip().removeprefix("$ ") for line in lines if line.strip().startswith(("tutela ", "$ tutela "))]


def _known(words: list[str]) -> bool:
    """Follow the words down the command tree; what follows a command that has none below is its arguments."""
    command: Any = COMMANDS["tutela"]
    for word in words[1:]:
        if not hasattr(command, "commands"):
            options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
            if word.startswith("--") and word not in options | {"--help"}:
                return False
        elif word in command.commands:
            command = command.commands[word]
        else:
            return False
    return not hasattr(command, "commands")
