"""spaCy's models for Chinese and English, used where they are installed as packages. Not required, never downloaded.

A model is a package (``pip install`` of its wheel); of its pipeline only what names need is loaded.
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
from typing import TYPE_CHECKING, Any, Final

from pipelines.classify.folding import encodable, fold
from pipelines.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.classify.ner import Entity, NameTagger

MODELS: Final = {"zh": ("zh_core_web_trf", "zh_core_web_lg"), "en": ("en_core_web_trf", "en_core_web_lg")}
"""By language; the better one first."""
LABELS: Final = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "ORG": "ORGANIZATION",
}
NEEDED: Final = frozenset({"transformer", "tok2vec", "ner", "entity_ruler"})
"""Parts of a pipeline that find names, or that such a part listens to."""
BATCH: Final = 128
PIECE: Final = 5000
"""Longest piece of a text, in characters: far below what spaCy refuses, so that a long text costs memory no more."""


@functools.cache
def installed(language: str) -> NameTagger | None:
    """Return a tagger with the best installed model of a language, or None where there is none.

    Raises:
        PolicyError: a model is installed but can't be loaded.
    """
    package = next((name for name in MODELS.get(language, ()) if importlib.util.find_spec(name) is not None), None)
    return None if package is None else SpacyTagger(package)


class SpacyTagger:
    """Finds names with a spaCy model, many texts at once."""

    def __init__(self, package: str) -> None:
        """Load the model that is installed as ``package``.

        Raises:
            PolicyError: it can't be loaded.
        """
        import spacy

        self.name = f"spacy:{package}"
        try:
            self._pipeline: Any = spacy.load(package)
        except (OSError, ValueError, ImportError) as exc:
            message = f"The spaCy model {package} is installed but can't be loaded; install it again, or remove it."
            raise PolicyError(message) from exc
        unneeded = [part for part in self._pipeline.pipe_names if part not in NEEDED]
        self._pipeline.select_pipes(disable=unneeded)

    def entities(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Return the names in each text: by start, without overlap."""
        pieces = [
            (row, start, piece) for row, text in enumerate(texts) for start, piece in _pieces(encodable(fold(text)))
        ]
        found: list[list[Entity]] = [[] for _ in texts]
        documents = self._pipeline.pipe([piece for _, _, piece in pieces], batch_size=BATCH)
        for (row, start, _), document in zip(pieces, documents, strict=True):
            found[row] += [
                (start + each.start_char, start + each.end_char, LABELS[each.label_])
                for each in document.ents
                if each.label_ in LABELS
            ]
        return found


def _pieces(text: str) -> list[tuple[int, str]]:
    """Cut a text, after a space where there is one."""
    edges = [0]
    while len(text) - edges[-1] > PIECE:
        space = text.rfind(" ", edges[-1] + PIECE // 2, edges[-1] + PIECE)
        edges.append(space + 1 if space >= 0 else edges[-1] + PIECE)
    edges.append(len(text))
    return [(low, text[low:high]) for low, high in itertools.pairwise(edges) if high > low]
