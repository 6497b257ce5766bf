"""A transit engine that fails, lies, or is not what it should be (`pipelines.seal.kms.vault`).

Against the protocol test server of `tests/transit_server.py`, which is no real server.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipelines.errors import KeyUnavailable
from pipelines.seal.kms import Kms, open_kms
from tests.providers import TOKEN, secret_file
from tests.transit_server import Engine, serving

KEY = b"k" * 32


@pytest.fixture
def server(tmp_path) -> Iterator[tuple[Kms, Engine]]:
    with serving(TOKEN) as (engine, address):
        path = secret_file(tmp_path / "token", TOKEN)
        kms: Any = open_kms(f"vault:{address}/transit?token-source=file:{path}", tmp_path)
        object.__setattr__(kms.engine, "pause", lambda _: None)
        kms.create("run-1")
        yield kms, engine


def test_a_server_that_answers_at_the_third_try_is_good_enough(server):
    kms, engine = server
    for status in (0, 429, 500, 502, 503, 504):
        engine.failing = [status, status]
        assert kms.unwrap("run-1", kms.wrap("run-1", [KEY], [b"here"]), [b"here"]) == [KEY]
    for method in (kms.create, kms.destroy):
        engine.failing = [0, 503]
        method("run-2")
    assert not kms.exists("run-2")


ANSWERS: dict[str, tuple[list[int], str]] = {
    "sealed or on standby": ([503] * 3, "answered 503"),
    "broken": ([500] * 3, "answered 500"),
    "silent": ([0] * 3, "can't be reached"),
    "sent elsewhere": ([307], "answered 307"),
    "refusing the token": ([403], "refuses the token"),
    "gone behind a proxy": ([502] * 3, "answered 502"),
    "something else": ([200], "answered 200"),
}


@pytest.mark.parametrize(("statuses", "sentence"), ANSWERS.values(), ids=ANSWERS.keys())
def test_a_server_that_is_not_there_for_us_never_means_that_a_key_is_gone(server, statuses, sentence):
    kms, engine = server
    uses: list[Callable[[], Any]] = [kms.names, lambda: kms.exists("run-1"), lambda: kms.destroy("run-1")]
    uses += [lambda: kms.wrap("run-1", [KEY], [b""]), lambda: kms.create("run-1")]
    for use in uses:
        engine.failing = list(statuses)
        with pytest.raises(KeyUnavailable, match=sentence) as caught:
            use()
        assert TOKEN not in str(caught.value)
    engine.failing = []
    assert kms.exists("run-1")


def test_an_engine_that_is_not_mounted_is_told_apart_from_a_key_that_is_not_there(server, tmp_path):
    kms, _ = server
    assert not kms.exists("run-2")
    elsewhere = open_kms(f"vault:http://{kms.engine.host}/kv?token-source=file:{tmp_path}/token", tmp_path)
    with pytest.raises(KeyUnavailable, match="answered 404"):
        elsewhere.exists("run-1")


def test_a_token_that_was_renewed_is_taken_without_a_restart(server, tmp_path):
    kms, engine = server
    engine.token = "s.renewed"
    with pytest.raises(KeyUnavailable, match="refuses the token"):
        kms.names()
    secret_file(tmp_path / "token", "s.renewed")
    assert kms.names() == ["run-1"]


UNSOUND = {
    "exportable": {"exportable": True},
    "open to plaintext backup": {"allow_plaintext_backup": True},
    "derived": {"derived": True},
    "of another type": {"type": "chacha20-poly1305"},
    "imported": {"imported_key": True},
}


@pytest.mark.parametrize("change", UNSOUND.values(), ids=UNSOUND.keys())
def test_a_key_that_could_leave_the_server_is_not_used_but_can_be_destroyed(server, change):
    kms, engine = server
    engine.keys["run-1"].update(change)
    for use in (lambda: kms.create("run-1"), lambda: kms.wrap("run-1", [KEY], [b""])):
        with pytest.raises(KeyUnavailable, match="protects nothing"):
            use()
    kms.destroy("run-1")
    assert not kms.exists("run-1")


def test_a_key_that_was_set_aside_still_exists(server):
    kms, engine = server
    wrapped = kms.wrap("run-1", [KEY], [b""])
    engine.keys["run-1"]["soft_deleted"] = True
    assert kms.exists("run-1")
    for use in (lambda: kms.wrap("run-1", [KEY], [b""]), lambda: kms.unwrap("run-1", wrapped, [b""])):
        with pytest.raises(KeyUnavailable, match="set aside"):
            use()


def test_deletion_is_allowed_right_before_it_and_a_server_that_only_says_so_is_not_believed(server):
    kms, engine = server
    assert engine.keys["run-1"]["deletion_allowed"] is False
    engine.deaf = True
    with pytest.raises(KeyUnavailable, match="did not delete"):
        kms.destroy("run-1")
    assert kms.exists("run-1")


def test_a_server_from_before_associated_data_is_refused(server):
    kms, engine = server
    engine.knows_associated_data = False
    with pytest.raises(KeyUnavailable, match=r"Vault 1\.13"):
        kms.create("run-2")


def test_an_error_beside_an_empty_text_is_not_taken_for_a_key_whatever_the_status(server, monkeypatch):
    kms, engine = server
    wrapped = kms.wrap("run-1", [KEY, KEY], [b"here", b"there"])
    each = type(engine)._each

    def mild(self, *arguments):
        _, data = each(self, *arguments)
        return 200, {"batch_results": [{"plaintext": "", **result} for result in data["batch_results"]]}

    monkeypatch.setattr(type(engine), "_each", mild)
    assert kms.unwrap("run-1", wrapped, [b"here", b"there"]) == [KEY, KEY]
    with pytest.raises(KeyUnavailable, match="altered"):
        kms.unwrap("run-1", wrapped, [b"here", b"here"])


def test_requests_hold_240_keys_and_nothing_but_what_they_need(server):
    kms, engine = server
    engine.bodies.clear()
    wrapped = kms.wrap("run-1", [KEY] * 500, [b"here"] * 500)
    kms.unwrap("run-1", wrapped, [b"here"] * 500)
    assert [len(body["batch_input"]) for body in engine.bodies if body] == [240, 240, 20] * 2
    assert not any(TOKEN in json.dumps(body) for body in engine.bodies)


# --- certificates ------------------------------------------------------------------------------------------------


def authority(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate that vouches for itself; returns its file, and what a server shows."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), at, at + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(key.private_bytes(*form) + (folder / "ca.pem").read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return folder / "ca.pem", context


def test_a_server_is_believed_only_under_a_certificate_that_is_trusted_and_names_it(tmp_path):
    ca, context = authority(tmp_path)
    path = secret_file(tmp_path / "token", TOKEN)
    with serving(TOKEN, context) as (engine, address):
        named = address.replace("127.0.0.1", "localhost")
        cases = {f"vault:{named}/transit?token-source=file:{path}": "not trusted"}
        cases[f"vault:{address}/transit?token-source=file:{path}&ca=file:{ca}"] = "not trusted"
        for uri, sentence in cases.items():
            with pytest.raises(KeyUnavailable, match=sentence):
                open_kms(uri, tmp_path).names()
        assert engine.seen == []
        assert open_kms(f"vault:{named}/transit?token-source=file:{path}&ca=file:{ca}", tmp_path).names() == []
