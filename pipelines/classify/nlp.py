"""Presidio's NLP engine: the taggers of names, one a language.

Presidio wants tokens as well; the recognizers here read characters, so a token is a word, a Chinese character or a mark.
"""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import regex
import spacy
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from spacy.tokens import Doc

from pipelines.classify.folding import encodable
from pipelines.classify.ner import NAMED, chinese, english, spacy_models

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelines.classify.cells import Cells, Ints
    from pipelines.classify.ner import Entity, NameTagger

CHINESE: Final = "zh"
ENGLISH: Final = "en"
HAN: Final = regex.compile(r"\p{Han}")
SCORE: Final = 0.85
"""Presidio's own score for what a model says without one."""
_TOKEN: Final = regex.compile(r"\p{Han}|\s+|[^\W\p{Han}]+|\W")


def language_of(text: str) -> str:
    """Return the language whose rules read a text: Chinese where there is a Chinese character."""
    return CHINESE if HAN.search(text) else ENGLISH


@functools.cache
def taggers() -> dict[str, NameTagger]:
    """Return this process's tagger of each language: spaCy's best model that is installed, else the project's own.

    Raises:
        PolicyError: a tagger's weights can't be read.
    """
    return {
        CHINESE: spacy_models.installed(CHINESE) or chinese.tagger(),
        ENGLISH: spacy_models.installed(ENGLISH) or english.tagger(),
    }


def entities(texts: Sequence[str], taggers: Mapping[str, NameTagger], language: str = "auto") -> list[list[Entity]]:
    """Return the names in texts, each read in its own language, or all in the one given.

    A language without a tagger has no names.
    """
    of = [language_of(text) for text in texts] if language == "auto" else [language] * len(texts)
    found: list[list[Entity]] = [[] for _ in texts]
    for each, tagger in taggers.items():
        own = [number for number, other in enumerate(of) if other == each]
        for number, names in zip(own, tagger.entities([texts[number] for number in own]), strict=True):
            found[number] = names
    return found


def readable(cells: Cells, taggers: Mapping[str, NameTagger]) -> Ints:
    """Return the numbers of the cells that one of the taggers reads."""
    chinese = cells.han if CHINESE in taggers else False
    english = cells.letters & ~cells.han if ENGLISH in taggers else False
    return np.flatnonzero(chinese | english)


class TutelaNlpEngine(NlpEngine):
    """What Presidio asks for words and names."""

    def __init__(self) -> None:
        """Load nothing yet."""
        self._blank: dict[str, Any] = {}

    def load(self) -> None:
        """Read the weights and build the vocabularies."""
        taggers()
        self._blank = {CHINESE: spacy.blank("xx"), ENGLISH: spacy.blank("en")}

    def is_loaded(self) -> bool:
        """Tell whether ``load`` has run."""
        return bool(self._blank)

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Read one text."""
        return next(self.process_batch([text], language))[1]

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 1,  # noqa: ARG002 (the taggers make their own batches)
        n_process: int = 1,  # noqa: ARG002
        **_: object,
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Read many texts at once."""
        plain = [encodable(text) for text in texts]
        for text, names in zip(plain, entities(plain, taggers(), language), strict=True):
            yield text, self._artifacts(text, names, language)

    def is_stopword(self, word: str, language: str) -> bool:
        """Tell whether a word is a stop word (English only)."""
        return bool(self._blank[language].vocab[word].is_stop) if word else False

    def is_punct(self, word: str, language: str) -> bool:
        """Tell whether a word is punctuation."""
        return bool(self._blank[language].vocab[word].is_punct) if word else False

    def get_supported_entities(self) -> list[str]:
        """Return the entities that names are read as."""
        return list(NAMED)

    def get_supported_languages(self) -> list[str]:
        """Return the languages."""
        return [CHINESE, ENGLISH]

    def _artifacts(self, text: str, names: Sequence[Entity], language: str) -> NlpArtifacts:
        words = list(_words(text, names))
        doc = Doc(self._blank[language].vocab, words=words, spaces=[False] * len(words))
        spans = [doc.char_span(start, end, label=label) for start, end, label in names]
        return NlpArtifacts(
            entities=[span for span in spans if span is not None],
            tokens=doc,
            tokens_indices=[token.idx for token in doc],
            lemmas=words,
            nlp_engine=self,
            language=language,
            scores=[SCORE] * len(spans),
        )


def _words(text: str, names: Sequence[Entity]) -> Iterator[str]:
    """Cut a text into tokens, so that every entity begins and ends with one."""
    edges = sorted({0, len(text), *(edge for start, end, _ in names for edge in (start, end))})
    for low, high in itertools.pairwise(edges):
        yield from _TOKEN.findall(text, low, high)


@functools.cache
def nlp_engine() -> TutelaNlpEngine:
    """Return the loaded engine of this process."""
    engine = TutelaNlpEngine()
    engine.load()
    return engine
