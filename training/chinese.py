# ruff: noqa: ANN001, ANN201, ANN202, D103, E741, N803, N806, SLF001, PLW2901, B905, C901, RUF059, FBT003, PLC0415, RUF015
"""Train the Chinese tagger: ``python -m training.chinese CORPORA TREEBANK --out zh.npz``.

LAC-small's network, its character embedding kept, is tuned to persons, places and organizations; then its second layer
is made narrower, and tuned again: it reads a third faster so. CORPORA is the folder
with ``zh_weibo_train.jsonl`` and the sets that are only measured on, TREEBANK a git repository of
UNER_Chinese-GSDSIMP. Needs the dependency group ``train``. The file that ships is the result in half precision.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

from pipelines.classify.folding import fold
from pipelines.classify.ner import lac
from training import chinese_texts as ct

LABELS = ("PERSON", "LOCATION", "ORGANIZATION")
TAGS = ("O", *(f"{e}-{l}" for l in LABELS for e in "BIES"))
NT = len(TAGS)
MAXLEN = 128


def tags_of(text, spans):
    t = np.zeros(len(text), np.int32)
    for s, e, l in spans:
        k = 1 + 4 * LABELS.index(l)
        if e - s == 1:
            t[s] = k + 3
        else:
            t[s] = k
            t[s + 1 : e - 1] = k + 1
            t[e - 1] = k + 2
    return t


def allowed():
    m = np.full((NT, NT), -1e4, np.float32)
    first = np.full(NT, -1e4, np.float32)
    last = np.full(NT, -1e4, np.float32)

    def kind(i):
        return ("O", None) if i == 0 else ("BIES"[(i - 1) % 4], (i - 1) // 4)

    for i in range(NT):
        a, la = kind(i)
        if a in "OBS":
            first[i] = 0
        if a in "OES":
            last[i] = 0
        for j in range(NT):
            b, lb = kind(j)
            ok = (a in "OES" and b in "OBS") or (a in "BI" and b in "IE" and la == lb)
            if ok:
                m[i, j] = 0
    return m, first, last


ALLOW = allowed()
TG = lac.tagger()
NET = TG._network
EMB = jnp.asarray(NET.embedding)
ALPHABET = TG._alphabet


def encode(text):
    return ALPHABET.numbers([(0, 0, fold(text))])[0].tolist()


def initial(seed):
    rng = np.random.default_rng(seed)
    p = {}
    for n, l in enumerate(NET.layers):
        p[f"in{n}"] = l.into
        p[f"b{n}"] = l.bias[:, 0]
        p[f"g{n}"] = l.gates
        p[f"c{n}"] = l.candidate
    p["out"] = rng.normal(0, 0.05, (256, NT)).astype(np.float32)
    p["ob"] = np.zeros(NT, np.float32)
    p["move"] = np.zeros((NT, NT), np.float32)
    p["first"] = np.zeros(NT, np.float32)
    p["last"] = np.zeros(NT, np.float32)
    return {k: jnp.asarray(v) for k, v in p.items()}


def narrowed(p, size):
    """Keep of the second layer the units of each direction that the tags hear most: it costs most at run time."""
    p = {k: np.asarray(v) for k, v in p.items()}
    full = p["c1"].shape[-1]
    parts = {k: [] for k in ("in1", "b1", "g1", "c1", "out")}
    for d in range(2):
        heard = np.linalg.norm(p["out"][d * full : (d + 1) * full], axis=1)
        keep = np.sort(np.argsort(-heard)[:size])
        gates = np.concatenate([keep, keep + full])
        parts["in1"].append(p["in1"][d][:, np.concatenate([gates, keep + 2 * full])])
        parts["b1"].append(p["b1"][d][np.concatenate([gates, keep + 2 * full])])
        parts["g1"].append(p["g1"][d][keep][:, gates])
        parts["c1"].append(p["c1"][d][keep][:, keep])
        parts["out"].append(p["out"][keep + d * full])
    out = np.concatenate(parts.pop("out"))
    return {k: jnp.asarray(v) for k, v in {**p, **{k: np.stack(v) for k, v in parts.items()}, "out": out}.items()}


def gru(x, mask, g, c):
    H = c.shape[-1]

    def step(h, inp):
        xt, m = inp
        gate = jax.nn.sigmoid(jnp.einsum("dbh,dhg->dbg", h, g) + xt[..., : 2 * H])
        u, r = gate[..., :H], gate[..., H:]
        cand = jnp.tanh(jnp.einsum("dbh,dhk->dbk", r * h, c) + xt[..., 2 * H :])
        new = h + u * (cand - h)
        new = jnp.where(m[None, :, None], new, h)
        return new, new

    h0 = jnp.zeros((2, x.shape[2], H), x.dtype)
    _, out = jax.lax.scan(step, h0, (x, mask), unroll=4)
    return out


def rev(x, idx):  # x [T,B,F], idx [T,B] -> gather time
    return jnp.take_along_axis(x, idx[..., None], axis=0)


def emissions(p, ids, lengths, key, drop):
    T, B = ids.shape
    mask = jnp.arange(T)[:, None] < lengths[None, :]
    idx = jnp.maximum(lengths[None, :] - 1 - jnp.arange(T)[:, None], 0)
    x = EMB[ids]
    k1, k2, k3 = jax.random.split(key, 3)
    if drop:
        x = x * jax.random.bernoulli(k1, 0.85, (1, B, x.shape[-1])) / 0.85
    for n in range(2):
        f = x @ p[f"in{n}"][0] + p[f"b{n}"][0]
        b = rev(x, idx) @ p[f"in{n}"][1] + p[f"b{n}"][1]
        out = gru(jnp.stack([f, b], 1), mask, p[f"g{n}"], p[f"c{n}"])
        x = jnp.concatenate([out[:, 0], rev(out[:, 1], idx)], -1)
        if drop:
            x = x * jax.random.bernoulli(k2 if n == 0 else k3, 0.7, (1, B, x.shape[-1])) / 0.7
    return x @ p["out"] + p["ob"], mask


def crf(p):
    return p["move"] + ALLOW[0], p["first"] + ALLOW[1], p["last"] + ALLOW[2]


def loss(p, ids, lengths, tags, key, drop=True):
    e, mask = emissions(p, ids, lengths, key, drop)
    move, first, last = crf(p)
    T, B = ids.shape

    def step(a, inp):
        et, m = inp
        n = jax.nn.logsumexp(a[:, :, None] + move[None], axis=1) + et
        return jnp.where(m[:, None], n, a), None

    a, _ = jax.lax.scan(step, e[0] + first, (e[1:], mask[1:]), unroll=4)
    z = jax.nn.logsumexp(a + last, axis=1)
    em = (jnp.take_along_axis(e, tags[..., None], 2)[..., 0] * mask).sum(0)
    tr = (move[tags[:-1], tags[1:]] * mask[1:]).sum(0)
    lt = jnp.take_along_axis(tags, (lengths - 1)[None], 0)[0]
    gold = em + tr + first[tags[0]] + last[lt]
    valid = lengths > 0
    return ((z - gold) * valid).sum() / jnp.maximum(lengths.sum(), 1) * 20


BUCKETS = (8, 16, 24, 32, 48, 64, 96, 128)


def batches(examples, rng, chars=4096):
    by = {b: [] for b in BUCKETS}
    for e in examples:
        by[next(b for b in BUCKETS if len(e[0]) <= b)].append(e)
    out = []
    for b, own in by.items():
        rng.shuffle(own)
        n = max(8, chars // b)
        out += [(b, n, own[i : i + n]) for i in range(0, len(own), n)]
    rng.shuffle(out)
    return out


def arrays(b, n, own):
    ids = np.full((b, n), TG._alphabet.numbers([(0, 0, "\0")])[0][0], np.int32)
    tags = np.zeros((b, n), np.int32)
    ln = np.zeros(n, np.int32)
    for i, (t, s) in enumerate(own):
        ids[: len(t), i] = encode(t)
        tags[: len(t), i] = tags_of(t, s)
        ln[i] = len(t)
    ln = np.maximum(ln, 1)
    return ids, ln, tags


def epoch_data(args, seed, weibo, gsd):
    w = ct.Writer(seed)
    rng = w.rng
    ex = []
    for _ in range(2):
        ex += [ct.swapped(e, rng, w.areas, 0.1) if rng.random() < 0.6 else e for e in weibo]
    ex += [ct.swapped(e, rng, w.areas) if rng.random() < 0.6 else e for e in gsd]
    for kind, n in (
        ("resume", 3000),
        ("news", 7500),
        ("social", 1500),
        ("remark", 4500),
        ("address", 3500),
        ("cell", 4000),
    ):
        for _ in range(int(n * args.scale)):
            e = w.text(kind)
            if kind in ("news", "resume") and rng.random() < 0.3:
                e = ct.joined([e, rng.choice(gsd) if rng.random() < 0.5 else w.text(kind)], rng.choice("，。 "))
            if kind == "social" and rng.random() < 0.4:
                e = ct.joined(
                    [e, rng.choice(weibo)] if rng.random() < 0.5 else [rng.choice(weibo), e],
                    rng.choice(("", "，", "。", " ")),
                )
            if kind == "remark" and rng.random() < 0.2:
                e = ct.joined([e, w.text("remark")], rng.choice("，。；; "))
            ex.append(e)
    out = []
    for t, s in ex:
        if not t:
            continue
        if len(t) > MAXLEN:
            cut = MAXLEN
            while cut > 0 and any(a < cut < b for a, b, _ in s):
                cut -= 1
            t, s = t[:cut], [x for x in s if x[1] <= cut]
            if not t:
                continue
        out.append((t, s))
    return out


def viterbi(e, n, move, first, last):
    a = e[0] + first
    back = []
    for t in range(1, n):
        m = a[:, None] + move
        k = m.argmax(0)
        back.append(k)
        a = m[k, np.arange(NT)] + e[t]
    k = int((a + last).argmax())
    path = [k]
    for b in reversed(back):
        k = int(b[k])
        path.append(k)
    return path[::-1]


emit = jax.jit(lambda p, i, l: emissions(p, i, l, jax.random.PRNGKey(0), False)[0])


def predict(p, texts):
    move, first, last = (np.asarray(x) for x in crf(p))
    out = [[] for _ in texts]
    items = [(i, s, t[s : s + MAXLEN]) for i, t in enumerate(texts) for s in range(0, len(t), MAXLEN)]
    by = {b: [] for b in BUCKETS}
    for it in items:
        by[next(b for b in BUCKETS if len(it[2]) <= b)].append(it)
    for b, own in by.items():
        for k in range(0, len(own), 128):
            part = own[k : k + 128]
            ids, ln, _ = arrays(b, 128, [(t, []) for _, _, t in part])
            e = np.asarray(emit(p, ids, ln))
            for j, (i, s, t) in enumerate(part):
                path = viterbi(e[:, j], len(t), move, first, last)
                st = None
                for q, k2 in enumerate(path):
                    if k2 == 0:
                        continue
                    f, l = "BIES"[(k2 - 1) % 4], LABELS[(k2 - 1) // 4]
                    if f == "S":
                        out[i].append((s + q, s + q + 1, l))
                    elif f == "B":
                        st = q
                    elif f == "E":
                        out[i].append((s + st, s + q + 1, l))
    return out


def f1(tp, np_, ng):
    P = tp / np_ if np_ else 0
    R = tp / ng if ng else 0
    return 2 * P * R / (P + R) if P + R else 0


def score(pred, gold, label):
    st = rp = rg = n = g = 0
    for a, b in zip(pred, gold):
        a = [x for x in a if x[2] == label]
        b = [x for x in b if x[2] == label]
        n += len(a)
        g += len(b)
        st += len(set(a) & set(b))
        rp += sum(any(x[0] < y[1] and y[0] < x[1] for y in b) for x in a)
        rg += sum(any(x[0] < y[1] and y[0] < x[1] for x in a) for y in b)
    P = rp / n if n else 0
    R = rg / g if g else 0
    return f1(st, n, g), (2 * P * R / (P + R) if P + R else 0)


def load_eval(D, f, limit=None):
    L = [json.loads(l) for l in (D / f).read_text("utf-8").splitlines()]
    if limit:
        random.Random(5).shuffle(L)
        L = L[:limit]
    return [l["text"] for l in L], [[(s["start"], s["end"], s["label"]) for s in l["spans"]] for l in L]


def evaluate(p, D, full=False):
    out = {}
    for name, f in (
        ("cluener", "zh_cluener_train.jsonl"),
        ("pd", "zh_peoplesdaily_dev.jsonl"),
        ("weibo", "zh_weibo_dev.jsonl"),
        ("resume", "zh_resume_dev.jsonl"),
    ):
        t, g = load_eval(D, f, None if full else 1200)
        pr = predict(p, t)
        out[name] = "/".join(f"{x:.3f}" for x in score(pr, g, "PERSON"))
        out[name + "_loc"] = "/".join(f"{x:.3f}" for x in score(pr, g, "LOCATION"))
    t, g = load_eval(D, "zh_addr_dev.jsonl", 600)
    pr = predict(p, t)
    c = n = 0
    for a, b in zip(pr, g):
        cov = {i for s, e, l in a if l == "LOCATION" for i in range(s, e)}
        for s, e, l in b:
            if l == "ADDR_PART":
                n += e - s
                c += sum(i in cov for i in range(s, e))
    out["addr"] = f"{c / n:.3f}"
    import pandas as pd

    fs = sorted(D.glob("cn_enterprise_*.csv"))
    df = pd.concat(
        [pd.read_csv(f, dtype=str, on_bad_lines="skip", keep_default_na=False, encoding_errors="replace") for f in fs]
    )
    col = [c for c in df.columns if "法" in c][0]
    nm = [x for x in df[col].drop_duplicates().tolist() if 2 <= len(x) <= 4 and "�" not in x][:1500]
    pr = predict(p, nm)
    out["names"] = f"{sum(a == [(0, len(t), 'PERSON')] for a, t in zip(pr, nm)) / len(nm):.4f}"
    co = [x for x in df["企业名称"].drop_duplicates().tolist() if len(x) > 4 and "�" not in x][:1500]
    pr = predict(p, co)
    out["co_person"] = f"{sum(any(l == 'PERSON' for _, _, l in a) for a in pr) / len(co):.4f}"
    out["co_org"] = f"{sum(a == [(0, len(t), 'ORGANIZATION')] for a, t in zip(pr, co)) / len(co):.4f}"
    return out


def fit(p, args, epochs, first, lr):
    """Train for some epochs; return the mean of the weights, the latest counting most."""
    weibo = ct.gold_weibo(args.corpora)
    gsd = ct.gold_uner(args.treebank, "train")
    data = epoch_data(args, args.seed * 1000 + first, weibo, gsd)
    total = len(batches(data, random.Random(0))) * epochs
    sched = optax.warmup_cosine_decay_schedule(lr * 0.1, lr, min(100, total // 10), total, lr * 0.02)
    opt = optax.chain(optax.clip_by_global_norm(5.0), optax.adamw(sched, weight_decay=1e-4))
    st = opt.init(p)

    @jax.jit
    def update(p, st, ema, ids, ln, tags, key):
        l, g = jax.value_and_grad(loss)(p, ids, ln, tags, key)
        u, st = opt.update(g, st, p)
        p = optax.apply_updates(p, u)
        ema = jax.tree.map(lambda a, b: a * 0.998 + b * 0.002, ema, p)
        return p, st, ema, l

    ema = p
    key = jax.random.PRNGKey(args.seed + first)
    rng = random.Random(args.seed + first)
    t0 = time.time()
    for ep in range(first, first + epochs):
        data = epoch_data(args, args.seed * 1000 + ep, weibo, gsd)
        tot = 0
        bs = batches(data, rng)
        for b, n, own in bs:
            key, k = jax.random.split(key)
            ids, ln, tags = arrays(b, n, own)
            p, st, ema, l = update(p, st, ema, ids, ln, tags, k)
            tot += float(l)
        print(ep, f"loss {tot / len(bs):.3f} {time.time() - t0:.0f}s n={len(data)}", flush=True)
        np.savez_compressed(args.out, **{k: np.asarray(v).astype(np.float16) for k, v in ema.items()})
    print(json.dumps(evaluate(ema, args.corpora)), flush=True)
    return ema


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("corpora", type=Path)
    ap.add_argument("treebank", type=Path)
    ap.add_argument("--epochs", type=int, default=7, help="of the whole network")
    ap.add_argument("--then", type=int, default=4, help="epochs with the narrow second layer")
    ap.add_argument("--second", type=int, default=96, help="units of the second layer, each direction")
    ap.add_argument("--start", type=Path, help="weights of the whole network, to leave out its epochs")
    ap.add_argument("--lr", type=float, default=1e-3)
    ap.add_argument("--scale", type=float, default=1.0)
    ap.add_argument("--seed", type=int, default=2)
    ap.add_argument("--out", default="zh.npz")
    args = ap.parse_args()
    if args.start:
        with np.load(args.start) as stored:
            p = {k: jnp.asarray(stored[k].astype(np.float32)) for k in stored.files}
    else:
        p = fit(initial(args.seed), args, args.epochs, 0, args.lr)
    fit(narrowed(p, args.second), args, args.then, args.epochs, args.lr * 0.7)


if __name__ == "__main__":
    main()
