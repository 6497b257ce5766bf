"""What a destruction does where the keyring is damaged: nothing, in a sentence, until it is whole again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pipelines.errors import KeyUnavailable
from tests.homes import Home, Homes, customers

Damage = Callable[[Home], Any]


@pytest.fixture(scope="module")
def stocked(homes: Homes, tmp_path_factory) -> Home:
    """Two people: one of them due today."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("deliveries")
    home.collect("counter_customers", customers(folder / "counter_1.csv", [1], last="2023-06-01"))
    home.collect("counter_customers", customers(folder / "counter_2.csv", [2]))
    return home


@pytest.fixture
def vault(homes: Homes, stocked: Home) -> Iterator[Home]:
    home = homes.copy(stocked)
    yield home
    homes.drop(home)


def _change(statement: str) -> Damage:
    def damage(home: Home) -> None:
        with home.sql() as connection:
            connection.execute(statement)

    return damage


DAMAGE: dict[str, tuple[Damage, str]] = {
    "a page with a key to be destroyed is missing": (
        _change("DELETE FROM keyring.page WHERE ring = 'cohort'"),
        "missing",
    ),
    "a page with a key to be destroyed was altered": (
        _change(
            "UPDATE keyring.page SET sealed = set_byte(sealed, 100, 255 - get_byte(sealed, 100)) WHERE ring = 'cohort'"
        ),
        "altered",
    ),
    "a survivor's page was altered": (
        _change(
            "UPDATE keyring.page SET sealed = set_byte(sealed, 100, 255 - get_byte(sealed, 100)) WHERE ring = 'subject'"
        ),
        "altered",
    ),
    "a page key was altered": (
        _change(
            "UPDATE keyring.page SET wrapped = set_byte(wrapped, 20, 255 - get_byte(wrapped, 20)) WHERE ring = 'subject'"
        ),
        "altered|another installation",
    ),
    "the root generation is another installation's": (
        lambda home: next((home.folder / "kms").glob("generation-*.key")).write_bytes(bytes(range(32))),
        "another installation",
    ),
    "the root generation is gone": (
        lambda home: next((home.folder / "kms").glob("generation-*.key")).unlink(),
        "missing",
    ),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGE.values(), ids=DAMAGE.keys())
def test_nothing_is_destroyed_and_the_same_command_goes_on(vault: Home, damage: Damage, said: str) -> None:
    before, pages = vault.records(), vault.rows("SELECT ring, page, sealed, wrapped, generation FROM keyring.page")
    roots = {path: path.read_bytes() for path in (vault.folder / "kms").glob("generation-*.key")}
    damage(vault)
    with pytest.raises(KeyUnavailable, match=said):
        vault.purge()
    standing = [row[0] for row in vault.rows("SELECT kms_key FROM keyring.generation WHERE state <> 'destroyed'")]
    assert standing, "the old root was not given up"
    assert vault.value("SELECT count(*) FROM vault.record") == 2

    _mend(vault, pages, roots)
    purged = vault.purge()
    assert (purged.destroyed, purged.verdict) == (1, "PASS")
    assert len(vault.records()) == 1
    assert all(before[record] == values for record, values in vault.records().items())
    assert vault.ledger_holds()


def _mend(home: Home, pages: list[tuple[Any, ...]], roots: dict[Any, bytes]) -> None:
    """Put back what was damaged; where the pages were wrapped anew already, only what the page keys open."""
    for path, content in roots.items():
        path.write_bytes(content)
    with home.sql() as connection:
        rotated = connection.execute("SELECT count(*) FROM keyring.generation").fetchone()[0] > 1  # type: ignore[index]
        for ring, page, sealed, wrapped, generation in pages:
            if rotated:
                connection.execute(
                    "UPDATE keyring.page SET sealed = %s WHERE ring = %s AND page = %s AND ring = 'subject'",
                    (sealed, ring, page),
                )
            else:
                connection.execute(
                    "INSERT INTO keyring.page VALUES (%s, %s, %s, %s, %s) ON CONFLICT (ring, page) DO UPDATE"
                    " SET sealed = excluded.sealed, wrapped = excluded.wrapped, generation = excluded.generation",
                    (ring, page, sealed, wrapped, generation),
                )
