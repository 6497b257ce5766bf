"""Texts with marked names for training the English tagger: from the templates and from the corpora."""

from __future__ import annotations

import json
import random
import re
import subprocess
from pathlib import Path
from typing import Final

from training import english_templates as templates
from training.english_names import Pools, company

Text = tuple[str, list[tuple[int, int, str]]]
"""A text and its entities: start, end, label."""
LABELS: Final = {
    "P": "PERSON",
    "F": "PERSON",
    "L": "PERSON",
    "O": "ORGANIZATION",
    "C": "LOCATION",
    "K": "LOCATION",
    "A": "LOCATION",
    "S": "LOCATION",
}
PARTS: Final = {"LETTERS": 40, "DESK": 80, "PLAIN": 20, "CELLS": 10}
"""The kinds of templates, and how often each is taken."""
_CHOICE: Final = re.compile(r"\[([^\[\]]*)\]")
_SLOT: Final = re.compile(r"\{([A-Z])\}")
_BEFORE: Final = frozenset(".,;:!?)]}%") | {"'s", "n't", "'m", "'re", "'ve", "'ll", "'d", "…"}
_AFTER: Final = frozenset("([{$#@£€")
_TITLES: Final = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof|Lt|Gen|Col|Capt|Sgt|Rev|Hon|President|Senator|Sen|Gov)\b ?\.? )+", re.IGNORECASE
)
_ROLES: Final = frozenset("borrower lender executive employee company bank tenant landlord".split())


def generated(count: int, rng: random.Random, pools: Pools) -> list[Text]:
    """Fill in templates; the letters' case and the lines' ends vary."""
    lines = {part: [line for line in getattr(templates, part).strip().splitlines() if line] for part in PARTS}
    found = []
    for _ in range(count):
        part = rng.choices(list(PARTS), list(PARTS.values()))[0]
        found.append(recased(filled(rng.choice(lines[part]), rng, pools), rng))
    return found


def filled(line: str, rng: random.Random, pools: Pools) -> Text:
    """Choose among a template's words and fill in its slots."""
    while found := _CHOICE.search(line):
        line = line[: found.start()] + rng.choice(found[1].split("|")) + line[found.end() :]
    line = line.replace("\\n", rng.choice(["\n", "\n", ", ", " "]) if "\\n" in line else "")
    text, spans, at = "", [], 0
    for slot in _SLOT.finditer(line):
        text += line[at : slot.start()]
        value = value_of(slot[1], rng, pools)
        if slot[1] in LABELS:
            spans.append((len(text), len(text) + len(value), LABELS[slot[1]]))
        text, at = text + value, slot.end()
    return text + line[at:], spans


def value_of(slot: str, rng: random.Random, pools: Pools) -> str:
    """Make up what stands in a slot."""
    first, last = rng.choice(pools.people)
    makers = {
        "P": lambda: person(rng, pools),
        "F": lambda: spelled(rng.choice(first), rng),
        "L": lambda: spelled(rng.choice(last), rng),
        "T": lambda: rng.choice(templates.TITLES),
        "O": lambda: company(rng, pools),
        "C": lambda: rng.choice(pools.cities),
        "K": lambda: rng.choice(pools.countries),
        "A": lambda: address(rng, pools),
        "S": lambda: rng.choice(pools.streets),
        "D": lambda: _date(rng),
        "N": lambda: str(rng.randint(1, rng.choice([9, 60, 2030]))),
        "M": lambda: (
            rng.choice(["$", "£", "€", "USD ", ""])
            + f"{rng.randint(1, 90000):,}"
            + rng.choice(["", ".00", ".50", " EUR"])
        ),
        "W": lambda: rng.choice(templates.DAYS),
        "E": lambda: (
            f"{rng.choice(first)}{rng.choice(['.', '_', ''])}{rng.choice(last)}@{rng.choice(['mail', 'post', 'example'])}.{rng.choice(['com', 'org', 'net'])}".replace(
                " ", ""
            ).lower()
        ),
        "H": lambda: (
            rng.choice(["+", "0", "(0", ""])
            + re.sub(
                "9",
                lambda _: str(rng.randint(0, 9)),
                rng.choice(["99 999 9999", "99-999-9999", "99) 9999 9999", "9999999999"]),
            )
        ),
        "R": lambda: rng.choice(templates.PRODUCTS),
        "J": lambda: rng.choice(templates.JOBS),
        "U": lambda: rng.choice(templates.NATIONS),
        "V": lambda: rng.choice(["", "#", "No. ", "INV-"]) + str(rng.randint(1000, 10 ** rng.choice([5, 8, 12, 16]))),
    }
    return makers[slot]()


def person(rng: random.Random, pools: Pools) -> str:
    """Make up a full name; now and then the cultures are mixed."""
    first, last = rng.choice(pools.people)
    if rng.random() < 0.12:
        last = rng.choice(pools.people)[1]
    given, family = spelled(rng.choice(first), rng), spelled(rng.choice(last), rng)
    forms = [f"{given} {family}"] * 12 + [
        f"{given} {chr(rng.randint(65, 90))}. {family}",
        f"{given} {chr(rng.randint(65, 90))} {family}",
        f"{given} {rng.choice(first)} {family}",
        f"{given[0]}. {family}",
        f"{given} {family}-{rng.choice(last)}",
        f"{given} {family} {rng.choice(last)}",
        f"{family} {given}",
        f"{given} {family} {rng.choice(['Jr.', 'Jr', 'II', 'III', 'Sr.'])}",
    ]
    return rng.choice(forms)


def spelled(name: str, rng: random.Random) -> str:
    """Change a letter or two of some names, so that not the lists alone tell a name."""
    if len(name) < 4 or rng.random() > 0.12:
        return name
    at = rng.randrange(1, len(name) - 1)
    return name[:at] + rng.choice("aeioulnrstmk") + name[at + rng.randint(0, 1) :]


def address(rng: random.Random, pools: Pools) -> str:
    """Take an address on one line or several, with or without its country."""
    if rng.random() < 0.2:
        flat = rng.choice(
            ["", f", Apt {rng.randint(1, 99)}", f" Suite {rng.randint(1, 999)}", f", Flat {rng.randint(1, 40)}"]
        )
        whole = f"{rng.choice(pools.streets)}{flat}\n{rng.choice(pools.cities)} {rng.randint(1000, 99999)}"
    else:
        whole = rng.choice(pools.addresses)
    whole += f"\n{rng.choice(pools.countries)}" if rng.random() < 0.25 else ""
    if rng.random() < 0.05:
        whole = f"P.O. Box {rng.randint(10, 9999)}\n{rng.choice(pools.cities)}"
    return whole.replace("\n", rng.choice([", ", ", ", " ", "\n"]))


def recased(text: Text, rng: random.Random) -> Text:
    """Write some texts in small letters or in capitals only, and some without their last mark."""
    words, spans = text
    chance = rng.random()
    other = words.lower() if chance < 0.09 else words.upper() if chance < 0.13 else words
    if len(other) == len(words):
        words = other
    if rng.random() < 0.1 and words[-1:] in ".!" and all(end < len(words) for _, end, _ in spans):
        words = words[:-1]
    return words, spans


def swapped(text: Text, rng: random.Random, pools: Pools) -> Text:
    """Put other people, places and companies into a real sentence."""
    whole, moved, at = "", [], 0
    for start, end, label in text[1]:
        whole += text[0][at:start]
        old = text[0][start:end]
        new = old
        if rng.random() < 0.6:
            if label == "PERSON":
                new = person(rng, pools) if " " in old else value_of(rng.choice("FFL"), rng, pools)
            elif label == "LOCATION" and " " not in old:
                new = value_of("C", rng, pools)
            elif label == "ORGANIZATION" and rng.random() < 0.5:
                new = company(rng, pools)
            new = new.lower() if old.islower() else new.upper() if old.isupper() and len(old) > 4 else new
        moved.append((len(whole), len(whole) + len(new), label))
        whole, at = whole + new, end
    return whole + text[0][at:], moved


def corpus(path: Path) -> list[Text]:
    """Read a corpus of JSON lines; names of roles and accounts are no names, titles no part of one."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        spans = [
            _narrowed(row["text"], (s["start"], s["end"], s["label"]))
            for s in row["spans"]
            if s["label"] in LABELS.values()
        ]
        found.append((row["text"], sorted(s for s in spans if s and s[0] < s[1])))
    return found


def treebank(repository: Path, name: str) -> list[Text]:
    """Read one file of Universal NER; the sentences are joined as their own text was."""
    raw = subprocess.run(
        ["git", "-C", str(repository), "show", f"HEAD:{name}"], check=True, capture_output=True, text=True
    ).stdout
    names = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION"}
    found = []
    for block in raw.split("\n\n"):
        rows = [line.split("\t") for line in block.splitlines() if line and not line.startswith("#")]
        head = re.search(r"^# text = (.*)$", block, re.MULTILINE)
        if not rows or not head:
            continue
        text, spans, at = head[1], [], 0
        for row in rows:
            at = text.find(row[1], at)
            end, tag = at + len(row[1]), row[2]
            if tag.startswith("B-") and tag[2:] in names:
                spans.append((at, end, names[tag[2:]]))
            elif tag.startswith("I-") and spans:
                spans[-1] = (spans[-1][0], end, spans[-1][2])
            at = end
        found.append((text, spans))
    return found


def joined(text: Text) -> Text:
    """Undo the tokens of a corpus: marks go back to their words."""
    parts = re.split(r"( )", text[0])
    drop, quoted, at = set(), False, 0
    for number, part in enumerate(parts):
        if part == " " and 0 < number < len(parts) - 1:
            left, right = parts[number - 1], parts[number + 1]
            closing = right in {'"', "''"} and quoted
            if (
                right in _BEFORE
                or right.lower() in _BEFORE
                or left in _AFTER
                or closing
                or (left in {'"', "``"} and quoted)
            ):
                drop.add(at)
        if part == '"':
            quoted = not quoted
        at += len(part)
    shift = [0] * (len(text[0]) + 1)
    for place in range(len(text[0])):
        shift[place + 1] = shift[place] + (place in drop)
    kept = "".join(char for place, char in enumerate(text[0]) if place not in drop)
    return kept, [(start - shift[start], end - shift[end], label) for start, end, label in text[1]]


def _narrowed(text: str, span: tuple[int, int, str]) -> tuple[int, int, str] | None:
    start, end, label = span
    if text[start:end].lower() in _ROLES or text[max(0, start - 2) : start].strip() == "@" or text[start] == "@":
        return None
    if label == "PERSON" and (title := _TITLES.match(text, start, end)):
        start = title.end()
    while end > start and text[end - 1] in ' ,:;/"':
        end -= 1
    return start, end, label


def _date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 28), rng.choice(templates.DAYS[7:]), rng.randint(1940, 2030)
    return rng.choice(
        [
            f"{day} {month} {year}",
            f"{month} {day}, {year}",
            f"{day}/{rng.randint(1, 12)}/{year}",
            f"{year}-{rng.randint(1, 12):02}-{day:02}",
            f"{month} {day}",
            rng.choice(templates.DAYS[:7]),
        ]
    )
