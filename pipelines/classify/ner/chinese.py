"""Chinese names in running text and in bare cells: LAC's network with the project's own weights, run by numpy alone.

The vectors of the characters are those of the installed jieba package (Apache-2.0, Baidu); everything after them is
in ``weights/zh.npz``. ``docs/models.md`` says what the weights are made from, and how well they read.
"""

from __future__ import annotations

import functools
import zipfile
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.classify.folding import fold
from pipelines.classify.ner.lac import characters
from pipelines.classify.ner.network import Alphabet, Floats, Ints, Layer, Network, batches
from pipelines.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.resources.abc import Traversable

    from pipelines.classify.ner import Entity

NAME: Final = "tutela-zh-1"
WEIGHTS: Final = "zh.npz"
LABELS: Final = ("PERSON", "LOCATION", "ORGANIZATION")
"""Tag 0 is none; label n begins with tag 4n+1, goes on with 4n+2, ends with 4n+3, and is one character in 4n+4."""
BEGIN, INSIDE, END, SINGLE = range(4)
KINDS: Final = 4
_NEVER: Final = np.float32(-1e4)


@functools.cache
def tagger() -> ChineseTagger:
    """Return the tagger of this process; the weights are read once.

    Raises:
        PolicyError: the weights are missing or damaged.
    """
    return ChineseTagger(resources.files("pipelines.classify.ner") / "weights" / WEIGHTS)


class ChineseTagger:
    """Finds names in Chinese texts, many at once."""

    name = NAME

    def __init__(self, path: Traversable) -> None:
        """Read the weights, and the vectors of the characters from jieba.

        Raises:
            PolicyError: they are missing or damaged.
        """
        try:
            ids, embedding = characters(resources.files("jieba") / "lac_small")
            self._alphabet = Alphabet(ids, ids["OOV"])
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                self._network = _network(embedding, {name: stored[name].astype(np.float32) for name in stored.files})
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as exc:
            message = "The Chinese name tagger's weights can't be read; install tutela and jieba 0.42.1 again."
            raise PolicyError(message) from exc

    def entities(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Return the names in each text: by start, without overlap."""
        found: list[list[Entity]] = [[] for _ in texts]
        for batch in batches([fold(text) for text in texts]):
            ids, lengths = self._alphabet.numbers(batch)
            ends = np.cumsum(lengths)
            for at, begin, end, label in _names(self._network.tags(ids, lengths), ends):
                row, start, piece = batch[at]
                before = start + len(piece) - int(ends[at])
                found[row].append((begin + before, end + before, label))
        for each in found:
            each.sort()
        return found


def _network(embedding: Floats, stored: dict[str, Floats]) -> Network:
    first, second = (
        Layer(stored[f"in{n}"], stored[f"b{n}"][:, None, :], stored[f"g{n}"], stored[f"c{n}"]) for n in range(2)
    )
    chain = np.concatenate([stored["first"][None], stored["last"][None], stored["move"]])
    return Network(embedding, (first, second), (stored["out"], stored["ob"]), chain + _allowed(len(stored["ob"])))


def _allowed(count: int) -> Floats:
    """Return what forbids tags that make no whole name: at the start, at the end, then from tag to tag."""
    tags = np.arange(count)
    kind, label = (tags - 1) % KINDS, (tags - 1) // KINDS
    starts = (tags == 0) | (kind == BEGIN) | (kind == SINGLE)
    ends = (tags == 0) | (kind == END) | (kind == SINGLE)
    same = ~ends[:, None] & ~starts[None, :] & (label[:, None] == label[None, :])
    moves = (ends[:, None] & starts[None, :]) | same
    return np.where(np.concatenate([starts[None], ends[None], moves]), np.float32(0), _NEVER)


def _names(tags: Ints, ends: Ints) -> Iterator[tuple[int, int, int, str]]:
    """Yield the number of the piece, start, end and label of each name; every name that begins ends in its piece."""
    kind, label = (tags - 1) % KINDS, (tags - 1) // KINDS
    named = tags > 0
    begins = np.flatnonzero(named & ((kind == BEGIN) | (kind == SINGLE)))
    closes = np.flatnonzero(named & ((kind == END) | (kind == SINGLE)))
    pieces = np.searchsorted(ends, begins, side="right")
    for at, begin, close, own in zip(
        pieces.tolist(), begins.tolist(), closes.tolist(), label[begins].tolist(), strict=True
    ):
        yield at, begin, close + 1, LABELS[own]
