"""Presidio's NLP engine: LAC-small for Chinese, a blank spaCy tokenizer for English.

No English model is shipped, so nothing is read as a name in English text; ``NAME`` says what ran.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

import regex
import spacy
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from spacy.tokens import Doc
from spacy.tokens import Span as DocSpan

from pipelines.classify.folding import encodable
from pipelines.classify.lac import Word, tagger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

NAME: Final = "lac-small"
CHINESE: Final = "zh"
ENGLISH: Final = "en"
HAN: Final = regex.compile(r"\p{Han}")
SCORE: Final = 0.85
"""Presidio's own score for what a model says without one."""
ENTITIES: Final = {
    "PER": "PERSON",
    "nr": "PERSON",
    "LOC": "LOCATION",
    "ns": "LOCATION",
    "ORG": "ORGANIZATION",
    "nt": "ORGANIZATION",
}
"""LAC's tags of names; capitals are those it is surer of."""
NAMED: Final = ("PERSON", "LOCATION", "ORGANIZATION")


def language_of(text: str) -> str:
    """Return the language whose rules read a text: Chinese where there is a Chinese character."""
    return CHINESE if HAN.search(text) else ENGLISH


def names(words: Iterable[Word]) -> list[tuple[int, int, str]]:
    """Return start, end and entity of the names in a tagged text; adjacent pieces of a place are one."""
    found: list[tuple[int, int, str]] = []
    for word in words:
        entity = ENTITIES.get(word.tag)
        if entity is None:
            continue
        if entity == "LOCATION" and found and found[-1][1:] == (word.start, entity):
            found[-1] = (found[-1][0], word.end, entity)
        else:
            found.append((word.start, word.end, entity))
    return found


class TutelaNlpEngine(NlpEngine):
    """What Presidio asks for words and names."""

    def __init__(self) -> None:
        """Load nothing yet."""
        self._blank: dict[str, Any] = {}

    def load(self) -> None:
        """Read the weights and build the tokenizers."""
        tagger()
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
        batch_size: int = 1,  # noqa: ARG002 (the tagger makes its own batches)
        n_process: int = 1,  # noqa: ARG002
        **_: object,
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Read many texts at once."""
        plain = [encodable(text) for text in texts]
        tagged = tagger().words(plain) if language == CHINESE else [[] for _ in plain]
        for text, words in zip(plain, tagged, strict=True):
            yield text, self._artifacts(self._doc(text, words, language), words, language)

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

    def _doc(self, text: str, words: Sequence[Word], language: str) -> Doc:
        if language != CHINESE:
            doc: Doc = self._blank[language](text)
            return doc
        spelled = [text[word.start : word.end] for word in words]
        return Doc(self._blank[language].vocab, words=spelled, spaces=[False] * len(spelled))

    def _artifacts(self, doc: Doc, words: Sequence[Word], language: str) -> NlpArtifacts:
        entities = [doc.char_span(start, end, label=entity) for start, end, entity in names(words)]
        kept: list[DocSpan] = [entity for entity in entities if entity is not None]
        return NlpArtifacts(
            entities=kept,
            tokens=doc,
            tokens_indices=[token.idx for token in doc],
            lemmas=[token.text for token in doc],
            nlp_engine=self,
            language=language,
            scores=[SCORE] * len(kept),
        )


@functools.cache
def nlp_engine() -> TutelaNlpEngine:
    """Return the loaded engine of this process."""
    engine = TutelaNlpEngine()
    engine.load()
    return engine
