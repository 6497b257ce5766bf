"""The network of the Chinese taggers, run by numpy alone: characters, two bidirectional GRU layers, a chain of tags.

Cost is about 1 MFLOP a character. Texts are cut into pieces, sorted by falling length and run in batches that are packed:
step after step, in each the pieces that still have a character there, so that nothing is ever computed for padding.
Not for reading weights: each tagger knows its own file.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Piece = tuple[int, int, str]
"""Number of the text, where the piece starts in it, and its characters."""

SEGMENT: Final = 96
"""Longest run of characters that is tagged at once; longer texts are cut, at a stop where there is one."""
BATCH: Final = 512
STOPS: Final = frozenset("。！？；!?;\n\r，,、 \t")


@dataclass(frozen=True, slots=True)
class Packing:
    """How the characters of pieces, sorted by falling length, lie in a batch: one piece after another, or packed."""

    counts: Ints
    """Pieces that have a character at each step."""
    offsets: Ints
    """Where each step begins in the packed order."""
    order: Ints
    """By packed place: the place in the order of one piece after another."""
    mirror: Ints
    """By packed place: the packed place that is as far from its piece's end as this one from its beginning."""


def packed(lengths: Ints) -> Packing:
    """Return how pieces of these (falling) lengths are packed."""
    steps = np.arange(int(lengths[0]))
    counts = np.searchsorted(-lengths, -steps, side="left")
    offsets = np.concatenate([[0], np.cumsum(counts)[:-1]])
    step = np.repeat(steps, counts)
    row = np.arange(len(step)) - offsets[step]
    starts = np.cumsum(lengths) - lengths
    return Packing(counts, offsets, starts[row] + step, offsets[lengths[row] - 1 - step] + row)


@dataclass(frozen=True, slots=True)
class Layer:
    """Weights of one bidirectional GRU layer; index 0 of each array runs forwards, 1 backwards."""

    into: Floats
    bias: Floats
    gates: Floats
    candidate: Floats

    def halved(self) -> Layer:
        """Return the layer with the gates' inputs halved: a logistic function is then a tanh away (see ``_steps``)."""
        half = np.repeat(np.array([0.5, 0.5, 1.0], dtype=np.float32), self.candidate.shape[-1])
        return Layer(self.into * half, self.bias * half, self.gates * np.float32(0.5), self.candidate)


class Network:
    """Two bidirectional GRU layers and a chain of tags (Paddle's conventions, ``origin_mode`` off)."""

    def __init__(
        self, embedding: Floats, layers: tuple[Layer, Layer], out: tuple[Floats, Floats], chain: Floats
    ) -> None:
        """Take the weights; ``chain`` holds the scores of the first tag, of the last, then from tag to tag."""
        self.embedding, self.layers = embedding, layers
        self._first, self._second = (layer.halved() for layer in layers)
        self._out, self._out_bias = out
        self._begin, self._end = chain[0][:, None], chain[1][:, None]
        self._moves = np.ascontiguousarray(chain[2:].T)[:, :, None]
        """[to, from, 1]"""

    def tags(self, ids: Ints, lengths: Ints) -> Ints:
        """Return the best tag of every character; pieces follow one another, by falling length."""
        packing = packed(lengths)
        chars, place = np.unique(ids[packing.order], return_inverse=True)
        table = _projected(self.embedding[chars], self._first)
        hidden = _run(table[0][place], table[1][place[packing.mirror]], self._first, packing)
        forwards, backwards = _projected(hidden, self._second)
        hidden = _run(forwards, backwards[packing.mirror], self._second, packing)
        best = np.empty_like(ids)
        best[packing.order] = self._viterbi(hidden @ self._out + self._out_bias, packing)
        return best

    def _viterbi(self, emission: Floats, packing: Packing) -> Ints:
        scores = np.ascontiguousarray(emission.T)
        steps = [(int(at), int(at + n)) for at, n in zip(packing.offsets, packing.counts, strict=True)]
        low, high = steps[0]
        scores[:, low:high] += self._begin
        for (before, _), (low, high) in itertools.pairwise(steps):
            reach = scores[None, :, before : before + high - low] + self._moves
            scores[:, low:high] += reach.max(axis=1)
        path = np.empty(scores.shape[1], dtype=np.int64)
        follow = np.empty(0, dtype=np.int64)
        for low, high in reversed(steps):
            ahead = len(follow)
            path[low : low + ahead] = (scores[:, low : low + ahead] + self._moves[follow, :, 0].T).argmax(axis=0)
            path[low + ahead : high] = (scores[:, low + ahead : high] + self._end).argmax(axis=0)
            follow = path[low:high]
        return path


def _projected(features: Floats, layer: Layer) -> Floats:
    """Return the input part of the gates and candidates, for both directions."""
    projected: Floats = features[None] @ layer.into
    projected += layer.bias
    return projected


def _run(forwards: Floats, backwards: Floats, layer: Layer, packing: Packing) -> Floats:
    """Return the hidden states of both directions, side by side; each direction's input is in its own order."""
    size = layer.candidate.shape[-1]
    hidden = np.empty((len(forwards), 2 * size), dtype=np.float32)
    hidden[:, :size] = _steps(forwards, layer.gates[0], layer.candidate[0], packing)
    hidden[:, size:] = _steps(backwards, layer.gates[1], layer.candidate[1], packing)[packing.mirror]
    return hidden


def _steps(inputs: Floats, gates: Floats, candidate: Floats, packing: Packing) -> Floats:
    """Return the states of one direction. ``σ(2x) = (tanh(x) + 1) / 2``, and x is halved already."""
    size = len(candidate)
    states = np.empty((len(inputs), size), dtype=np.float32)
    state = np.zeros((int(packing.counts[0]), size), dtype=np.float32)
    for at, n in zip(packing.offsets.tolist(), packing.counts.tolist(), strict=True):
        state, given = state[:n], inputs[at : at + n]
        gate = state @ gates
        gate += given[:, : 2 * size]
        np.tanh(gate, out=gate)
        gate += 1.0
        gate *= 0.5
        fresh = np.asarray((gate[:, size:] * state) @ candidate, dtype=np.float32)
        fresh += given[:, 2 * size :]
        np.tanh(fresh, out=fresh)
        fresh -= state
        fresh *= gate[:, :size]
        fresh += state
        states[at : at + n] = state = fresh
    return states


class Alphabet:
    """The number of every character a network knows, and of all that it doesn't."""

    def __init__(self, ids: dict[str, int], unknown: int) -> None:
        """Number the characters by ``ids``; entries of several characters are words of the file's own."""
        self._numbers = np.full(0x110000, unknown, dtype=np.int32)
        for char, number in ids.items():
            if len(char) == 1:
                self._numbers[ord(char)] = number

    def numbers(self, pieces: Sequence[Piece]) -> tuple[Ints, Ints]:
        """Return the number of each character, one piece after another, and the pieces' lengths."""
        points = "".join(piece for _, _, piece in pieces).encode("utf-32-le", "surrogatepass")
        lengths = np.array([len(piece) for _, _, piece in pieces], dtype=np.int64)
        return self._numbers[np.frombuffer(points, dtype=np.uint32)].astype(np.int64), lengths


def batches(texts: Sequence[str]) -> Iterator[Sequence[Piece]]:
    """Cut texts into pieces, sorted by falling length, as many at once as are well read together."""
    pieces = [(row, start, text[start:end]) for row, text in enumerate(texts) for start, end in _segments(text)]
    pieces.sort(key=lambda piece: -len(piece[2]))
    for low in range(0, len(pieces), BATCH):
        yield pieces[low : low + BATCH]


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
