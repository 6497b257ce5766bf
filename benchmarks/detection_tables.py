"""Score what the columns of labelled tables are taken for: with their names, with names taken away, and headless.

The right answers of the public tables are written here: facts about the files, told by looking at them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from benchmarks import detection_synthetic
from benchmarks.detection_scores import NOTHING, column_right, share
from benchmarks.detection_synthetic import LabelledTable
from pipelines.sources import Skipped, read_chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pipelines.classify import Analyzer

NAMED, NUMBERED, HEADLESS = "with headers", "headers removed", "no heading line"
NER_CELLS: Final = 500
"""Distinct cells of a column that the tagger reads, as in ``tutela scan``."""
SEED: Final = 20261125
_REGISTRY: Final = {
    "企业名称": "ORGANIZATION",
    "统一社会信用代码": "CN_USCC",
    "注册日期": "-",
    "企业类型": "-",
    # Nearly all "N/A" in the files that are here; what is filled in stands in rows whose columns are in another order.
    "法人代表": "PERSON|-",
    "注册资金": "REGISTERED_CAPITAL|-",
    "经营范围": "BUSINESS_SCOPE|-",
    "所在省份": "LOCATION",
    "地区": "LOCATION",
    "注册地址": "LOCATION",
}
_FEBRL: Final = {
    "rec_id": "-",
    "given_name": "PERSON",
    "surname": "PERSON",
    "street_number": "LOCATION|-",
    "address_1": "LOCATION",
    "address_2": "LOCATION",
    "suburb": "LOCATION",
    "postcode": "CN_POSTAL_CODE?",
    "state": "LOCATION|-",
    "date_of_birth": "DATE_OF_BIRTH",
    "soc_sec_id": "US_SSN?",
}
_FAKE_NAMES: Final = {
    "Number": "-",
    "Gender": "SEX?",
    "NameSet": "-",
    "Title": "-",
    "GivenName": "PERSON",
    "MiddleInitial": "PERSON?",
    "Surname": "PERSON",
    "StreetAddress": "LOCATION",
    "City": "LOCATION",
    "State": "LOCATION|-",
    "StateFull": "LOCATION",
    "ZipCode": "CN_POSTAL_CODE?",
    "Country": "LOCATION|NRP|-",
    "CountryFull": "LOCATION|NRP",
    "EmailAddress": "EMAIL_ADDRESS",
    "Username": "-",
    "Password": "PASSWORD|PAYMENT_AUTH?",
    "TelephoneNumber": "PHONE_NUMBER",
    "TelephoneCountryCode": "-",
    "MothersMaiden": "PERSON",
    "Birthday": "DATE_OF_BIRTH",
    "Age": "AGE?",
    "CCType": "-",
    "CCNumber": "CREDIT_CARD?",  # "5.54563E+15": a spreadsheet has taken the digits away
    "CVV2": "PAYMENT_AUTH?",
    "CCExpires": "-",
    "NationalID": "CN_ID_CARD|US_SSN?",
    "Occupation": "OCCUPATION?",
    "Company": "ORGANIZATION",
    "Domain": "URL|-",
}
PUBLIC: Final[dict[str, dict[str, str]]] = {
    **{f"cn_enterprise_2002_{place}": _REGISTRY for place in ("hainan", "ningxia", "shanghai", "xizang")},
    "febrl_dataset1": _FEBRL,
    "febrl_dataset3": _FEBRL,
    "fakenamegenerator_3000": _FAKE_NAMES,
    "us_ga_campaign_finance_names": {"name": "PERSON"},
    "us_chicago_business_names": {"name": "ORGANIZATION|PERSON"},  # both: companies and tradesmen
}
_HEADLESS_FILES: Final = frozenset({"us_ga_campaign_finance_names", "us_chicago_business_names"})


@dataclass(frozen=True, slots=True)
class ColumnScore:
    """What a column was taken for."""

    table: str
    column: str
    way: str
    answers: str
    entity: str | None

    @property
    def right(self) -> bool:
        """Whether that is right."""
        return column_right(self.answers, self.entity)


def answers_of(answers: str, *, named: bool) -> str:
    """Return the right answers, with the name to be read or without."""
    plain = answers.removesuffix("?")
    return plain if named or plain == answers else f"{plain}|{NOTHING}"


def public_tables(data: Path) -> tuple[list[LabelledTable], list[str]]:
    """Return the public tables that are here, and the names of those that are not."""
    tables, missing = [], []
    for name, answers in PUBLIC.items():
        files = sorted(data.rglob(f"{name}.csv"))
        if files:
            tables.append(_read(files[0], name, answers))
        else:
            missing.append(name)
    return tables, missing


def read_table(file: Path) -> pd.DataFrame:
    """Read a table of any format as the product does; rows that can't be read are stepped over."""
    return pd.concat([chunk.frame for chunk in read_chunks(file, chunk_rows=100_000, skipped=Skipped())])


def _read(file: Path, name: str, answers: Mapping[str, str]) -> LabelledTable:
    frame = read_table(file)
    if name in _HEADLESS_FILES:
        first = pd.DataFrame([list(frame.columns)], columns=frame.columns, dtype="str")
        frame = pd.concat([first, frame], ignore_index=True).set_axis(list(answers), axis=1)
    else:
        frame = frame.rename(columns=str.strip)
    return LabelledTable(name, frame, dict(answers))


def all_tables(data: Path) -> tuple[list[LabelledTable], list[str]]:
    """Return the public tables and the made-up ones, and the names of the public ones that are missing."""
    public, missing = public_tables(data)
    return [*public, *detection_synthetic.tables(SEED), *detection_synthetic.tables(SEED + 1, rows=40)], missing


def score_tables(analyzer: Analyzer, tables: Iterable[LabelledTable]) -> list[ColumnScore]:
    """Score every labelled column of every table in the three ways."""
    return [score for table in tables for score in score_table(analyzer, table)]


def score_table(analyzer: Analyzer, table: LabelledTable) -> list[ColumnScore]:
    """Score every labelled column of a table in the three ways."""
    scores = []
    for way, frame in _ways(table):
        profiles = analyzer.columns(frame, ner_cells=NER_CELLS)
        for column, profile in zip(table.frame.columns, profiles, strict=True):
            if column in table.answers:
                answers = answers_of(table.answers[column], named=way == NAMED)
                scores.append(ColumnScore(table.name, str(column), way, answers, profile.entity))
    return scores


def _ways(table: LabelledTable) -> list[tuple[str, pd.DataFrame]]:
    """Return the table with its names, with c1, c2, … and as a file without a heading line is read.

    Such a file is read as if its first row were the heading; the row's cells then stand for the names.
    """
    frame = table.frame
    plain = [f"c{place}" for place in range(1, frame.shape[1] + 1)]
    ways = [] if table.name in _HEADLESS_FILES else [(NAMED, frame)]
    ways.append((NUMBERED, frame.set_axis(plain, axis=1)))
    if len(frame) > 1:
        first = [str(cell) if cell and cell == cell else name for cell, name in zip(frame.iloc[0], plain, strict=True)]  # noqa: PLR0124 (a missing cell)
        ways.append((HEADLESS, frame.iloc[1:].set_axis(first, axis=1)))
    return ways


def shares(scores: Sequence[ColumnScore]) -> dict[str, tuple[int, int]]:
    """Return the columns told right, and all columns, by way."""
    ways = dict.fromkeys(score.way for score in scores)
    return {
        way: (sum(each.right for each in scores if each.way == way), sum(each.way == way for each in scores))
        for way in ways
    }


def labels_of(text: str) -> dict[str, str]:
    """Read the right answers of a table's columns: ``name=PERSON,born=DATE_OF_BIRTH,note=-``.

    Raises:
        SystemExit: a part is not a column and its answers.
    """
    pairs = [part.partition("=") for part in re.split(r"[,\n]", text) if part.strip()]
    if not all(middle for _, middle, _ in pairs):
        raise SystemExit("--labels wants column=ENTITY pairs with commas between; - stands for nothing personal")
    return {column.strip(): answers.strip() or NOTHING for column, _, answers in pairs}


def table(scores: Sequence[ColumnScore], *, wrong_only: bool = False) -> list[tuple[str, ...]]:
    """Return rows for people, the heading first."""
    rows: list[tuple[str, ...]] = [("table", "column", "way", "right answers", "told", "right")]
    shown = [each for each in scores if not (wrong_only and each.right)]
    rows += [(s.table, s.column, s.way, s.answers, s.entity or NOTHING, "yes" if s.right else "NO") for s in shown]
    return rows


def as_json(scores: Sequence[ColumnScore]) -> dict[str, Any]:
    """Return the figures for programs."""
    return {
        way: {
            "columns": whole,
            "right": right,
            "share": round(share(right, whole), 4),
            "wrong": [
                {"table": s.table, "column": s.column, "right": s.answers, "told": s.entity}
                for s in scores
                if s.way == way and not s.right
            ],
        }
        for way, (right, whole) in shares(scores).items()
    }
