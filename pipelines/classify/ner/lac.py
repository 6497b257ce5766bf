"""Chinese word and name tagging: the LAC-small network of the installed jieba package, run by numpy alone.

The weights (Apache-2.0, Baidu) lie in ``jieba/lac_small``: a character embedding, two bidirectional GRU layers of
128 and a linear-chain CRF over 57 tags. jieba's own way to run them needs a Paddle that no longer installs. Not for
deciding what a column holds, and not for identifiers: those have checksums.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.classify.ner.network import Alphabet, Floats, Ints, Layer, Network, batches
from pipelines.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.resources.abc import Traversable

    from pipelines.classify.ner import Entity

ENTITIES: Final = {
    "PER": "PERSON",
    "nr": "PERSON",
    "LOC": "LOCATION",
    "ns": "LOCATION",
    "ORG": "ORGANIZATION",
    "nt": "ORGANIZATION",
}
"""LAC's tags of names; capitals are those it is surer of."""
HIDDEN: Final = 128
"""Units of a layer, each direction."""
_FP32: Final = 5


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: where it stands and LAC's tag for it (``PER``, ``nr``, ``LOC``, ``ns``, ``ORG``, ``nt``, …)."""

    start: int
    end: int
    tag: str


@functools.cache
def tagger() -> Tagger:
    """Return the tagger of this process; the weights are read once.

    Raises:
        PolicyError: the weights are missing or damaged.
    """
    return Tagger(resources.files("jieba") / "lac_small")


def names(words: Iterable[Word]) -> list[Entity]:
    """Return the names in a tagged text; adjacent pieces of a place are one."""
    found: list[Entity] = []
    for word in words:
        entity = ENTITIES.get(word.tag)
        if entity is None:
            continue
        if entity == "LOCATION" and found and found[-1][1:] == (word.start, entity):
            found[-1] = (found[-1][0], word.end, entity)
        else:
            found.append((word.start, word.end, entity))
    return found


class Tagger:
    """Tags texts, many at once."""

    name = "lac-small"

    def __init__(self, folder: Traversable) -> None:
        """Read the weights and dictionaries in ``folder``.

        Raises:
            PolicyError: they are missing or damaged.
        """
        try:
            ids = {char: int(number) for number, char in _pairs(folder / "word.dic")}
            self._alphabet = Alphabet(ids, ids["OOV"])
            tags = {int(number): tag for number, tag in _pairs(folder / "tag.dic")}
            self._network = _network(folder)
        except (OSError, KeyError, ValueError) as exc:
            message = "The Chinese name tagger's weights can't be read; install jieba 0.42.1 again."
            raise PolicyError(message) from exc
        self._tags = tuple(tags[number] for number in range(len(tags)))
        self._names = tuple(tag.removesuffix("-B").removesuffix("-I") for tag in self._tags)
        self._begins = np.array([tag.endswith("-B") for tag in self._tags])
        self._outside = self._tags.index("O")

    def words(self, texts: Sequence[str]) -> list[list[Word]]:
        """Cut each text into tagged words, which cover it without gaps."""
        found: list[list[tuple[int, list[Word]]]] = [[] for _ in texts]
        for batch in batches(texts):
            ids, lengths = self._alphabet.numbers(batch)
            tags = np.split(self._network.tags(ids, lengths), np.cumsum(lengths)[:-1])
            for (row, start, piece), own in zip(batch, tags, strict=True):
                found[row].append((start, self._join(start, len(piece), own)))
        return [[word for _, words in sorted(parts, key=lambda part: part[0]) for word in words] for parts in found]

    def entities(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Return the names in each text."""
        return [names(words) for words in self.words(texts)]

    def _join(self, start: int, length: int, tags: Ints) -> list[Word]:
        outside = tags == self._outside
        cut = self._begins[tags] | outside
        cut[1:] &= ~(outside[1:] & outside[:-1])
        cut[0] = True
        starts = np.flatnonzero(cut)
        ends = np.append(starts[1:], length)
        return [
            Word(start + int(low), start + int(high), self._names[tags[low]])
            for low, high in zip(starts, ends, strict=True)
        ]


def _network(folder: Traversable) -> Network:
    weights = {path.name: _tensor(path.read_bytes()) for path in (folder / "model_baseline").iterdir()}
    out = weights["fc_4.w_0"], weights["fc_4.b_0"].ravel()
    return Network(weights["word_emb"], (_layer(weights, 0), _layer(weights, 2)), out, weights["crfw"])


def _layer(weights: dict[str, Floats], first: int) -> Layer:
    pair = (first, first + 1)
    bias = [weights[f"fc_{k}.b_0"].ravel() + weights[f"gru_{k}.b_0"].ravel() for k in pair]
    flat = [weights[f"gru_{k}.w_0"].ravel() for k in pair]
    gates = 2 * HIDDEN * HIDDEN
    return Layer(
        into=np.stack([weights[f"fc_{k}.w_0"] for k in pair]),
        bias=np.stack(bias)[:, None, :],
        gates=np.stack([w[:gates].reshape(HIDDEN, 2 * HIDDEN) for w in flat]),
        candidate=np.stack([w[gates:].reshape(HIDDEN, HIDDEN) for w in flat]),
    )


def characters(folder: Traversable) -> tuple[dict[str, int], Floats]:
    """Return LAC's number of each character, and the vectors of those numbers.

    Raises:
        OSError: the files are missing.
        ValueError: they are damaged.
    """
    ids = {char: int(number) for number, char in _pairs(folder / "word.dic")}
    return ids, _tensor((folder / "model_baseline" / "word_emb").read_bytes())


def _pairs(path: Traversable) -> list[tuple[str, str]]:
    lines = path.read_text("utf-8").split("\n")
    split = [line.split("\t") for line in lines]
    return [(pair[0], pair[1]) for pair in split if len(pair) == 2]


def _tensor(raw: bytes) -> Floats:
    """Read one serialised tensor: version, level of detail (none), version, protobuf of type and shape, data."""
    size = int.from_bytes(raw[16:20], "little")
    header, at, kind = raw[20 : 20 + size], 0, 0
    shape: list[int] = []
    while at < size:
        field, at = header[at], at + 1
        value, at = _varint(header, at)
        kind, shape = (value, shape) if field >> 3 == 1 else (kind, [*shape, value])
    if any(raw[:16]) or kind != _FP32:
        message = "not a plain float32 tensor"
        raise ValueError(message)
    return np.frombuffer(raw, dtype="<f4", offset=20 + size).reshape(shape).astype(np.float32)


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte, at = raw[at], at + 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at
