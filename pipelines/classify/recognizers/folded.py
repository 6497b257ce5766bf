"""What the recognizers of this folder share: they read folded text, and say what a cell must hold to be worth reading.

A recognizer is Presidio's ``PatternRecognizer``, so ``AnalyzerEngine`` runs it as it is. The fast path in
``classify.finder`` runs the same PATTERNS and the same ``validate_result`` over whole columns; a test holds the two
together. Patterns cross a line break only where a number is broken in two (GAP, BREAK), and use ASCII look-arounds: at a word boundary a Chinese character is a
letter, so it misses every value that is glued to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import regex
from presidio_analyzer import Pattern, PatternRecognizer

from pipelines.classify.folding import fold

if TYPE_CHECKING:
    from presidio_analyzer import RecognizerResult
    from presidio_analyzer.nlp_engine import NlpArtifacts

    from pipelines.classify.cells import Cells, Ints
    from pipelines.classify.checks import Matrix, Scores

FLAGS: Final = int(regex.DOTALL | regex.MULTILINE | regex.ASCII)
"""Presidio's flags but for IGNORECASE: a pattern spells out the letters it takes."""
BEFORE: Final = r"(?<![0-9A-Za-z])(?<![0-9]\.)"
AFTER: Final = r"(?![0-9A-Za-z])(?!\.[0-9])"
"""A value ends where letters and digits end; a fraction is an amount, not an identifier."""
BREAK: Final = r"(?:[ -]?\r?\n ?)"
"""Where a value goes on in the next line."""
GAP: Final = r"(?:[ -]|[ -]?\r?\n ?)"
"""What may stand between two groups of a number: one mark, or a line's end."""
THRESHOLD: Final = 0.4
"""A pattern that scores less is a finding with context only (``context.boosted`` lifts it above)."""


_GAPS: Final = str.maketrans("", "", " -\r\n")


def bare(text: str) -> str:
    """Return a number without the marks and line ends between its groups."""
    return text.translate(_GAPS)


@dataclass(frozen=True, slots=True)
class Gate:
    """What a folded cell must hold, at the least, to match any of a recognizer's patterns. Cheap facts first."""

    size: int = 0
    """Bytes."""
    run: int = 0
    """Digits with nothing but spaces, hyphens, dots, plus signs and brackets between them."""
    marks: bytes = b""
    """At least one of these bytes."""
    wide: bool = False
    """At least one character that is not ASCII."""
    must: str = ""
    """RE2 condition, for cells that pass all the rest."""
    solid: frozenset[int] | None = None
    """Sizes at which letters and digits alone can match, which they then do as a whole; None: at any, anyhow."""


class FoldedRecognizer(PatternRecognizer):
    """A pattern recognizer that no way of writing a character escapes."""

    ENTITY: ClassVar[str]
    PATTERNS: ClassVar[tuple[Pattern, ...]]
    CONTEXT: ClassVar[tuple[str, ...]]
    """Lower-case words, Chinese and English, that stand before such a value or at the head of its column."""
    GATE: ClassVar[Gate]
    CONTEXT_ONLY: ClassVar[bool] = False
    """No value is a finding without context: cells without a word of it need not be read."""
    PLAIN: ClassVar[tuple[int, ...]] = ()
    """Sizes in ``GATE.solid`` at which ``plain`` can judge solid cells (letters and digits alone)."""

    def __init__(self, supported_language: str = "zh", *, latest: int = 99991231) -> None:
        """Recognize in texts of a language; no date after ``latest`` (yyyymmdd) is one of birth."""
        self.latest = latest
        super().__init__(
            supported_entity=self.ENTITY,
            patterns=list(self.PATTERNS),
            context=list(self.CONTEXT),
            supported_language=supported_language,
            global_regex_flags=FLAGS,
        )
        self.score_thresholds = {self.ENTITY: THRESHOLD}

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,
        regex_flags: int | None = None,
    ) -> list[RecognizerResult]:
        """Find the values in the folded text; offsets are those of the text."""
        found: list[RecognizerResult] = super().analyze(fold(text), entities, nlp_artifacts, regex_flags)
        return found

    def plain(self, matrix: Matrix) -> Scores:
        """Score solid cells of one size in PLAIN, each as one value; 0 where it is none."""
        raise NotImplementedError

    def whole(self, cells: Cells, numbers: Ints) -> tuple[Ints, Scores]:
        """Score, all at once, those of the numbered cells that can only be one value or none; return which and how."""
        handled, scores = [np.empty(0, dtype=np.int64)], [np.empty(0)]
        for size in self.PLAIN:
            own = numbers[cells.solid[numbers] & (cells.sizes[numbers] == size)]
            if len(own):
                handled.append(own)
                scores.append(self.plain(cells.matrix(own, size)))
        return np.concatenate(handled), np.concatenate(scores)
