"""Verification on a machine that has nothing but Python and its cryptography package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from evidence_world import an_installation

from pipelines.errors import EvidenceInvalid, KeyUnavailable, SourceMissing, TutelaError
from pipelines.evidence import __main__ as alone
from pipelines.evidence import certificate, timestamps

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


def run_alone(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ALONE, *arguments]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(CHECKOUT), "PYTHONNOUSERSITE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("what", ["bundle", "certificate"])
def test_it_runs_where_only_cryptography_is_installed(what: str, tmp_path: Path, bundle_bytes: bytes) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(bundle_bytes if what == "bundle" else certificate.to_bytes(HOME.certificates[0]))
    run = run_alone(tmp_path, str(path), "--public-key", HOME.public_key.hex(), "--json")
    assert run.stderr == ""
    report = cast("dict[str, object]", json.loads(run.stdout))
    assert (report["valid"], report["kind"]) == (True, what)
    assert run.returncode == 0


def test_time_stamps_ask_there_for_what_they_need(tmp_path: Path, bundle_bytes: bytes) -> None:
    (tmp_path / "evidence").write_bytes(bundle_bytes)
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nobody")])
    now = datetime(2026, 1, 5, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now)
    (tmp_path / "nobody.pem").write_bytes(builder.sign(key, None).public_bytes(Encoding.PEM))
    stamped = timestamps.Stamped(HOME.heads[0], b"x")
    timestamps.append(tmp_path / "stamps", stamped)
    run = run_alone(tmp_path, "evidence", "--timestamps", "stamps", "--authority", "nobody.pem")
    assert run.returncode == TutelaError.exit_code
    assert "rfc3161-client" in run.stderr
    run = run_alone(tmp_path, "evidence", "--timestamps", "stamps")
    assert run.returncode == KeyUnavailable.exit_code
    assert "--authority" in run.stderr
