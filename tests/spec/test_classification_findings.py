"""Where a column is not what its plan declares: the table of cases, with near-misses."""

from __future__ import annotations

import pytest

from pipelines.classify import ColumnProfile, EntityLabel
from pipelines.classify.findings import ENOUGH, Finding, Kind, findings

LABELS = {
    key: EntityLabel(entity, category, level, f"CI-P-{category[1:]}-001-{level}")
    for key, entity, category, level in [
        ("PERSON", "PERSON", "I01", 3),
        ("PERSON_NAME", "PERSON", "I01", 3),
        ("SEX", "SEX", "I01", 2),
        ("AGE", "AGE", "I01", 2),
        ("PHONE_NUMBER", "PHONE_NUMBER", "I02", 3),
        ("MOBILE", "PHONE_NUMBER", "I02", 3),
        ("LANDLINE", "PHONE_NUMBER", "I02", 3),
        ("EMAIL_ADDRESS", "EMAIL_ADDRESS", "I02", 3),
        ("LOCATION", "LOCATION", "I02", 3),
        ("CITY", "LOCATION", "I02", 2),
        ("CN_ID_CARD", "CN_ID_CARD", "I03", 4),
        ("RESIDENT_ID", "CN_ID_CARD", "I03", 4),
        ("CN_PASSPORT", "CN_PASSPORT", "I03", 4),
        ("CREDIT_CARD", "CREDIT_CARD", "I05", 4),
        ("AMOUNT", "AMOUNT", "I06", 3),
        ("SERVICE_NOTE", None, "I16", 3),
        ("ORGANIZATION", "ORGANIZATION", "I20", 1),
        ("ENTERPRISE_NAME", "ORGANIZATION", "I20", 1),
        ("INDUSTRY", None, "I20", 1),
    ]
}
CELLS = 1000
OVER, WRONG, NOTED = Kind.OVER_COLLECTION, Kind.MIS_DECLARATION, Kind.IDENTIFIER_IN_FREE_TEXT

# What is declared; what the profile says; cells of it; what else is in the column; the findings.
CASES = {
    "as declared": ("RESIDENT_ID", "CN_ID_CARD", 1000, {}, []),
    "a kind known more exactly by the taxonomy": ("LANDLINE", "PHONE_NUMBER", 990, {}, []),
    "resident numbers declared as a customer's age": ("AGE", "CN_ID_CARD", 1000, {}, [(OVER, "CN_ID_CARD", 4)]),
    "resident numbers under an unknown item": ("CUSTOMER_CODE", "CN_ID_CARD", 900, {}, [(OVER, "CN_ID_CARD", 4)]),
    "persons in a column of enterprises": ("ENTERPRISE_NAME", "PERSON", 900, {}, [(OVER, "PERSON", 3)]),
    "mails in a column of telephones": (
        "MOBILE",
        "PHONE_NUMBER",
        0,
        {"EMAIL_ADDRESS": 950},
        [(WRONG, "EMAIL_ADDRESS", 3)],
    ),
    "enterprises in a column of persons": (
        "PERSON_NAME",
        "PERSON",
        20,
        {"ORGANIZATION": 970},
        [(WRONG, "ORGANIZATION", 1)],
    ),
    "nothing of it": ("RESIDENT_ID", "CN_ID_CARD", 0, {}, [(WRONG, None, 4)]),
    "hardly any of it": ("RESIDENT_ID", "CN_ID_CARD", 49, {}, [(WRONG, None, 4)]),
    "some of it": ("RESIDENT_ID", "CN_ID_CARD", 50, {}, []),
    "no names among the names": ("PERSON_NAME", "PERSON", 0, {}, [(WRONG, None, 3)]),
    "a kind that only its name tells": ("SEX", "SEX", 0, {}, []),
    "a few resident numbers among addresses": ("CITY", "LOCATION", 980, {"CN_ID_CARD": 10}, [(OVER, "CN_ID_CARD", 4)]),
    "a slip of one clerk": ("CITY", "LOCATION", 980, {"CN_ID_CARD": 9}, []),
    "passports among identity numbers": ("RESIDENT_ID", "CN_ID_CARD", 900, {"CN_PASSPORT": 300}, []),
    "amounts that pass Luhn by chance": ("AMOUNT", "AMOUNT", 0, {"CREDIT_CARD": 120}, []),
    "cards among amounts": ("AMOUNT", "AMOUNT", 0, {"CREDIT_CARD": 210}, [(OVER, "CREDIT_CARD", 4)]),
    "device numbers that pass Luhn by chance": ("AMOUNT", "AMOUNT", 0, {"IMEI": 120}, []),
    "order numbers that look like permits": ("AMOUNT", "AMOUNT", 0, {"CN_TRAVEL_PERMIT": 90}, []),
    "permits among amounts": ("AMOUNT", "AMOUNT", 0, {"CN_TRAVEL_PERMIT": 110}, [(OVER, "CN_TRAVEL_PERMIT", 5)]),
    "machine addresses among ages": ("AGE", "AGE", 0, {"MAC_ADDRESS": 10}, [(OVER, "MAC_ADDRESS", 5)]),
    "peoples in a column of sexes": ("SEX", "ETHNICITY", 980, {}, [(OVER, "ETHNICITY", 5)]),
    "names in addresses": ("LOCATION", "LOCATION", 990, {"PERSON": 300}, []),
    "a resident number in one note": ("SERVICE_NOTE", None, 0, {"CN_ID_CARD": 1}, [(NOTED, "CN_ID_CARD", 4)]),
    "a telephone in one note": ("SERVICE_NOTE", None, 0, {"PHONE_NUMBER": 1}, []),
    "telephones in notes": ("SERVICE_NOTE", None, 0, {"PHONE_NUMBER": 10}, [(NOTED, "PHONE_NUMBER", 3)]),
    "names in notes": ("SERVICE_NOTE", None, 0, {"PERSON": 400, "LOCATION": 300}, []),
    "telephones in an enterprise's industry": ("INDUSTRY", None, 0, {"PHONE_NUMBER": 100}, [(OVER, "PHONE_NUMBER", 3)]),
}


def column(entity: str | None, found: int, also: dict[str, int], cells: int = CELLS) -> ColumnProfile:
    return ColumnProfile("f", entity, None, 1, None, 0.9, cells, found, also)


@pytest.mark.parametrize(("declared", "entity", "found", "also", "expected"), CASES.values(), ids=CASES)
def test_a_plan_is_held_against_its_columns(
    declared: str, entity: str | None, found: int, also: dict[str, int], expected: list[tuple[Kind, str | None, int]]
) -> None:
    got = findings({"f": declared}, [column(entity, found, also)], LABELS)
    assert [(each.kind, each.found, each.level) for each in got] == expected
    assert all((each.field, each.declared) == ("f", declared) for each in got)


def test_a_finding_counts_its_cells() -> None:
    assert findings({"f": "CITY"}, [column("LOCATION", 950, {"CN_ID_CARD": 40})], LABELS) == (
        Finding("f", OVER, "CITY", "CN_ID_CARD", 4, 0.5, 40, 0.04),
    )


def test_few_cells_do_not_say_that_something_is_missing() -> None:
    assert findings({"f": "RESIDENT_ID"}, [column("CN_ID_CARD", 0, {}, ENOUGH - 1)], LABELS) == ()
    assert len(findings({"f": "RESIDENT_ID"}, [column("CN_ID_CARD", 0, {}, ENOUGH)], LABELS)) == 1


def test_an_empty_column_and_one_that_no_plan_names_say_nothing() -> None:
    assert findings({"f": "RESIDENT_ID"}, [column(None, 0, {}, 0)], LABELS) == ()
    assert findings({"g": "RESIDENT_ID"}, [column("CN_ID_CARD", 1000, {})], LABELS) == ()


def test_a_kind_that_nobody_classified_is_over_collected() -> None:
    [finding] = findings({"f": "CITY"}, [column("LOCATION", 900, {"NEW_KIND": 100})], LABELS)
    assert (finding.kind, finding.level) == (OVER, 5)
