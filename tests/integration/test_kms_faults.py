"""A key-management provider that fails: one sentence, nothing lost, nothing reported, and the same command goes on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.custody import COHORT, SUBJECT
from pipelines.errors import DestructionFailed, KeyUnavailable
from pipelines.jobs.home import init
from pipelines.seal import keyring as ring
from pipelines.seal.kms import PROVIDERS, Kms, open_kms
from pipelines.seal.kms.file import FileKms
from tests.homes import NOON, TODAY, Home, Homes, customers, fork
from tests.providers import secret_file, token

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
