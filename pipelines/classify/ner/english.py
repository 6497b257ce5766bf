"""English names in running text: a small network with the project's own weights, run by numpy alone.

A word is what is known of it (a reduced word vector, marks from lists of names and places) and what it looks like
(its pieces, its shape); one bidirectional GRU reads the words around it, and a chain of tags decides. What depends
on the word alone is computed once for each different word. ``training/english.py`` makes the weights;
``docs/models.md`` says from what, and how well it reads. Not for bare cells of names: see ``bare_english``.
"""

from __future__ import annotations

import functools
import re
import zipfile
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from pipelines.classify.ner import english_words as words
from pipelines.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.resources.abc import Traversable

    from pipelines.classify.ner import Entity

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

NAME: Final = "tutela-en-1"
WEIGHTS: Final = "en.npz"
BATCH: Final = 256
"""Segments that are read at once."""
AT_ONCE: Final = 4096
"""Segments whose words are looked up together; bounds the memory."""
LABELS: Final = ("PERSON", "LOCATION", "ORGANIZATION")
"""Tag 0 is none; label n begins with tag 2n+1 and goes on with tag 2n+2."""
_PLACE_GOES_ON: Final = 4
_NUMBER: Final = re.compile(r"\d")


@functools.cache
def tagger() -> EnglishTagger:
    """Return the tagger of this process; the weights are read once.

    Raises:
        PolicyError: the weights are missing or damaged.
    """
    return EnglishTagger(resources.files("pipelines.classify.ner") / "weights" / WEIGHTS)


class EnglishTagger:
    """Finds names in English texts, many at once."""

    name = NAME

    def __init__(self, path: Traversable) -> None:
        """Read the weights.

        Raises:
            PolicyError: they are missing or damaged.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                self._network = _Network({name: stored[name] for name in stored.files})
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as exc:
            message = "The English name tagger's weights can't be read; install tutela again."
            raise PolicyError(message) from exc

    def entities(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Return the names in each text: by start, without overlap."""
        found: list[list[Entity]] = [[] for _ in texts]
        whole = words.segments(list(texts))
        for low in range(0, len(whole), AT_ONCE):
            part = whole[low : low + AT_ONCE]
            for segment, tags in zip(part, self._network.tags(part), strict=True):
                found[segment.text] += _names(segment, tags)
        return [_addresses(text, each) for text, each in zip(texts, found, strict=True)]


class _Network:
    """Words to vectors, both directions of a GRU, a chain of tags."""

    def __init__(self, stored: dict[str, npt.NDArray[np.generic]]) -> None:
        self._keys, self._vectors = stored["keys"].astype(np.uint32), stored["vectors"].astype(np.int8)
        self._listed, self._flags = stored["listed"].astype(np.uint32), stored["flags"].astype(np.int64)
        half = {name: np.asarray(value, dtype=np.float32) for name, value in stored.items() if value.dtype.kind == "f"}
        self._scale, self._pieces, self._shapes = half["scale"], half["pieces"], half["shapes"]
        self._pieces[0] = 0
        self._word, self._word_bias = half["word"], half["word_bias"]
        self._into, self._place = half["into"], half["place"]
        self._recur, self._recur_bias = half["recur"], half["recur_bias"][:, None, :]
        self._top, self._top_word, self._top_bias = half["top"], half["top_word"], half["top_bias"]
        self._out, self._out_bias = half["out"], half["out_bias"]
        self._hidden = self._recur.shape[1]
        begun = np.arange(1, len(self._out_bias), 2)
        allowed = np.ones((len(self._out_bias), len(self._out_bias)), dtype=bool)
        allowed[:, begun + 1] = False
        allowed[begun, begun + 1] = allowed[begun + 1, begun + 1] = True
        self._moves = np.ascontiguousarray(np.where(allowed, half["moves"], np.float32(-1e4)).T)
        """[to, from]: the inner axis is the one that is reduced."""
        self._first = np.where(allowed[0], half["first"], np.float32(-1e4))

    def tags(self, whole: list[words.Segment]) -> list[list[int]]:
        """Return the tags of every segment's tokens."""
        order = sorted(range(len(whole)), key=lambda at: -len(whole[at].words))
        different: dict[str, int] = {}
        places = [[different.setdefault(word, len(different)) for word in whole[at].words] for at in order]
        into, top = self._words(list(different))
        found: list[list[int]] = [[] for _ in whole]
        for low, high in _batches([len(each) for each in places]):
            best = self._batch([whole[at] for at in order[low:high]], places[low:high], into, top)
            for at, tags in zip(order[low:high], best, strict=True):
                found[at] = tags[: len(whole[at].words)]
        return found

    def _words(self, different: list[str]) -> tuple[Floats, Floats]:
        """Return what each word alone adds to the gates and to the upper layer."""
        looks = [words.look(word) for word in different]
        pieces = np.zeros((len(looks), words.PIECES), dtype=np.int64)
        for row, each in enumerate(looks):
            pieces[row, : len(each.pieces)] = each.pieces
        keys = np.array([each.key for each in looks], dtype=np.uint32)
        inputs = np.concatenate(
            [self._known(keys), self._spelled(pieces), self._shapes[[each.shape for each in looks]], self._marks(keys)],
            axis=1,
        )
        word = np.maximum(inputs @ self._word + self._word_bias, 0)
        return word @ self._into, word @ self._top_word + self._top_bias

    def _known(self, keys: npt.NDArray[np.uint32]) -> Floats:
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        known = (self._keys[at] == keys)[:, None]
        vectors = self._vectors[at] * self._scale * known
        return np.concatenate([vectors, ~known], axis=1).astype(np.float32)

    def _spelled(self, pieces: Ints) -> Floats:
        there = (pieces > 0).sum(axis=1)
        spelled = np.zeros((len(pieces), self._pieces.shape[1]), dtype=np.float32)
        for column in range(pieces.shape[1]):
            spelled += self._pieces[pieces[:, column]]
        return np.asarray(spelled / np.sqrt(np.maximum(there, 1))[:, None], dtype=np.float32)

    def _marks(self, keys: npt.NDArray[np.uint32]) -> Floats:
        at = np.minimum(np.searchsorted(self._listed, keys), len(self._listed) - 1)
        bits = np.where(self._listed[at] == keys, self._flags[at], 0)
        return ((bits[:, None] >> np.arange(4)) & 1).astype(np.float32)

    def _batch(self, batch: list[words.Segment], places: list[list[int]], into: Floats, top: Floats) -> list[list[int]]:
        lengths = np.array([len(each) for each in places], dtype=np.int64)
        steps = int(lengths[0])
        place = np.zeros((len(batch), steps), dtype=np.int64)
        context = np.zeros_like(place)
        for row, (segment, each) in enumerate(zip(batch, places, strict=True)):
            place[row, : len(each)] = each
            context[row, : len(each)] = segment.glues
            context[row] = context[row] * words.CASES + segment.case
        hidden = self._read(into, place, context, lengths)
        upper = np.maximum(hidden @ self._top + top[place], 0)
        best: list[list[int]] = self._viterbi(upper @ self._out + self._out_bias, lengths).tolist()
        return best

    def _read(self, into: Floats, place: Ints, context: Ints, lengths: Ints) -> Floats:
        """Run both directions; the rows are sorted by falling length, and no padded step is computed."""
        rows, steps = place.shape
        wide = 3 * self._hidden
        back = np.maximum(lengths[:, None] - 1 - np.arange(steps), 0)
        row = np.arange(rows)[:, None]
        inputs = np.empty((steps, 2, rows, wide), dtype=np.float32)
        inputs[:, 0] = (into[:, :wide][place] + self._place[:, :wide][context]).transpose(1, 0, 2)
        turned = into[:, wide:][place[row, back]] + self._place[:, wide:][context[row, back]]
        inputs[:, 1] = turned.transpose(1, 0, 2)
        out = np.zeros((steps, 2, rows, self._hidden), dtype=np.float32)
        state = np.zeros((2, rows, self._hidden), dtype=np.float32)
        for step, n in enumerate(_active(lengths)):
            state = self._step(inputs[step, :, :n], state[:, :n])
            out[step, :, :n] = state
        backwards = out[:, 1].transpose(1, 0, 2)[row, back]
        return np.concatenate([out[:, 0].transpose(1, 0, 2), backwards], axis=2)

    def _step(self, inputs: Floats, state: Floats) -> Floats:
        size = self._hidden
        gates = state @ self._recur
        both = inputs[..., : 2 * size] + gates[..., : 2 * size]
        both *= 0.5
        np.tanh(both, out=both)
        both += 1.0
        both *= 0.5
        fresh = gates[..., 2 * size :]
        fresh += self._recur_bias
        fresh *= both[..., size:]
        fresh += inputs[..., 2 * size :]
        np.tanh(fresh, out=fresh)
        fresh -= state
        fresh *= both[..., :size]
        fresh += state
        return np.asarray(fresh, dtype=np.float32)

    def _viterbi(self, emission: Floats, lengths: Ints) -> Ints:
        rows, steps, tags = emission.shape
        score = np.empty((steps, rows, tags), dtype=np.float32)
        score[0] = emission[:, 0] + self._first
        active = _active(lengths)
        for step in range(1, steps):
            n = active[step]
            score[step, :n] = (score[step - 1, :n, None, :] + self._moves).max(axis=2) + emission[:n, step]
        path = np.zeros((rows, steps), dtype=np.int64)
        tag = np.zeros(rows, dtype=np.int64)
        for step in range(steps - 1, -1, -1):
            n = active[step]
            follow = active[step + 1] if step + 1 < steps else 0
            tag[follow:n] = score[step, follow:n].argmax(axis=1)
            tag[:follow] = (score[step, :follow] + self._moves[tag[:follow]]).argmax(axis=1)
            path[:n, step] = tag[:n]
        return path


def _names(segment: words.Segment, tags: list[int]) -> Iterator[Entity]:
    """Join tags to names; only a place, as an address is, goes on over the end of a line."""
    begun = None
    for at, tag in enumerate([*tags, 0]):
        broken = 0 < at < len(tags) and segment.glues[at] == words.BREAK and tag != _PLACE_GOES_ON
        if begun is not None and (tag == 0 or tag % 2 or broken):
            yield segment.starts[begun], segment.ends[at - 1], LABELS[(tags[begun] - 1) // 2]
            begun = None
        if tag % 2:
            begun = at


def _addresses(text: str, found: list[Entity]) -> list[Entity]:
    """Join the places that only commas part, where a number shows that they are one address."""
    whole: list[Entity] = []
    for start, end, label in found:
        last = whole[-1] if whole else (0, 0, "")
        near = label == last[2] == "LOCATION" and start - last[1] <= 3 and not text[last[1] : start].strip(", \r\n")
        if near and _NUMBER.search(text, last[0], end):
            whole[-1] = (last[0], end, label)
        else:
            whole.append((start, end, label))
    return whole


def _batches(lengths: list[int]) -> Iterator[tuple[int, int]]:
    """Cut segments, sorted by falling length, where padding the shorter ones would cost more than another batch."""
    low = 0
    while low < len(lengths):
        least = lengths[low] * 3 // 4
        high = low + 1
        while high < min(low + BATCH, len(lengths)) and (high < low + BATCH // 8 or lengths[high] >= least):
            high += 1
        yield low, high
        low = high


def _active(lengths: Ints) -> list[int]:
    """Count, for each step, the segments (sorted by falling length) that still have a token there."""
    steps = np.arange(int(lengths[0]))
    active: list[int] = np.searchsorted(-lengths, -steps, side="left").tolist()
    return active
