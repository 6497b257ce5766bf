"""Verification on a machine that has nothing but Python and its cryptography package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from evidence_world import an_installation

from pipelines.errors import EvidenceInvalid, SourceMissing
from pipelines.evidence import __main__ as alone

CHECKOUT = Path(__file__).resolve().parents[2]
HOME = an_installation()


@pytest.fixture(scope="module")
def bundle_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return HOME.export(tmp_path_factory.mktemp("evidence") / "evidence.jsonl").read_bytes()


def test_without_tutelas_command_the_same_is_said(
    tmp_path: Path, bundle_bytes: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "good.jsonl"
    path.write_bytes(bundle_bytes)
    assert alone.main([str(path)]) == 0
    assert "bundle: valid" in capsys.readouterr().out
    path.write_bytes(bundle_bytes[:-1])
    assert alone.main([str(path), "--json"]) == EvidenceInvalid.exit_code
    assert json.loads(capsys.readouterr().out)["finding"] == "truncated"
    assert alone.main([str(tmp_path / "absent")]) == SourceMissing.exit_code


ALONE = """
import importlib.abc, importlib.util, runpy, sys

ALLOWED = set(sys.stdlib_module_names) | {"pipelines", "cryptography", "_cffi_backend", "cffi"}

class OnlyCryptography(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in ALLOWED or name == "fcntl" or name.startswith("pipelines.store"):
            raise ImportError(f"{name} is not installed on this machine")
        return None

sys.meta_path.insert(0, OnlyCryptography())
sys.argv = ["tutela-evidence", *sys.argv[1:]]
runpy.run_module("pipelines.evidence", run_name="__main__")
"""


def test_it_runs_where_only_cryptography_is_installed(tmp_path: Path, bundle_bytes: bytes) -> None:
    path = tmp_path / "evidence.jsonl"
    path.write_bytes(bundle_bytes)
    command = [sys.executable, "-c", ALONE, str(path), "--public-key", HOME.public_key.hex(), "--json"]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(CHECKOUT), "PYTHONNOUSERSITE": "1"}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    assert cast("dict[str, object]", json.loads(run.stdout))["valid"] is True
    assert run.returncode == 0
