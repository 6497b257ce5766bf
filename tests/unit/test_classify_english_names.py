"""The English tagger finds people, places and organizations in text, and nothing in text that names none."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path

import pytest

from pipelines.classify.ner.english import EnglishTagger, tagger
from pipelines.classify.ner.english_words import SEGMENT, look, segments
from pipelines.errors import PolicyError

REMARKS = [
    "Spoke to Mr. Harold Wexley about invoice 4471, he will call back on Friday.",
    "Please send the parcel to Ngozi Okeke, 14 Linden Road, Leeds LS6 2AB.",
    "Her new employer is Brightwell Logistics Ltd in Bristol.",
]


def read(text: str) -> list[tuple[str, str]]:
    return [(text[start:end], label) for start, end, label in tagger().entities([text])[0]]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Spoke to Mr. Harold Wexley about the invoice.", ("Harold Wexley", "PERSON")),
        ("Dear Mrs. Pemberton, thank you for your letter.", ("Pemberton", "PERSON")),
        ("Ngozi Okeke's card was declined.", ("Ngozi Okeke", "PERSON")),
        ("hi priya, can you call me back?", ("priya", "PERSON")),
        ("The agent was Wei Zhang.", ("Wei Zhang", "PERSON")),
        ("Signed by ＪＯＡＮ Meyer on Monday", ("ＪＯＡＮ Meyer", "PERSON")),
        ("I am flying to Berlin next month.", ("Berlin", "LOCATION")),
        ("She works for Brightwell Logistics Ltd in York.", ("Brightwell Logistics Ltd", "ORGANIZATION")),
    ],
)
def test_a_name_in_a_sentence_is_found_with_its_ends(text: str, wanted: tuple[str, str]) -> None:
    assert wanted in read(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "The printer is out of paper again.",
        "Please call me back on Monday or in May.",
        "TOTAL DUE: $1,204.50",
        "mark it as done and bill the customer later",
        "Thank you for your order 48213.",
    ],
)
def test_nothing_is_found_where_no_one_is_named(text: str) -> None:
    assert read(text) == []


def test_a_street_address_is_one_place() -> None:
    text = "Please deliver to 14 Linden Road, Leeds LS6 2AB."
    assert ("14 Linden Road, Leeds LS6 2AB", "LOCATION") in read(text)


def test_a_person_ends_with_the_line() -> None:
    found = read("Kind regards,\nHarold Wexley\nSales Manager")
    assert ("Harold Wexley", "PERSON") in found
    assert all("\n" not in text for text, label in found if label == "PERSON")


def test_a_text_is_read_alike_alone_and_in_a_batch_and_again() -> None:
    alone = [tagger().entities([text])[0] for text in REMARKS]
    assert tagger().entities(REMARKS * 40) == alone * 40
    assert tagger().entities(REMARKS) == alone


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "\ud800 Dear \udfff John",
        "\u202eDear Harold\u202c",
        "a" * 300_000,
        "Harold " * 40_000,
        "' " * 50_000,
        "don't" * 20_000,
        "1" * 100_000,
        "张三在北京 " * 5_000,
        "é" * 1000 + "\u0301" * 50_000,
    ],
    ids=["nul", "surrogates", "right-to-left", "word", "names", "marks", "apostrophes", "digits", "chinese", "accents"],
)
def test_odd_and_huge_texts_are_read_in_order_and_in_time(text: str) -> None:
    start = time.process_time()
    [found] = tagger().entities([text])
    assert time.process_time() - start < 20
    assert all(0 <= low < high <= len(text) for low, high, _ in found)
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(found))


def test_a_long_text_is_cut_where_a_sentence_ends() -> None:
    text = "Harold Wexley called again today about the late parcel. " * 20
    found = tagger().entities([text])[0]
    assert [text[low:high] for low, high, _ in found] == ["Harold Wexley"] * 20
    assert all(len(segment.words) <= SEGMENT for segment in segments([text]))


def test_words_look_alike_whatever_their_accents() -> None:
    assert look("Łódź").key == look("lodz").key
    assert look("O’Brien").key == look("O'BRIEN").key
    assert look("Lodz").shape != look("LODZ").shape


@pytest.mark.parametrize("content", [None, b"", b"not an archive", b"PK\x03\x04 cut off"])
def test_weights_that_cannot_be_read_are_told_in_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "en.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PolicyError, match="install tutela again"):
        EnglishTagger(path)


def test_people_in_tweets_and_articles_are_found(public_data: Path) -> None:
    """Not a measure: these rows were trained on. It shows that the weights and the code fit each other."""
    path = next(iter(public_data.rglob("en_wikigold.jsonl")), None)
    if path is None:
        pytest.skip("the corpus is not here")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    found = tagger().entities([row["text"] for row in rows])
    wanted = {(at, s["start"], s["end"]) for at, row in enumerate(rows) for s in row["spans"] if s["label"] == "PERSON"}
    got = {(at, low, high) for at, each in enumerate(found) for low, high, label in each if label == "PERSON"}
    assert 2 * len(wanted & got) / (len(wanted) + len(got)) > 0.8
