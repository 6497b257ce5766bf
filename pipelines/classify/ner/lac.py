"""Chinese word and name tagging: the LAC-small network of the installed jieba package, run by numpy alone.

The weights (Apache-2.0, Baidu) lie in ``jieba/lac_small``: a character embedding, two bidirectional GRU layers of
128 and a linear-chain CRF over 57 tags. jieba's own way to run them needs a Paddle that no longer installs. Not for
deciding what a column holds, and not for identifiers: those have checksums.

Cost is about 1 MFLOP a character, so texts are cut into segments, sorted by length and run in batches in which no
padded step is ever computed.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from pipelines.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from importlib.resources.abc import Traversable

    from pipelines.classify.ner import Entity

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

HIDDEN: Final = 128
SEGMENT: Final = 96
"""Longest run of characters that is tagged at once; longer texts are cut, at a stop where there is one."""
BATCH: Final = 256
STOPS: Final = frozenset("。！？；!?;\n\r，,、 \t")
ENTITIES: Final = {
    "PER": "PERSON",
    "nr": "PERSON",
    "LOC": "LOCATION",
    "ns": "LOCATION",
    "ORG": "ORGANIZATION",
    "nt": "ORGANIZATION",
}
"""LAC's tags of names; capitals are those it is surer of."""
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
            self._ids = {char: int(number) for number, char in _pairs(folder / "word.dic")}
            tags = {int(number): tag for number, tag in _pairs(folder / "tag.dic")}
            weights = {path.name: _tensor(path.read_bytes()) for path in (folder / "model_baseline").iterdir()}
            self._network = _Network(weights)
        except (OSError, KeyError, ValueError) as exc:
            message = "The Chinese name tagger's weights can't be read; install jieba 0.42.1 again."
            raise PolicyError(message) from exc
        self._unknown = self._ids["OOV"]
        self._tags = tuple(tags[number] for number in range(len(tags)))
        self._names = tuple(tag.removesuffix("-B").removesuffix("-I") for tag in self._tags)
        self._begins = np.array([tag.endswith("-B") for tag in self._tags])
        self._outside = self._tags.index("O")

    def words(self, texts: Sequence[str]) -> list[list[Word]]:
        """Cut each text into tagged words, which cover it without gaps."""
        pieces = [(row, start, text[start:end]) for row, text in enumerate(texts) for start, end in _segments(text)]
        pieces.sort(key=lambda piece: -len(piece[2]))
        found: list[list[tuple[int, list[Word]]]] = [[] for _ in texts]
        for batch in _batches(pieces):
            for (row, start, piece), tags in zip(batch, self._decode([p[2] for p in batch]), strict=True):
                found[row].append((start, self._join(start, len(piece), tags)))
        return [[word for _, words in sorted(parts, key=lambda part: part[0]) for word in words] for parts in found]

    def entities(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Return the names in each text."""
        return [names(words) for words in self.words(texts)]

    def _decode(self, pieces: Sequence[str]) -> list[Ints]:
        """Tag pieces that are sorted by falling length."""
        lengths = np.array([len(piece) for piece in pieces], dtype=np.int64)
        ids = np.full((len(pieces), int(lengths[0])), self._unknown, dtype=np.int64)
        get, unknown = self._ids.get, self._unknown
        for row, piece in enumerate(pieces):
            ids[row, : len(piece)] = [get(char, unknown) for char in piece]
        best = self._network.best(ids, lengths)
        return [best[row, : lengths[row]] for row in range(len(pieces))]

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


class _Network:
    """Two bidirectional GRU layers and a CRF; Paddle's conventions (``origin_mode`` off)."""

    def __init__(self, weights: dict[str, Floats]) -> None:
        self._embedding = weights["word_emb"]
        self._layers = [_Layer(weights, 0), _Layer(weights, 2)]
        self._out, self._out_bias = weights["fc_4.w_0"], weights["fc_4.b_0"].ravel()
        crf = weights["crfw"]
        self._first, self._last = crf[0], crf[1]
        self._moves = np.ascontiguousarray(crf[2:].T)
        """[to, from]: the inner axis is the one that is reduced."""

    def best(self, ids: Ints, lengths: Ints) -> Ints:
        """Return the best tag of every character."""
        chars, place = np.unique(ids, return_inverse=True)
        place = place.reshape(ids.shape)
        first, second = self._layers
        projected = first.project(self._embedding[chars])
        hidden = first.run(projected[:, place], lengths)
        hidden = second.run(second.project(hidden), lengths)
        return self._viterbi(hidden @ self._out + self._out_bias, lengths)

    def _viterbi(self, emission: Floats, lengths: Ints) -> Ints:
        rows, steps, tags = emission.shape
        score = np.empty((steps, rows, tags), dtype=np.float32)
        score[0] = emission[:, 0] + self._first
        active = _active(lengths)
        for step in range(1, steps):
            n = active[step]
            reach = (score[step - 1, :n, None, :] + self._moves).max(axis=2)
            score[step, :n] = reach + emission[:n, step]
        path = np.zeros((rows, steps), dtype=np.int64)
        tag = np.zeros(rows, dtype=np.int64)
        for step in range(steps - 1, -1, -1):
            n = active[step]
            follow = active[step + 1] if step + 1 < steps else 0
            tag[follow:n] = (score[step, follow:n] + self._last).argmax(axis=1)
            tag[:follow] = (score[step, :follow] + self._moves[tag[:follow]]).argmax(axis=1)
            path[:n, step] = tag[:n]
        return path


class _Layer:
    """One bidirectional GRU layer; index 0 of each array runs forwards, 1 backwards."""

    def __init__(self, weights: dict[str, Floats], first: int) -> None:
        pair = (first, first + 1)
        self._in = np.stack([weights[f"fc_{k}.w_0"] for k in pair])
        bias = [weights[f"fc_{k}.b_0"].ravel() + weights[f"gru_{k}.b_0"].ravel() for k in pair]
        self._bias = np.stack(bias)[:, None, :]
        flat = [weights[f"gru_{k}.w_0"].ravel() for k in pair]
        gates = 2 * HIDDEN * HIDDEN
        self._gates = np.stack([w[:gates].reshape(HIDDEN, 2 * HIDDEN) for w in flat])
        self._candidate = np.stack([w[gates:].reshape(HIDDEN, HIDDEN) for w in flat])

    def project(self, features: Floats) -> Floats:
        """Return the input part of the gates, for both directions."""
        wide = features.reshape(1, -1, features.shape[-1])
        projected: Floats = wide @ self._in + self._bias
        return projected.reshape(2, *features.shape[:-1], 3 * HIDDEN)

    def run(self, projected: Floats, lengths: Ints) -> Floats:
        """Return the hidden states of both directions, side by side."""
        _, rows, steps, _ = projected.shape
        back = np.maximum(lengths[:, None] - 1 - np.arange(steps), 0)
        row = np.arange(rows)[:, None]
        inputs = np.stack([projected[0], projected[1][row, back]]).transpose(2, 0, 1, 3).copy()
        out = np.zeros((steps, 2, rows, HIDDEN), dtype=np.float32)
        state = np.zeros((2, rows, HIDDEN), dtype=np.float32)
        for step, n in enumerate(_active(lengths)):
            state = self._step(inputs[step, :, :n], state[:, :n])
            out[step, :, :n] = state
        forwards = out[:, 0].transpose(1, 0, 2)
        backwards = out[:, 1].transpose(1, 0, 2)[row, back]
        both: Floats = np.concatenate([forwards, backwards], axis=2)
        return both

    def _step(self, inputs: Floats, state: Floats) -> Floats:
        gates = state @ self._gates
        gates += inputs[..., : 2 * HIDDEN]
        gates *= 0.5
        np.tanh(gates, out=gates)
        gates += 1.0
        gates *= 0.5
        update, reset = gates[..., :HIDDEN], gates[..., HIDDEN:]
        candidate = (reset * state) @ self._candidate
        candidate += inputs[..., 2 * HIDDEN :]
        np.tanh(candidate, out=candidate)
        candidate -= state
        candidate *= update
        candidate += state
        return np.asarray(candidate, dtype=np.float32)


def _batches(pieces: Sequence[tuple[int, int, str]]) -> Iterator[Sequence[tuple[int, int, str]]]:
    """Cut pieces, sorted by falling length, where padding the shorter ones would cost more than another batch."""
    low = 0
    while low < len(pieces):
        least = len(pieces[low][2]) * 3 // 4
        high = low + 1
        while high < min(low + BATCH, len(pieces)) and (high < low + BATCH // 8 or len(pieces[high][2]) >= least):
            high += 1
        yield pieces[low:high]
        low = high


def _active(lengths: Ints) -> list[int]:
    """Count, for each step, the rows (sorted by falling length) that still have a character there."""
    steps = np.arange(int(lengths[0]))
    active: list[int] = np.searchsorted(-lengths, -steps, side="left").tolist()
    return active


def _segments(text: str) -> list[tuple[int, int]]:
    cuts: list[tuple[int, int]] = []
    start = 0
    while len(text) - start > SEGMENT:
        window = range(start + SEGMENT - 1, start + SEGMENT // 2, -1)
        end = next((at + 1 for at in window if text[at] in STOPS), start + SEGMENT)
        cuts.append((start, end))
        start = end
    if start < len(text):
        cuts.append((start, len(text)))
    return cuts


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
