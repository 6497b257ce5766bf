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


def packed(lengths: Ints) -> Packing:
    """Return how pieces of these (falling) lengths are packed."""
    steps = np.arange(int(lengths[0]))
    counts = np.searchsorted(-lengths, -steps, side="left")
    offsets = np.concatenate([[0], np.cumsum(counts)[:-1]])
    step = np.repeat(steps, counts)
    row = np.arange(len(step)) - offsets[step]
    starts = np.cumsum(lengths) - lengths
    return Packing(counts, offsets, starts[row] + step)


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
        hidden = _run((table[0][place], table[1][place]), self._first, packing)
        hidden = _run(_projected(hidden, self._second), self._second, packing)
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


def _run(inputs: Sequence[Floats] | Floats, layer: Layer, packing: Packing) -> Floats:
    """Return the hidden states of both directions, side by side."""
    size = layer.candidate.shape[-1]
    hidden = np.empty((len(inputs[0]), 2 * size), dtype=np.float32)
    steps = list(zip(packing.offsets.tolist(), packing.counts.tolist(), strict=True))
    _steps(inputs[0], layer.gates[0], layer.candidate[0], steps, hidden[:, :size])
    _steps(inputs[1], layer.gates[1], layer.candidate[1], steps[::-1], hidden[:, size:])
    return hidden


def _steps(inputs: Floats, gates: Floats, candidate: Floats, steps: Sequence[tuple[int, int]], states: Floats) -> None:
    """Put the states of one direction into ``states``. ``σ(2x) = (tanh(x) + 1) / 2``, and x is halved already.

    Forwards, pieces end on the way; backwards, they join in, with a state of zeros.
    """
    size = len(candidate)
    state = np.zeros((max(n for _, n in steps), size), dtype=np.float32)
    for at, n in steps:
        own, given = state[:n], inputs[at : at + n]
        gate = own @ gates
        gate += given[:, : 2 * size]
        np.tanh(gate, out=gate)
        gate += 1.0
        gate *= 0.5
        fresh = np.asarray((gate[:, size:] * own) @ candidate, dtype=np.float32)
        fresh += given[:, 2 * size :]
        np.tanh(fresh, out=fresh)
        fresh -= own
        fresh *= gate[:, :size]
        own += fresh
        states[at : at + n] = own


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
