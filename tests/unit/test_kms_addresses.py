"""What a provider's URI may say, and how the files of its secrets must be (`pipelines.seal.kms.address`)."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.errors import KeyUnavailable, PolicyError
from pipelines.seal.kms import address, open_kms
from pipelines.seal.kms.pkcs11 import Pkcs11Kms
from pipelines.seal.kms.vault import VaultKms

CHECKOUT = Path(__file__).resolve().parents[2]
ENGINE = "vault:https://vault.example:8200/transit?token-source=file:/etc/token"
TOKEN = "pkcs11:token=tutela?module-path=/usr/lib/p11.so&pin-source=file:/etc/pin"


def test_a_token_is_named_as_rfc_7512_has_it(tmp_path):
    kms = open_kms("pkcs11:token=My%20token;serial=12ab?pin-source=file:/etc/pin&module-path=/usr/lib/p11.so", tmp_path)
    assert isinstance(kms, Pkcs11Kms)
    assert kms.token == {"token_label": "My token", "token_serial": "12ab"}
    assert (kms.module, kms.pin) == (Path("/usr/lib/p11.so"), Path("/etc/pin"))


def test_an_engine_is_named_by_its_address_and_files(tmp_path):
    kms = open_kms(
        "vault:https://[::1]:8200/team/transit/?token-source=file:///etc/t&ca=/etc/ca.pem&namespace=a%2Fb", tmp_path
    )
    assert isinstance(kms, VaultKms)
    assert kms.engine.address == "https://[::1]:8200/v1/team/transit"
    assert (kms.engine.token, kms.engine.ca) == (Path("/etc/t"), Path("/etc/ca.pem"))
    assert (kms.engine.namespace, kms.engine.host) == ("a/b", "[::1]:8200")


MALFORMED = {
    "no scheme": "",
    "an unknown scheme": "paper:drawer",
    "no token": "pkcs11:?module-path=/usr/lib/p11.so&pin-source=file:/etc/pin",
    "no module": "pkcs11:token=tutela?pin-source=file:/etc/pin",
    "no PIN file": "pkcs11:token=tutela?module-path=/usr/lib/p11.so",
    "the PIN itself": TOKEN + "&pin-value=hunter2",
    "the PIN alone": "pkcs11:token=tutela?hunter2",
    "the PIN in place of its file": "pkcs11:token=tutela?module-path=/usr/lib/p11.so&pin-source=hunter2",
    "an option twice": TOKEN + "&pin-source=file:/etc/hunter2",
    "an empty option": TOKEN + "&serial=",
    "an unknown attribute": TOKEN.replace("token=", "object=hunter2;token="),
    "a module that is searched for": TOKEN.replace("/usr/lib/p11.so", "p11.so"),
    "no engine": "vault:",
    "no address": "vault:transit",
    "no mount": "vault:https://vault.example:8200/?token-source=file:/etc/token",
    "no token file": "vault:https://vault.example:8200/transit",
    "a token itself": "vault:https://vault.example:8200/transit?token=hunter2",
    "a token before the host": "vault:https://hunter2@vault.example:8200/transit?token-source=file:/etc/token",
    "a token in place of its file": "vault:https://vault.example:8200/transit?token-source=hunter2",
    "in clear over a network": ENGINE.replace("https", "http"),
    "another protocol": ENGINE.replace("https", "ftp"),
    "no port": ENGINE.replace("8200", "hunter2"),
    "a port too high": ENGINE.replace("8200", "99999"),
    "an address that is none": ENGINE.replace("vault.example", "[::"),
    "a fragment": ENGINE + "#hunter2",
    "certificates that are searched for": ENGINE + "&ca=ca.pem",
}


@pytest.mark.parametrize("uri", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_uri_is_one_sentence_that_repeats_no_secret(uri, tmp_path):
    with pytest.raises(PolicyError, match="TUTELA_KMS") as caught:
        open_kms(uri, tmp_path)
    assert "hunter2" not in str(caught.value)
    assert caught.value.exit_code == 10


def test_clear_text_goes_to_an_agent_on_this_machine_only(tmp_path):
    for host in ("127.0.0.1", "localhost", "[::1]"):
        open_kms(f"vault:http://{host}:8100/transit?token-source=file:/etc/token", tmp_path)
    for host in ("127.0.0.1.example", "0.0.0.0", "localhost.example", "10.0.0.1"):
        with pytest.raises(PolicyError):
            open_kms(f"vault:http://{host}:8100/transit?token-source=file:/etc/token", tmp_path)


# --- files of secrets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_secret_is_read_from_a_file_that_is_its_owners_alone(tmp_path, mode):
    path = tmp_path / "pin"
    path.write_text(" 1234 \n")
    path.chmod(mode)
    assert address.secret_of(path, "PIN") == "1234"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620, 0o601, 0o777])
def test_a_secret_that_others_can_read_or_change_is_not_used(tmp_path, mode):
    path = tmp_path / "pin"
    path.write_text("hunter2")
    path.chmod(mode)
    with pytest.raises(KeyUnavailable, match="chmod 600") as caught:
        address.secret_of(path, "PIN")
    assert "hunter2" not in str(caught.value)


def test_what_holds_no_secret_is_told_for_what_it_is(tmp_path):
    for name, content in {"empty": b"", "blank": b" \n", "bytes": b"\xff\xfe\x00"}.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
        with pytest.raises(KeyUnavailable, match="holds no PIN"):
            address.secret_of(tmp_path / name, "PIN")
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(KeyUnavailable, match=r"can't be read|open to others"):
            address.secret_of(path, "PIN")
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(KeyUnavailable):
        address.secret_of(tmp_path / "pipe", "PIN")


@pytest.mark.parametrize("content", ["two words", "a\nb", "é", "a\x07b"], ids=["two words", "two lines", "é", "a bell"])
def test_a_token_that_http_does_not_take_is_not_quoted(tmp_path, content):
    path = tmp_path / "token"
    path.write_text(content)
    path.chmod(0o600)
    kms = open_kms(f"vault:https://127.0.0.1:1/transit?token-source=file:{path}", tmp_path)
    with pytest.raises(KeyUnavailable, match="holds more than a token") as caught:
        kms.names()
    assert content not in str(caught.value)


def test_certificates_that_are_none_are_told(tmp_path):
    (tmp_path / "token").write_text("t")
    (tmp_path / "token").chmod(0o600)
    (tmp_path / "ca").write_text("no certificate")
    for ca in ("ca", "missing"):
        uri = f"vault:https://127.0.0.1:1/transit?token-source=file:{tmp_path}/token&ca=file:{tmp_path}/{ca}"
        with pytest.raises(KeyUnavailable, match="certificates"):
            open_kms(uri, tmp_path).names()


# --- what is not there -------------------------------------------------------------------------------------------


def test_without_its_library_a_token_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "pin").write_text("1234")
    (tmp_path / "pin").chmod(0o600)
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(KeyUnavailable, match=re.escape("pip install 'tutela[pkcs11]'")):
        open_kms(TOKEN.replace("/etc/pin", f"{tmp_path}/pin"), tmp_path).names()


def test_no_provider_but_the_one_in_use_is_imported():
    code = "import pipelines.seal.kms, sys; sys.exit(bool({'pkcs11', 'httpx'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=False).returncode == 0


def test_a_server_that_nobody_runs_is_one_sentence_after_three_tries(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "token").write_text("s.hunter2")
    (tmp_path / "token").chmod(0o600)
    kms = open_kms(f"vault:http://127.0.0.1:{port}/transit?token-source=file:{tmp_path}/token", tmp_path)
    assert isinstance(kms, VaultKms)
    waits: list[float] = []
    object.__setattr__(kms.engine, "pause", waits.append)
    for use in (kms.names, lambda: kms.exists("a"), lambda: kms.create("a"), lambda: kms.destroy("a")):
        waits.clear()
        with pytest.raises(KeyUnavailable, match=f"127.0.0.1:{port} can't be reached") as caught:
            use()
        assert len(waits) == 2
        assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"
