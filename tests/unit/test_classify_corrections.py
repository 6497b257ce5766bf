"""What a steward's word does to findings: the table of cases, with near-misses."""

from __future__ import annotations

import pytest

from pipelines.classify import EntityLabel
from pipelines.classify.corrections import Seen, Standing, Word, held, key_of, standing

LABELS = {
    "OCCUPATION": EntityLabel("OCCUPATION", "I04", 2, "CI-P-04-001-2"),
    "RESIDENT_ID": EntityLabel("CN_ID_CARD", "I03", 4, "CI-P-03-001-4"),
    "CN_ID_CARD": EntityLabel("CN_ID_CARD", "I03", 4, "CI-P-03-001-4"),
    "SERVICE_NOTE": EntityLabel(None, "I16", 3, "CI-P-16-001-3"),
}
OVER, WRONG = "over_collection", "mis_declaration"
CARDS = Seen(OVER, "OCCUPATION", "CN_ID_CARD")
MISSING = Seen(WRONG, "RESIDENT_ID", None)

# The finding; what the plan declares now; the steward's last word; how it stands.
CASES = {
    "nobody has said anything": (CARDS, "OCCUPATION", None, "open"),
    "a steward knew of it": (CARDS, "OCCUPATION", Word("OCCUPATION", frozenset({CARDS})), "closed"),
    "a steward found the same": (CARDS, "OCCUPATION", Word("CN_ID_CARD", frozenset()), "closed"),
    "a steward spoke before it was found": (CARDS, "OCCUPATION", Word("OCCUPATION", frozenset()), "open"),
    "it lies too low, though a steward found the same": (
        CARDS._replace(kind="level_raised"),
        "OCCUPATION",
        Word("CN_ID_CARD", frozenset({CARDS})),
        "open",
    ),
    "something else is found": (
        Seen(OVER, "OCCUPATION", "CN_PASSPORT"),
        "OCCUPATION",
        Word("CN_ID_CARD", frozenset({CARDS})),
        "open",
    ),
    "the same is found, and is worse": (
        CARDS._replace(kind=WRONG),
        "OCCUPATION",
        Word("OCCUPATION", frozenset({CARDS})),
        "open",
    ),
    "the plan declares something else by now": (CARDS, "RESIDENT_ID", None, "past"),
    "and what a steward said of it is as old": (CARDS, "RESIDENT_ID", Word(None, frozenset({CARDS})), "past"),
    "the plan has dropped the field": (CARDS, None, None, "past"),
    "nothing of it, and a steward knew": (MISSING, "RESIDENT_ID", Word(None, frozenset({MISSING})), "closed"),
    "nothing of it, after a steward called it nothing": (MISSING, "RESIDENT_ID", Word(None, frozenset()), "open"),
}


@pytest.mark.parametrize(("seen", "declared", "word", "expected"), CASES.values(), ids=CASES)
def test_a_finding_stands_as_the_last_word_and_the_plan_say(
    seen: Seen, declared: str | None, word: Word | None, expected: str
) -> None:
    assert standing(seen, declared, word) is Standing(expected)


NAMED = {
    "an entity": ("CN_ID_CARD", "CN_ID_CARD", "CN_ID_CARD"),
    "an item as plans write it": ("resident_id", "RESIDENT_ID", "CN_ID_CARD"),
    "with a hyphen and blanks": (" Resident-Id ", "RESIDENT_ID", "CN_ID_CARD"),
    "an item that detection has no name for": ("service_note", "SERVICE_NOTE", "SERVICE_NOTE"),
}


@pytest.mark.parametrize(("named", "key", "entity"), NAMED.values(), ids=NAMED)
def test_a_steward_names_an_entity_or_an_item(named: str, key: str, entity: str) -> None:
    assert key_of(named, LABELS) == key
    assert held(key, LABELS) == entity


@pytest.mark.parametrize("named", ["", " ", "CN_ID", "身份证", "CN_ID_CARD_2"])
def test_what_the_taxonomy_does_not_know_is_no_entity(named: str) -> None:
    assert key_of(named, LABELS) is None
