"""Score the spans that are found in texts: the public corpora, made-up English, any file of JSON lines."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks import detection_english
from benchmarks.detection_random import seeded
from benchmarks.detection_scores import LABELS, LabelScore, score_texts, scored_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pipelines.classify import Analyzer

TRAINED_ON: Final = frozenset({"zh_weibo_train", "en_btc_all", "en_wikigold", "en_wnut17_dev", "en_sec_test"})
"""Sets that the shipped weights may have learned from: their figures say little."""
MADE_UP: Final = "en_made_up"
SEED: Final = 20261125


@dataclass(frozen=True, slots=True)
class Corpus:
    """A set of annotated texts, and what it stands for."""

    name: str
    language: str
    kind: str
    most: int | None = None
    """Texts that are drawn from it; None: all."""


CORPORA: Final = (
    Corpus("zh_cluener_train", "zh", "news", 2000),
    Corpus("zh_peoplesdaily_dev", "zh", "news of 1998"),
    Corpus("zh_weibo_dev", "zh", "social media"),
    Corpus("zh_resume_dev", "zh", "résumé-like"),
    Corpus("zh_addr_dev", "zh", "delivery addresses"),
    Corpus(MADE_UP, "en", "made-up business text", 2000),
    Corpus("en_re3d_test", "en", "reports"),
    Corpus("en_wnut17_dev", "en", "tweets"),
    Corpus("en_btc_all", "en", "tweets", 2000),
)


@dataclass(frozen=True, slots=True)
class TextScore:
    """How a set of texts was read."""

    name: str
    texts: int
    held_out: bool
    per_second: float
    """Texts a second of processor time, one process, identifiers included."""
    labels: dict[str, LabelScore]

    def as_json(self) -> dict[str, Any]:
        """Return the figures for programs."""
        return {
            "set": self.name,
            "texts": self.texts,
            "held_out": self.held_out,
            "texts_per_second": round(self.per_second, 1),
            "labels": {label: figures(score) for label, score in self.labels.items()},
        }


def figures(score: LabelScore) -> dict[str, float]:
    """Return one label's figures, rounded."""
    ways = (("strict", score.strict), ("relaxed", score.relaxed))
    parts = ("precision", "recall", "f1")
    return {f"{way}_{part}": round(getattr(tally, part), 4) for way, tally in ways for part in parts} | {
        "marked": score.strict.marked,
        "found": score.strict.found,
        "coverage": round(score.coverage, 4),
    }


def read_lines(file: Path) -> list[dict[str, Any]]:
    """Read JSON lines of texts and their spans.

    Raises:
        SystemExit: the file can't be read, or a line is none of those.
    """
    try:
        source = file.read_text("utf-8").split("\n")
    except (OSError, ValueError):
        raise SystemExit(f"{file.name} can't be read as UTF-8; check its name and who may read it") from None
    lines = [(number, _parsed(line)) for number, line in enumerate(source, 1) if line.strip()]
    for number, line in lines:
        if line is None:
            wanted = '{"text": …, "spans": [{"start", "end", "label"}]}'
            raise SystemExit(f"{file.name}: line {number} is not {wanted}")
    return [line for _, line in lines if line is not None]


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        each: dict[str, Any] = json.loads(line)
        right = isinstance(each["text"], str) and all({"start", "end", "label"} <= s.keys() for s in each["spans"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return each if right else None


def corpus_lines(data: Path, corpus: Corpus, most: int | None) -> list[dict[str, Any]] | None:
    """Return the texts of a corpus, drawn with a seed where it is larger than wanted; None where it is not here."""
    limits = [limit for limit in (corpus.most, most) if limit is not None]
    if corpus.name == MADE_UP:
        return detection_english.lines(min(limits), SEED)
    files = sorted(data.rglob(f"{corpus.name}.jsonl"))
    if not files:
        return None
    lines = read_lines(files[0])
    return seeded(SEED).sample(lines, min(limits)) if limits and min(limits) < len(lines) else lines


def score_lines(analyzer: Analyzer, name: str, lines: Sequence[dict[str, Any]], language: str) -> TextScore:
    """Read texts and compare what is found with their marked spans.

    Names are scored in all sets, another kind where the set marks it.
    """
    from pipelines.classify.finder import KINDS  # noqa: PLC0415 (seconds)

    marked = {str(span["label"]) for line in lines for span in line["spans"]}
    labels = {**LABELS, **{kind: kind for kind in KINDS if kind in marked}}
    started = time.process_time()
    found = analyzer.spans([line["text"] for line in lines], language=language)
    spent = time.process_time() - started
    pairs = (
        (scored_spans(line["spans"], labels), scored_spans(map(asdict, spans), labels))
        for line, spans in zip(lines, found, strict=True)
    )
    held_out = name not in TRAINED_ON
    return TextScore(name, len(lines), held_out, len(lines) / max(spent, 1e-9), score_texts(pairs))


def score_corpora(analyzer: Analyzer, data: Path, most: int | None) -> dict[str, TextScore | None]:
    """Score every corpus that is here; None for those that are not."""
    scores: dict[str, TextScore | None] = {}
    for corpus in CORPORA:
        lines = corpus_lines(data, corpus, most)
        scores[corpus.name] = None if lines is None else score_lines(analyzer, corpus.name, lines, corpus.language)
    return scores


def table(scores: Iterable[TextScore]) -> list[tuple[str, ...]]:
    """Return rows for people, the heading first."""
    rows: list[tuple[str, ...]] = [
        ("set", "texts", "label", "marked", "found", "strict P / R / F1", "relaxed P / R / F1", "characters covered")
    ]
    for score in scores:
        name = score.name if score.held_out else f"{score.name} (training data)"
        for label, of in score.labels.items():
            ways = [f"{way.precision:.3f} / {way.recall:.3f} / {way.f1:.3f}" for way in (of.strict, of.relaxed)]
            counts = (f"{of.strict.marked:,}", f"{of.strict.found:,}")
            rows.append((name, f"{score.texts:,}", label, *counts, *ways, f"{of.coverage:.1%}"))
    return rows
