"""The rules of a suite written a second time: plain Python, one value at a time, other libraries. Slow on purpose."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from stdnum import luhn, numdb
from stdnum.cn import ric

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.quality.suite import Rule, Suite

CHINA = timezone(timedelta(hours=8))
Row = Mapping[str, Any]
Judge = Callable[[Row], bool]
FILLERS = {"无", "未知", "测试", "暂无", "test", "none", "n/a"}
AGREE = {"男": 1, "女": 0}


def failures(
    frame: pd.DataFrame, suite: Suite, marks: Mapping[str, Any], at: datetime, received: datetime
) -> dict[str, list[int]]:
    """Return the rows that fail each expectation of the counter's suite."""
    rows = [dict(zip(frame.columns, values, strict=True)) for values in frame.astype(object).to_numpy()]
    for place, row in enumerate(rows):
        row |= {name: bool(flags[place]) for name, flags in marks.items()}
    return {rule.id: _failing(rule, rows, frame.index.tolist(), at, received) for rule in suite.rules}


def _failing(rule: Rule, rows: list[dict[str, Any]], numbers: list[int], at: datetime, received: datetime) -> list[int]:
    if rule.expect == "present":
        return [number for number, row in zip(numbers, rows, strict=True) if _missing(row[rule.column])]
    passes = _judge(rule, rows, at, received)
    judged = [
        (number, row)
        for number, row in zip(numbers, rows, strict=True)
        if not any(map(_missing, map(row.get, rule.columns)))
    ]
    return [number for number, row in judged if not passes(row)]


def _missing(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124  (a missing value is unlike itself)


def _judge(rule: Rule, rows: list[dict[str, Any]], at: datetime, received: datetime) -> Judge:
    column, given = rule.column, rule.given
    counts = Counter(row[column] for row in rows)
    other = rule.columns[-1]
    judges: dict[str, Judge] = {
        "unique": lambda row: counts[row[column]] == 1,
        "one_of": lambda row: row[column] in given["values"],
        "matches": lambda row: re.search(given["regex"], row[column]) is not None,
        "avoids": lambda row: re.search(given["regex"], row[column]) is None,
        "no_filler": lambda row: row[column].lower().strip("-—.。 ") not in FILLERS,
        "readable": lambda row: not any(unicodedata.category(c) in {"Cc", "Co"} or c == "\ufffd" for c in row[column]),
        "cn_resident_id": lambda row: _is_id(row[column], at),
        "cn_area": lambda row: not row[column][:6].isdigit() or _area(row[column]),
        "of_age": lambda row: not _is_id(row[column], at) or given["min"] <= _age(row[column], at) <= given["max"],
        "cn_mobile": lambda row: _is_mobile(row[column], issued=given.get("issued", False)),
        "email": lambda row: re.fullmatch(r"[\w.]{1,64}@(?:[\w-]+\.)+[a-z]{2,}", row[column]) is not None,
        "luhn": lambda row: luhn.is_valid(row[column]),
        "calendar_date": lambda row: (_day(row[column]) or date.min).year >= 1900 and _day(row[column]) <= _china(at),
        "amount": lambda row: given["min"] <= float(row[column]) <= given["max"],
        "recent": lambda row: _within(row[column], at, given["days"]),
        "received_within": lambda row: _within(row[column], received, given["days"]),
        "entered_within": lambda _: at - received <= timedelta(hours=given["hours"]),
        "not_before": lambda row: _day(row[column]) >= _day(row[other]),
        "birth_date_of": lambda row: not row[other][:17].isdigit() or row[column].replace("-", "") == row[other][6:14],
        "sex_of": lambda row: not row[other][:17].isdigit() or AGREE[row[column]] == int(row[other][16]) % 2,
        "unmarked": lambda row: not row[rule.mark or ""],
    }
    return judges[rule.expect]


def _is_id(text: str, at: datetime) -> bool:
    return (
        re.fullmatch(r"[0-9]{17}[0-9Xx]", text) is not None
        and ric.calc_check_digit(text.upper()) == text[-1].upper()
        and (born := _day(f"{text[6:10]}-{text[10:12]}-{text[12:14]}")) is not None
        and born <= _china(at)
    )


def _area(text: str) -> bool:
    return len(text) < 6 or any("county" in found for _, found in numdb.get("cn/loc").info(text[:6]))


def _age(text: str, at: datetime) -> int:
    today, born = _china(at), date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _is_mobile(text: str, *, issued: bool) -> bool:
    unissued = {"142", "143", "154", "161", "164", "194"}
    return re.fullmatch(r"(?:\+?86)?1[3-9][0-9]{9}", text) is not None and not (issued and text[-11:-8] in unissued)


def _day(text: str) -> Any:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _china(at: datetime) -> date:
    return at.astimezone(CHINA).date()


def _within(text: str, at: datetime, days: int) -> bool:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
    return at - timedelta(days=days) <= moment.astimezone(UTC) <= at + timedelta(minutes=5)
