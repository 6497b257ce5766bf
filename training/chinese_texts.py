"""Labelled Chinese text to train on: sentences of our own filled by chance, and the corpora, augmented."""

from __future__ import annotations

import json
import random
import re
import subprocess
from pathlib import Path

import stdnum.cn

from training import chinese_words as words

HERE = Path(__file__).resolve().parent
Example = tuple[str, list[tuple[int, int, str]]]
"""A text and its entities: start, end, label."""
_SLOT = re.compile(r"\{([a-z])\}")
_TITLES = (HERE / "chinese_titles.txt").read_text("utf-8").split()
_THINGS = (HERE / "chinese_things.txt").read_text("utf-8").split()
_LABELS = {
    "p": "PERSON",
    "f": "PERSON",
    "k": "PERSON",
    "o": "ORGANIZATION",
    "c": "ORGANIZATION",
    "l": "LOCATION",
    "a": "LOCATION",
    "b": "ORGANIZATION",
    "z": "ORGANIZATION",
    "y": "LOCATION",
    "s": "PERSON",
    "e": "PERSON",
}


def areas() -> words.Areas:
    """Read the areas of GB/T 2260 that the installed python-stdnum knows."""
    text = (Path(stdnum.cn.__file__).parent / "loc.dat").read_text("utf-8")
    places, province, city = [], "", ""
    for line in text.splitlines():
        if match := re.match(r'(\d\d) province="([^"]+)"', line):
            province, city = match[2].split("/")[0], ""
        elif match := re.match(r'\s+(\d{4}) county="(?:\[[-0-9,]*\])?([^",\[]+)', line):
            name = match[2]
            if match[1].endswith("00"):
                city = name if name not in ("市辖区", "县", province) else ""
            elif name not in ("市辖区", "县"):
                places.append((province, "" if "直辖" in city or "自治区" in city else city, name))
    return words.Areas([place for place in places if all(len(part) < 12 for part in place)])


def sentences() -> dict[str, list[str]]:
    """Return our own sentences with slots, by kind."""
    found: dict[str, list[str]] = {}
    for line in (HERE / "chinese_sentences.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, _, text = line.partition(" ")
            found.setdefault(kind, []).append(text)
    return found


class Writer:
    """Fills sentences. One seed, one text."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.areas = areas()
        self.sentences = sentences()

    def text(self, kind: str) -> Example:
        """Return a sentence of a kind, filled."""
        return self.fill(self.rng.choice(self.sentences[kind]), kind)

    def fill(self, sentence: str, kind: str) -> Example:
        """Put values into a sentence's slots."""
        out, spans, at = "", [], 0
        for match in _SLOT.finditer(sentence):
            out += sentence[at : match.start()]
            value = self._value(match[1], kind)
            if label := _LABELS.get(match[1]):
                spans.append((len(out), len(out) + len(value), label))
            out += value
            at = match.end()
        return out + sentence[at:], spans

    def _value(self, slot: str, kind: str) -> str:  # noqa: PLR0911
        rng = self.rng
        if slot == "p":
            foreign = {"news": 0.2, "resume": 0.03, "social": 0.12}.get(kind, 0.05)
            return words.person(rng, foreign=foreign, nick={"social": 0.15}.get(kind, 0.0))
        if slot == "f":
            return words.person(rng, foreign=1.0)
        if slot == "k":
            return words.person(rng, foreign=0.0, nick=1.0)
        if slot in _WRITTEN:
            return _WRITTEN[slot](rng)
        if slot == "o":
            return words.body(rng, self.areas)
        if slot == "c":
            return words.company(rng, self.areas)
        if slot == "a":
            return words.address(rng, self.areas)
        if slot == "l":
            return self._place()
        return self._filler(slot)

    def _place(self) -> str:
        rng = self.rng
        province, city, county = self.areas(rng)
        if rng.random() < 0.18:
            return rng.choice(_COUNTRIES)
        return rng.choice(
            (
                province,
                words.short(province),
                city or county,
                words.short(city or county),
                county,
                words.short(county),
                (city or province) + county,
                province + (city or county),
            )
        )

    def _filler(self, slot: str) -> str:
        rng = self.rng
        if slot == "t":
            return rng.choice(_TITLES)
        if slot == "g":
            return rng.choice(_THINGS)
        if slot == "m":
            return words.mobile(rng)
        if slot == "n":
            return str(rng.randint(1, 10 ** rng.choice((1, 2, 2, 3, 5))))
        year, month, day = rng.randint(1940, 2026), rng.randint(1, 12), rng.randint(1, 28)
        return rng.choice(
            (
                f"{year}年{month}月",
                f"{year}年",
                f"{year}年{month}月{day}日",
                f"{month}月{day}日",
                f"{year}-{month:02}-{day:02}",
                f"{year}.{month}",
            )
        )


_WRITTEN = {
    "b": words.house_brand,
    "z": words.foreign_body,
    "y": words.foreign_place,
    "s": words.surname,
    "e": words.latin_name,
}
_COUNTRIES = (
    "美国 英国 法国 德国 日本 韩国 俄罗斯 印度 巴西 意大利 西班牙 葡萄牙 加拿大 澳大利亚 新西兰 新加坡 泰国 越南 埃及 南非 土耳其 伊朗 伊拉克 以色列 "
    "纽约 伦敦 巴黎 东京 柏林 罗马 莫斯科 悉尼 洛杉矶 旧金山 首尔 曼谷 香港 澳门 台湾 台北 欧洲 非洲 亚洲 北美 东南亚 长江 黄河 泰山 长城 故宫 西湖"
).split()


def gold_weibo(folder: Path) -> list[Example]:
    """Read the named entities of the Weibo corpus; common nouns are none."""
    lines = (folder / "zh_weibo_train.jsonl").read_text("utf-8").splitlines()
    keep = ("PERSON", "LOCATION", "ORGANIZATION")
    out = []
    for line in lines:
        data = json.loads(line)
        out.append((data["text"], [(s["start"], s["end"], s["label"]) for s in data["spans"] if s["label"] in keep]))
    return out


def gold_uner(repository: Path, part: str) -> list[Example]:
    """Read Universal NER's Chinese treebank from its bare repository."""
    raw = subprocess.run(
        ["git", "-C", str(repository), "show", f"HEAD:zh_gsdsimp-ud-{part}.iob2"], check=True, capture_output=True
    ).stdout.decode()
    names = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION"}
    out: list[Example] = []
    for block in raw.split("\n\n"):
        text, spans = "", []
        for line in block.splitlines():
            if line.startswith("#") or not line.strip():
                continue
            _, token, tag, *_ = line.split("\t")
            start = len(text)
            if text and token[0].isascii() and token[0].isalnum() and text[-1].isascii() and text[-1].isalnum():
                text += " "
                start += 1
            text += token
            label = names.get(tag[2:])
            if tag.startswith("I-") and spans and label == spans[-1][2]:
                spans[-1] = (spans[-1][0], len(text), label)
            elif label:
                spans.append((start, len(text), label))
        if text:
            out.append((text, spans))
    return out


def swapped(example: Example, rng: random.Random, where: words.Areas, nick: float = 0.0) -> Example:
    """Put other names in the place of an example's persons, and of some of its places and organizations."""
    text, spans = example
    out, new, at = "", [], 0
    for start, end, label in spans:
        out += text[at:start]
        value = text[start:end]
        if label == "PERSON" and rng.random() < 0.7:
            foreign = 1.0 if "·" in value or len(value) > 4 else 0.1
            value = words.person(rng, foreign=foreign, nick=nick)
        elif label == "LOCATION" and rng.random() < 0.25 and len(value) > 1:
            province, city, county = where(rng)
            value = rng.choice((province, city or county, county, words.short(city or county)))
        elif label == "ORGANIZATION" and rng.random() < 0.25:
            value = words.body(rng, where)
        new.append((len(out), len(out) + len(value), label))
        out += value
        at = end
    return out + text[at:], new


def joined(parts: list[Example], mark: str) -> Example:
    """Put examples one after another."""
    out, spans = "", []
    for number, (text, found) in enumerate(parts):
        if number:
            out += mark
        spans += [(start + len(out), end + len(out), label) for start, end, label in found]
        out += text
    return out, spans
