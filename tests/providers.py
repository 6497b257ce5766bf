"""Key-management providers for tests: a folder, a SoftHSM2 token, a transit engine."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.transit_server import Engine, serving

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
)
PIN, TOKEN = "4711-test", "s.test-token"
SCHEMES = ("file", "pkcs11", "vault")
_configured: list[Path] = []


def secret_file(path: Path, content: str, mode: int = 0o600) -> Path:
    """Write a PIN or a token to a file."""
    path.write_text(content + "\n", "utf-8")
    path.chmod(mode)
    return path


def softhsm() -> tuple[Path, str]:
    """Find SoftHSM2's module and its tool, or skip the test."""
    module = next((Path(path) for path in MODULES if Path(path).exists()), None)
    tool = shutil.which("softhsm2-util")
    if module is None or tool is None:
        pytest.skip("SoftHSM2 is not installed (Debian: apt-get install softhsm2)")
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (pip install 'tutela[pkcs11]')")
    return module, tool


@contextmanager
def token(folder: Path) -> Iterator[str]:
    """Make a token of its own for as long as a test goes on; yields its URI.

    SoftHSM2 reads its configuration when it is first used in a process, so a process has one folder of tokens.
    """
    module, tool = softhsm()
    if not _configured:
        config = folder / "softhsm2.conf"
        (folder / "tokens").mkdir(mode=0o700)
        config.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(config)
        _configured.append(config)
    label = f"tutela-{secrets.token_hex(4)}"
    command = [tool, "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "so-pin-of-tests"]
    subprocess.run(command, check=True, capture_output=True)
    pin = secret_file(folder / f"pin-{label}", PIN)
    yield f"pkcs11:token={label}?module-path={module}&pin-source=file:{pin}"


@contextmanager
def transit(folder: Path) -> Iterator[tuple[str, Engine | None]]:
    """Serve a transit engine; yields its URI. TUTELA_TEST_VAULT names a real one: that URI is taken instead."""
    if real := os.environ.get("TUTELA_TEST_VAULT"):
        yield real, None
        return
    with serving(TOKEN) as (engine, address):
        path = secret_file(folder / f"token-{secrets.token_hex(4)}", TOKEN)
        yield f"vault:{address}/transit?token-source=file:{path}", engine


@contextmanager
def provider(scheme: str, folder: Path) -> Iterator[str]:
    """Have a provider of a scheme; yields its URI."""
    if scheme == "pkcs11":
        with token(folder) as uri:
            yield uri
    elif scheme == "vault":
        with transit(folder) as (uri, _):
            yield uri
    else:
        yield f"file:{folder / 'folder-of-keys'}"
