"""What every key-management provider keeps to, and what each of them does besides (`pipelines.seal.kms`).

`pkcs11:` runs against SoftHSM2; `vault:` against the protocol test server of `tests/transit_server.py`, which is no real
server, or against the engine that TUTELA_TEST_VAULT names by its URI.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.errors import KeyUnavailable
from pipelines.seal.kms import Kms, open_kms
from tests.homes import Homes, customers, fork
from tests.providers import SCHEMES, provider, transit

KEY, OTHER = b"k" * 32, b"l" * 32


@pytest.fixture(scope="module", params=SCHEMES)
def uri(request, tmp_path_factory) -> Iterator[str]:
    with provider(request.param, tmp_path_factory.mktemp(request.param)) as uri:
        yield uri


@pytest.fixture
def kms(uri: str, tmp_path: Path) -> Kms:
    return open_kms(uri, tmp_path)


@pytest.fixture
def root(kms: Kms) -> Iterator[str]:
    name = f"generation-000001-{secrets.token_hex(4)}"
    kms.create(name)
    yield name
    kms.destroy(name)


def test_a_provider_states_its_scheme_and_its_guarantee_in_a_sentence(kms, uri):
    assert kms.scheme == uri.partition(":")[0]
    assert kms.guarantee.startswith(f"{kms.scheme}: ")
    assert kms.guarantee.endswith(".")


def test_a_key_made_twice_stays_the_same(kms, root):
    wrapped = kms.wrap(root, [KEY], [b"here"])
    kms.create(root)
    assert kms.unwrap(root, wrapped, [b"here"]) == [KEY]


def test_keys_open_in_their_order_each_in_its_context(kms, root):
    wrapped = kms.wrap(root, [KEY, OTHER, KEY], [b"here", b"there", b""])
    assert len(set(wrapped)) == 3
    assert not any(KEY in item or OTHER in item for item in wrapped)
    assert kms.unwrap(root, wrapped, [b"here", b"there", b""]) == [KEY, OTHER, KEY]
    assert (kms.wrap(root, [], []), kms.unwrap(root, [], [])) == ([], [])


def test_one_key_in_a_wrong_context_keeps_all_of_them_closed(kms, root):
    wrapped = kms.wrap(root, [KEY, OTHER], [b"here", b"there"])
    for contexts in ([b"here", b"here"], [b"there", b"here"], [b"", b"there"]):
        with pytest.raises(KeyUnavailable, match="altered"):
            kms.unwrap(root, wrapped, contexts)


@pytest.mark.parametrize("place", [0, 9, 20, -20, -1])
def test_an_altered_key_does_not_open(kms, root, place):
    altered = bytearray(kms.wrap(root, [KEY], [b"here"])[0])
    altered[place] ^= 4
    with pytest.raises(KeyUnavailable, match="altered"):
        kms.unwrap(root, [bytes(altered)], [b"here"])


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 27, -1])
def test_a_key_that_was_cut_off_does_not_open(kms, root, length):
    wrapped = kms.wrap(root, [KEY], [b"here"])[0][:length]
    with pytest.raises(KeyUnavailable, match="altered"):
        kms.unwrap(root, [wrapped], [b"here"])


def test_a_key_wrapped_by_one_root_does_not_open_under_another(kms, root):
    kms.create("generation-000002-other")
    wrapped = kms.wrap(root, [KEY], [b"here"])
    with pytest.raises(KeyUnavailable):
        kms.unwrap("generation-000002-other", wrapped, [b"here"])
    kms.destroy("generation-000002-other")


def test_keys_and_contexts_that_do_not_pair_are_a_mistake(kms, root):
    with pytest.raises(ValueError):
        kms.wrap(root, [KEY], [b"here", b"there"])


def test_a_destroyed_key_is_gone_wraps_nothing_and_does_not_come_back_empty(kms):
    kms.create("run-1")
    wrapped = kms.wrap("run-1", [KEY], [b"here"])
    kms.destroy("run-1")
    kms.destroy("run-1")
    for use in (lambda: kms.wrap("run-1", [KEY], [b"here"]), lambda: kms.unwrap("run-1", wrapped, [b"here"])):
        with pytest.raises(KeyUnavailable, match="run-1"):
            use()
    assert not kms.exists("run-1")
    kms.create("run-1")
    with pytest.raises(KeyUnavailable):
        kms.unwrap("run-1", wrapped, [b"here"])
    kms.destroy("run-1")


def test_keys_are_listed_by_name(kms, root):
    kms.create("run-cli_20260601T040000_p1_xab")
    assert {root, "run-cli_20260601T040000_p1_xab"} <= set(kms.names())
    kms.destroy("run-cli_20260601T040000_p1_xab")
    assert "run-cli_20260601T040000_p1_xab" not in kms.names()
    assert (kms.exists(root), kms.exists("generation-000009-none")) == (True, False)


@pytest.mark.parametrize("name", ["", "-", "a/b", "../a", "a b", "a%2fb", "a?x=1", "é", "a" * 200, "a\n"])
def test_a_name_that_some_provider_can_not_take_is_refused_by_all(kms, name):
    for use in (
        kms.create,
        kms.exists,
        kms.destroy,
        lambda it: kms.wrap(it, [], []),
        lambda it: kms.unwrap(it, [], []),
    ):
        with pytest.raises(KeyUnavailable):
            use(name)


def test_creators_at_once_go_on_with_one_key(uri, tmp_path):
    name = f"run-{secrets.token_hex(4)}"

    def create(_: int) -> bytes:
        mine = open_kms(uri, tmp_path)
        mine.create(name)
        return mine.wrap(name, [KEY], [b"here"])[0]

    with ThreadPoolExecutor(6) as pool:
        wrapped = list(pool.map(create, range(6)))
    kms = open_kms(uri, tmp_path)
    assert kms.unwrap(name, wrapped, [b"here"] * 6) == [KEY] * 6
    kms.destroy(name)
    assert not kms.exists(name)


def test_processes_that_were_forked_use_it_as_well(kms, uri, root, tmp_path):
    wrapped = kms.wrap(root, [KEY], [b"here"])

    def child() -> None:
        assert kms.unwrap(root, wrapped, [b"here"]) == [KEY]
        kms.create("run-of-child")

    assert [fork(child), fork(child)] == [0, 0]
    assert kms.exists("run-of-child")
    kms.destroy("run-of-child")


def test_five_thousand_keys_are_wrapped_and_opened_in_batches(kms, root, capsys):
    keys = [secrets.token_bytes(32) for _ in range(5_000)]
    contexts = [f"tutela/keyring/1/subject/{number}".encode() for number in range(5_000)]
    began = time.perf_counter()
    wrapped = kms.wrap(root, keys, contexts)
    middle = time.perf_counter()
    assert kms.unwrap(root, wrapped, contexts) == keys
    ended = time.perf_counter()
    with capsys.disabled():
        print(f"\n{kms.scheme}: 5,000 keys wrapped in {middle - began:.2f} s, opened in {ended - middle:.2f} s")
    assert ended - began < 20


# --- a home under each provider ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["pkcs11", "vault"])
def test_a_home_is_made_filled_and_purged_under_the_provider(homes: Homes, tmp_path, scheme, monkeypatch):
    with provider(scheme, tmp_path) as uri:
        kms = open_kms(uri, tmp_path)
        others = generations(kms)
        home = homes.fresh(kms=uri, workers=2)
        stored = home.collect("counter_customers", customers(tmp_path / "1.csv", range(1, 7), last="2023-06-01")).stored
        stored += home.collect("counter_customers", customers(tmp_path / "2.csv", range(4, 9))).stored
        before, roots = home.records(), generations(kms) - others
        calls = counting(monkeypatch, type(kms))
        purged = home.purge()
        assert (stored, purged.destroyed, purged.verdict) == (11, 6, "PASS")
        assert len(calls) < 30, "a call a page is too many for a server far away"
        assert len(home.records()) == 5
        assert home.records().items() <= before.items()
        assert (len(roots), len(generations(kms) - others)) == (1, 1)
        assert generations(kms).isdisjoint(roots)
        assert [name for name in kms.names() if name.startswith("run-")] == []
        assert not list((home.folder / "kms").glob("*.key"))
        certificate = json.loads(Path(purged.certificate or "").read_text("utf-8"))
        assert kms.guarantee in json.dumps(certificate, ensure_ascii=False)
        assert home.ledger_holds()
        homes.drop(home)
        for name in generations(kms) - others:
            kms.destroy(name)


def generations(kms: Kms) -> set[str]:
    return {name for name in kms.names() if name.startswith("generation-")}


def counting(monkeypatch, kind: type) -> list[str]:
    calls: list[str] = []

    def counted(method):
        def call(self, *arguments):
            calls.append(method.__name__)
            return method(self, *arguments)

        return call

    for name in ("create", "wrap", "unwrap", "destroy"):
        monkeypatch.setattr(kind, name, counted(getattr(kind, name)))
    return calls


def test_what_is_staged_under_a_run_key_says_that_the_server_is_away(tmp_path):
    import pandas as pd

    from pipelines.store.staging import Staging

    with transit(tmp_path) as (uri, engine):
        if engine is None:
            pytest.skip("a real server is not stopped for a test")
        kms = open_kms(uri, tmp_path)
        kms.engine.__dict__["pause"] = lambda _: None
        kms.create("run-1")
        staging = Staging(tmp_path / "staging", "run-1", kms.wrap, kms.unwrap)
        staging.write("chunk-0", pd.DataFrame({"a": ["planted"]}), {})
        engine.failing = [503] * 3
        with pytest.raises(KeyUnavailable, match="answered 503"):
            staging.read("chunk-0")
        engine.failing = [503] * 3
        with pytest.raises(KeyUnavailable, match="answered 503"):
            staging.write("chunk-1", pd.DataFrame({"a": ["planted"]}), {})
        assert [path.name for path in (tmp_path / "staging").iterdir()] == ["chunk-0.parquet"]
        assert len(staging.read("chunk-0")[0]) == 1
