"""Identifiers with check digits, and cells that are nothing but a name: what is found of them, and what is said wrongly."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from stdnum.cn import uscc

from benchmarks.detection_random import bank_card, credit_code, resident_id, seeded
from benchmarks.detection_scores import share
from benchmarks.detection_tables import read_table
from benchmarks.detection_texts import read_lines

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipelines.classify import Analyzer

SEED: Final = 20261125
CODE, COMPANY, PERSON = "统一社会信用代码", "企业名称", "法人代表"
_CODE: Final = re.compile(r"(?<![0-9A-Za-z])[0-9A-Z]{18}(?![0-9A-Za-z])")
_MAKERS: Final[dict[str, Callable[[random.Random], str]]] = {
    "CN_USCC": credit_code,
    "CN_ID_CARD": resident_id,
    "CREDIT_CARD": bank_card,
}
_WIDE: Final = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_AROUND: Final = (
    "证件{}已核对",
    "客户提供的号码是{}，请录入",
    "{}号",
    "原{}现已更换",
    "（{}）",
    "号码：{}。",
    "No.{}经办",
)
_HAN_NAME: Final = re.compile(r"[\u4e00-\u9fff]{2,4}")


@dataclass(frozen=True, slots=True)
class Found:
    """How many of some values were found, and what else was said."""

    what: str
    values: int
    found: int
    wrong: int
    """Findings that must not be: a failing check digit reported."""

    def as_json(self) -> dict[str, Any]:
        """Return the figures for programs."""
        return asdict(self) | {"share": round(share(self.found, self.values), 4)}


def registry_rows(data: Path) -> pd.DataFrame | None:
    """Return the rows of the enterprise registers that are here, dirty ones too; None where there are none."""
    files = sorted(data.rglob("cn_enterprise_*.csv"))
    return pd.concat([read_table(file) for file in files], ignore_index=True).fillna("") if files else None


def score_identifiers(analyzer: Analyzer, data: Path, count: int) -> list[Found]:
    """Look for credit codes in the registers, and for made-up identifiers alone, glued, and in the registers' texts."""
    rows = registry_rows(data)
    results = [] if rows is None else _registry(analyzer, rows)
    texts = [] if rows is None else [text for text in rows["经营范围"] if len(text) > 20]
    for entity, make in _MAKERS.items():
        rng = seeded(f"{SEED}/{entity}")
        values = [make(rng) for _ in range(count)]
        ways = {"alone": values, "glued to text": [_glued(rng, value) for value in values]}
        if texts:
            ways["inside real registry texts"] = [_inside(rng, value, rng.choice(texts)) for value in values]
        results += [_made_up(analyzer, entity, way, values, cells) for way, cells in ways.items()]
    return results


def _registry(analyzer: Analyzer, rows: pd.DataFrame) -> list[Found]:
    results = []
    whole = rows.agg("\n".join, axis=1)
    for what, cells in (
        ("CN_USCC, whole registry rows", whole),
        ("CN_USCC, registry codes glued to text", "代码" + rows[CODE] + "有效"),
    ):
        valid = sum(uscc.is_valid(code) for cell in cells for code in _CODE.findall(cell))
        found = analyzer.free_text(cells, names=False)
        found = found[found["entity"] == "CN_USCC"]
        taken = [
            cells[row][start:end] for row, start, end in zip(found["row"], found["start"], found["end"], strict=True)
        ]
        right = sum(uscc.is_valid(code) for code in taken)
        results.append(Found(what, valid, right, len(taken) - right))
    return results


def _made_up(analyzer: Analyzer, entity: str, way: str, values: Sequence[str], cells: Sequence[str]) -> Found:
    """Count the values found, and those reported though their last character was changed."""
    failing = [cell.replace(*_spoiled(cell, value)) for cell, value in zip(cells, values, strict=True)]
    both = analyzer.free_text(pd.Series([*cells, *failing], dtype="str"), names=False)
    rows = set(both.loc[both["entity"] == entity, "row"])
    found = sum(row < len(cells) for row in rows)
    return Found(f"{entity}, made up, {way}", len(values), found, len(rows) - found)


def _spoiled(cell: str, value: str) -> tuple[str, str]:
    """Return the value as written in a cell, and the same with another last character."""
    plain = next(form for form in (value, value.translate(_WIDE), _apart(value)) if form in cell)
    last = "2" if plain[-1] in "1１" else "1"
    return plain, plain[:-1] + last


def _apart(value: str) -> str:
    return " ".join(value[at : at + 4] for at in range(0, len(value), 4))


def _glued(rng: random.Random, value: str) -> str:
    form = value
    if value.isdigit() and rng.random() < 0.1:
        form = value.translate(_WIDE)
    elif value.isdigit() and len(value) in {16, 19} and rng.random() < 0.2:
        form = _apart(value)
    return rng.choice(_AROUND).format(form)


def _inside(rng: random.Random, value: str, text: str) -> str:
    """Put a value between two Chinese characters or marks of a text."""
    places = [
        at for at in range(1, len(text)) if not re.search(r"[0-9A-Za-z０-９Ａ-Ｚａ-ｚ.\-]", text[at - 1 : at + 1])
    ]
    at = rng.choice(places) if places else len(text)
    return f"{text[:at]}{value}{text[at:]}"


@dataclass(frozen=True, slots=True)
class BareCells:
    """What cells that are nothing but one name are taken for, in shares of the cells."""

    what: str
    cells: int
    exact: float
    """The whole cell is one finding of its kind."""
    any_of_kind: float
    """Some finding of its kind."""
    wrong: float
    """For companies: some PERSON in it; for names: the whole cell is a place or an organization."""
    wrong_whole: float
    """For companies: the whole cell is a PERSON."""

    def as_json(self) -> dict[str, Any]:
        """Return the figures for programs."""
        return asdict(self)


def score_bare_cells(analyzer: Analyzer, data: Path, most: int) -> list[BareCells]:
    """Read cells that hold one name each: persons, companies, addresses."""
    sets = {what: (kind, cells) for what, kind, cells in _bare(data)}
    results = []
    for what, (kind, cells) in sets.items():
        own = sorted(set(cells))
        own = seeded(SEED).sample(own, most) if len(own) > most else own
        if own:
            results.append(_read(analyzer, what, kind, own))
    return results


def _bare(data: Path) -> list[tuple[str, str, list[str]]]:
    sets = []
    rows = registry_rows(data)
    if rows is not None:
        straight = rows[rows[CODE].map(uscc.is_valid)]  # in the others the columns stand in another order
        for what, column, kind in (
            ("registry: legal representatives", PERSON, "PERSON"),
            ("registry: companies", COMPANY, "ORGANIZATION"),
            ("registry: addresses", "注册地址", "LOCATION"),
        ):
            sets.append((what, kind, [cell for cell in straight[column] if cell not in {"", "N/A"}]))
    for what, name in (("names in résumés", "zh_resume_dev"), ("names in news of 1998", "zh_peoplesdaily_dev")):
        lines = [line for file in sorted(data.rglob(f"{name}.jsonl")) for line in read_lines(file)]
        marked = (
            line["text"][s["start"] : s["end"]] for line in lines for s in line["spans"] if s["label"] == "PERSON"
        )
        sets.append((what, "PERSON", [name for name in marked if _HAN_NAME.fullmatch(name)]))
    for file in sorted(data.rglob("fakenamegenerator_3000.csv")):
        frame = read_table(file).fillna("")
        sets.append(("English: first and last names", "PERSON", list(frame["GivenName"] + " " + frame["Surname"])))
        sets.append(("English: companies", "ORGANIZATION", [cell for cell in frame["Company"] if cell]))
    return sets


def _read(analyzer: Analyzer, what: str, kind: str, cells: list[str]) -> BareCells:
    exact = some = wrong = whole = 0
    for cell, spans in zip(cells, analyzer.spans(cells), strict=True):
        full = {span.label for span in spans if span.start == 0 and span.end == len(cell)}
        labels = {span.label for span in spans}
        exact += kind in full
        some += kind in labels
        wrong += bool(full & {"LOCATION", "ORGANIZATION"}) if kind == "PERSON" else "PERSON" in labels
        whole += kind != "PERSON" and "PERSON" in full
    size = len(cells)
    return BareCells(what, size, *(round(share(count, size), 4) for count in (exact, some, wrong, whole)))
