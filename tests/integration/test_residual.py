"""The residual scan: what lies in the files of the cluster and the home, past the database and the platform."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipelines.jobs import residues
from pipelines.retention.residual import Hits, Store, scan, spellings
from pipelines.settings import Settings
from tests.homes import Home

PLANTED = "金丝雀七号胡同"


def store(folder: Path, control: bytes | None = None) -> dict[str, Store]:
    return {"files": Store(folder, control)}


@pytest.mark.parametrize("place", [0, 1, (1 << 20) - 9, (1 << 20) - 1, 1 << 20, (2 << 20) + 5])
def test_a_pattern_is_found_wherever_it_lies_across_reads_too(tmp_path: Path, place: int) -> None:
    pattern = bytes([0, 10, 255, *range(13)])
    (tmp_path / "a").write_bytes(b"x" * place + pattern + b"y" * 9)
    found = scan(store(tmp_path), {"planted": pattern, "another": os.urandom(16)})
    assert found.found == {"files": {"planted": 1}}
    assert found.bytes["files"] == place + 25


def test_hundreds_of_patterns_are_told_apart(tmp_path: Path) -> None:
    patterns = {f"p{number}": os.urandom(16) for number in range(600)}
    (tmp_path / "a").write_bytes(b"-".join(patterns[f"p{number}"] for number in range(0, 600, 7)) + patterns["p0"])
    found = scan(store(tmp_path), patterns)
    assert found.found["files"] == {f"p{number}": 1 + (number == 0) for number in range(0, 600, 7)}


def test_what_was_not_read_is_never_clean(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"control-control")
    os.mkfifo(tmp_path / "pipe")
    pattern = {"planted": b"not there at all"}
    assert scan(store(tmp_path, b"control-control"), pattern).complete
    assert not scan(store(tmp_path, b"another control"), pattern).complete, "a control that is not found"
    assert not scan(store(tmp_path / "nowhere"), pattern).complete, "a folder that is not there"
    assert not scan({}, pattern).complete, "no store"
    assert not scan(store(tmp_path), {}).complete, "no pattern"
    with pytest.raises(ValueError, match="shorter"):
        scan(store(tmp_path), {"planted": b"short"})


def test_links_are_followed_once_and_folders_of_other_stores_left_out(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_bytes(b"a pattern here")
    (tmp_path / "in" / "wal").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    assert scan(store(tmp_path / "in"), {"p": b"a pattern here"}).of("p") == 1
    without = Store(tmp_path, without=frozenset({tmp_path / "out", tmp_path / "in"}))
    assert scan({"files": without}, {"p": b"a pattern here"}).total == 0


def test_a_value_is_looked_for_in_every_encoding(tmp_path: Path) -> None:
    for encoding in ("utf-8", "gb18030", "utf-16-le", "unicode_escape"):
        (tmp_path / encoding).write_bytes(b"..." + PLANTED.encode(encoding))
    assert scan(store(tmp_path), spellings("planted", PLANTED)).total == 4


# --- a cluster ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster(embedded: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with an embedded server of its own, with one person in it whose name is a canary."""
    from pipelines.platform.postgres import EmbeddedPostgres
    from tests.homes import counter, mobile, resident_id

    home = Home(embedded, EmbeddedPostgres(embedded.home).url("tutela"))
    rows = [
        {"姓名": PLANTED, "身份证号": resident_id(700 + number), "手机号": mobile(700 + number)} for number in range(40)
    ]
    home.collect("counter_customers", counter(tmp_path_factory.mktemp("deliveries") / "a.csv", *rows))
    return home


def test_no_planted_value_lies_in_the_cluster_or_the_home_and_the_scan_would_see_one(cluster: Home) -> None:
    wanted = spellings("planted", PLANTED)
    found = scan(residues.stores(cluster.settings), wanted)
    assert (found.total, found.complete) == (0, True), found
    assert set(found.bytes) == {"cluster", "home"}
    # The control of the method: the same value, once put into a table as it is, is found in the same files.
    with psycopg.connect(cluster.admin, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.planted (value text)")
        connection.execute("INSERT INTO public.planted VALUES (%s)", [PLANTED])
        again = scan(residues.stores(cluster.settings), wanted)
        connection.execute("DROP TABLE public.planted")
    assert again.found["cluster"]["planted (utf-8)"] >= 2, "the table and the WAL"


def left(found: Hits, *names: str) -> int:
    """How many of some patterns are still there, whatever their number of copies."""
    return sum(name in found.found["cluster"] for name in names)


def test_ciphertext_of_removed_rows_lies_on_in_freed_pages_until_they_are_lowered(cluster: Home) -> None:
    parts = cluster.rows("SELECT part_4 FROM vault.record WHERE part_4 IS NOT NULL LIMIT 20")
    digests = cluster.rows("SELECT digest FROM vault.blind_index LIMIT 20")
    patterns = {f"sealed-{number}": bytes(row[0])[:24] for number, row in enumerate(parts)}
    patterns |= {f"digest-{number}": row[0].bytes for number, row in enumerate(digests)}
    with psycopg.connect(cluster.admin, autocommit=True) as connection:
        connection.execute("DELETE FROM vault.record")
        connection.execute("DELETE FROM vault.blind_index")
    before = scan(residues.stores(cluster.settings), patterns)
    assert left(before, *patterns) == len(patterns), "unreadable, but there: in freed pages and in the WAL"
    residues.lower(cluster.settings, rewrite=True)
    after = scan(residues.stores(cluster.settings), patterns)
    assert after.complete
    assert left(after, *patterns) == 0, after.found
