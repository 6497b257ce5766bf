"""The network of the Chinese taggers, run by numpy alone: characters, two bidirectional GRU layers of 128, a chain of tags.

Cost is about 1 MFLOP a character, so texts are cut into segments, sorted by length and run in batches in which no
padded step is ever computed. Not for reading weights: each tagger knows its own file.
"""

from __future__ import annotations

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

HIDDEN: Final = 128
SEGMENT: Final = 96
"""Longest run of characters that is tagged at once; longer texts are cut, at a stop where there is one."""
BATCH: Final = 256
STOPS: Final = frozenset("。！？；!?;\n\r，,、 \t")


@dataclass(frozen=True, slots=True)
class Layer:
    """Weights of one bidirectional GRU layer; index 0 of each array runs forwards, 1 backwards."""

    into: Floats
    bias: Floats
    gates: Floats
    candidate: Floats

    def project(self, features: Floats) -> Floats:
        """Return the input part of the gates, for both directions."""
        wide = features.reshape(1, -1, features.shape[-1])
        projected: Floats = wide @ self.into + self.bias
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
        gates = state @ self.gates
        gates += inputs[..., : 2 * HIDDEN]
        gates *= 0.5
        np.tanh(gates, out=gates)
        gates += 1.0
        gates *= 0.5
        update, reset = gates[..., :HIDDEN], gates[..., HIDDEN:]
        candidate = (reset * state) @ self.candidate
        candidate += inputs[..., 2 * HIDDEN :]
        np.tanh(candidate, out=candidate)
        candidate -= state
        candidate *= update
        candidate += state
        return np.asarray(candidate, dtype=np.float32)


class Network:
    """Two bidirectional GRU layers and a chain of tags (Paddle's conventions, ``origin_mode`` off)."""

    def __init__(
        self, embedding: Floats, layers: tuple[Layer, Layer], out: tuple[Floats, Floats], chain: Floats
    ) -> None:
        """Take the weights; ``chain`` holds the scores of the first tag, of the last, then from tag to tag."""
        self._embedding, self._layers = embedding, layers
        self._out, self._out_bias = out
        self._first, self._last = chain[0], chain[1]
        self._moves = np.ascontiguousarray(chain[2:].T)
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


def batches(texts: Sequence[str]) -> Iterator[Sequence[Piece]]:
    """Cut texts into pieces, sorted by falling length, as many at once as are well read together."""
    pieces = [(row, start, text[start:end]) for row, text in enumerate(texts) for start, end in _segments(text)]
    pieces.sort(key=lambda piece: -len(piece[2]))
    return _batches(pieces)


def numbered(batch: Sequence[Piece], ids: dict[str, int], unknown: int) -> tuple[Ints, Ints]:
    """Return the number of each character of each piece, and the pieces' lengths."""
    lengths = np.array([len(piece) for _, _, piece in batch], dtype=np.int64)
    numbers = np.full((len(batch), int(lengths[0])), unknown, dtype=np.int64)
    for row, (_, _, piece) in enumerate(batch):
        numbers[row, : len(piece)] = [ids.get(char, unknown) for char in piece]
    return numbers, lengths


def _batches(pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
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
