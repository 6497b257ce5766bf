"""How sensitive a record, a text or a data set is: the highest wins (GB/T 43697-2024, 就高从严)."""

from __future__ import annotations

import pytest

from pipelines.classify.levels import Reason, data_set_level, entity_level, graded, raised_level, record_level

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


@pytest.mark.parametrize("document", ["CN_ID_CARD", "CN_PASSPORT", "HK_ID_CARD", "CN_RESIDENCE_PERMIT"])
def test_any_identity_document_makes_the_combination_telling(document: str) -> None:
    assert data_set_level([4], people=1, entities={"PERSON", "PHONE_NUMBER", "LOCATION", document}) == 5
    assert data_set_level([4], people=1, entities={"PERSON", "PHONE_NUMBER", document}) == 4


@pytest.mark.parametrize(
    ("people", "entities", "reasons"),
    [
        (99_999, {"PERSON"}, ["highest_field"]),
        (100_000, {"PERSON"}, ["highest_field", "people_100k"]),
        (1_000_000, {"PERSON"}, ["highest_field", "people_100k", "people_1m"]),
        (10_000_000, {"PERSON"}, ["highest_field", "people_100k", "people_1m", "people_10m"]),
        (1, TELLING, ["highest_field", "identifying_combination"]),
    ],
)
def test_a_grade_says_why_and_which_duties_its_size_brings(people: int, entities: set[str], reasons: list[str]) -> None:
    grade = graded([3], people=people, entities=entities)
    assert [str(reason) for reason in grade.reasons] == reasons
    assert grade.level == (3 if len(reasons) == 1 else 4)
    assert all(reason in Reason and reason.words for reason in grade.reasons)


def test_public_data_has_no_reason() -> None:
    assert (graded([1], people=0, entities=[]).level, graded([], people=0, entities=[]).reasons) == (1, ())
    assert graded([1], people=1_000_000, entities=[]).level == 2


def test_an_entity_that_nobody_classified_is_as_sensitive_as_can_be() -> None:
    assert entity_level("CN_ID_CARD", {"CN_ID_CARD": 4}) == 4
    assert entity_level("NEW_KIND", {"CN_ID_CARD": 4}) == 5
