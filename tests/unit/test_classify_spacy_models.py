"""A spaCy model that is installed as a package is loaded and read.

The real models can't be had everywhere, so the package here holds a small real pipeline that the test makes itself:
spaCy's own reader of rules for names, saved as spaCy saves a model, under a real model's package name.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy

from pipelines.classify.ner import spacy_models
from pipelines.errors import PolicyError

INIT = """
from pathlib import Path
from spacy.util import load_model_from_init_py

def load(**overrides):
    return load_model_from_init_py(__file__, **overrides)
"""


def _package(folder: Path, name: str, language: str, patterns: list[dict[str, str]]) -> Path:
    pipeline = spacy.blank(language)
    pipeline.add_pipe("sentencizer")
    pipeline.add_pipe("entity_ruler").add_patterns(patterns)
    pipeline.meta["name"] = name.removeprefix(f"{language}_")
    pipeline.meta["version"] = "0.0.1"
    home = folder / name
    data = home / f"{name}-0.0.1"
    home.mkdir()
    pipeline.to_disk(data)
    (home / "meta.json").write_text((data / "meta.json").read_text("utf-8"), "utf-8")
    (home / "__init__.py").write_text(INIT, "utf-8")
    record = folder / f"{name}-0.0.1.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.0.1\n", "utf-8")
    return home


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    spacy_models.installed.cache_clear()
    yield tmp_path
    spacy_models.installed.cache_clear()
    for package in (name for names in spacy_models.MODELS.values() for name in names):
        sys.modules.pop(package, None)
    importlib.invalidate_caches()


ENGLISH = [
    {"label": "PERSON", "pattern": "Harold Wexley"},
    {"label": "GPE", "pattern": "York"},
    {"label": "FAC", "pattern": "Linden Bridge"},
    {"label": "ORG", "pattern": "Brightwell Ltd"},
    {"label": "DATE", "pattern": "Monday"},
]


def test_no_model_installed_is_no_tagger(packages: Path) -> None:
    assert spacy_models.installed("en") is None
    assert spacy_models.installed("fr") is None


def test_an_installed_model_reads_names_with_our_labels(packages: Path) -> None:
    _package(packages, "en_core_web_lg", "en", ENGLISH)
    importlib.invalidate_caches()
    tagger = spacy_models.installed("en")
    assert tagger is not None
    assert tagger.name == "spacy:en_core_web_lg"
    texts = ["On Monday Harold Wexley of Brightwell Ltd crossed Linden Bridge in York", "", "nothing here"]
    found = tagger.entities(texts)
    assert [(texts[0][low:high], label) for low, high, label in found[0]] == [
        ("Harold Wexley", "PERSON"),
        ("Brightwell Ltd", "ORGANIZATION"),
        ("Linden Bridge", "LOCATION"),
        ("York", "LOCATION"),
    ]
    assert found[1:] == [[], []]


def test_the_better_model_is_taken_where_both_are_installed(packages: Path) -> None:
    _package(packages, "en_core_web_lg", "en", ENGLISH)
    _package(packages, "en_core_web_trf", "en", ENGLISH)
    importlib.invalidate_caches()
    tagger = spacy_models.installed("en")
    assert tagger is not None
    assert tagger.name == "spacy:en_core_web_trf"


def test_a_chinese_model_is_a_chinese_tagger(packages: Path) -> None:
    _package(packages, "zh_core_web_lg", "zh", [{"label": "PERSON", "pattern": "王小明"}])
    importlib.invalidate_caches()
    tagger = spacy_models.installed("zh")
    assert tagger is not None
    assert tagger.entities(["客户王小明来电"]) == [[(2, 5, "PERSON")]]


def test_places_in_long_and_odd_texts_are_those_of_the_text_as_given(packages: Path) -> None:
    _package(packages, "en_core_web_lg", "en", ENGLISH)
    importlib.invalidate_caches()
    tagger = spacy_models.installed("en")
    assert tagger is not None
    texts = ["lorem ipsum " * 2000 + "Harold Wexley", "\ud800\x00\u202e Ｈarold Wexley", "x" * 20_000]
    found = tagger.entities(texts)
    assert [texts[0][low:high] for low, high, _ in found[0]] == ["Harold Wexley"]
    assert [texts[1][low:high] for low, high, _ in found[1]] == ["Ｈarold Wexley"]
    assert found[2] == []


def test_a_model_that_cannot_be_loaded_is_told_in_a_sentence(packages: Path) -> None:
    home = _package(packages, "en_core_web_lg", "en", ENGLISH)
    (home / "en_core_web_lg-0.0.1" / "config.cfg").write_text("broken", "utf-8")
    importlib.invalidate_caches()
    with pytest.raises(PolicyError, match="en_core_web_lg is installed but can't be loaded"):
        spacy_models.installed("en")
