"""The English tagger's network, for training: words to vectors, one bidirectional GRU, a chain of tags."""

from __future__ import annotations

import random

import jax
import jax.numpy as jnp
import numpy as np

from pipelines.classify.ner import english_words as words

PIECE, SHAPE, WORD, HIDDEN, TOP, TAGS = 28, 12, 112, 80, 64, 7
LISTS = 4
UNIQUE = 1152
FORBIDDEN = np.array(
    [
        [-1e4 if to % 2 == 0 and to and origin not in {to, to - 1} else 0.0 for to in range(TAGS)]
        for origin in range(TAGS)
    ],
    dtype=np.float32,
)


def initial(width: int) -> dict[str, jnp.ndarray]:
    """Return the first weights."""
    keys = iter(jax.random.split(jax.random.key(18), 12))

    def normal(rows: int, columns: int) -> jnp.ndarray:
        return jax.random.normal(next(keys), (rows, columns)) / rows**0.5

    return {
        "pieces": jax.random.normal(next(keys), (words.BUCKETS, PIECE)) * 0.15,
        "shapes": jax.random.normal(next(keys), (words.SHAPES, SHAPE)) * 0.5,
        "word": normal(width + 1 + PIECE + SHAPE + LISTS, WORD),
        "word_bias": jnp.zeros(WORD),
        "into": normal(WORD, 6 * HIDDEN),
        "place": jnp.zeros((words.GLUES * words.CASES, 6 * HIDDEN)),
        "recur": jnp.stack([normal(HIDDEN, 3 * HIDDEN), normal(HIDDEN, 3 * HIDDEN)]),
        "recur_bias": jnp.zeros((2, HIDDEN)),
        "top": normal(2 * HIDDEN, TOP),
        "top_word": normal(WORD, TOP) * 0.5,
        "top_bias": jnp.zeros(TOP),
        "out": normal(TOP, TAGS),
        "out_bias": jnp.zeros(TAGS),
        "moves": jnp.zeros((TAGS, TAGS)),
        "first": jnp.zeros(TAGS),
    }


def batch(rows: list, length: int, tables: dict[str, np.ndarray], rng: random.Random) -> dict[str, np.ndarray]:
    """Lay out texts of at most ``length`` tokens, each word once."""
    size = len(rows)
    place = np.zeros((size, length), np.int32)
    context = np.zeros((size, length), np.int32)
    tags = np.zeros((size, length), np.int32)
    mask = np.zeros((size, length), np.float32)
    known: dict[str, int] = {"": 0}
    for row, (segment, wanted) in enumerate(rows):
        for at, word in enumerate(segment.words):
            number = known.setdefault(word, min(len(known), UNIQUE - 1))
            place[row, at] = number
            context[row, at] = segment.glues[at] * words.CASES + segment.case
            tags[row, at], mask[row, at] = wanted[at], 1
    looks = [words.look(word) for word in list(known)[1:UNIQUE]]
    keys = np.array([0, *(each.key for each in looks)], np.uint32)
    vectors, flags = looked_up(keys, tables)
    pieces = np.zeros((UNIQUE, words.PIECES), np.int32)
    shapes = np.zeros(UNIQUE, np.int32)
    for number, each in enumerate(looks, 1):
        pieces[number, : len(each.pieces)] = each.pieces
        shapes[number] = each.shape
    wide = np.zeros((UNIQUE, vectors.shape[1] + flags.shape[1]), np.float32)
    wide[: len(keys)] = np.concatenate([vectors, flags], axis=1)
    del rng
    return {
        "place": place,
        "context": context,
        "tags": tags,
        "mask": mask,
        "pieces": pieces,
        "shapes": shapes,
        "wide": wide,
    }


def looked_up(keys: np.ndarray, tables: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the words' vectors, with a mark where there is none, and their flags."""
    at = np.minimum(np.searchsorted(tables["keys"], keys), len(tables["keys"]) - 1)
    known = tables["keys"][at] == keys
    vectors = tables["vectors"][at] * tables["scale"] * known[:, None]
    at = np.minimum(np.searchsorted(tables["listed"], keys), len(tables["listed"]) - 1)
    bits = np.where(tables["listed"][at] == keys, tables["flags"][at], 0)
    flags = (bits[:, None] >> np.arange(LISTS)) & 1
    return np.concatenate([vectors, ~known[:, None]], axis=1).astype(np.float32), flags.astype(np.float32)


def loss(weights: dict, data: dict, key: jnp.ndarray) -> jnp.ndarray:
    """Return the mean negative log-likelihood of a token."""
    emission = emissions(weights, data, key)
    mask, tags = data["mask"], data["tags"]
    moves = weights["moves"] + FORBIDDEN
    first = weights["first"] + FORBIDDEN[0]
    gold = jnp.take_along_axis(emission, tags[..., None], 2)[..., 0]
    score = (gold * mask).sum(1) + first[tags[:, 0]] + (moves[tags[:, :-1], tags[:, 1:]] * mask[:, 1:]).sum(1)

    def step(alpha, inputs):  # noqa: ANN001, ANN202
        here, on = inputs
        nearer = jax.nn.logsumexp(alpha[:, :, None] + moves[None], axis=1) + here
        return jnp.where(on[:, None] > 0, nearer, alpha), None

    alpha, _ = jax.lax.scan(step, emission[:, 0] + first, (emission[:, 1:].swapaxes(0, 1), mask[:, 1:].T))
    return (jax.nn.logsumexp(alpha, axis=1) - score).sum() / mask.sum()


def emissions(weights: dict, data: dict, key: jnp.ndarray) -> jnp.ndarray:
    """Return every token's score for every tag; words' vectors, pieces and flags are dropped at random."""
    keys = jax.random.split(key, 6)
    wide = data["wide"]
    width = wide.shape[1] - LISTS
    gone = (jax.random.uniform(keys[0], (len(wide), 1)) < 0.12).astype(jnp.float32)
    vectors = wide[:, : width - 1] * (1 - gone)
    unknown = jnp.maximum(wide[:, width - 1 : width], gone)
    flags = wide[:, width:] * (jax.random.uniform(keys[1], (len(wide), 1)) > 0.3)
    there = (data["pieces"] > 0) & (jax.random.uniform(keys[2], data["pieces"].shape) > 0.15)
    pieces = (weights["pieces"][data["pieces"]] * there[..., None]).sum(1) / jnp.sqrt(
        jnp.maximum((data["pieces"] > 0).sum(1), 1)
    )[:, None]
    joined = jnp.concatenate([vectors, unknown, pieces, weights["shapes"][data["shapes"]], flags], axis=1)
    word = drop(jax.nn.relu(joined @ weights["word"] + weights["word_bias"]), keys[3], 0.25)
    inputs = (word @ weights["into"])[data["place"]] + weights["place"][data["context"]]
    hidden = drop(gru(weights, inputs, data["mask"]), keys[4], 0.35)
    top = jax.nn.relu(hidden @ weights["top"] + (word @ weights["top_word"])[data["place"]] + weights["top_bias"])
    return drop(top, keys[5], 0.2) @ weights["out"] + weights["out_bias"]


def gru(weights: dict, inputs: jnp.ndarray, mask: jnp.ndarray) -> jnp.ndarray:
    """Run both directions at once; a padded step keeps the state."""
    size = HIDDEN
    steps = jnp.stack([inputs[..., : 3 * size], inputs[:, ::-1, 3 * size :]]).transpose(2, 0, 1, 3)
    on = jnp.stack([mask, mask[:, ::-1]]).transpose(2, 0, 1)[..., None]

    def step(state, given):  # noqa: ANN001, ANN202
        here, live = given
        gates = jnp.einsum("drh,dhk->drk", state, weights["recur"])
        both = jax.nn.sigmoid(here[..., : 2 * size] + gates[..., : 2 * size])
        update, reset = both[..., :size], both[..., size:]
        fresh = jnp.tanh(here[..., 2 * size :] + reset * (gates[..., 2 * size :] + weights["recur_bias"][:, None]))
        after = state + live * update * (fresh - state)
        return after, after

    _, states = jax.lax.scan(step, jnp.zeros((2, inputs.shape[0], size)), (steps, on))
    return jnp.concatenate([states[:, 0].transpose(1, 0, 2), states[::-1, 1].transpose(1, 0, 2)], axis=2)


def drop(values: jnp.ndarray, key: jnp.ndarray, share: float) -> jnp.ndarray:
    """Put a share of the values to nought."""
    return values * (jax.random.uniform(key, values.shape) > share) / (1 - share)
