"""A key-management provider that fails: one sentence, nothing lost, nothing reported, and the same command goes on."""

from __future__ import annotations

import json
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipelines.custody import COHORT, SUBJECT
from pipelines.errors import DestructionFailed, KeyUnavailable
from pipelines.jobs.home import init
from pipelines.seal import keyring as ring
from pipelines.seal.kms import PROVIDERS, Kms, open_kms
from pipelines.seal.kms.file import FileKms
from tests.homes import NOON, TODAY, Home, Homes, customers, fork
from tests.providers import TOKEN, secret_file, token
from tests.transit_server import Engine, serving

KEY = b"k" * 32
AWAY = "The key server can't be reached; the same command can be run again."


# --- in the middle of a command ----------------------------------------------------------------------------------


class Through(Exception):
    """The command got through."""


class Failing:
    """A provider of which each kind of call fails once: before it is done, or done with its answer lost."""

    def __init__(self, inner: Kms, failed: Path, when: str) -> None:
        self._inner, self._failed, self._when = inner, failed, when
        self._calls: Counter[str] = Counter()
        self.scheme, self.guarantee = inner.scheme, inner.guarantee

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._inner, name)

        def call(*arguments: Any) -> Any:
            self._calls[name] += 1
            mark = f"{name} {self._calls[name]}"
            known = self._failed.read_text().splitlines() if self._failed.exists() else []
            if mark in known:
                return method(*arguments)
            self._failed.write_text("\n".join([*known, mark]))
            if self._when == "after":
                method(*arguments)
            raise KeyUnavailable(AWAY)

        return call


def failing(monkeypatch: pytest.MonkeyPatch, path: Path, when: str) -> None:
    path.write_text("")
    monkeypatch.setitem(PROVIDERS, "file", lambda rest, home: Failing(FileKms.from_uri(rest, home), path, when))


def attempts(work: Callable[[], Any], failed: Path) -> list[str]:
    """Run a command, each time in a process of its own, until it gets through; return what failed on the way."""

    def through() -> None:
        work()
        raise Through

    def tried() -> None:
        # Where the witness could not ask the provider, it does not say that all is gone.
        with pytest.raises((KeyUnavailable, DestructionFailed), match=r"can't be reached|could not be verified"):
            through()

    for _ in range(60):
        before = failed.read_text()
        if fork(tried):
            return failed.read_text().splitlines()
        assert failed.read_text() != before, "it failed although the provider did not"
    raise AssertionError("it never got through")


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory) -> Home:
    """Two people who are due and two who are not."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", customers(folder / "a.csv", [1, 2], last="2023-06-01"))
    home.collect("counter_customers", customers(folder / "b.csv", [3, 4]))
    return home


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_destruction_goes_on_after_every_call_that_fails(homes, stocked, tmp_path, monkeypatch, when):
    home, failed = homes.copy(stocked), tmp_path / "failed"
    before = home.records()
    with monkeypatch.context() as patch:
        failing(patch, failed, when)
        found = attempts(lambda: write_purge(home, tmp_path / "purge"), failed)
    assert {"create 1", "wrap 1", "wrap 2", "unwrap 1", "destroy 1", "exists 1"} <= set(found)
    result = json.loads((tmp_path / "purge").read_text())
    assert result["verdict"] == "PASS"
    assert len(home.records()) == 2
    assert home.records().items() <= before.items()
    assert len(home.root_keys()) == 1
    assert home.value("SELECT count(*) FROM destruction.job WHERE state = 'confirmed'") == 1
    assert len(list((home.folder / "certificates").glob("*.json"))) == 1
    assert home.ledger_holds()
    homes.drop(home)


def write_purge(home: Home, path: Path) -> None:
    path.write_text(json.dumps(home.purge().as_json()))


def test_survivors_stay_readable_and_nothing_is_certified_while_the_provider_is_away(homes, stocked, monkeypatch):
    home = homes.copy(stocked)
    before, subjects = home.records(), home.keys(SUBJECT)
    staying = [row[0] for row in home.rows("SELECT DISTINCT cohort_id FROM vault.record WHERE expires_on > %s", TODAY)]
    cohorts = ring.pick(np.array(staying), home.keys(COHORT))
    for kind in ("create", "wrap", "unwrap", "destroy"):
        with monkeypatch.context() as patch:
            patch.setattr(FileKms, kind, away)
            with pytest.raises(KeyUnavailable, match="can't be reached"):
                home.purge()
        assert not list(home.folder.glob("certificates/*.json"))
        assert home.value("SELECT count(*) FROM destruction.job WHERE state IN ('verified', 'confirmed')") == 0
        assert home.keys(SUBJECT) == subjects
        assert np.array_equal(ring.pick(np.array(staying), home.keys(COHORT)), cohorts)
    assert home.purge().verdict == "PASS"
    assert len(home.records()) == 2
    assert home.records().items() <= before.items()
    homes.drop(home)


def away(*_: object) -> None:
    raise KeyUnavailable(AWAY)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_collection_goes_on_after_every_call_that_fails(homes, tmp_path, monkeypatch, when):
    home, failed = homes.blank(), tmp_path / "failed"
    file = customers(tmp_path / "a.csv", [1, 2])
    with monkeypatch.context() as patch:
        failing(patch, failed, when)
        found = attempts(lambda: home.collect("counter_customers", file), failed)
    assert {"create 1", "wrap 1", "unwrap 1", "destroy 1"} <= set(found)
    assert (len(home.records()), home.run_keys()) == (2, [])
    assert not list((home.folder / "staging").iterdir())
    assert home.ledger_holds()
    homes.drop(home)


def test_a_home_whose_first_root_could_not_be_made_is_made_by_the_same_command(homes, tmp_path, monkeypatch):
    home = homes._home(homes._new_database("template0"))
    with monkeypatch.context() as patch:
        patch.setattr(FileKms, "create", away)
        with pytest.raises(KeyUnavailable, match="can't be reached"):
            init(home.settings, NOON)
    assert init(home.settings, NOON)
    assert home.collect("counter_customers", customers(tmp_path / "a.csv", [1])).stored == 1
    homes.drop(home)


# --- a folder that is not there ----------------------------------------------------------------------------------


def test_a_folder_that_is_not_mounted_holds_no_opinion_on_what_was_destroyed(homes, stocked):
    home = homes.copy(stocked)
    (home.folder / "kms").rename(home.folder / "elsewhere")
    kms = FileKms(home.folder / "kms")
    for use in (kms.exists, kms.destroy):
        with pytest.raises(KeyUnavailable, match="put it back"):
            use("generation-000001-00")
    homes.drop(home)


# --- a token -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def token_uri(tmp_path_factory) -> Iterator[str]:
    with token(tmp_path_factory.mktemp("token")) as uri:
        yield uri


def test_a_token_that_can_not_be_used_is_one_sentence_without_the_pin(token_uri, tmp_path):
    wrong = secret_file(tmp_path / "wrong", "0000-wrong")
    pin = token_uri.rpartition("file:")[2]
    cases = {
        "refuses the PIN": token_uri.replace(pin, str(wrong)),
        "No one token": token_uri.replace("token=tutela", "token=another"),
        "can't be loaded": token_uri.replace("libsofthsm2.so", "libnothing.so"),
        "can't be read": token_uri.replace(pin, str(tmp_path / "nothing")),
    }
    for sentence, uri in cases.items():
        kms = open_kms(uri, tmp_path)
        for use in (lambda _, it=kms: it.names(), kms.exists, kms.create, kms.destroy):
            with pytest.raises(KeyUnavailable, match=sentence) as caught:
                use("a")
            assert "0000-wrong" not in str(caught.value)
    open_kms(token_uri, tmp_path).names()


def test_a_key_that_could_leave_the_token_is_not_used(token_uri, tmp_path):
    import pkcs11

    kms: Any = open_kms(token_uri, tmp_path)
    kinds = {"run-out": {pkcs11.Attribute.EXTRACTABLE: True}, "run-in": {pkcs11.Attribute.VALUE: KEY}}
    with kms._session() as session:
        session.generate_key(pkcs11.KeyType.AES, 256, label="run-out", store=True, template=kinds["run-out"])
        more = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY, pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.AES}
        given = {pkcs11.Attribute.LABEL: "run-in", pkcs11.Attribute.TOKEN: True, **more, **kinds["run-in"]}
        session.create_object(given)
    for name in kinds:
        for use in (kms.create, lambda it: kms.wrap(it, [KEY], [b""])):
            with pytest.raises(KeyUnavailable, match="protects nothing"):
                use(name)
        kms.destroy(name)
        assert not kms.exists(name)


def test_two_keys_of_one_name_are_not_guessed_between_and_both_destroyed(token_uri, tmp_path):
    from pipelines.seal.kms import pkcs11

    kms: Any = open_kms(token_uri, tmp_path)
    with kms._session() as session:
        for _ in range(2):
            session.generate_key(**pkcs11._template("run-twice"))
    with pytest.raises(KeyUnavailable, match="2 keys"):
        kms.wrap("run-twice", [KEY], [b""])
    kms.destroy("run-twice")
    assert not kms.exists("run-twice")


# --- a server ----------------------------------------------------------------------------------------------------


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
