"""How sensitive a record, a text or a data set is: the highest wins (GB/T 43697-2024, 就高从严)."""

from __future__ import annotations

import pytest

from pipelines.classify.levels import data_set_level, entity_level, raised_level, record_level

TELLING = {"PERSON", "PHONE_NUMBER", "CN_ID_CARD", "LOCATION"}


@pytest.mark.parametrize(("fields", "level"), [([], 1), ([1], 1), ([1, 3, 2], 3), ([4, 2], 4), ([5, 1], 5)])
def test_a_record_is_as_sensitive_as_its_most_sensitive_field(fields: list[int], level: int) -> None:
    assert record_level(fields) == level


@pytest.mark.parametrize(("declared", "found", "level"), [(3, [], 3), (3, [4], 4), (3, [2, 1], 3), (1, [5, 3], 5)])
def test_what_is_found_in_a_text_raises_it_and_never_lowers_it(declared: int, found: list[int], level: int) -> None:
    assert raised_level(declared, found) == level


@pytest.mark.parametrize(("people", "level"), [(0, 3), (99_999, 3), (100_000, 4), (5_000_000, 4)])
def test_a_data_set_of_a_hundred_thousand_people_is_one_level_higher(people: int, level: int) -> None:
    assert data_set_level([3, 2], people=people, entities=["PERSON"]) == level


@pytest.mark.parametrize(
    ("entities", "level"), [(TELLING, 5), (TELLING | {"CN_USCC"}, 5), (TELLING - {"LOCATION"}, 4), (set(), 4)]
)
def test_name_telephone_identity_number_and_address_together_raise_a_data_set(entities: set[str], level: int) -> None:
    assert data_set_level([4], people=1, entities=entities) == level


def test_no_data_set_is_above_the_highest_level_and_it_is_raised_once() -> None:
    assert data_set_level([5], people=10_000_000, entities=TELLING) == 5
    assert data_set_level([3], people=10_000_000, entities=TELLING) == 4


def test_an_entity_that_nobody_classified_is_as_sensitive_as_can_be() -> None:
    assert entity_level("CN_ID_CARD", {"CN_ID_CARD": 4}) == 4
    assert entity_level("NEW_KIND", {"CN_ID_CARD": 4}) == 5
