"""The server deployment says what the settings say; it can't be run without an engine, but it can't drift either."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from pipelines.settings import Settings

CHECKOUT = Path(__file__).resolve().parent.parent.parent
COMPOSE = CHECKOUT / "docker-compose.yml"


def services() -> dict:
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]


def test_every_setting_named_in_it_exists() -> None:
    known = {f"TUTELA_{name.upper()}" for name in Settings.model_fields}
    given = {name for part in services().values() for name in part.get("environment", {}) if name.startswith("TUTELA_")}
    assert given - known == {"TUTELA_DATABASE_PASSWORD"}  # read by .docker/databases.sh, in the database's container


def test_all_parts_of_the_platform_run_the_same_image() -> None:
    images = {part["image"] for name, part in services().items() if name not in {"postgres", "redis"}}
    assert len(images) == 1


def test_nothing_is_published_beyond_loopback() -> None:
    ports = [port for part in services().values() for port in part.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_secret_has_a_default_and_the_example_names_all_of_them() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    wanted = set(re.findall(r"\$\{([A-Z_]+):\?\}", text))
    assert not re.findall(r"\$\{[A-Z_]*(?:PASSWORD|SECRET|KEY)[A-Z_]*(?::-|\})", text)
    example = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    assert wanted <= set(re.findall(r"^([A-Z_]+)=$", example, re.MULTILINE))


def test_the_compose_client_accepts_it() -> None:
    client = _client()
    if client is None:
        pytest.skip("no docker compose client is installed")
    names = re.findall(r"\$\{([A-Z_]+):\?\}", COMPOSE.read_text(encoding="utf-8"))
    values = {**os.environ, **dict.fromkeys(names, "x")}
    command = [*client, "--file", str(COMPOSE), "config", "--quiet"]
    done = subprocess.run(command, env=values, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _client() -> list[str] | None:
    for client in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(client[0])
            and not subprocess.run([*client, "version"], capture_output=True, check=False).returncode
        ):
            return client
    return None
