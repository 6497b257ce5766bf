"""Context: words that stand before a value, or at the head of its column, and say what it is.

Presidio's own enhancer compares lemmas of the five tokens before a match, which needs a tokenizer and, in Chinese,
agrees with nothing people write. This one looks at the characters before the match. Not for column headers alone:
those are read in ``headers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from presidio_analyzer import RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer

from pipelines.classify.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from presidio_analyzer import EntityRecognizer
    from presidio_analyzer.nlp_engine import NlpArtifacts

WINDOW: Final = 24
"""Characters before a value that are read for context; a line break ends them."""
SHORT: Final = 4
"""Letters from which on a word in a column's name is no chance."""
BOOST: Final = 0.35
LEAST: Final = 0.4
"""Presidio's own figures: what context adds, and the least score of a value with context."""


def supported(folded: str, start: int, words: Iterable[str]) -> bool:
    """Tell whether one of the (lower-case) words stands shortly before ``start``."""
    window = folded[max(0, start - WINDOW) : start].rpartition("\n")[2].casefold()
    return any(word in window for word in words)


def named(names: Iterable[str], words: Iterable[str]) -> bool:
    """Tell whether one of the (lower-case) words stands in a column's name or another outer context."""
    heads = [fold(name).casefold().replace("_", " ") for name in names]
    return any(_speaks(head, word) for head in heads for word in words)


def _speaks(head: str, word: str) -> bool:
    """Tell whether a word stands in a name; a short one of ASCII letters only where a word begins (not in "Qeqqata")."""
    if len(word) >= SHORT or not word.isascii():
        return word in head
    at = head.find(word)
    while at > 0 and head[at - 1].isascii() and head[at - 1].isalpha():
        at = head.find(word, at + 1)
    return at >= 0


def boosted(score: float) -> float:
    """Return the score of a value that context supports."""
    return min(max(score + BOOST, LEAST), 1.0)


class WindowContextEnhancer(ContextAwareEnhancer):
    """Presidio's extension point for context, with the window above."""

    def __init__(self) -> None:
        """Use Presidio's figures."""
        super().__init__(
            context_similarity_factor=BOOST,
            min_score_with_context_similarity=LEAST,
            context_prefix_count=WINDOW,
            context_suffix_count=0,
        )

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,  # noqa: ARG002 (Presidio's signature)
        recognizers: list[EntityRecognizer],
        context: Sequence[str] | None = None,
    ) -> list[RecognizerResult]:
        """Raise the score of each result that context supports."""
        folded, outer = fold(text), tuple(context or ())
        words: dict[str, Any] = {r.id: tuple(word.casefold() for word in r.context or ()) for r in recognizers}
        for result in raw_results:
            own = words.get(result.recognition_metadata[RecognizerResult.RECOGNIZER_IDENTIFIER_KEY], ())
            if own and (named(outer, own) or supported(folded, result.start, own)):
                result.score = boosted(result.score)
        return raw_results
